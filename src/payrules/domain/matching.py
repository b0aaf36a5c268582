"""Which rule wins: every condition of every rule as bitmasks, one table a fact.

A table gives, for a value of its fact, the rules whose condition on that fact holds (a rule that does not
ask holds always). The rules that hold for a booking are the conjunction over the tables, so a thousand rules
cost about what ten do: the masks get longer, not more.

Conditions are three-valued (Kleene). A rule *may* hold while no known fact makes one of its conditions false;
it *surely* holds when it may and every fact it asks for is known.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

from payrules.domain.booking import Booking
from payrules.domain.policy import Condition, PayerKind, Policy, Range, TagCondition
from payrules.domain.schedule import wall_time

FACTS = Condition._fields
"""Names of the facts that rules ask for, in the order of `Condition` and of `facts_of`."""

FACT_PATHS: dict[str, str] = {name: name for name in FACTS} | {"client_tags": "client.tags", "payer": "payer.kind"}
"""Where a booking record carries each fact: the name a person is told to supply."""

# In Python 3.11 naming a member of an enum is a call, and this is the hot path.
_CLIENT = PayerKind.CLIENT

Facts = tuple[Any, ...]
"""A value for each name of `FACTS`."""
_TAG_MEMO_LIMIT = 4096


def facts_of(booking: Booking, price: int | None, zone: tzinfo) -> Facts:
    """The facts of a booking in the order of `FACTS`; None is unknown.

    `price` is in minor units (the booking's own or the price list's), lengths are in whole seconds rounded
    down, `weekday` and the wall time (minutes after midnight) are those of the start in `zone`.
    """
    local = wall_time(booking.starts_at, zone)
    duration = booking.ends_at - booking.starts_at
    lead = booking.starts_at - booking.booked_at
    return (
        booking.session_type,
        booking.practitioner,
        booking.location,
        _CLIENT if booking.payer is None else booking.payer.kind,
        booking.tags,
        price,
        duration.days * 86_400 + duration.seconds,
        lead.days * 86_400 + lead.seconds,
        booking.first_visit,
        local.weekday(),
        local.toordinal(),
        local.hour * 60 + local.minute,
    )


def tags_hold(condition: TagCondition, tags: frozenset[str]) -> bool:
    """Whether known tags meet the condition."""
    return (
        (not condition.any_of or not condition.any_of.isdisjoint(tags))
        and condition.all_of <= tags
        and condition.none_of.isdisjoint(tags)
    )


def spans_of(name: str, condition: Any) -> list[tuple[int | None, int | None]]:
    """The half-open spans of whole numbers in which a range condition holds; None is open.

    Dates are counted as `date.toordinal()`. A wall time that wraps midnight gives two spans.
    """
    if name == "starts_on":
        low, high = condition.from_on, condition.before_on
        return [(low and low.toordinal(), high and high.toordinal())]
    if name == "start_time":
        low, high = condition
        return [(low, high)] if low < high else [(None, high), (low, None)]
    return [(condition.at_least, condition.below)]


class Matcher:
    """The tables of one policy's rules. Rule number i is bit i; the bit above the last is the defaults."""

    __slots__ = ("_everything", "_spans", "_tags", "_values")

    def __init__(self, conditions: Sequence[Condition]) -> None:
        count = len(conditions)
        self._everything = (1 << (count + 1)) - 1
        # Each with the position of its fact and the mask of the rules that ask for it. Kept apart by their
        # kind, since this is the hot path and a call costs more than a look into a table.
        self._values: list[tuple[int, int, Callable[[Any, int], int], int]] = []
        self._spans: list[tuple[int, int, list[int], list[int]]] = []
        self._tags: list[tuple[int, int, Callable[[frozenset[str]], int]]] = []
        for position, name in enumerate(FACTS):
            asked = [(1 << i, c[position]) for i, c in enumerate(conditions) if c[position] is not None]
            if not asked:
                continue
            asking = 0
            for bit, _ in asked:
                asking |= bit
            free = self._everything & ~asking
            first = asked[0][1]
            if isinstance(first, frozenset | bool):
                self._values.append((position, asking, _by_value(asked, free), free))
            elif isinstance(first, TagCondition):
                self._tags.append((position, asking, _by_tags(asked, free)))
            else:
                self._spans.append((position, asking, *_by_span(name, asked, free)))

    def match(self, facts: Facts) -> tuple[int, int]:
        """Masks of the rules that may hold and of those that surely hold; both have the defaults' bit."""
        may, unknown = self._everything, 0
        for position, asking, rules_at, free in self._values:
            if (value := facts[position]) is None:
                unknown |= asking
            else:
                may &= rules_at(value, free)
        for position, asking, edges, masks in self._spans:
            if (value := facts[position]) is None:
                unknown |= asking
            else:
                may &= masks[bisect_right(edges, value)]
        for position, asking, rules_of in self._tags:
            if (value := facts[position]) is None:
                unknown |= asking
            else:
                may &= rules_of(value)
        return may, may & ~unknown


def matcher_of(policy: Policy) -> Matcher:
    """The policy's matcher, built at the first call and kept with the policy."""
    if not policy.matchers:
        policy.matchers.append(Matcher([rule.when for rule in policy.rules]))
    matcher: Matcher = policy.matchers[0]
    return matcher


def _by_value(asked: list[tuple[int, Any]], free: int) -> Callable[[Any, int], int]:
    """The rules at a value, by a call with the value and `free`, the rules that do not ask."""
    rules: dict[Any, int] = {}
    for bit, condition in asked:
        for value in (condition,) if isinstance(condition, bool) else condition:
            rules[value] = rules.get(value, free) | bit
    return rules.get


def _by_span(name: str, asked: list[tuple[int, Any]], free: int) -> tuple[list[int], list[int]]:
    """Edges, ascending, and the rules below the first edge, from the first on, from the second on …"""
    first, toggles = free, dict[int, int]()
    for bit, condition in asked:
        for low, high in spans_of(name, condition):
            if low is None:
                first |= bit
            else:
                toggles[low] = toggles.get(low, 0) ^ bit
            if high is not None:
                toggles[high] = toggles.get(high, 0) ^ bit
    edges = sorted(toggles)
    masks = [first]
    for edge in edges:
        masks.append(masks[-1] ^ toggles[edge])
    return edges, masks


def _by_tags(asked: list[tuple[int, Any]], free: int) -> Callable[[Any], int]:
    mentioned = frozenset[str]().union(*(c.any_of | c.all_of | c.none_of for _, c in asked))
    memo: dict[frozenset[str], int] = {}

    def rules_at(tags: frozenset[str]) -> int:
        relevant = tags & mentioned
        found = memo.get(relevant)
        if found is None:
            found = free
            for bit, condition in asked:
                if tags_hold(condition, relevant):
                    found |= bit
            if len(memo) >= _TAG_MEMO_LIMIT:
                memo.clear()
            memo[relevant] = found
        return found

    return rules_at


def holds(name: str, condition: Any, value: Any) -> bool | None:
    """Whether one condition holds for one fact; None where the fact is unknown (Kleene).

    The plain reading of the language, one condition at a time: it explains why a rule did not match, and
    the tests hold the tables of `Matcher` against it.
    """
    if value is None:
        return None
    if isinstance(condition, frozenset):
        return value in condition
    if isinstance(condition, TagCondition):
        return tags_hold(condition, value)
    if isinstance(condition, bool):
        return bool(value == condition)
    return any(Range(low, high).holds(value) for low, high in spans_of(name, condition))
