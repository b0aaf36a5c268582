"""The rules of a policy as boxes of cells, and the search for a booking inside some of them and outside others.

Every fact is cut into cells inside which no rule can tell two bookings apart; a rule is then a box of cells,
and a question about all bookings is a search for one point. The search is exact: it finds a point, proves
that there is none, or gives up after a number of steps and says so.

Facts are taken as independent but for the date and the weekday of the start, which are cut together: a range
of two days holds no Sunday if neither of them is one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from payrules.domain.cells import ABSENT, CLOSED, LIMITS, PRESENT, Cut, bits, cut_days, cut_spans, cut_tag, cut_values
from payrules.domain.matching import FACTS, spans_of
from payrules.domain.policy import Condition, TagCondition

STEPS_PER_RULE = 200_000
STEPS_PER_POLICY = 3_000_000
"""Steps that one question about a rule, and all questions about a policy, may take: some tenths of a second, and
a few seconds. A step is a way out of a rule looked at in a search, or as much other work. A search goes no deeper
than the rules it has to avoid, and each level looks at all that are left: so many steps are some hundred levels."""

MOST_DIMENSIONS: Final = 256
"""Facts and tags that rules may speak of; beyond that nothing is tried."""
MOST_CELLS: Final = 20_000
"""Cells in all dimensions together; beyond that nothing is tried."""

# What it costs to begin a search, and how many cells, dimensions or rules are looked through in a step.
_BEGINNING: Final = 20
_A_STEP: Final = 4
# Longer lists of cells are not kept: thousands of rules may each ask for other ones.
_KEPT: Final = 256

Restriction = tuple[int, int]
"""A dimension, and the mask of the cells that are allowed in it."""
Clause = list[list[Restriction]]
"""A demand: at least one of the lists must hold as a whole."""
Cells = list[int]
"""Of each dimension a mask of its cells: a part of all bookings that is a box itself."""


class Dimension(NamedTuple):
    """What a dimension is of: a fact, or a tag of the client. Days of the start and their weekdays are `starts_on`.

    `cell_of` is that of its cut.
    """

    fact: str
    tag: str | None
    cell_of: Callable[[Any], int]


class GivenUp(Exception):  # noqa: N818 - a signal between this module and those who ask, not an error
    """A question takes more steps than it may; never leaves those who ask."""


class Boxes:
    """Rules as boxes of cells. Raises GivenUp where there are too many cells to try anything.

    `steps` is what all questions may take: those of a policy unless told.
    """

    def __init__(self, conditions: Sequence[Condition], steps: int | None = None) -> None:
        self.dimensions: list[Dimension] = []
        self._demands: list[list[Restriction]] = [[] for _ in conditions]
        # The dimensions of the tags of which a rule wants one.
        self._choices = [0] * len(conditions)
        self._full: list[int] = []
        self._rules_at: list[list[int]] = []
        self._by_demand: list[dict[int, int]] = []
        self._steps_left = 0
        self._steps_in_all = STEPS_PER_POLICY if steps is None else steps
        self._cut(conditions)
        self._asking = [reduce(or_, by_mask.values(), 0) for by_mask in self._by_demand]
        self._choosing = sum(1 << rule for rule, choice in enumerate(self._choices) if choice)
        self._refusals = [self._refusal(rule) for rule in range(len(conditions))]
        self._relations: dict[Restriction, tuple[int, int]] = {}
        self._kept: dict[Restriction, list[int]] = {}

    def allow(self, steps: int | None = None) -> None:
        """Let the questions up to the next call take so many steps, those of a rule unless told, if they are left."""
        self._steps_in_all += max(self._steps_left, 0)
        self._steps_left = min(STEPS_PER_RULE if steps is None else steps, self._steps_in_all)
        self._steps_in_all -= self._steps_left

    @property
    def steps_left(self) -> int:
        """The steps that are left for all further questions."""
        return self._steps_in_all + max(self._steps_left, 0)

    def _spend(self, steps: int) -> None:
        self._steps_left -= steps
        if self._steps_left < 0:
            raise GivenUp

    def meeting(self, rule: int) -> int:
        """The other rules whose boxes meet the rule's, as a mask. (Tags of `any` are not looked at.)"""
        meets = (1 << len(self._demands)) - 1 & ~(1 << rule)
        for demand in self._demands[rule]:
            meets &= self._relation(demand)[0]
        return meets

    def first_around(self, rule: int, among: int) -> int | None:
        """The first rule of the mask `among` that holds wherever the rule holds; None if no single one does."""
        own = dict(self._demands[rule])
        self._spend(1 + len(self._full) // _A_STEP)
        for dimension, asking in enumerate(self._asking):
            mask = own.get(dimension)
            among &= ~asking if mask is None else self._relation((dimension, mask))[1]
            if not among:
                return None
        for other in bits(among):
            self._spend(1)
            if self._is_chosen(other, rule):
                return other
        return None

    def is_around(self, other: int, rule: int) -> bool:
        """Whether one rule holds wherever another one does; quicker than `first_around` for a few others."""
        own = dict(self._demands[rule])
        self._spend(1 + len(own) // _A_STEP)
        return self._is_chosen(other, rule) and not any(
            own.get(dimension, self._full[dimension]) & ~mask for dimension, mask in self._demands[other]
        )

    def _is_chosen(self, other: int, rule: int) -> bool:
        """Whether one of the tags that `other` chooses from is there wherever the rule holds."""
        choice, chosen = self._choices[other], self._choices[rule]
        if not choice or (chosen and not chosen & ~choice):
            return True
        return any(mask == PRESENT and choice >> dimension & 1 for dimension, mask in self._demands[rule])

    def surely_some_point(self, rule: int, outside: int) -> bool:
        """Whether a guess finds a booking in the rule and in none of the mask `outside`; False settles nothing."""
        cells = self._inside([rule])
        return cells is not None and self._guess(self._chosen(cells, [self._choices[rule]]), outside) is not None

    def box_of(self, rule: int) -> tuple[object, ...]:
        """The rule's box, equal to that of another rule that holds for the same bookings."""
        return self._choices[rule], *self._demands[rule]

    def some_point(self, inside: Sequence[int], outside: int) -> bool:
        """Whether a booking exists for which all rules of `inside` and none of the mask `outside` hold."""
        cells = self._inside(inside)
        if cells is None:
            return False
        choices = [self._choices[rule] for rule in inside]
        guessed = self._guess(self._chosen(cells, choices), outside)
        return guessed is not None or self._searched(cells, choices, outside) is not None

    def find(self, inside: Sequence[int], outside: int) -> Cells | None:
        """Cells in which all rules of `inside` and none of the mask `outside` hold; None if there are none.

        Whatever is picked from the cells of each dimension makes such a booking.
        """
        cells = self._inside(inside)
        if cells is None or (near := self._near(cells, outside)) is None:
            return None
        choices = [self._choices[rule] for rule in inside]
        chosen = self._chosen(cells, choices)
        taken = self._guess(chosen, near)
        if taken is None:
            return self._searched(cells, choices, near)
        for dimension, among, left in taken:
            at = self._rules_at[dimension]
            chosen[dimension] = mask_of(cell for cell in bits(chosen[dimension]) if among & at[cell] == left)
        return chosen

    def cover(self, rule: int, earlier: int) -> int:
        """Rules among the mask `earlier`, which leave the rule no booking, that do so too, as a mask.

        None of them can be spared, unless the steps run out before that is settled.
        """
        self.allow()
        needed = bits(earlier)
        size = len(needed)
        try:
            while size > 1:
                size //= 2
                for start in reversed(range(0, len(needed), size)):
                    fewer = needed[:start] + needed[start + size :]
                    if not self.some_point([rule], mask_of(fewer)):
                        needed = fewer
        except GivenUp:
            # They cover the rule all the same; only one or another of them might be spared.
            pass
        return mask_of(needed)

    def _inside(self, rules: Sequence[int]) -> Cells | None:
        """The cells that all the rules allow; None where one dimension has none left."""
        self._spend(_BEGINNING + len(self._full) // _A_STEP)
        cells = list(self._full)
        for rule in rules:
            for dimension, mask in self._demands[rule]:
                cells[dimension] &= mask
                if not cells[dimension]:
                    return None
        return cells

    def _near(self, cells: Cells, among: int) -> int | None:
        """The rules of a mask that hold somewhere in the cells; None if one of them holds in all of them."""
        around = among & ~self._choosing
        for dimension, (mask, full) in enumerate(zip(cells, self._full, strict=True)):
            if mask == full:
                around &= ~self._asking[dimension]
            elif among & self._asking[dimension]:
                somewhere, everywhere = self._relation((dimension, mask))
                among &= somewhere
                around &= everywhere
        return None if around else among

    def _chosen(self, cells: Cells, choices: Iterable[int]) -> Cells:
        """The cells with one tag of each choice present: the one that the fewest rules ask for."""
        cells = list(cells)
        for choice in filter(None, choices):
            self._spend(choice.bit_count())
            tag = min(bits(choice), key=lambda dimension: self._asking[dimension].bit_count())
            cells[tag] &= PRESENT
        return cells

    def _guess(self, cells: Cells, outside: int) -> list[tuple[int, int, int]] | None:
        """How the cells that the fewest rules share make a point outside; None if they do not, which is seldom.

        Of each dimension that matters: the rules to avoid that were left before it, and those left behind it.
        """
        if not all(cells):
            return None
        taken: list[tuple[int, int, int]] = []
        for rule in bits(outside & self._choosing):
            tags = bits(self._choices[rule])
            self._spend(len(tags))
            if all(cells[tag] & ABSENT for tag in tags):
                outside &= ~(1 << rule)
                for tag in tags:
                    cells[tag] = ABSENT
        for dimension, asking in enumerate(self._asking):
            if outside & asking:
                there = self._rules_in(dimension, cells[dimension])
                self._spend(len(there))
                fewest = min((outside & rules for rules in there), key=int.bit_count)
                if fewest != outside:
                    taken.append((dimension, outside, fewest))
                    outside = fewest
            if not outside:
                return taken
        return None

    def _rules_in(self, dimension: int, cells: int) -> list[int]:
        """For each of the cells of a dimension, the rules that it does not exclude."""
        at = self._rules_at[dimension]
        lowest = cells & -cells
        if not (cells + lowest) & cells:
            # Neighbours without a gap, as most spans are.
            return at[lowest.bit_length() - 1 : cells.bit_length()]
        found = self._kept.get((dimension, cells))
        if found is None:
            found = [at[cell] for cell in bits(cells)]
            if len(found) <= _KEPT:
                self._kept[dimension, cells] = found
        return found

    def _searched(self, cells: Cells, choices: Iterable[int], outside: int) -> Cells | None:
        clauses = [_one_of(choice, PRESENT) for choice in choices if choice]
        return self._search(cells, clauses + [self._refusals[rule] for rule in bits(outside)])

    def _search(self, cells: Cells, clauses: list[Clause]) -> Cells | None:  # noqa: C901  # one measured loop
        """Unit propagation and branching on the shortest clause; `cells` is used up."""
        forced = True
        while forced:
            forced = False
            self._spend(len(clauses) + sum(map(len, clauses)))
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
                        return None
                    if len(ways) == 1:
                        forced = True
                        for dimension, mask in ways[0]:
                            cells[dimension] &= mask
                    else:
                        open_clauses.append(ways)
            clauses = open_clauses
        if not clauses:
            return cells
        shortest = min(clauses, key=len)
        for way in shortest:
            narrowed = list(cells)
            for dimension, mask in way:
                narrowed[dimension] &= mask
            if all(narrowed) and (found := self._search(narrowed, clauses)) is not None:
                return found
            if len(way) == 1:
                # No point has this way: what follows may leave its cells out.
                dimension, mask = way[0]
                cells[dimension] &= ~mask
                if not cells[dimension]:
                    return None
        return None

    def _relation(self, demand: Restriction) -> tuple[int, int]:
        """The rules that hold somewhere in the cells of a demand, and those that hold in all of them."""
        found = self._relations.get(demand)
        if found is None:
            dimension, mask = demand
            by_mask = self._by_demand[dimension]
            self._spend(len(by_mask) // 2)
            somewhere = everywhere = ~self._asking[dimension]
            for other, rules in by_mask.items():
                if other & mask:
                    somewhere |= rules
                    if not mask & ~other:
                        everywhere |= rules
            found = self._relations[demand] = somewhere, everywhere
        return found

    def _refusal(self, rule: int) -> Clause:
        """The ways in which a rule does not hold."""
        ways: Clause = [[(dimension, self._full[dimension] & ~mask)] for dimension, mask in self._demands[rule]]
        if self._choices[rule]:
            ways.append([way for [way] in _one_of(self._choices[rule], ABSENT)])
        return [way for way in ways if all(mask for _, mask in way)]

    def _cut(self, conditions: Sequence[Condition]) -> None:
        if any(c.weekday is not None or c.starts_on is not None for c in conditions):
            self._take("starts_on", cut_days(conditions))
        for position, name in enumerate(FACTS):
            asked: dict[int, Any] = {i: c[position] for i, c in enumerate(conditions) if c[position] is not None}
            if not asked or name in ("weekday", "starts_on"):
                continue
            if name == "client_tags":
                self._cut_tags(asked)
            elif name in LIMITS:
                self._take(name, cut_spans({i: spans_of(name, c) for i, c in asked.items()}, LIMITS[name]))
            else:
                self._take(name, cut_values(asked, CLOSED.get(name)))

    def _cut_tags(self, asked: Mapping[int, TagCondition]) -> None:
        tags = sorted(frozenset[str]().union(*(c.any_of | c.all_of | c.none_of for c in asked.values())))
        if len(tags) > MOST_DIMENSIONS:
            raise GivenUp
        wanted: dict[str, dict[int, int]] = {tag: {} for tag in tags}
        dimension = {tag: len(self._full) + number for number, tag in enumerate(tags)}
        for i, condition in asked.items():
            if len(condition.any_of) > 1:
                self._choices[i] = mask_of(dimension[tag] for tag in condition.any_of)
                present = condition.all_of
            else:
                present = condition.all_of | condition.any_of
            for tag in present:
                wanted[tag][i] = PRESENT
            for tag in condition.none_of:
                wanted[tag][i] = wanted[tag].get(i, ABSENT) & ABSENT
        for tag in tags:
            self._take("client_tags", cut_tag(wanted[tag]), tag)

    def _take(self, fact: str, cut: Cut, tag: str | None = None) -> None:
        """Make a dimension of a cut."""
        self.dimensions.append(Dimension(fact, tag, cut.cell_of))
        dimension, cells = len(self._full), len(cut.rules_at)
        full = (1 << cells) - 1
        self._full.append(full)
        self._rules_at.append(cut.rules_at)
        if len(self._full) > MOST_DIMENSIONS or sum(map(len, self._rules_at)) > MOST_CELLS:
            raise GivenUp
        by_mask: dict[int, int] = {}
        for rule, mask in cut.masks.items():
            # A rule that allows every cell asks for nothing.
            if mask != full:
                self._demands[rule].append((dimension, mask))
                by_mask[mask] = by_mask.get(mask, 0) | 1 << rule
        self._by_demand.append(by_mask)


def _one_of(choice: int, cell: int) -> Clause:
    return [[(dimension, cell)] for dimension in bits(choice)]


def mask_of(numbers: Iterable[int]) -> int:
    """The mask with these bits set."""
    return reduce(or_, (1 << number for number in numbers), 0)
