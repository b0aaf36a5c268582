"""What two conditions say together, and what one says without another, where one condition can say it."""

from datetime import date
from typing import Any

import pytest

from payrules.domain.difference.meeting import are_apart, both, is_inside, narrowed
from payrules.domain.policy import Condition, DateRange, Place, Range, TagCondition, TimeRange

ONLINE, PHONE, HERE = (frozenset({place}) for place in (Place.ONLINE, Place.PHONE, Place.IN_PERSON))
A, B, AB = frozenset("a"), frozenset("b"), frozenset("ab")


@pytest.mark.parametrize(
    ("fact", "one", "other", "together"),
    [
        ("location", ONLINE | PHONE, PHONE | HERE, PHONE),
        ("first_visit", True, True, True),
        ("price", Range(100, None), Range(None, 200), Range(100, 200)),
        ("price", Range(100, 300), Range(200, 400), Range(200, 300)),
        ("starts_on", DateRange(None, date(2027, 2, 1)), DateRange(date(2027, 1, 1)), None),
        ("start_time", TimeRange(600, 900), TimeRange(800, 1_000), TimeRange(800, 900)),
        ("start_time", TimeRange(1_200, 300), TimeRange(200, 600), TimeRange(200, 300)),
        ("start_time", TimeRange(1_200, 1_100), TimeRange(1_000, 1_300), TimeRange(1_000, 1_300)),
        ("client_tags", TagCondition(any_of=AB), TagCondition(none_of=B), TagCondition(any_of=AB, none_of=B)),
        ("client_tags", TagCondition(any_of=A), TagCondition(any_of=AB), TagCondition(any_of=A)),
    ],
)
def test_both(fact: str, one: Any, other: Any, together: Any) -> None:
    if fact == "starts_on":
        together = DateRange(date(2027, 1, 1), date(2027, 2, 1))
    wanted = Condition(**{fact: together}, practitioner=A)
    assert both(Condition(**{fact: one}), Condition(**{fact: other}, practitioner=A)) == wanted


@pytest.mark.parametrize(
    ("fact", "whole", "without", "left"),
    [
        ("location", None, ONLINE, PHONE | HERE),
        ("location", ONLINE | PHONE, ONLINE | HERE, PHONE),
        ("weekday", None, frozenset({5, 6}), frozenset(range(5))),
        ("practitioner", AB, A, B),
        ("practitioner", None, A, None),
        ("first_visit", None, True, False),
        ("price", Range(100, None), Range(101, None), Range(100, 101)),
        ("price", Range(100, 200), Range(50, 150), Range(150, 200)),
        # What takes nothing of it leaves it as it is.
        ("price", Range(100, 200), Range(200, None), Range(100, 200)),
        ("price", Range(100, 200), Range(None, 100), Range(100, 200)),
        (
            "starts_on",
            DateRange(None, date(2027, 1, 1)),
            DateRange(date(2027, 2, 1)),
            DateRange(None, date(2027, 1, 1)),
        ),
        ("price", None, Range(100, 200), None),
        ("price", None, Range(None, 200), Range(200, None)),
        ("start_time", None, TimeRange(480, 1_080), TimeRange(1_080, 480)),
        ("start_time", TimeRange(0, 600), TimeRange(100, 200), TimeRange(0, 600)),
        ("client_tags", None, TagCondition(any_of=AB), TagCondition(none_of=AB)),
        ("client_tags", None, TagCondition(all_of=A), TagCondition(none_of=A)),
        ("client_tags", None, TagCondition(all_of=AB), None),
        ("client_tags", None, TagCondition(none_of=A), TagCondition(all_of=A)),
        ("client_tags", TagCondition(all_of=B), TagCondition(all_of=AB), TagCondition(all_of=B, none_of=A)),
        ("client_tags", None, TagCondition(all_of=A, none_of=B), None),
    ],
)
def test_narrowed(fact: str, whole: Any, without: Any, left: Any) -> None:
    where = Condition(**{fact: whole}, session_type=A)
    for session_type in (None, A, AB):
        taken = Condition(**{fact: without}, session_type=session_type)
        assert narrowed(where, [taken]) == where._replace(**{fact: left})
    # Where the other differs in a second fact, too, what is left is no condition.
    assert narrowed(where, [Condition(**{fact: without}, session_type=B)]) == where


def test_narrowed_again_and_again() -> None:
    days = [Condition(weekday=frozenset({day})) for day in range(6)]
    assert narrowed(Condition(), days) == Condition(weekday=frozenset({6}))
    assert narrowed(Condition(first_visit=True), [Condition(first_visit=False)]) == Condition(first_visit=True)


@pytest.mark.parametrize(
    ("fact", "one", "other", "apart"),
    [
        ("location", ONLINE, PHONE | HERE, True),
        ("location", ONLINE, PHONE | ONLINE, False),
        ("weekday", frozenset({0}), frozenset({1}), True),
        ("first_visit", True, False, True),
        ("first_visit", False, False, False),
        ("price", Range(100, 200), Range(200, 300), True),
        ("price", Range(100, 201), Range(200, 300), False),
        ("price", Range(None, 100), Range(100, None), True),
        ("price", Range(100, None), Range(200, None), False),
        ("starts_on", DateRange(None, date(2027, 1, 1)), DateRange(date(2027, 1, 1)), True),
        ("starts_on", DateRange(None, date(2027, 1, 2)), DateRange(date(2027, 1, 1)), False),
        ("start_time", TimeRange(600, 700), TimeRange(700, 600), True),
        ("start_time", TimeRange(600, 701), TimeRange(700, 600), False),
        ("client_tags", TagCondition(all_of=A), TagCondition(none_of=A), True),
        ("client_tags", TagCondition(none_of=AB), TagCondition(any_of=AB), True),
        ("client_tags", TagCondition(any_of=AB), TagCondition(none_of=AB), True),
        ("client_tags", TagCondition(any_of=AB), TagCondition(none_of=A), False),
    ],
)
def test_apart(fact: str, one: Any, other: Any, apart: bool) -> None:
    more = Condition(duration=Range(60, None))
    assert are_apart(Condition(**{fact: one}), more._replace(**{fact: other})) == apart
    assert are_apart(more._replace(**{fact: other}), Condition(**{fact: one})) == apart
    assert not are_apart(Condition(**{fact: one}), more)


@pytest.mark.parametrize(
    ("fact", "one", "other", "inside"),
    [
        ("location", ONLINE, PHONE | ONLINE, True),
        ("location", PHONE | ONLINE, ONLINE, False),
        ("first_visit", True, True, True),
        ("first_visit", True, False, False),
        ("price", Range(100, 200), Range(100, 200), True),
        ("price", Range(100, 201), Range(100, 200), False),
        ("start_time", TimeRange(600, 700), TimeRange(600, 800), True),
        ("client_tags", TagCondition(any_of=A), TagCondition(any_of=AB), True),
        ("client_tags", TagCondition(any_of=AB), TagCondition(any_of=A), False),
    ],
)
def test_inside(fact: str, one: Any, other: Any, inside: bool) -> None:
    where = Condition(**{fact: one}, practitioner=A)
    assert is_inside(where, Condition(**{fact: other})) == inside
    assert is_inside(where, Condition())
    assert not is_inside(Condition(), Condition(**{fact: other}))
