"""What is proved of the rules of a policy, with no false alarm. Brute force on small domains: tests/properties."""

from datetime import date
from typing import Any

import pytest
from tests.builders import AUTOMATIC, clock_minutes, policy

from payrules.domain import analysis, boxes
from payrules.domain.analysis import Coverage, Findings, analyse
from payrules.domain.duration import parse_duration
from payrules.domain.policy import (
    Condition,
    DateRange,
    Manual,
    PayerKind,
    PaymentMethod,
    Place,
    Process,
    Range,
    Rule,
    TagCondition,
    Terms,
    TimeRange,
)

NOTHING = Findings()

# Terms that all differ, so that only what is meant to be is without effect.
VARIED = [
    Terms(Process.MANUAL, manual=Manual(default_method=method), reminders=(parse_duration("1d"),) * times)
    for times in range(3)
    for method in PaymentMethod
]


def found(*conditions: dict[str, Any], terms: list[Terms] | None = None) -> Findings:
    """The findings of rules that all set something of their own."""
    given = VARIED if terms is None else terms
    return analyse(policy(*(Rule(f"r{n}", Condition(**when), given[n]) for n, when in enumerate(conditions))))


def some(*words: str) -> frozenset[str]:
    return frozenset(words)


def tags(**groups: frozenset[str]) -> dict[str, Any]:
    return {"client_tags": TagCondition(**groups)}


def hours(from_: str, to: str) -> dict[str, Any]:
    return {"start_time": TimeRange(clock_minutes(from_), clock_minutes(to))}


def days(from_: str, before: str) -> dict[str, Any]:
    return {"starts_on": DateRange(date.fromisoformat(from_), date.fromisoformat(before))}


def weekday(*numbers: int) -> dict[str, Any]:
    return {"weekday": frozenset(numbers)}


SAT, SUN = 5, 6
CLIENT = frozenset({PayerKind.CLIENT})
ANY_TIME = {"price": Range(0, None)}


@pytest.mark.parametrize(
    ("conditions", "by"),
    [
        # By one rule that asks the same, or less.
        ([{"first_visit": True}, {"first_visit": True}], (0,)),
        ([{"first_visit": True}, {"first_visit": True, **weekday(SAT)}], (0,)),
        ([weekday(SAT, SUN), weekday(SUN)], (0,)),
        ([{"session_type": some("a", "b")}, {"session_type": some("a")}], (0,)),
        ([{"price": Range(100, None)}, {"price": Range(200, 300)}], (0,)),
        ([{"price": Range(None, 100)}, {"price": Range(None, 100)}], (0,)),
        ([hours("18:00", "06:00"), hours("22:00", "05:00")], (0,)),
        ([hours("18:00", "06:00"), hours("02:00", "03:00")], (0,)),
        ([tags(any_of=some("a", "b")), tags(all_of=some("a"))], (0,)),
        ([tags(any_of=some("a", "b")), tags(any_of=some("b"))], (0,)),
        ([tags(none_of=some("a")), tags(none_of=some("a", "b"))], (0,)),
        # A Saturday between two Fridays is that Saturday.
        ([days("2026-12-05", "2026-12-06"), weekday(SAT) | days("2026-12-04", "2026-12-11")], (0,)),
        # The other way round: that day is a Saturday and nothing else.
        ([weekday(SAT), days("2026-12-05", "2026-12-06")], (0,)),
        # A range of price that has every price.
        ([ANY_TIME, {"first_visit": True}], (0,)),
        ([{"price": Range(None, 100)}, {"price": Range(0, 100)}], (0,)),
        # By several together.
        ([{"first_visit": True}, {"first_visit": False}, weekday(SAT)], (0, 1)),
        ([{"location": frozenset({place})} for place in Place] + [weekday(SAT)], (0, 1, 2)),
        ([{"payer": frozenset({kind})} for kind in PayerKind] + [weekday(SAT)], (0, 1, 2, 3, 4)),
        ([{"price": Range(None, 100)}, {"price": Range(100, None)}, weekday(SAT)], (0, 1)),
        ([{"price": Range(None, 150)}, {"price": Range(150, 300)}, {"price": Range(100, 200)}], (0, 1)),
        ([hours("06:00", "18:00"), hours("18:00", "06:00"), {"first_visit": True}], (0, 1)),
        ([weekday(0, 1, 2, 3), weekday(4, SAT, SUN), {"first_visit": True}], (0, 1)),
        ([tags(any_of=some("a")), tags(none_of=some("a")), {"first_visit": True}], (0, 1)),
        ([tags(any_of=some("a", "b")), tags(none_of=some("a", "b")), {"first_visit": True}], (0, 1)),
        ([{"session_type": some("a")}, {"session_type": some("b")}, {"session_type": some("a", "b")}], (0, 1)),
        (
            [
                {"first_visit": True, **weekday(SAT)},
                {"first_visit": False, **weekday(SAT)},
                {"session_type": some("a"), **weekday(SAT, SUN)},
                {"session_type": some("a"), **weekday(SAT)},
            ],
            # Either the third alone or the first two; one is told sooner than two.
            (2,),
        ),
        ([{"lead_time": Range(None, 0)}, {"lead_time": Range(0, None)}, {"lead_time": Range(-5, 5)}], (0, 1)),
    ],
)
def test_a_covered_rule_is_told_with_the_rules_that_cover_it(
    conditions: list[dict[str, Any]], by: tuple[int, ...]
) -> None:
    never = found(*conditions).never
    assert never == (Coverage(len(conditions) - 1, by),)


@pytest.mark.parametrize(
    "when",
    [
        tags(any_of=some("a"), none_of=some("a")),
        tags(all_of=some("a", "b"), none_of=some("b")),
        tags(any_of=some("a", "b"), none_of=some("a", "b")),
        # From Monday 4 to Wednesday 6 January 2027 there is no Saturday.
        weekday(SAT) | days("2027-01-04", "2027-01-07"),
        weekday(SUN) | days("2026-12-05", "2026-12-06"),
        # Nothing costs less than nothing, or lasts it.
        {"price": Range(None, 0)},
        {"duration": Range(None, 0)},
        # No appointment is read that starts so early or late.
        {"starts_on": DateRange(None, date(1999, 12, 31))},
    ],
)
def test_a_rule_that_excludes_itself_is_told_without_others(when: dict[str, Any]) -> None:
    assert found(weekday(0), when) == Findings(never=(Coverage(1, ()),))


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        [{"first_visit": True}],
        [{"first_visit": True}, {"first_visit": False}],
        # Narrow first, wide after: an exception and its rule.
        [{"first_visit": True, **weekday(SAT)}, weekday(SAT)],
        # One day, one øre, one minute, one second is left.
        [weekday(0, 1, 2, 3, 4, 5), {"first_visit": True}],
        [{"price": Range(None, 100)}, {"price": Range(101, None)}, {"first_visit": True}],
        [hours("00:00", "23:59"), {"first_visit": True}],
        [hours("06:00", "18:00"), hours("18:01", "06:00"), {"first_visit": True}],
        [{"duration": Range(None, 60)}, {"duration": Range(61, None)}, {"first_visit": True}],
        [days("2026-12-05", "2026-12-06"), weekday(SAT) | days("2026-12-04", "2026-12-13")],
        [weekday(SAT), days("2026-12-05", "2026-12-07")],
        [{"lead_time": Range(0, None)}, {"first_visit": True}],
        # Other values than those named exist, where the list is open.
        [{"session_type": some("a")}, {"session_type": some("b")}, weekday(SAT)],
        [{"practitioner": some("a")}, {"practitioner": some("a", "b")}],
        [{"payer": frozenset(list(PayerKind)[:-1])}, weekday(SAT)],
        # A client may have both tags, or neither.
        [tags(any_of=some("a")), tags(any_of=some("b"))],
        [tags(any_of=some("a")), tags(any_of=some("b")), weekday(SAT)],
        [tags(all_of=some("a", "b")), tags(any_of=some("a", "b"))],
        [tags(none_of=some("a", "b")), tags(all_of=some("a", "b")), weekday(SAT)],
        # Together they cover Saturdays, and all sessions a, but not both with first visits.
        [{"first_visit": True, **weekday(SAT)}, {"session_type": some("a"), "first_visit": False}, weekday(SAT)],
        # The first two leave only other payers than the client, the third only their later visits.
        [
            {"payer": CLIENT, **weekday(0, 1, 2, 3, 4, SUN)},
            {"payer": CLIENT, **weekday(SAT)},
            {"payer": frozenset(PayerKind) - CLIENT, "first_visit": True},
            {"practitioner": some("p-1")},
        ],
        # The far ends of what is read.
        [{"starts_on": DateRange(date(2000, 1, 2), None)}, {"first_visit": True}],
        [{"starts_on": DateRange(None, date(2999, 12, 31))}, {"first_visit": True}],
    ],
)
def test_no_false_alarm(conditions: list[dict[str, Any]]) -> None:
    assert found(*conditions) == NOTHING


@pytest.mark.parametrize(
    ("conditions", "terms", "redundant"),
    [
        # The clinic's own settings, with no later rule to keep away.
        ([weekday(SAT)], [AUTOMATIC], (0,)),
        ([weekday(SAT), {"session_type": some("a")}], [AUTOMATIC, VARIED[0]], ()),
        ([weekday(SAT), weekday(SUN)], [AUTOMATIC, VARIED[0]], (0,)),
        # A later rule with the same settings takes all its bookings.
        ([weekday(SAT), weekday(SAT, SUN)], [VARIED[0], VARIED[0]], (0,)),
        ([weekday(SAT, SUN), weekday(SAT)], [VARIED[0], VARIED[0]], ()),
        # Unless another stands between them for some of those.
        ([weekday(SAT), {"first_visit": True}, weekday(SAT, SUN)], [VARIED[0], VARIED[1], VARIED[0]], ()),
        (
            [weekday(SAT), {"first_visit": True, **weekday(SUN)}, weekday(SAT, SUN)],
            [VARIED[0], VARIED[1], VARIED[0]],
            (0,),
        ),
        # Two later rules together take its bookings.
        (
            [weekday(SAT), {"first_visit": True}, {"first_visit": False}],
            [VARIED[0], VARIED[0], VARIED[0]],
            (0,),
        ),
        # A carve-out that only the rule behind it needs.
        ([{"first_visit": True, **weekday(SAT)}, weekday(SAT)], [AUTOMATIC, VARIED[0]], ()),
    ],
)
def test_a_rule_without_which_no_decision_would_change(
    conditions: list[dict[str, Any]], terms: list[Terms], redundant: tuple[int, ...]
) -> None:
    findings = found(*conditions, terms=terms)
    # Of one that can never match nothing more is said.
    never = {coverage.rule for coverage in findings.never}
    assert findings.redundant == redundant
    assert never.isdisjoint(redundant)


def test_of_a_rule_that_can_never_match_nothing_more_is_said() -> None:
    # The first takes all bookings of the second and sets the same; only the second is of no use.
    findings = found(weekday(SAT), {"session_type": some("a"), **weekday(SAT)}, terms=[VARIED[0], VARIED[0]])
    assert findings.never == (Coverage(1, (0,)),)
    assert findings.redundant == ()


@pytest.mark.parametrize("terms", [[VARIED[0], VARIED[0]], [VARIED[0], VARIED[1]], [AUTOMATIC, VARIED[0]]])
def test_of_two_rules_with_equal_conditions_only_the_second_is_told(terms: list[Terms]) -> None:
    # Where the first sets what the clinic has anyway, it keeps the second from matching: by itself it matters.
    assert found(weekday(SAT), weekday(SAT), terms=terms) == Findings(never=(Coverage(1, (0,)),))


def test_rules_that_change_nothing_can_be_removed_together() -> None:
    # Each of the first two can go for the other takes its bookings; both cannot.
    conditions = [{"session_type": some("a")}, {"session_type": some("a", "b")}, {"session_type": some("b", "c")}]
    assert found(*conditions, terms=[VARIED[0]] * 3) == Findings(redundant=(0,))


def test_of_a_rule_that_is_known_to_match_only_the_rest_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> bool:
        raise boxes.GivenUp

    monkeypatch.setattr(analysis, "_matters", give_up)
    findings = found({"first_visit": True}, weekday(SAT), {"first_visit": True}, terms=[AUTOMATIC, *VARIED[:2]])
    assert findings == Findings(never=(Coverage(2, (0,)),), unweighed=(0,))


def test_every_rule_behind_one_that_takes_all_is_told() -> None:
    findings = found(ANY_TIME, {"first_visit": True}, weekday(SAT))
    assert findings.never == (Coverage(1, (0,)), Coverage(2, (0,)))


def test_no_rule_is_named_that_can_be_spared() -> None:
    # The first two cover all Saturdays; the third, in the same place, adds nothing.
    findings = found(
        {"first_visit": True, **weekday(SAT)},
        {"first_visit": False, **weekday(SAT)},
        {"session_type": some("a")},
        weekday(SAT),
    )
    assert findings.never == (Coverage(3, (0, 1)),)


def test_a_search_that_is_given_up_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "STEPS_PER_RULE", 0)
    # That the first two cover the third shows in a search only.
    findings = found({"first_visit": True}, {"first_visit": False}, weekday(SAT))
    assert findings.unsettled
    assert (findings.never, findings.redundant) == ((), ())


def test_hard_rules_end_in_an_honest_answer() -> None:
    # Every rule asks for one of three tags and against one of three: a satisfiability problem, on purpose.
    names = [f"t{n}" for n in range(40)]
    conditions = [
        tags(any_of=some(*(names[(n * k) % 40] for k in (7, 11, 13))), none_of=some(names[(n * 17 + 3) % 40]))
        for n in range(150)
    ]
    terms = [VARIED[n % len(VARIED)] for n in range(150)]
    findings = found(*conditions, terms=terms)
    assert set(findings.unsettled).isdisjoint(coverage.rule for coverage in findings.never)


def test_cover_names_a_cover_even_when_its_steps_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [{"first_visit": True}, {"first_visit": False}, weekday(SAT)]
    rules = boxes.Boxes([Condition(**when) for when in conditions])
    monkeypatch.setattr(boxes, "STEPS_PER_RULE", 0)
    assert rules.cover(2, 0b11) == 0b11


@pytest.mark.parametrize(
    ("other", "rule", "around"),
    [
        (weekday(SAT, SUN), weekday(SAT), True),
        (weekday(SAT), weekday(SAT, SUN), False),
        (weekday(SAT), {"first_visit": True}, False),
        ({"price": Range(0, None)}, {"first_visit": True}, True),
        (tags(any_of=some("a", "b")), tags(all_of=some("a", "c")), True),
        (tags(any_of=some("a", "b")), tags(all_of=some("c")), False),
        (tags(any_of=some("a", "b", "c")), tags(any_of=some("a", "b")), True),
        (tags(any_of=some("a", "b")), tags(any_of=some("a", "b", "c")), False),
        (tags(all_of=some("a")), tags(any_of=some("a", "b")), False),
        # A tag that is wanted and ruled out holds nowhere.
        (tags(all_of=some("a"), none_of=some("a")), tags(all_of=some("a")), False),
        (days("2026-12-01", "2026-12-20"), weekday(SAT) | days("2026-12-05", "2026-12-06"), True),
    ],
)
def test_whether_a_rule_holds_wherever_another_does(
    other: dict[str, Any], rule: dict[str, Any], *, around: bool
) -> None:
    rules = boxes.Boxes([Condition(**other), Condition(**rule)])
    rules.allow()
    assert rules.is_around(0, 1) is around
    assert rules.first_around(1, 0b01) == (0 if around else None)


def test_more_tags_than_can_be_looked_at_leave_all_rules_unsettled() -> None:
    many = [f"tag-{number}" for number in range(boxes.MOST_DIMENSIONS + 1)]
    findings = found(tags(any_of=some(*many)), tags(any_of=some("tag-1")))
    assert findings == Findings(unsettled=(0, 1))


def test_more_cells_than_can_be_looked_at_leave_all_rules_unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "MOST_CELLS", 4)
    assert found(weekday(SAT), weekday(SUN)) == Findings(unsettled=(0, 1))


def test_values_that_the_same_rules_want_are_one_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    # The thousand that the first wants, the one that both want, and all others.
    monkeypatch.setattr(boxes, "MOST_CELLS", 3)
    many = [f"p{number}" for number in range(1_000)]
    assert found({"practitioner": some(*many)}, {"practitioner": some("p0")}).never == (Coverage(1, (0,)),)
