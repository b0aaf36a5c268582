"""What tests of a policy can cover: its rules, its defaults, and both sides of every boundary.

A *point* is a set of bookings that a test should have one of. A booking is in it when it reaches the point's rule
(every rule before it is false for the booking) and meets the point's conditions. Facts that are unknown meet none.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from payrules.domain.booking import Booking
from payrules.domain.matching import FACTS, Facts, Matcher, facts_of, matcher_of
from payrules.domain.money import Money
from payrules.domain.policy import Condition, DateRange, Policy, Range, TimeRange

STEPS: Final = {"price": 1, "duration": 60, "lead_time": 60, "starts_on": 1, "start_time": 1}
"""How far apart the two sides of an edge lie: one minor unit, one minute (lengths are in seconds), one day."""
LIMITS: Final[dict[str, tuple[int | None, int | None]]] = {
    "price": (0, None),
    "duration": (60, None),
    "lead_time": (None, None),
    "starts_on": (date(2000, 1, 2).toordinal(), date(2999, 12, 30).toordinal()),
    "start_time": (0, 1_439),
}
"""The lowest and the highest value that a test's booking can have; None is open."""
_BOUNDS: Final = dict.fromkeys(STEPS, ("at_least", "below")) | {
    "starts_on": ("from", "before"),
    "start_time": ("from", "to"),
}
_MINUTES_OF_DAY: Final = 1_440


class PointKind(StrEnum):
    """What a point is about."""

    RULE = "rule"
    DEFAULTS = "defaults"
    EDGE = "edge"
    WEEKDAY = "weekday"


class Point(NamedTuple):
    """Something that tests can cover. `rule` is a rule's number, None for the defaults.

    Of an edge or a set of weekdays: the condition's name, the bound (`at_least`, `below`, `from`, `before`, `to`;
    empty for weekdays), and on which side of it the bookings lie. `when` is what they all meet.
    """

    kind: PointKind
    rule: int | None
    when: Condition
    condition: str = ""
    bound: str = ""
    inside: bool = True


def points_of(policy: Policy) -> tuple[Point, ...]:
    """All points of a policy, in the order of the file; an inactive one has no rules to reach."""
    defaults = Point(PointKind.DEFAULTS, None, Condition())
    if not policy.active:
        return (defaults,)
    return (*(point for number in range(len(policy.rules)) for point in _points_of_rule(policy, number)), defaults)


def _points_of_rule(policy: Policy, number: int) -> Iterator[Point]:
    when = policy.rules[number].when
    yield Point(PointKind.RULE, number, when)
    for name in FACTS:
        condition = getattr(when, name)
        if condition is not None and name == "weekday":
            for days, inside in ((condition, True), (frozenset(range(7)) - condition, False)):
                if days:
                    yield Point(PointKind.WEEKDAY, number, when._replace(weekday=days), name, "", inside)
        elif condition is not None and name in STEPS:
            for bound, inside, narrow in _sides(name, condition):
                yield Point(PointKind.EDGE, number, when._replace(**{name: narrow}), name, bound, inside)


def _sides(name: str, condition: Any) -> Iterator[tuple[str, bool, Any]]:
    """Both sides of each edge of a range: the bound, whether it is inside, and the condition of that side alone."""
    step, (lowest, highest) = STEPS[name], LIMITS[name]
    for bound, edge in zip(_BOUNDS[name], _edges(condition), strict=True):
        if edge is None:
            continue
        # An edge is itself the first value of what begins there: inside at the lower bound, outside at the upper.
        begins_inside = bound in ("at_least", "from")
        for low, inside in ((edge - step, not begins_inside), (edge, begins_inside)):
            value = low % _MINUTES_OF_DAY if name == "start_time" else low
            if (lowest is None or value >= lowest) and (highest is None or value <= highest):
                yield bound, inside, _narrow(name, value, value + step)


def _edges(condition: Any) -> tuple[int | None, int | None]:
    if isinstance(condition, DateRange):
        first, last = condition
        return None if first is None else first.toordinal(), None if last is None else last.toordinal()
    low, high = condition
    return low, high


def _narrow(name: str, low: int, high: int) -> Any:
    if name == "starts_on":
        return DateRange(date.fromordinal(low), date.fromordinal(high))
    return TimeRange(low, high) if name == "start_time" else Range(low, high)


def reached_by(policy: Policy, booking: Booking, price: Money | None) -> tuple[int, Facts]:
    """The number of the last rule that a booking reaches (that of the defaults is the number of rules), and its facts.

    A rule is reached when no rule before it holds or may hold. `price` is the booking's or the price list's.
    """
    facts = facts_of(booking, None if price is None else price.minor, policy.zone)
    may, _ = matcher_of(policy).match(facts)
    return (may & -may).bit_length() - 1, facts


class Covering:
    """Tells which of some points, given in the order of `points_of`, a booking is in: all at once."""

    def __init__(self, policy: Policy, points: Sequence[Point]) -> None:
        rules = len(policy.rules)
        # An inactive policy leaves every booking to its defaults.
        self._rules = [0 if not policy.active else rules if p.rule is None else p.rule for p in points]
        self._matcher = Matcher([point.when for point in points])

    def covered(self, reached: int, facts: Facts) -> int:
        """The points of a booking that gets so far (`reached_by`), as a mask."""
        _, surely = self._matcher.match(facts)
        return surely & (1 << bisect_right(self._rules, reached)) - 1
