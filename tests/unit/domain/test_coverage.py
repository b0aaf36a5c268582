"""What tests can cover, and which bookings do."""

from datetime import date
from typing import Any

import pytest
from tests.builders import booking, policy, rule

from payrules.domain.coverage import Covering, Point, PointKind, points_of, reached_by
from payrules.domain.matching import FACTS
from payrules.domain.policy import DateRange, Place, Policy, Range, TagCondition, TimeRange
from payrules.domain.witness import Finder, OutOfStepsError

NOTHING = (None,) * len(FACTS)
BY_HAND = rule("dear", price=Range(at_least=200_000))


def edges_of(name: str, condition: Any) -> list[tuple[str, bool, Any]]:
    """The sides of a rule with one condition: bound, whether inside, and what is left of the condition."""
    points = points_of(policy(rule("one", **{name: condition})))
    return [(p.bound, p.inside, getattr(p.when, name)) for p in points if p.kind is PointKind.EDGE]


def covered(rules: Policy, **facts: Any) -> set[tuple[str, int | None, str, bool]]:
    """The points that a booking covers."""
    one = booking(**facts)
    points = points_of(rules)
    mask = Covering(rules, points).covered(*reached_by(rules, one, one.price))
    return {(p.kind.value, p.rule, p.bound, p.inside) for n, p in enumerate(points) if mask >> n & 1}


def test_a_policy_without_rules_has_its_defaults_to_cover() -> None:
    assert [p.kind for p in points_of(policy())] == [PointKind.DEFAULTS]
    assert covered(policy()) == {("defaults", None, "", True)}


def test_an_inactive_policy_has_no_rules_to_reach() -> None:
    inactive = policy(BY_HAND, active=False)
    assert [p.kind for p in points_of(inactive)] == [PointKind.DEFAULTS]
    assert covered(inactive, price=500_000) == {("defaults", None, "", True)}


@pytest.mark.parametrize(
    ("name", "condition", "sides"),
    [
        (
            "price",
            Range(200_000, 300_000),
            [
                ("at_least", False, Range(199_999, 200_000)),
                ("at_least", True, Range(200_000, 200_001)),
                ("below", True, Range(299_999, 300_000)),
                ("below", False, Range(300_000, 300_001)),
            ],
        ),
        # There is nothing below zero, and no appointment shorter than a minute in a tests file.
        ("price", Range(at_least=0), [("at_least", True, Range(0, 1))]),
        ("duration", Range(at_least=60), [("at_least", True, Range(60, 120))]),
        ("lead_time", Range(below=0), [("below", True, Range(-60, 0)), ("below", False, Range(0, 60))]),
        (
            "starts_on",
            DateRange(before_on=date(2027, 7, 1)),
            [
                ("before", True, DateRange(date(2027, 6, 30), date(2027, 7, 1))),
                ("before", False, DateRange(date(2027, 7, 1), date(2027, 7, 2))),
            ],
        ),
        (
            "start_time",
            TimeRange(1_080, 0),
            [
                ("from", False, TimeRange(1_079, 1_080)),
                ("from", True, TimeRange(1_080, 1_081)),
                ("to", True, TimeRange(1_439, 1_440)),
                ("to", False, TimeRange(0, 1)),
            ],
        ),
    ],
)
def test_an_edge_has_two_sides_one_step_apart(name: str, condition: Any, sides: list[Any]) -> None:
    found = edges_of(name, condition)
    # `at_least` and `below` name their sides in the order of the axis, so the bounds follow each other.
    assert found == [(bound, inside, left) for bound, inside, left in sides]


def test_weekdays_have_an_inside_and_an_outside() -> None:
    points = points_of(policy(rule("weekend", weekday=frozenset({5, 6}))))
    days = [(p.inside, p.when.weekday) for p in points if p.kind is PointKind.WEEKDAY]
    assert days == [(True, frozenset({5, 6})), (False, frozenset(range(5)))]
    every_day = points_of(policy(rule("always", weekday=frozenset(range(7)))))
    assert [p.inside for p in every_day if p.kind is PointKind.WEEKDAY] == [True]


def test_values_of_finite_sets_are_no_points() -> None:
    points = points_of(
        policy(
            rule("a", location=frozenset({Place.ONLINE}), client_tags=TagCondition(frozenset({"x"})), first_visit=True)
        )
    )
    assert [p.kind for p in points] == [PointKind.RULE, PointKind.DEFAULTS]


def test_a_booking_at_the_edge_covers_the_rule_and_one_side() -> None:
    rules = policy(BY_HAND)
    assert covered(rules, price=200_000) == {("rule", 0, "", True), ("edge", 0, "at_least", True)}
    assert covered(rules, price=199_999) == {("edge", 0, "at_least", False), ("defaults", None, "", True)}
    assert covered(rules, price=200_001) == {("rule", 0, "", True)}
    assert covered(rules, price=100_000) == {("defaults", None, "", True)}


def test_a_booking_that_an_earlier_rule_takes_covers_nothing_of_a_later_one() -> None:
    rules = policy(rule("first", first_visit=True), BY_HAND)
    assert covered(rules, price=200_000, first_visit=True) == {("rule", 0, "", True)}
    assert ("rule", 1, "", True) in covered(rules, price=200_000, first_visit=False)


def test_a_booking_that_may_be_taken_by_an_earlier_rule_covers_nothing_of_a_later_one() -> None:
    rules = policy(rule("first", first_visit=True), BY_HAND)
    assert covered(rules, price=200_000) == set()


def test_the_other_conditions_must_hold_at_an_edge() -> None:
    rules = policy(rule("dear", price=Range(at_least=200_000), location=frozenset({Place.ONLINE})))
    assert covered(rules, price=199_999, location=Place.PHONE) == {("defaults", None, "", True)}
    assert ("edge", 0, "at_least", False) in covered(rules, price=199_999, location=Place.ONLINE)


def test_nobody_is_looked_for_where_an_earlier_rule_takes_all() -> None:
    rules = policy(rule("dear", price=Range(at_least=100)), rule("dearer", price=Range(at_least=200)))
    finder = Finder(rules, NOTHING)
    found = {p: finder.find(p.when, p.rule if p.rule is not None else 2) for p in points_of(rules)}
    unreachable = [(p.rule, p.kind, p.inside) for p, facts in found.items() if facts is None]
    assert unreachable == [(1, PointKind.RULE, True), (1, PointKind.EDGE, False), (1, PointKind.EDGE, True)]
    [defaults] = [facts for p, facts in found.items() if p.rule is None]
    assert defaults == {"price": 99}


def test_an_example_is_like_what_it_may_be_like() -> None:
    rules = policy(rule("dear", price=Range(at_least=200_000), first_visit=False))
    like = (*NOTHING[:5], 250_000, *NOTHING[6:])
    assert Finder(rules, like).find(rules.rules[0].when, 0) == {"price": 250_000, "first_visit": False}


def test_tags_are_looked_for_together() -> None:
    rules = policy(
        rule("staff", client_tags=TagCondition(any_of=frozenset({"staff", "family"}))),
        rule("student", client_tags=TagCondition(all_of=frozenset({"student"}), none_of=frozenset({"debt"}))),
    )
    finder = Finder(rules, NOTHING)
    assert finder.find(rules.rules[1].when, 1) == {"client_tags": frozenset({"student"})}
    assert finder.find(rules.rules[0].when, 0) == {"client_tags": frozenset({"family"})}


def test_looking_ends_after_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrules.domain.witness.MOST_STEPS", 10)
    rules = policy(*(rule(f"r{n}", price=Range(at_least=n)) for n in range(20)))
    with pytest.raises(OutOfStepsError):
        Finder(rules, NOTHING).find(Point(PointKind.DEFAULTS, None, rules.rules[0].when).when, 20)
