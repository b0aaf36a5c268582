"""Offsets as people write them."""

import pytest

from payrules.domain.duration import ZERO, Duration, format_seconds, parse_duration, parse_seconds


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("15m", Duration(minutes=15)),
        ("2h", Duration(minutes=120)),
        ("120m", Duration(minutes=120)),
        ("3d", Duration(days=3)),
        ("9999d", Duration(days=9999)),
        ("0m", ZERO),
        ("0h", ZERO),
        ("0d", ZERO),
    ],
)
def test_minutes_and_hours_are_minutes_and_days_stay_days(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


def test_a_day_is_not_24_hours() -> None:
    # A day keeps the wall time, 24 hours do not: the two differ on two nights a year.
    day, hours = parse_duration("1d"), parse_duration("24h")
    assert day != hours
    assert day.nominal_seconds == hours.nominal_seconds == 86_400


@pytest.mark.parametrize(
    ("text", "written"),
    [("60m", "1h"), ("90m", "90m"), ("120m", "2h"), ("24h", "24h"), ("1d", "1d"), ("0d", "0m"), ("0h", "0m")],
)
def test_duration_is_written_in_one_way(text: str, written: str) -> None:
    assert str(parse_duration(text)) == written


@pytest.mark.parametrize(("text", "zero"), [("0m", True), ("0d", True), ("1m", False), ("1d", False)])
def test_only_zero_moves_nothing(text: str, zero: bool) -> None:
    assert parse_duration(text).is_zero is zero


@pytest.mark.parametrize(("text", "seconds"), [("0m", 0), ("90m", 5_400), ("2h", 7_200), ("1d", 86_400)])
def test_in_conditions_a_day_is_24_hours(text: str, seconds: int) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0m"),
        (60, "1m"),
        (5_400, "90m"),
        (7_200, "2h"),
        (86_400, "1d"),
        (90_000, "25h"),
        (172_800, "2d"),
        # Below a minute nothing is told apart.
        (59, "0m"),
    ],
)
def test_length_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize("text", ["15", "15s", "m", "1w", "1d2h"])
def test_other_forms_raise(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse_duration(text)
