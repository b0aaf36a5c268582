"""When something is due: offsets over calendar days, and quiet hours.

Wall times follow PEP 495: a wall time that does not exist moves forward by the gap, one that exists
twice is the first. Both are what `fold=0` means to a time zone of `zoneinfo`.

Asking a time zone is what deciding spends its time on, and clocks change twice a year. So the offset of a day
around which they do not change is kept, and plain arithmetic does the rest.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from payrules.domain.duration import Duration
from payrules.domain.policy import QuietHours

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTES_OF_DAY = 1_440
# By zone and day (in UTC): the offset, or None where clocks change the day before, on it or the day after.
_steady_offsets: dict[tuple[tzinfo, int], timedelta | None] = {}
# No zone has such an offset.
_UNKNOWN: Final = timedelta.max
_MOST_KEPT = 50_000


def shift(instant: datetime, offset: Duration, zone: tzinfo, *, back: bool = False) -> datetime:
    """The instant moved by an offset, forward or `back`; aware UTC in and out.

    Minutes are elapsed time. Days are calendar days in `zone` with the wall time kept.
    """
    minutes, days = offset
    if minutes:
        return instant + timedelta(0, -60 * minutes if back else 60 * minutes)
    if not days:
        return instant
    by = timedelta(-days if back else days)
    moved = instant + by
    steady = steady_offset(instant, zone)
    if steady is not None and steady == steady_offset(moved, zone):
        return moved
    return (instant.astimezone(zone) + by).replace(fold=0).astimezone(UTC)


def after_quiet_hours(instant: datetime, quiet: QuietHours, zone: tzinfo) -> datetime:
    """The instant itself, or the end of the quiet hours it lies in; aware UTC in and out.

    The result never lies before `instant` and never inside the quiet hours as a clock on a wall in `zone`
    shows them, on the nights the clocks change too.
    """
    steady = steady_offset(instant, zone)
    if steady is None:
        return _after_quiet_hours_slowly(instant, quiet, zone)
    local = instant + steady
    minute = local.hour * 60 + local.minute
    if not quiet.hold(minute):
        return instant
    wait = (quiet.to_minute - minute) % _MINUTES_OF_DAY
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


def steady_offset(instant: datetime, zone: tzinfo) -> timedelta | None:
    """The zone's offset, where it is the same from the day before an instant to the day after; else None."""
    key = (zone, instant.toordinal())
    known = _steady_offsets.get(key, _UNKNOWN)
    if known is not _UNKNOWN:
        return known
    if len(_steady_offsets) >= _MOST_KEPT:
        _steady_offsets.clear()
    start = datetime.combine(instant, time(), UTC) - _DAY
    offsets = {(start + hours * _HOUR).astimezone(zone).utcoffset() for hours in range(73)}
    steady = _steady_offsets[key] = offsets.pop() if len(offsets) == 1 else None
    return steady
