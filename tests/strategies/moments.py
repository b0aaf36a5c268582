"""Time zones whose clocks do awkward things, and instants near the nights on which they do."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from hypothesis import strategies as st

from payrules.adapters.zones import load_zone

ZONES = (
    "Europe/Oslo",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/St_Johns",  # half an hour off, and until 2011 a minute after midnight
    "Asia/Kathmandu",  # 5:45
    "Africa/Casablanca",  # around Ramadan
    "Pacific/Apia",  # left out 30 December 2011
    "America/Havana",  # at midnight
    "UTC",
)
"""Zones of the tests."""

# Years that are looked at for changes: the coming ones, and the one in which Apia left out a day.
_SPANS = ((2011, 2012), (2027, 2028))


def zone_of(name: str) -> tzinfo:
    """A zone that exists."""
    zone = load_zone(name)
    assert zone is not None, name
    return zone


@cache
def changes_of(name: str) -> tuple[datetime, ...]:
    """The instants, to the minute, at which the clocks of a zone change in the years looked at."""
    zone, found = zone_of(name), []
    for first, last in _SPANS:
        instant, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
        while instant < end:
            later = instant + timedelta(hours=12)
            if instant.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                found.append(_change_between(instant, later, zone))
            instant = later
    return tuple(found)


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(minutes=1):
        middle = before + ((after - before) // timedelta(minutes=2)) * timedelta(minutes=1)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


@cache
def instants(zone: str, *, fractions: bool = True) -> st.SearchStrategy[datetime]:
    """Aware UTC instants of the years 2000 to 2999, many of them near a change of the zone's clocks."""
    anywhere = st.datetimes(datetime(2000, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
    changes = changes_of(zone) or (datetime(2027, 6, 1, tzinfo=UTC),)
    minute = st.sampled_from([0, -1, 1, -30, 30, -60, 60, -90, -120, 120]) | st.integers(-3 * 1_440, 3 * 1_440)
    near = st.builds(lambda change, step: change + timedelta(minutes=step), st.sampled_from(changes), minute)
    whole = anywhere.map(lambda instant: instant.replace(second=0, microsecond=0))
    found = near | near | whole
    if not fractions:
        return found
    return found | near.map(lambda instant: instant + timedelta(seconds=59)) | anywhere
