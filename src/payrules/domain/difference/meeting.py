"""Conditions laid together: where two hold, and where one holds without another.

A condition here is what its facts say one by one, and cannot say everything: two spans of a day, or two lists of
which a tag is wanted. What is said is then a little wider than it could be, never narrower.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from payrules.domain.cells import CLOSED
from payrules.domain.policy import Condition, DateRange, Range, TagCondition, TimeRange

_MINUTES: Final = 1_440
_ALL: Final = {fact: frozenset(values) for fact, values in CLOSED.items()} | {"weekday": frozenset(range(7))}


def both(one: Condition, other: Condition) -> Condition:
    """A condition that holds wherever both hold."""
    met: dict[str, Any] = {
        fact: a if b is None else b if a is None else _met(a, b)
        for fact, a, b in zip(Condition._fields, one, other, strict=True)
    }
    return Condition(**met)


def narrowed(where: Condition, others: Iterable[Condition]) -> Condition:
    """A condition that holds where `where` holds and none of the others do."""
    for other in others:
        if not are_apart(where, other):
            where = _less(where, other) or where
    return where


def is_inside(where: Condition, other: Condition) -> bool:
    """Whether one condition surely holds only where another one does."""
    return all(b is None or (a is not None and _is_inside(a, b)) for a, b in zip(where, other, strict=True))


def are_apart(one: Condition, other: Condition) -> bool:
    """Whether two conditions surely never hold together: because of one fact alone."""
    return any(a is not None and b is not None and _is_nothing(a, b) for a, b in zip(one, other, strict=True))


def _less(where: Condition, other: Condition) -> Condition | None:
    """The condition without another one that differs from it in one fact alone; None where that cannot be said."""
    apart = None
    for fact, a, b in zip(Condition._fields, where, other, strict=True):
        if b is None or a == b or (a is not None and _is_inside(a, b)):
            continue
        if apart is not None:
            return None
        apart = fact, a, b
    left = None if apart is None else _left(*apart)
    return None if apart is None or left is None else where._replace(**{apart[0]: left})


def _met(a: Any, b: Any) -> Any:
    if isinstance(a, Range | DateRange):
        low, high = (_of_both(pick, *ends) for pick, ends in zip((max, min), zip(a, b, strict=True), strict=True))
        return type(a)(low, high)
    if isinstance(a, TimeRange):
        return _span(_minutes(a) & _minutes(b)) or b
    if isinstance(a, TagCondition):
        wanted = a.any_of if not b.any_of or (a.any_of and a.any_of <= b.any_of) else b.any_of
        return TagCondition(wanted, a.all_of | b.all_of, a.none_of | b.none_of)
    return b if isinstance(a, bool) else a & b


def _is_nothing(a: Any, b: Any) -> bool:
    """Whether two conditions on one fact never hold together."""
    if isinstance(a, bool):
        return a is not b
    if isinstance(a, TimeRange):
        return _minutes(a).isdisjoint(_minutes(b))
    met: Any = _met(a, b)
    if isinstance(a, Range | DateRange):
        low, high = met[0], met[1]
        return low is not None and high is not None and bool(low >= high)
    if isinstance(a, TagCondition):
        excluded = met.none_of
        return bool(met.all_of & excluded) or any(some and some <= excluded for some in (a.any_of, b.any_of))
    return not met


def _of_both(pick: Callable[..., Any], a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else pick(a, b)


def _is_inside(a: Any, b: Any) -> bool:
    """Whether one fact's condition holds wherever another one's does not fail."""
    if isinstance(a, Range | DateRange):
        return bool(_met(a, b) == a)
    if isinstance(a, TimeRange):
        return _minutes(a) <= _minutes(b)
    if isinstance(a, TagCondition):
        return not any(_missing_tags(a, b))
    return bool(a is b if isinstance(a, bool) else a <= b)


def _left(fact: str, a: Any, b: Any) -> Any:
    """What one fact's condition (None: everything) leaves when another one is taken away; None if it cannot be said."""
    if isinstance(b, Range | DateRange):
        return _left_of_span(a or type(b)(), b)
    if isinstance(b, TimeRange):
        return _span((_minutes(a) if a else frozenset(range(_MINUTES))) - _minutes(b))
    if isinstance(b, TagCondition):
        return _left_of_tags(a or TagCondition(), b)
    if isinstance(b, bool):
        return not b if a is None else None
    known = a or _ALL.get(fact)
    return (known - b or None) if known else None


def _left_of_span(a: Any, b: Any) -> Any:
    """A range without another one that overlaps it."""
    (low, high), (first, last) = a, b
    if first is None or (low is not None and low >= first):
        return None if last is None or (low is not None and last <= low) else type(a)(last, high)
    return type(a)(low, first) if last is None or (high is not None and high <= last) else None


def _left_of_tags(a: TagCondition, b: TagCondition) -> TagCondition | None:
    any_of, all_of, none_of = _missing_tags(a, b)
    if (any_of or len(all_of) == 1) and not none_of and not (any_of and all_of):
        return a._replace(none_of=a.none_of | any_of | all_of)
    if len(none_of) == 1 and not any_of and not all_of:
        return a._replace(all_of=a.all_of | none_of)
    return None


def _missing_tags(a: TagCondition, b: TagCondition) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """What one condition on tags demands beyond another: one of some, all of some, none of some."""
    met = a.all_of & b.any_of or (a.any_of and a.any_of <= b.any_of)
    return frozenset() if met else b.any_of, b.all_of - a.all_of, b.none_of - a.none_of


@cache
def _minutes(times: TimeRange) -> frozenset[int]:
    low, high = times
    return frozenset(range(low, high)) if low < high else frozenset(range(_MINUTES)) - frozenset(range(high, low))


def _span(minutes: frozenset[int]) -> TimeRange | None:
    """The times of a day as one span; None where they are none, or more than one."""
    begins = [minute for minute in minutes if (minute - 1) % _MINUTES not in minutes]
    if len(begins) != 1:
        return None
    return TimeRange(begins[0], (begins[0] + len(minutes)) % _MINUTES)
