"""Wall clocks and quiet hours, read plainly: by trying, and without the `fold` of a time zone."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from tests.properties.plain_reading import Offset

_HOUR = timedelta(hours=1)


def offsets_near(wall: datetime, zone: tzinfo) -> set[timedelta]:
    """The offsets of UTC that a zone has within a day and a half of a naive wall time."""
    as_utc = wall.replace(tzinfo=UTC)
    found = {(as_utc + step * _HOUR).astimezone(zone).utcoffset() for step in range(-38, 39)}
    return {offset for offset in found if offset is not None}


def instants_at(wall: datetime, zone: tzinfo) -> list[datetime]:
    """The UTC instants at which a clock shows a naive wall time: none, one or two, ascending."""
    tried = sorted(wall.replace(tzinfo=UTC) - offset for offset in offsets_near(wall, zone))
    return [instant for instant in tried if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall]


def ends_at(wall: datetime, zone: tzinfo) -> list[datetime]:
    """The instants a wall time means; one that does not exist is moved forward by the gap."""
    found = instants_at(wall, zone)
    # The clock before the gap is behind the one after it, and goes on counting over the gap.
    return found or [wall.replace(tzinfo=UTC) - min(offsets_near(wall, zone))]


def moved(instant: datetime, offset: Offset, zone: tzinfo, *, back: bool = False) -> datetime:
    """An instant moved by an offset: elapsed time, or the same wall time some calendar days away."""
    sign = -1 if back else 1
    if not offset.days:
        return instant + sign * offset.elapsed
    wall = instant.astimezone(zone).replace(tzinfo=None, fold=0) + sign * timedelta(days=offset.days)
    return ends_at(wall, zone)[0]


def held(instant: datetime, quiet: tuple[int, int], zone: tzinfo) -> bool:
    """Whether a clock on a wall in the zone shows a time inside the quiet hours."""
    local = instant.astimezone(zone)
    start, end = quiet
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def allowed(instant: datetime, quiet: tuple[int, int], zone: tzinfo) -> datetime:
    """The instant itself, or the first end of quiet hours after it that is not inside them."""
    if not held(instant, quiet, zone):
        return instant
    end = time(*divmod(quiet[1], 60))
    today = instant.astimezone(zone).date()
    ends = [
        found for days in range(-1, 4) for found in ends_at(datetime.combine(today + timedelta(days=days), end), zone)
    ]
    return min(found for found in ends if found > instant and not held(found, quiet, zone))
