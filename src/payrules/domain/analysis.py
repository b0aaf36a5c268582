"""What can be said of a policy's rules for all possible bookings: which rule can never match, and which
changes nothing.

Every fact is cut into cells inside which no rule can tell two bookings apart; a rule is then a box of cells,
and a question about all bookings is a search for one point. The search is exact: it finds a point, proves
that there is none, or gives up after a number of steps and says so. What it speaks of are bookings whose
facts are all known; a booking with an unknown fact never *wins* a rule that a known one could not win too.

Facts are taken as independent but for the date and the weekday of the start, which are cut together: a range
of two days holds no Sunday if neither of them is one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from payrules.domain.matching import FACTS, spans_of
from payrules.domain.policy import Condition, DateRange, Manual, PayerKind, Place, Policy, Process, TagCondition, Terms

STEPS_PER_RULE = 50_000
STEPS_PER_POLICY = 500_000
"""Clauses a search may look at before it is given up: some tenths of a second a rule, a few seconds a policy."""

Span = tuple[int | None, int | None]
"""A half-open span of whole numbers; None is open."""

MOST_DIMENSIONS = 256
"""Facts and tags that rules may speak of; beyond that nothing is tried."""

# What a guess costs, in clauses of a search.
_GUESS = 10

# Bookings start in these years (readers of bookings see to it), give or take a day for the time zone.
_DAYS: Final = (date(1999, 12, 31).toordinal(), date(3000, 1, 2).toordinal())
# Half-open limits of what a fact can be; None is open.
_LIMITS: dict[str, Span] = {
    "price": (0, None),
    "duration": (0, None),
    "lead_time": (None, None),
    "start_time": (0, 1_440),
}
_CLOSED: dict[str, tuple[Any, ...]] = {
    "location": tuple(Place),
    "payer": tuple(PayerKind),
    "first_visit": (False, True),
}
_ABSENT, _PRESENT = 0b01, 0b10

Restriction = tuple[int, int]
"""A dimension, and the mask of the cells that are allowed in it."""
Clause = list[list[Restriction]]
"""A demand: at least one of the lists must hold as a whole."""


class Coverage(NamedTuple):
    """A rule that can never match: the rules `by` win before it every time; none where it excludes itself."""

    rule: int
    by: tuple[int, ...]


class Findings(NamedTuple):
    """What is proved of a policy's rules, by their numbers from 0. `unsettled` are those it gave up on."""

    never: tuple[Coverage, ...]
    redundant: tuple[int, ...]
    unsettled: tuple[int, ...]


def analyse(policy: Policy) -> Findings:
    """Find the rules that can never match and those without which no decision would change.

    A rule is redundant when every booking it wins would be decided to equal effect without it.
    """
    boxes = _Boxes([rule.when for rule in policy.rules])
    effects = [_effect(rule.terms) for rule in policy.rules]
    default = _effect(policy.terms)
    if boxes.dimensions > MOST_DIMENSIONS:
        return Findings((), (), tuple(range(len(effects))))
    never, redundant, unsettled = [], [], []
    for rule in range(len(effects)):
        boxes.allow(STEPS_PER_RULE)
        others = boxes.meeting(rule)
        earlier = others & (1 << rule) - 1
        try:
            if effects[rule] != default and boxes.some_point([rule], others):
                continue
            if not boxes.some_point([rule], earlier):
                never.append(Coverage(rule, boxes.cover(rule, earlier)))
            elif not any(
                effects[later] != effects[rule] and boxes.some_point([rule, later], others & (1 << later) - 1)
                for later in _bits(others ^ earlier)
            ):
                redundant.append(rule)
        except _GivenUp:
            unsettled.append(rule)
    return Findings(tuple(never), tuple(redundant), tuple(unsettled))


def _effect(terms: Terms) -> Terms:
    """The terms without what can have no effect under their process."""
    if terms.process is Process.AUTOMATIC:
        return terms._replace(manual=Manual())
    return terms if terms.manual.create_draft else Terms(Process.MANUAL, manual=Manual(create_draft=False))


class _GivenUp(Exception):  # noqa: N818 - a signal inside this module, not an error
    """The search took more steps than it may; never leaves this module."""


class _Boxes:
    """The rules of a policy as boxes of cells."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._full: list[int] = []
        self._demands: list[list[Restriction]] = [[] for _ in conditions]
        self._choices: list[Clause] = [[] for _ in conditions]
        self._steps_left = 0
        self._steps_in_all = STEPS_PER_POLICY
        self._cut_days(conditions)
        for position, name in enumerate(FACTS):
            asked: dict[int, Any] = {i: c[position] for i, c in enumerate(conditions) if c[position] is not None}
            if not asked or name in ("weekday", "starts_on"):
                continue
            if name == "client_tags":
                self._cut_tags(asked)
            elif name in _LIMITS:
                self._cut_spans({i: spans_of(name, c) for i, c in asked.items()}, _LIMITS[name])
            else:
                self._cut_values(asked, _CLOSED.get(name))
        self._refusals = [self._refusal(i) for i in range(len(conditions))]
        self._meets: dict[Restriction, int] = {}
        self._by_demand: list[dict[int, int]] = [{} for _ in self._full]
        for i, demands in enumerate(self._demands):
            for dimension, mask in demands:
                by_mask = self._by_demand[dimension]
                by_mask[mask] = by_mask.get(mask, 0) | 1 << i
        self._asking = [reduce(or_, by_mask.values(), 0) for by_mask in self._by_demand]
        self._choosing = sum(1 << i for i, choice in enumerate(self._choices) if choice)
        self._shared: dict[Restriction, set[int]] = {}
        self._rules_at = [self._rules_by_cell(dimension) for dimension in range(len(self._full))]

    @property
    def dimensions(self) -> int:
        """How many facts and tags the rules speak of."""
        return len(self._full)

    def allow(self, steps: int) -> None:
        """Let the searches up to the next call take so many steps, if the policy as a whole has them left."""
        self._steps_in_all += max(self._steps_left, 0)
        self._steps_left = min(steps, self._steps_in_all)
        self._steps_in_all -= self._steps_left

    def _spend(self, steps: int) -> None:
        self._steps_left -= steps
        if self._steps_left < 0:
            raise _GivenUp

    def meeting(self, rule: int) -> int:
        """The other rules whose boxes meet the rule's, as a mask. (Tags of `any` are not looked at.)"""
        meets = (1 << len(self._demands)) - 1 & ~(1 << rule)
        for demand in self._demands[rule]:
            found = self._meets.get(demand)
            if found is None:
                dimension, mask = demand
                found = ~self._asking[dimension]
                for other, rules in self._by_demand[dimension].items():
                    if other & mask:
                        found |= rules
                self._meets[demand] = found
            meets &= found
        return meets

    def some_point(self, inside: Sequence[int], outside: int) -> bool:
        """Whether a booking exists for which all rules of `inside` and none of the mask `outside` hold."""
        self._spend(_GUESS)
        cells = list(self._full)
        for rule in inside:
            for dimension, mask in self._demands[rule]:
                cells[dimension] &= mask
                if not cells[dimension]:
                    return False
        choices = [self._choices[rule] for rule in inside if self._choices[rule]]
        if self._guess(self._chosen(cells, choices), outside):
            return True
        self._spend(outside.bit_count())
        return self._search(cells, choices + [self._refusals[rule] for rule in _bits(outside)])

    def cover(self, rule: int, earlier: int) -> tuple[int, ...]:
        """Rules among the mask `earlier` that together leave the rule no booking; none can be spared, if steps last."""
        needed = earlier
        try:
            for candidate in reversed(_bits(earlier)):
                if not self.some_point([rule], needed & ~(1 << candidate)):
                    needed &= ~(1 << candidate)
        except _GivenUp:
            # They cover the rule all the same; only one or another of them might be spared.
            pass
        return tuple(_bits(needed))

    def _chosen(self, cells: list[int], choices: Sequence[Clause]) -> list[int]:
        """The cells with one tag of each choice present: the one that the fewest rules ask for."""
        cells = list(cells)
        for choice in choices:
            [(dimension, mask)] = min(choice, key=lambda way: self._asking[way[0][0]].bit_count())
            cells[dimension] &= mask
        return cells

    def _guess(self, cells: list[int], outside: int) -> bool:
        """Whether the cells that the fewest rules share make a point outside; most often they do.

        `cells` is used up.
        """
        if not all(cells):
            return False
        for rule in _bits(outside & self._choosing):
            tags = [dimension for [(dimension, _)] in self._choices[rule]]
            if all(cells[dimension] & _ABSENT for dimension in tags):
                outside &= ~(1 << rule)
                for dimension in tags:
                    cells[dimension] = _ABSENT
        for dimension, asking in enumerate(self._asking):
            if outside & asking:
                outside = min(
                    (outside & rules for rules in self._rules_in(dimension, cells[dimension])), key=int.bit_count
                )
            if not outside:
                return True
        return False

    def _rules_in(self, dimension: int, cells: int) -> set[int]:
        """For each of the cells of a dimension, the rules that it does not exclude."""
        found = self._shared.get((dimension, cells))
        if found is None:
            at = self._rules_at[dimension]
            found = self._shared[dimension, cells] = {at[cell] for cell in _bits(cells)}
        return found

    def _search(self, cells: list[int], clauses: list[Clause]) -> bool:  # noqa: C901  # one measured loop
        """Unit propagation and branching on the shortest clause; `cells` is used up."""
        forced = True
        while forced:
            forced = False
            self._spend(len(clauses))
            open_clauses = []
            for clause in clauses:
                ways: Clause = []
                for way in clause:
                    held = True
                    for dimension, mask in way:
                        here = cells[dimension]
                        if not here & mask:
                            break
                        if here & ~mask:
                            held = False
                    else:
                        if held:
                            break
                        ways.append(way)
                else:
                    if not ways:
                        return False
                    if len(ways) == 1:
                        forced = True
                        for dimension, mask in ways[0]:
                            cells[dimension] &= mask
                    else:
                        open_clauses.append(ways)
            clauses = open_clauses
        if not clauses:
            return True
        shortest = min(clauses, key=len)
        for way in shortest:
            narrowed = list(cells)
            for dimension, mask in way:
                narrowed[dimension] &= mask
            if all(narrowed) and self._search(narrowed, clauses):
                return True
            if len(way) == 1:
                # No point has this way: what follows may leave its cells out.
                dimension, mask = way[0]
                cells[dimension] &= ~mask
                if not cells[dimension]:
                    return False
        return False

    def _refusal(self, rule: int) -> Clause:
        """The ways in which a rule does not hold."""
        ways: Clause = [[(dimension, self._full[dimension] & ~mask)] for dimension, mask in self._demands[rule]]
        if self._choices[rule]:
            ways.append([(dimension, _ABSENT) for [(dimension, _)] in self._choices[rule]])
        return [way for way in ways if all(mask for _, mask in way)]

    def _rules_by_cell(self, dimension: int) -> list[int]:
        at = [~self._asking[dimension]] * self._full[dimension].bit_length()
        for mask, rules in self._by_demand[dimension].items():
            for cell in _bits(mask):
                at[cell] |= rules
        return at

    def _dimension(self, cells: int) -> int:
        self._full.append((1 << cells) - 1)
        return len(self._full) - 1

    def _cut_values(self, asked: dict[int, Any], closed: tuple[Any, ...] | None) -> None:
        asked = {i: c if isinstance(c, frozenset) else (c,) for i, c in asked.items()}
        values = closed or sorted({value for c in asked.values() for value in c})
        cell = {value: 1 << number for number, value in enumerate(values)}
        # One more cell for all the values that no rule names.
        dimension = self._dimension(len(values) + (closed is None))
        for i, condition in asked.items():
            self._demands[i].append((dimension, sum(cell[value] for value in condition)))

    def _cut_spans(self, spans: dict[int, list[Span]], limits: Span) -> None:
        points = _points(spans.values(), limits)
        dimension = self._dimension(len(points) + 1)
        for i, some in spans.items():
            self._demands[i].append((dimension, sum(_cells_of(span, points, limits) for span in some)))

    def _cut_days(self, conditions: Sequence[Condition]) -> None:
        """Dates and weekdays together: only weekdays that a range of dates has are cells of it."""
        asked = [i for i, c in enumerate(conditions) if c.weekday is not None or c.starts_on is not None]
        if not asked:
            return
        spans = {i: spans_of("starts_on", conditions[i].starts_on or DateRange()) for i in asked}
        points = _points(spans.values(), _DAYS)
        starts = [_DAYS[0], *points]
        cells = [
            (segment, weekday)
            for segment, (start, end) in enumerate(zip(starts, [*points, _DAYS[1]], strict=True))
            for weekday in sorted({date.fromordinal(day).weekday() for day in range(start, min(end, start + 7))})
        ]
        dimension = self._dimension(len(cells))
        for i in asked:
            segments, weekdays = _cells_of(spans[i][0], points, _DAYS), conditions[i].weekday
            mask = sum(
                1 << number
                for number, (segment, weekday) in enumerate(cells)
                if segments >> segment & 1 and (weekdays is None or weekday in weekdays)
            )
            self._demands[i].append((dimension, mask))

    def _cut_tags(self, asked: dict[int, TagCondition]) -> None:
        tags = sorted(frozenset[str]().union(*(c.any_of | c.all_of | c.none_of for c in asked.values())))
        dimension = {tag: self._dimension(2) for tag in tags}
        for i, condition in asked.items():
            self._demands[i] += [(dimension[tag], _PRESENT) for tag in sorted(condition.all_of)]
            self._demands[i] += [(dimension[tag], _ABSENT) for tag in sorted(condition.none_of)]
            some = [[(dimension[tag], _PRESENT)] for tag in sorted(condition.any_of)]
            if len(some) == 1:
                self._demands[i] += some[0]
            else:
                self._choices[i] = some


def _points(spans: Iterable[list[Span]], limits: Span) -> list[int]:
    """The places where spans begin or end, ascending, strictly inside the limits: the cuts between cells."""
    low, high = limits
    ends = {end for some in spans for span in some for end in span if end is not None}
    return sorted(end for end in ends if (low is None or end > low) and (high is None or end < high))


def _cells_of(span: Span, points: list[int], limits: Span) -> int:
    """The cells between `points` that a span takes up, as a mask."""
    low, high = span
    first = 0 if low is None else bisect_right(points, low)
    if low is not None and limits[1] is not None and low >= limits[1]:
        first = len(points) + 1
    last = len(points) + 1 if high is None else bisect_right(points, high)
    if high is not None and limits[1] is not None and high >= limits[1]:
        last = len(points) + 1
    if high is not None and limits[0] is not None and high <= limits[0]:
        last = 0
    return (1 << last) - 1 & -(1 << first) if last > first else 0


def _bits(mask: int) -> list[int]:
    """The numbers of the bits that are set, ascending."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
