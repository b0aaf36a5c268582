"""Looking for a booking that meets some conditions and none of others: proof that there is one, and an example.

Every fact gets a few values that stand for all: those that conditions name, one that none of them names, and both
sides of every edge. Any booking agrees with one of these on every condition (to the step of `coverage.STEPS`), so
that a search through them which finds nothing proves that there is nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from itertools import accumulate, product
from operator import or_
from typing import Any, Final

from payrules.domain.cells import CLOSED
from payrules.domain.coverage import LIMITS, STEPS
from payrules.domain.matching import FACTS, Facts, holds, spans_of
from payrules.domain.policy import Condition, Policy

MOST_STEPS: Final = 1_000_000
"""Values that one finder may look at in all its searches: a second or two."""

# What a booking is like where nothing else is wanted: an hour at ten for a thousand, booked a week before.
_PLAIN: Final = {"price": 100_000, "duration": 3_600, "lead_time": 7 * 86_400, "start_time": 600}
_MONDAY: Final = date(2027, 1, 11).toordinal()
_DAY, _TAG = "day", "tag "

Values = dict[str, tuple[Any, ...]]
"""The values that are left to each dimension: a fact, the day of the start, or a tag, which is there or not."""
Way = Sequence[tuple[str, Callable[[Any], bool]]]
"""What must hold of some dimensions together."""


class OutOfStepsError(Exception):
    """The searches took more steps than they may; a signal to the caller."""


class Finder:
    """Finds bookings for one policy. `like` are facts that an example has where it is free to."""

    def __init__(self, policy: Policy, like: Facts) -> None:
        self._rules = [_asked(rule.when) for rule in policy.rules]
        self._holding = [[_holding(name, condition) for name, condition in asked] for asked in self._rules]
        names = ({name for name, _ in asked} for asked in self._rules)
        self._names_before: list[set[str]] = list(accumulate(names, or_, initial=set()))
        self._values = _all_values(policy, dict(zip(FACTS, like, strict=True)))
        self._steps = MOST_STEPS

    def find(self, when: Condition, without: int) -> dict[str, Any] | None:
        """Facts with which `when` holds and the first `without` rules do not; None where there are none.

        Every fact that these conditions ask for is told, by its name in `FACTS`: dates as ordinals, tags as a set.
        A `weekday` is told as the `starts_on` it needs. Raises OutOfStepsError, and from then on always.
        """
        waiting: list[tuple[Values, int]] = []
        for ways in product(*(_holding(name, condition) for name, condition in _asked(when))):
            found = self._narrowed(self._values, [part for way in ways for part in way])
            waiting += [] if found is None else [(found, 0)]
        # What is looked at first stands last.
        waiting.reverse()
        while waiting:
            values, rule = waiting.pop()
            while rule < without and self._fails(values, rule):
                rule += 1
            if rule == without:
                return _facts(values, self._names_before[without] | {name for name, _ in _asked(when)})
            ways_out = [way for name, condition in self._rules[rule] for way in _failing(name, condition)]
            narrowed = (self._narrowed(values, way) for way in reversed(ways_out))
            waiting += [(left, rule + 1) for left in narrowed if left is not None]
        return None

    def _fails(self, values: Values, rule: int) -> bool:
        """Whether one condition of a rule fails, whatever is taken of the values that are left."""
        return any(
            all(any(not self._left(values, part) for part in way) for way in ways) for ways in self._holding[rule]
        )

    def _narrowed(self, values: Values, way: Way) -> Values | None:
        values = dict(values)
        for part in way:
            values[part[0]] = left = self._left(values, part)
            if not left:
                return None
        return values

    def _left(self, values: Values, part: tuple[str, Callable[[Any], bool]]) -> tuple[Any, ...]:
        dimension, wanted = part
        self._steps -= len(values[dimension])
        if self._steps < 0:
            raise OutOfStepsError
        return tuple(filter(wanted, values[dimension]))


def _asked(when: Condition) -> list[tuple[str, Any]]:
    return [(name, condition) for name, condition in zip(FACTS, when, strict=True) if condition is not None]


def _holding(name: str, condition: Any) -> list[Way]:
    """The ways in which a condition can hold: one, unless it takes any of several tags."""
    if name != "client_tags":
        return [[(_dimension(name), _test(name, condition))]]
    always: list[Any] = [(_TAG + tag, _is_there) for tag in sorted(condition.all_of)]
    always += [(_TAG + tag, _is_absent) for tag in sorted(condition.none_of)]
    return [[*always, (_TAG + tag, _is_there)] for tag in sorted(condition.any_of)] or [always]


def _failing(name: str, condition: Any) -> list[Way]:
    """The ways in which a condition can fail."""
    if name != "client_tags":
        test = _test(name, condition)
        return [[(_dimension(name), lambda value: not test(value))]]
    ways: list[Way] = [[(_TAG + tag, _is_absent)] for tag in sorted(condition.all_of)]
    ways += [[(_TAG + tag, _is_there)] for tag in sorted(condition.none_of)]
    return [*ways, [(_TAG + tag, _is_absent) for tag in sorted(condition.any_of)]] if condition.any_of else ways


def _dimension(name: str) -> str:
    return _DAY if name in ("weekday", "starts_on") else name


def _test(name: str, condition: Any) -> Callable[[Any], bool]:
    if name == "weekday":
        return lambda day: date.fromordinal(day).weekday() in condition
    return partial(_holds, name, condition)


def _holds(name: str, condition: Any, value: Any) -> bool:
    return holds(name, condition, value) is True


def _is_there(there: bool) -> bool:  # noqa: FBT001  # the value of a dimension
    return there


def _is_absent(there: bool) -> bool:  # noqa: FBT001  # the value of a dimension
    return not there


def _all_values(policy: Policy, like: dict[str, Any]) -> Values:
    """The values of every dimension, those that an example should have before the others."""
    asked: dict[str, list[Any]] = {name: [] for name in FACTS}
    for rule in policy.rules:
        for name, condition in _asked(rule.when):
            asked[name].append(condition)
    values: Values = {}
    for name in ("session_type", "practitioner"):
        named = sorted(frozenset[str]().union(*asked[name]))
        others = [x for x in policy.session_types if x not in named] if name == "session_type" else []
        values[name] = _in_order([like[name], *others[:1], f"another-{name.replace('_', '-')}", *named])
    for name, closed in CLOSED.items():
        values[name] = _in_order([like[name], *closed])
    for name, plain in _PLAIN.items():
        values[name] = _in_limits(name, [like[name], plain, *_beside_edges(name, asked[name])])
    day = _MONDAY if like["starts_on"] is None else like["starts_on"]
    edges = [edge for c in asked["starts_on"] for span in spans_of("starts_on", c) for edge in span if edge is not None]
    values[_DAY] = _in_limits("starts_on", [near for at in (day, *edges) for near in (at, *range(at - 7, at + 7))])
    for tag in sorted(frozenset[str]().union(*(c.any_of | c.all_of | c.none_of for c in asked["client_tags"]))):
        values[_TAG + tag] = (True, False) if tag in (like["client_tags"] or ()) else (False, True)
    return values


def _beside_edges(name: str, conditions: Iterable[Any]) -> list[int]:
    edges = [edge for c in conditions for span in spans_of(name, c) for edge in span if edge is not None]
    found = [value for edge in edges for value in (edge - STEPS[name], edge)]
    return [value % 1_440 for value in found] if name == "start_time" else found


def _in_limits(name: str, values: Iterable[int | None]) -> tuple[int, ...]:
    lowest, highest = LIMITS[name]
    return tuple(
        value
        for value in _in_order(values)
        if (lowest is None or value >= lowest) and (highest is None or value <= highest)
    )


def _in_order(values: Iterable[Any]) -> tuple[Any, ...]:
    """Each value once, unknown ones left out."""
    return tuple(value for value in dict.fromkeys(values) if value is not None)


def _facts(values: Values, names: set[str]) -> dict[str, Any]:
    """The first value that is left of every fact that conditions of these names ask for."""
    found: dict[str, Any] = {}
    for name in FACTS:
        if name == "client_tags" and name in names:
            found[name] = frozenset(
                key.removeprefix(_TAG) for key, left in values.items() if key.startswith(_TAG) and left[0]
            )
        elif name == "starts_on" and names & {"starts_on", "weekday"}:
            found[name] = values[_DAY][0]
        elif name in names and name != "weekday":
            found[name] = values[name][0]
    return found
