"""When something is due: offsets over calendar days, and quiet hours.

Wall times follow PEP 495: a wall time that does not exist moves forward by the gap, one that exists
twice is the first. Both are what `fold=0` means to a time zone of `zoneinfo`.

Asking a time zone is what deciding spends its time on, and clocks change twice a year. So the offset of a day
around which they do not change is kept, and plain arithmetic does the rest.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from payrules.domain.duration import Duration
from payrules.domain.policy import QuietHours

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTES_OF_DAY = 1_440


def shift(instant: datetime, offset: Duration, zone: tzinfo, *, back: bool = False) -> datetime:
    """The instant moved by an offset, forward or `back`; aware UTC in and out.

    Minutes are elapsed time. Days are calendar days in `zone` with the wall time kept.
    """
    minutes, days = offset
    by = _length(-days, -minutes) if back else _length(days, minutes)
    moved = instant + by
    if not days:
        return moved
    steady = steady_offset(instant.toordinal(), zone)
    if steady is not None and steady == steady_offset(moved.toordinal(), zone):
        return moved
    return _days_on(instant, by, zone)


def shifts(instant: datetime, offsets: Iterable[Duration], zone: tzinfo) -> list[datetime]:
    """The instant moved forward by each of the offsets, as `shift` does it."""
    steady = steady_offset(instant.toordinal(), zone)
    found = []
    for minutes, days in offsets:
        by = _length(days, minutes)
        moved = instant + by
        if days and (steady is None or steady != steady_offset(moved.toordinal(), zone)):
            moved = _days_on(instant, by, zone)
        found.append(moved)
    return found


def _days_on(instant: datetime, by: timedelta, zone: tzinfo) -> datetime:
    """The instant moved by whole days with the wall time kept, whatever the clocks do."""
    return (instant.astimezone(zone) + by).replace(fold=0).astimezone(UTC)


@lru_cache(maxsize=4096)
def _length(days: int, minutes: int) -> timedelta:
    """Lengths that clinic files name: making one costs more than finding it again."""
    return timedelta(days, 60 * minutes)


def after_quiet_hours(instant: datetime, quiet: QuietHours, zone: tzinfo) -> datetime:
    """The instant itself, or the end of the quiet hours it lies in; aware UTC in and out.

    The result never lies before `instant` and never inside the quiet hours as a clock on a wall in `zone`
    shows them, on the nights the clocks change too.
    """
    steady = steady_offset(instant.toordinal(), zone)
    if steady is None:
        return _after_quiet_hours_slowly(instant, quiet, zone)
    local = instant + steady
    minute = local.hour * 60 + local.minute
    wait = (quiet.to_minute - minute) % _MINUTES_OF_DAY
    if not 0 < wait <= (quiet.to_minute - quiet.from_minute) % _MINUTES_OF_DAY:
        return instant
    return instant + timedelta(0, 60 * wait - local.second, -local.microsecond)


def _after_quiet_hours_slowly(instant: datetime, quiet: QuietHours, zone: tzinfo) -> datetime:
    """The same on the days around a change of the clocks."""
    while True:
        local = instant.astimezone(zone)
        if not quiet.hold(local.hour * 60 + local.minute):
            return instant
        instant = min(end for end in _ends(local, quiet, zone) if end > instant)


def _ends(local: datetime, quiet: QuietHours, zone: tzinfo) -> Iterator[datetime]:
    """When quiet hours end on a local day and the next: where clocks go back over the end, both times."""
    hour, minute = divmod(quiet.to_minute, 60)
    for days in (0, 1):
        end = datetime.combine(local.date() + days * _DAY, time(hour, minute), zone)
        yield end.astimezone(UTC)
        again = end.replace(fold=1).astimezone(UTC)
        # A time that clocks skip comes once, after the gap.
        if again.astimezone(zone).replace(tzinfo=None) == end.replace(tzinfo=None):
            yield again


def wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """Date and time of an instant as clocks and calendars in a zone show them; its `tzinfo` says nothing."""
    steady = steady_offset(instant.toordinal(), zone)
    return instant.astimezone(zone) if steady is None else instant + steady


@lru_cache(maxsize=50_000)
def steady_offset(day: int, zone: tzinfo) -> timedelta | None:
    """The zone's offset, where it is the same from the day before a day (in UTC) to the day after; else None.

    `day` is counted as `date.toordinal()`.
    """
    start = datetime.combine(date.fromordinal(day - 1), time(), UTC)
    offsets = {(start + hours * _HOUR).astimezone(zone).utcoffset() for hours in range(73)}
    return offsets.pop() if len(offsets) == 1 else None
