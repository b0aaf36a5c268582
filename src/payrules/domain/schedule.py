"""When something is due: offsets over calendar days, and quiet hours.

Wall times follow PEP 495: a wall time that does not exist moves forward by the gap, one that exists
twice is the first. Both are what `fold=0` means to a time zone of `zoneinfo`.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo

from payrules.domain.duration import Duration
from payrules.domain.policy import QuietHours


def shift(instant: datetime, offset: Duration, zone: tzinfo, *, back: bool = False) -> datetime:
    """The instant moved by an offset, forward or `back`; aware UTC in and out.

    Minutes are elapsed time. Days are calendar days in `zone` with the wall time kept.
    """
    sign = -1 if back else 1
    if offset.days:
        local = instant.astimezone(zone).replace(fold=0) + timedelta(days=sign * offset.days)
        return local.replace(fold=0).astimezone(UTC)
    return instant + timedelta(minutes=sign * offset.minutes)


def after_quiet_hours(instant: datetime, quiet: QuietHours, zone: tzinfo) -> datetime:
    """The instant itself, or the end of the quiet hours it lies in; aware UTC in and out.

    The result never lies before `instant` and never inside the quiet hours as a clock on a wall in `zone`
    shows them, on the nights the clocks change too.
    """
    while True:
        local = instant.astimezone(zone)
        if not quiet.hold(local.hour * 60 + local.minute):
            return instant
        hour, minute = divmod(quiet.to_minute, 60)
        end = datetime.combine(local.date(), time(hour, minute), tzinfo=zone)
        if end.replace(tzinfo=None) <= local.replace(tzinfo=None, fold=0):
            # The wall time of the end has passed: it is tomorrow's.
            end = (end + timedelta(days=1)).replace(fold=0)
        first = end.astimezone(UTC)
        # Where clocks go back, the first of two ends may lie behind an instant in the second hour.
        instant = first if first > instant else end.replace(fold=1).astimezone(UTC)
