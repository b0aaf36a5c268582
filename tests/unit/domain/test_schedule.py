"""When something is due. Expected instants are worked out by hand, with the local time beside them."""

import pytest
from tests.builders import at, quiet, zone

from payrules.domain.duration import parse_duration
from payrules.domain.schedule import after_quiet_hours, shift


@pytest.mark.parametrize(
    ("name", "start", "offset", "due"),
    [
        # Minutes and hours are elapsed time.
        ("Europe/Oslo", "2026-12-01T10:50+01:00", "15m", "2026-12-01T11:05+01:00"),
        ("Europe/Oslo", "2026-12-01T10:50+01:00", "0m", "2026-12-01T10:50+01:00"),
        ("Europe/Oslo", "2026-03-29T01:30+01:00", "1h", "2026-03-29T03:30+02:00"),
        ("Europe/Oslo", "2026-10-25T02:30+02:00", "1h", "2026-10-25T02:30+01:00"),
        ("Europe/Oslo", "2026-03-28T12:00+01:00", "24h", "2026-03-29T13:00+02:00"),
        # Days keep the wall time: this one has 23 hours, that one 25.
        ("Europe/Oslo", "2026-03-28T12:00+01:00", "1d", "2026-03-29T12:00+02:00"),
        ("Europe/Oslo", "2026-10-24T12:00+02:00", "1d", "2026-10-25T12:00+01:00"),
        ("America/New_York", "2026-03-07T12:00-05:00", "1d", "2026-03-08T12:00-04:00"),
        ("America/New_York", "2026-10-31T12:00-04:00", "1d", "2026-11-01T12:00-05:00"),
        # Over both nights: noon stays noon for a year.
        ("Europe/Oslo", "2026-01-15T12:00+01:00", "365d", "2027-01-15T12:00+01:00"),
        # 02:30 does not exist that night and moves forward by the gap: an hour, or half of one.
        ("Europe/Oslo", "2026-03-28T02:30+01:00", "1d", "2026-03-29T03:30+02:00"),
        ("America/New_York", "2026-03-07T02:30-05:00", "1d", "2026-03-08T03:30-04:00"),
        ("Australia/Lord_Howe", "2026-10-03T02:15+10:30", "1d", "2026-10-04T02:45+11:00"),
        # 02:30 exists twice that night and is the first.
        ("Europe/Oslo", "2026-10-24T02:30+02:00", "1d", "2026-10-25T02:30+02:00"),
        ("America/New_York", "2026-10-31T01:30-04:00", "1d", "2026-11-01T01:30-04:00"),
        # From the second of two equal wall times a day later is that wall time.
        ("Europe/Oslo", "2026-10-25T02:30+01:00", "1d", "2026-10-26T02:30+01:00"),
        # From a second 02:30 a year on, into another night of two.
        ("Europe/Oslo", "2026-10-25T02:30+01:00", "371d", "2027-10-31T02:30+02:00"),
        # Apia slept through 30 December 2011: a gap of 24 hours.
        ("Pacific/Apia", "2011-12-29T10:00-10:00", "1d", "2011-12-31T10:00+14:00"),
        # The day is the clinic's: 23:30 in New York is already tomorrow in UTC.
        ("America/New_York", "2026-11-30T23:30-05:00", "1d", "2026-12-01T23:30-05:00"),
    ],
)
def test_offset_forward(name: str, start: str, offset: str, due: str) -> None:
    assert shift(at(start), parse_duration(offset), zone(name)) == at(due)


@pytest.mark.parametrize(
    ("name", "start", "offset", "due"),
    [
        ("Europe/Oslo", "2026-12-01T10:00+01:00", "2h", "2026-12-01T08:00+01:00"),
        ("Europe/Oslo", "2026-12-01T10:00+01:00", "0d", "2026-12-01T10:00+01:00"),
        ("Europe/Oslo", "2026-03-29T10:00+02:00", "24h", "2026-03-28T09:00+01:00"),
        ("Europe/Oslo", "2026-03-29T10:00+02:00", "1d", "2026-03-28T10:00+01:00"),
        ("Europe/Oslo", "2026-03-30T02:30+02:00", "1d", "2026-03-29T03:30+02:00"),
        ("Europe/Oslo", "2026-10-26T02:30+01:00", "1d", "2026-10-25T02:30+02:00"),
    ],
)
def test_offset_back(name: str, start: str, offset: str, due: str) -> None:
    assert shift(at(start), parse_duration(offset), zone(name), back=True) == at(due)


def test_seconds_are_kept() -> None:
    start = at("2026-12-01T10:50:29.250+01:00")
    assert shift(start, parse_duration("1d"), zone()) == at("2026-12-02T10:50:29.250+01:00")


@pytest.mark.parametrize("text", ["2000-01-01T00:00Z", "2999-12-31T23:59Z"])
def test_the_longest_offset_fits_into_the_calendar(text: str) -> None:
    forth = shift(at(text), parse_duration("9999d"), zone())
    assert shift(forth, parse_duration("9999d"), zone(), back=True) == at(text)


@pytest.mark.parametrize(
    ("hours", "instant", "due"),
    [
        # Outside, and at the very end: nothing moves.
        (("21:00", "08:00"), "2026-12-01T20:59:59+01:00", "2026-12-01T20:59:59+01:00"),
        (("21:00", "08:00"), "2026-12-02T08:00:00+01:00", "2026-12-02T08:00:00+01:00"),
        # Before midnight the end is tomorrow's, after it today's.
        (("21:00", "08:00"), "2026-12-01T21:00:00+01:00", "2026-12-02T08:00:00+01:00"),
        (("21:00", "08:00"), "2026-12-02T00:00:00+01:00", "2026-12-02T08:00:00+01:00"),
        (("21:00", "08:00"), "2026-12-02T07:59:59+01:00", "2026-12-02T08:00:00+01:00"),
        (("12:00", "13:30"), "2026-12-01T12:00:00+01:00", "2026-12-01T13:30:00+01:00"),
        (("22:00", "00:00"), "2026-12-01T23:00:00+01:00", "2026-12-02T00:00:00+01:00"),
        (("00:00", "06:00"), "2026-12-01T00:00:00+01:00", "2026-12-01T06:00:00+01:00"),
        # All day but for a minute.
        (("08:01", "08:00"), "2026-12-01T08:01:00+01:00", "2026-12-02T08:00:00+01:00"),
        # Over the year's end.
        (("21:00", "08:00"), "2026-12-31T22:00:00+01:00", "2027-01-01T08:00:00+01:00"),
    ],
)
def test_a_send_in_quiet_hours_moves_to_their_end(hours: tuple[str, str], instant: str, due: str) -> None:
    assert after_quiet_hours(at(instant), quiet(*hours), zone()) == at(due)


@pytest.mark.parametrize(
    ("hours", "instant", "due"),
    [
        # The night has an hour less, the end is the same on the wall.
        (("21:00", "08:00"), "2026-03-28T22:00+01:00", "2026-03-29T08:00+02:00"),
        # An end that does not exist that night moves forward by the gap.
        (("22:00", "02:30"), "2026-03-29T01:00+01:00", "2026-03-29T03:30+02:00"),
        # … and where that is quiet too, the next end counts.
        (("03:00", "02:30"), "2026-03-29T01:00+01:00", "2026-03-30T02:30+02:00"),
        # The clock jumps over the whole of them.
        (("02:00", "03:00"), "2026-03-29T01:59+01:00", "2026-03-29T01:59+01:00"),
        (("02:00", "03:00"), "2026-03-29T03:00+02:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_quiet_hours_when_clocks_go_forward(hours: tuple[str, str], instant: str, due: str) -> None:
    assert after_quiet_hours(at(instant), quiet(*hours), zone()) == at(due)


@pytest.mark.parametrize(
    ("hours", "instant", "due"),
    [
        (("21:00", "08:00"), "2026-10-24T22:00+02:00", "2026-10-25T08:00+01:00"),
        # The end exists twice and is the first …
        (("22:00", "02:30"), "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00"),
        (("22:00", "02:30"), "2026-10-25T02:10+02:00", "2026-10-25T02:30+02:00"),
        (("22:00", "02:30"), "2026-10-25T02:45+02:00", "2026-10-25T02:45+02:00"),
        # … but for an instant behind it, whose wall shows quiet hours again, only the second is left.
        (("22:00", "02:30"), "2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"),
        (("22:00", "02:30"), "2026-10-25T02:30+01:00", "2026-10-25T02:30+01:00"),
        # An hour that comes twice is quiet twice.
        (("02:00", "03:00"), "2026-10-25T02:59+02:00", "2026-10-25T03:00+01:00"),
        (("02:00", "03:00"), "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"),
        # Quiet from the middle of the hour: its first end is at 02:15 the next day, not behind the start.
        (("02:30", "02:15"), "2026-10-25T02:40+01:00", "2026-10-26T02:15+01:00"),
    ],
)
def test_quiet_hours_when_clocks_go_back(hours: tuple[str, str], instant: str, due: str) -> None:
    assert after_quiet_hours(at(instant), quiet(*hours), zone()) == at(due)


def test_quiet_hours_are_those_of_the_given_zone() -> None:
    # 18:00 in Oslo is 02:00 in Tokyo, where it is quiet until 08:00, midnight in Oslo.
    moved = after_quiet_hours(at("2026-12-01T18:00+01:00"), quiet("21:00", "08:00"), zone("Asia/Tokyo"))
    assert moved == at("2026-12-02T00:00+01:00")
