"""Which rule wins: every condition on both sides of its edges, and what an unknown fact does."""

from datetime import date
from typing import Any

import pytest
from tests.builders import booking, clock_minutes, payer, policy, rule, zone

from payrules.domain import matching
from payrules.domain.booking import Booking
from payrules.domain.matching import FACTS, Matcher, facts_of, holds, matcher_of, tags_hold
from payrules.domain.policy import (
    Condition,
    DateRange,
    PayerKind,
    Place,
    Range,
    TagCondition,
    TimeRange,
)

SAT, SUN = 5, 6
HOUR, DAY = 3_600, 86_400


def matches(when: Condition, here: Booking) -> bool | None:
    """Whether a rule with these conditions holds: None where that cannot be settled."""
    facts = facts_of(here, None if here.price is None else here.price.minor, zone())
    may, surely = Matcher([when]).match(facts)
    return None if may & 1 and not surely & 1 else bool(may & 1)


def tags(**groups: frozenset[str]) -> dict[str, Any]:
    return {"client_tags": TagCondition(**groups)}


def some(*words: str) -> frozenset[str]:
    return frozenset(words)


def hours(from_: str, to: str) -> dict[str, Any]:
    return {"start_time": TimeRange(clock_minutes(from_), clock_minutes(to))}


def days(from_: str | None, before: str | None) -> dict[str, Any]:
    return {"starts_on": DateRange(from_ and date.fromisoformat(from_), before and date.fromisoformat(before))}  # type: ignore[arg-type]  # an absent text stays None


STUDENT = booking(tags=some("student", "member"))


@pytest.mark.parametrize(
    ("when", "here", "held"),
    [
        ({"session_type": some("couples", "group")}, booking(session_type="group"), True),
        ({"session_type": some("couples", "group")}, booking(session_type="single"), False),
        ({"session_type": some("couples")}, booking(session_type="Couples"), False),
        ({"practitioner": some("p-1")}, booking(practitioner="p-1"), True),
        ({"practitioner": some("p-1")}, booking(practitioner="p-2"), False),
        ({"location": frozenset({Place.ONLINE, Place.PHONE})}, booking(location=Place.PHONE), True),
        ({"location": frozenset({Place.ONLINE, Place.PHONE})}, booking(location=Place.IN_PERSON), False),
        ({"payer": frozenset({PayerKind.INSURER})}, booking(payer=payer(PayerKind.INSURER)), True),
        ({"payer": frozenset({PayerKind.INSURER})}, booking(payer=payer(PayerKind.PUBLIC)), False),
        # Without a payer the client pays: a known fact.
        ({"payer": frozenset({PayerKind.CLIENT})}, booking(), True),
        ({"payer": frozenset({PayerKind.INSURER})}, booking(), False),
        (tags(any_of=some("student", "vip")), STUDENT, True),
        (tags(any_of=some("vip")), STUDENT, False),
        (tags(all_of=some("student", "member")), STUDENT, True),
        (tags(all_of=some("student", "vip")), STUDENT, False),
        (tags(none_of=some("vip")), STUDENT, True),
        (tags(none_of=some("vip", "member")), STUDENT, False),
        # The groups are combined by and.
        (tags(any_of=some("student"), all_of=some("member"), none_of=some("vip")), STUDENT, True),
        (tags(any_of=some("student"), all_of=some("member"), none_of=some("student")), STUDENT, False),
        (tags(any_of=some("vip"), all_of=some("member")), STUDENT, False),
        # No tags is a known fact.
        (tags(any_of=some("student")), booking(tags=frozenset()), False),
        (tags(none_of=some("student")), booking(tags=frozenset()), True),
        ({"price": Range(100_000, 200_000)}, booking(price=99_999), False),
        ({"price": Range(100_000, 200_000)}, booking(price=100_000), True),
        ({"price": Range(100_000, 200_000)}, booking(price=199_999), True),
        ({"price": Range(100_000, 200_000)}, booking(price=200_000), False),
        ({"price": Range(below=1)}, booking(price=0), True),
        ({"first_visit": True}, booking(first_visit=True), True),
        ({"first_visit": True}, booking(first_visit=False), False),
        ({"first_visit": False}, booking(first_visit=False), True),
        ({"first_visit": False}, booking(first_visit=True), False),
    ],
)
def test_facts_that_a_record_carries(when: dict[str, Any], here: Booking, held: bool) -> None:
    assert matches(Condition(**when), here) is held


@pytest.mark.parametrize(
    ("when", "starts_at", "ends_at", "held"),
    [
        # 50 minutes are neither 50 minutes and more, less a second, nor less than 50.
        ({"duration": Range(50 * 60, None)}, "2026-12-01T10:00:00+01:00", "2026-12-01T10:50:00+01:00", True),
        ({"duration": Range(50 * 60, None)}, "2026-12-01T10:00:00+01:00", "2026-12-01T10:49:59+01:00", False),
        ({"duration": Range(None, 50 * 60)}, "2026-12-01T10:00:00+01:00", "2026-12-01T10:50:00+01:00", False),
        # A day is 24 hours here: the night the clocks go forward, a day on the wall is 23 hours.
        ({"duration": Range(DAY, None)}, "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00", False),
        ({"duration": Range(DAY, None)}, "2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00+02:00", True),
        # The weekday is that of the start, in clinic time.
        ({"weekday": frozenset({SAT})}, "2026-12-05T23:30:00+01:00", "2026-12-06T00:20:00+01:00", True),
        ({"weekday": frozenset({SUN})}, "2026-12-05T23:30:00+01:00", "2026-12-06T00:20:00+01:00", False),
        ({"weekday": frozenset({SAT})}, "2026-12-04T23:30:00Z", "2026-12-05T00:20:00Z", True),
        ({"weekday": frozenset({SAT, SUN})}, "2026-12-07T00:00:00+01:00", "2026-12-07T00:50:00+01:00", False),
        (days("2026-12-01", "2026-12-03"), "2026-11-30T23:59:59+01:00", "2026-12-01T01:00:00+01:00", False),
        (days("2026-12-01", "2026-12-03"), "2026-12-01T00:00:00+01:00", "2026-12-01T01:00:00+01:00", True),
        (days("2026-12-01", "2026-12-03"), "2026-12-02T23:59:59+01:00", "2026-12-03T01:00:00+01:00", True),
        (days("2026-12-01", "2026-12-03"), "2026-12-03T00:00:00+01:00", "2026-12-03T01:00:00+01:00", False),
        (days("2026-12-01", None), "2999-12-31T10:00:00+01:00", "2999-12-31T11:00:00+01:00", True),
        (days(None, "2026-12-01"), "2000-01-01T10:00:00+01:00", "2000-01-01T11:00:00+01:00", True),
        # Midnight in the clinic, still the day before in UTC.
        (days("2026-12-01", None), "2026-11-30T23:00:00Z", "2026-12-01T01:00:00Z", True),
        (hours("18:00", "23:00"), "2026-12-01T17:59:59+01:00", "2026-12-01T18:30:00+01:00", False),
        (hours("18:00", "23:00"), "2026-12-01T18:00:00+01:00", "2026-12-01T18:30:00+01:00", True),
        (hours("18:00", "23:00"), "2026-12-01T22:59:59+01:00", "2026-12-01T23:30:00+01:00", True),
        (hours("18:00", "23:00"), "2026-12-01T23:00:00+01:00", "2026-12-01T23:30:00+01:00", False),
        # Over midnight.
        (hours("22:00", "06:00"), "2026-12-01T21:59:59+01:00", "2026-12-01T23:30:00+01:00", False),
        (hours("22:00", "06:00"), "2026-12-01T22:00:00+01:00", "2026-12-01T23:30:00+01:00", True),
        (hours("22:00", "06:00"), "2026-12-01T00:00:00+01:00", "2026-12-01T00:30:00+01:00", True),
        (hours("22:00", "06:00"), "2026-12-01T05:59:59+01:00", "2026-12-01T06:30:00+01:00", True),
        (hours("22:00", "06:00"), "2026-12-01T06:00:00+01:00", "2026-12-01T06:30:00+01:00", False),
        (hours("22:00", "00:00"), "2026-12-01T00:00:00+01:00", "2026-12-01T00:30:00+01:00", False),
        (hours("00:00", "00:01"), "2026-12-01T00:00:59+01:00", "2026-12-01T00:30:00+01:00", True),
        # The weekday of hours over midnight stays that of the start: 01:00 on Sunday is no Saturday night.
        (
            hours("22:00", "06:00") | {"weekday": frozenset({SAT})},
            "2026-12-06T01:00:00+01:00",
            "2026-12-06T02:00:00+01:00",
            False,
        ),
    ],
)
def test_facts_of_the_appointments_time(when: dict[str, Any], starts_at: str, ends_at: str, held: bool) -> None:
    assert matches(Condition(**when), booking(starts_at, ends_at)) is held


@pytest.mark.parametrize(
    ("bounds", "booked_at", "held"),
    [
        (Range(DAY, None), "2026-11-30T10:00:00+01:00", True),
        (Range(DAY, None), "2026-11-30T10:00:01+01:00", False),
        (Range(None, 2 * HOUR), "2026-12-01T08:00:00+01:00", False),
        (Range(None, 2 * HOUR), "2026-12-01T08:00:01+01:00", True),
        # Booked after it began: the lead time is negative.
        (Range(0, None), "2026-12-01T10:00:00+01:00", True),
        (Range(0, None), "2026-12-01T10:00:01+01:00", False),
        (Range(None, 2 * HOUR), "2026-12-03T10:00:00+01:00", True),
        # Part of a second does not make it a whole one.
        (Range(0, None), "2026-12-01T10:00:00.500+01:00", False),
    ],
)
def test_lead_time_runs_from_booking_to_start(bounds: Range, booked_at: str, held: bool) -> None:
    assert matches(Condition(lead_time=bounds), booking(booked_at=booked_at)) is held


UNKNOWN = booking(price=None)


@pytest.mark.parametrize(
    "when",
    [
        {"session_type": some("couples")},
        {"practitioner": some("p-1")},
        {"location": frozenset(Place)},
        tags(any_of=some("vip")),
        tags(all_of=some("vip")),
        tags(none_of=some("vip")),
        {"price": Range(0, None)},
        {"first_visit": False},
    ],
)
def test_an_unknown_fact_settles_nothing(when: dict[str, Any]) -> None:
    assert matches(Condition(**when), UNKNOWN) is None


@pytest.mark.parametrize(
    "when",
    [
        {"payer": frozenset({PayerKind.CLIENT})},
        {"duration": Range(60, None)},
        {"lead_time": Range(60, None)},
        {"weekday": frozenset({1})},
        days("2026-12-01", None),
        hours("10:00", "11:00"),
    ],
)
def test_what_every_booking_tells_is_never_unknown(when: dict[str, Any]) -> None:
    # 1 December 2026 is a Tuesday.
    assert matches(Condition(**when), UNKNOWN) is True


def test_one_false_condition_settles_a_rule_whatever_is_unknown() -> None:
    when = Condition(session_type=some("couples"), price=Range(1, None), weekday=frozenset({SAT}))
    assert matches(when, UNKNOWN) is False


def test_one_unknown_condition_leaves_a_rule_open_whatever_holds() -> None:
    assert matches(Condition(first_visit=True, weekday=frozenset({1})), UNKNOWN) is None


def test_bit_above_the_rules_stands_for_the_defaults() -> None:
    facts = facts_of(booking(first_visit=False), 0, zone())
    assert Matcher([]).match(facts) == (0b1, 0b1)
    assert Matcher([Condition(first_visit=True), Condition(first_visit=True)]).match(facts) == (0b100, 0b100)


def test_rules_keep_their_bits_across_tables() -> None:
    conditions = [
        Condition(first_visit=True),
        Condition(session_type=some("couples")),
        Condition(first_visit=False, price=Range(None, 100)),
        Condition(price=Range(100, None)),
        Condition(client_tags=TagCondition(any_of=some("vip"))),
    ]
    facts = facts_of(booking(first_visit=False, session_type="couples"), 50, zone())
    # Rule 4 asks for tags, which are unknown: it may hold and does not surely.
    assert Matcher(conditions).match(facts) == (0b110110, 0b100110)


def test_two_ranges_with_one_edge() -> None:
    matcher = Matcher(
        [Condition(price=Range(None, 100)), Condition(price=Range(100, 200)), Condition(price=Range(200, None))]
    )
    found = [matcher.match(facts_of(booking(), price, zone()))[0] for price in (0, 99, 100, 199, 200)]
    assert found == [0b1001, 0b1001, 0b1010, 0b1010, 0b1100]


def test_hours_over_midnight_and_hours_by_day_in_one_table() -> None:
    conditions = [Condition(**hours("22:00", "06:00")), Condition(**hours("05:00", "23:00"))]
    starts = {"00:00": 0b01, "05:00": 0b11, "06:00": 0b10, "22:00": 0b11, "23:00": 0b01}
    for clock, expected in starts.items():
        here = booking(f"2026-12-01T{clock}+01:00", "2026-12-02T10:00+01:00")
        assert Matcher(conditions).match(facts_of(here, None, zone()))[0] == expected | 0b100


def test_tags_that_no_rule_names_do_not_matter_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    # What was found for some tags is kept, but never without bound.
    monkeypatch.setattr(matching, "_TAG_MEMO_LIMIT", 2)
    names = [f"t{n}" for n in range(6)]
    matcher = Matcher([Condition(client_tags=TagCondition(any_of=frozenset({name}))) for name in names])
    for _ in range(2):
        for number, name in enumerate(names):
            here = booking(tags=some(name, f"other-{number}"))
            assert matcher.match(facts_of(here, None, zone())) == (0b1000000 | 1 << number,) * 2


@pytest.mark.parametrize(
    ("condition", "held", "no_tags"),
    [
        (TagCondition(any_of=some("a", "b")), True, False),
        (TagCondition(all_of=some("a", "b")), False, False),
        (TagCondition(none_of=some("b", "c")), True, True),
        (TagCondition(any_of=some("a"), none_of=some("a")), False, False),
        (TagCondition(), True, True),
    ],
)
def test_tag_groups(condition: TagCondition, held: bool, no_tags: bool) -> None:
    assert tags_hold(condition, some("a")) is held
    assert tags_hold(condition, some()) is no_tags


@pytest.mark.parametrize(
    ("name", "condition", "value", "held"),
    [
        ("session_type", some("a", "b"), "a", True),
        ("session_type", some("a", "b"), "c", False),
        ("client_tags", TagCondition(none_of=some("a")), some(), True),
        ("first_visit", False, False, True),
        ("first_visit", False, True, False),
        ("price", Range(10, 20), 20, False),
        ("starts_on", DateRange(date(2026, 12, 1), None), date(2026, 12, 1).toordinal(), True),
        ("start_time", TimeRange(1_320, 360), 0, True),
        ("start_time", TimeRange(1_320, 360), 360, False),
        ("price", Range(10, 20), None, None),
        ("client_tags", TagCondition(none_of=some("a")), None, None),
        ("first_visit", False, None, None),
    ],
)
def test_one_condition_read_plainly(name: str, condition: Any, value: Any, held: bool | None) -> None:
    assert holds(name, condition, value) is held


def test_facts_stand_in_the_order_of_their_names() -> None:
    here = booking(
        "2026-12-05T23:30:30+01:00",
        "2026-12-06T00:20:30.900+01:00",
        "2026-12-05T22:30:00+01:00",
        price=5,
        session_type="s",
        practitioner="p",
        location=Place.ONLINE,
        tags=some("t"),
        payer=payer(PayerKind.EMPLOYER),
        first_visit=True,
    )
    assert dict(zip(FACTS, facts_of(here, 5, zone()), strict=True)) == {
        "session_type": "s",
        "practitioner": "p",
        "location": Place.ONLINE,
        "payer": PayerKind.EMPLOYER,
        "client_tags": some("t"),
        "price": 5,
        "duration": 3_000,
        "lead_time": 3_630,
        "first_visit": True,
        "weekday": SAT,
        "starts_on": date(2026, 12, 5).toordinal(),
        "start_time": 23 * 60 + 30,
    }


def test_matcher_is_built_once_a_policy() -> None:
    here = policy(rule("a", first_visit=True))
    assert matcher_of(here) is matcher_of(here)
