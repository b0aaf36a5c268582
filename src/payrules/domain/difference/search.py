"""The search for pairs of winners: a rule before and a rule after that treat some booking differently.

Rules that stand in both policies in the same order are aligned, and so are the defaults. A booking that goes from one
rule to another one meets a rule that is not aligned: were both winners aligned and no pair, one of them would stand
before the other on one side and behind it on the other. So only pairs with a rule that is not aligned are searched,
and aligned pairs whose treatment differs.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property, reduce
from typing import Final, NamedTuple

from payrules.domain.boxes import Boxes, Cells, Dimension, GivenUp, mask_of
from payrules.domain.cells import bits
from payrules.domain.difference.alignment import align
from payrules.domain.difference.meeting import both, narrowed
from payrules.domain.difference.spaces import Case, Space, Table
from payrules.domain.policy import Condition

STEPS_PER_PAIR: Final = (2_000, 50_000)
"""Steps that a pair of winners may take at first, and once all others had their turn: some hundredths of a second."""
STEPS_PER_RULE: Final = 20_000
"""Steps to tell whether a rule wins anything at all, which is asked first."""
STEPS: Final = 4_000_000
STEPS_LACKING: Final = 500_000
"""Steps that all pairs together may take where all facts are known, and in each space where one is lacking: a few
seconds in all."""

# For fewer pairs it does not pay to ask first whether a rule wins anything.
_FEW: Final = 3

Idle = tuple[set[int], set[int]]
"""Rules of either side."""


class Found(NamedTuple):
    """Where a pair of winners was found: cells of a space in which every booking goes from one to the other.

    `lacking` has the facts that these bookings do not tell themselves, their price included. `where` holds for all
    of them, and narrower than the conditions of both rules: what changed rules before them take is left out of it.
    """

    where: Condition
    lacking: frozenset[str]
    dimensions: list[Dimension]
    cells: Cells


class Winners:
    """Pairs of winners by their numbers, the defaults behind the last rule, as a mask of those after for each before.

    `found` treat some booking differently; of those `unsettled` it is not known, unless they are found too.
    """

    def __init__(self, before: Table, after: Table) -> None:
        self._tables = before, after
        rows = len(before.conditions) + 1
        self.found = [0] * rows
        self.unsettled = [0] * rows
        self._places: dict[tuple[int, int], tuple[_Search, Case, Cells]] = {}
        # Rules of either side that win no booking whose facts are all known: then they win no other one, but for those
        # that want a tag and exclude it, and may win where tags are unknown.
        self._idle: Idle = set(), set()

    def search(self, space: Space) -> None:
        """Look for further pairs in a space."""
        if not any(self._questions(space, *space.conditions)):
            return
        try:
            search = _Search(space, (set(), set()) if "client_tags" in space.lacking else self._idle)
        except GivenUp:
            questions = list(self._questions(space, *space.conditions))
        else:
            questions = list(self._questions(space, *search.boxes_by_side))
            for steps in STEPS_PER_PAIR:
                search.steps = steps
                tried = [(case, row, self._search_row(search, case, row, columns)) for case, row, columns in questions]
                questions = [question for question in tried if question[2]]
            if space.own_price and not space.lacking:
                self._idle = search.idle
        for _, row, columns in questions:
            self.unsettled[row] |= columns

    def _search_row(self, search: "_Search", case: Case, row: int, columns: int) -> int:
        """Look for the pairs of a rule before; returns those rules after for which the steps did not suffice."""
        if search.is_spent:
            return columns & ~self.found[row]
        left = 0
        for column in bits(search.columns(row, columns & ~self.found[row])):
            try:
                cells = search.find(case, row, column)
            except GivenUp:
                left |= 1 << column
                continue
            if cells is not None:
                self.found[row] |= 1 << column
                self._places[row, column] = search, case, cells
        return left

    def rules(self, row: int, column: int) -> tuple[int | None, int | None]:
        """The numbers of a pair of rules; None for the defaults."""
        old, new = (len(table.conditions) for table in self._tables)
        return None if row == old else row, None if column == new else column

    def place(self, row: int, column: int) -> Found:
        """Where a pair was found."""
        search, case, cells = self._places[row, column]
        lacking = search.space.lacking if search.space.own_price else search.space.lacking | {"price"}
        return Found(search.where(case, row, column), lacking, search.dimensions, cells)

    def _questions(
        self, space: Space, before: Sequence[Hashable], after: Sequence[Hashable]
    ) -> Iterator[tuple[Case, int, int]]:
        """The pairs to look for in each case: a rule before, and a mask of those after that treat bookings otherwise.

        `before` and `after` have an equal item for rules that hold for the same bookings.
        """
        partners = align(before, after)
        partners[len(before)] = len(after)
        everything = (1 << len(after) + 1) - 1
        changed = everything & ~mask_of(partners.values())
        # Where a fact is lacking that neither asks for, or both, whatever differs does so elsewhere too.
        lack = next(iter(space.lacking), None)
        asking = 0 if lack is None else mask_of(n for n, asked in enumerate(self._tables[1].asked) if lack in asked)
        for case in space.cases:
            old, new = (
                table.treatments(space.missing(case, side), case.prices[side])
                for side, table in enumerate(self._tables)
            )
            alike: dict[Hashable, int] = {}
            for number, treatment in enumerate(new):
                alike[treatment] = alike.get(treatment, 0) | 1 << number
            for number, treatment in enumerate(old):
                partner = partners.get(number)
                among = everything if partner is None else changed | 1 << partner
                columns = among & ~alike.get(treatment, 0) & ~self.found[number]
                if lack is not None:
                    columns &= ~asking if lack in self._tables[0].asked[number] else asking
                if columns:
                    yield case, number, columns


class _Search:
    """The boxes of one space, and who stands before whom in it. Raises GivenUp where there are too many."""

    def __init__(self, space: Space, idle: Idle) -> None:
        self.space = space
        self.steps = STEPS_PER_PAIR[0]
        places: dict[Condition, int] = {Condition(): 0}
        extra = [condition for case in space.cases for condition in (case.inside, case.outside) if condition]
        for condition in [*space.conditions[0], *space.conditions[1], *extra]:
            places.setdefault(condition, len(places))
        self._places = places
        self._boxes = Boxes(list(places), STEPS_LACKING if space.lacking else STEPS)
        self.dimensions = self._boxes.dimensions
        # On either side the box of each rule, the defaults' last, and the boxes before it.
        self._sides = [[*(places[condition] for condition in side), 0] for side in space.conditions]
        self._earlier = [_earlier(boxes) for boxes in self._sides]
        self._meeting: dict[int, int] = {}
        # Rules of either side that are known to win nothing in this space, and those that are not.
        self.idle = set(idle[0]), set(idle[1])
        self._busy: Idle = set(), set()

    @property
    def is_spent(self) -> bool:
        """Whether no question can be settled any more."""
        return not self._boxes.steps_left

    @property
    def boxes_by_side(self) -> list[list[Hashable]]:
        """The boxes of the rules of either side."""
        return [[self._boxes.box_of(box) for box in side[:-1]] for side in self._sides]

    def columns(self, row: int, among: int) -> int:
        """Those of a mask of rules after whose bookings may meet those that the rule before wins."""
        if row in self.idle[0]:
            return 0
        self._boxes.allow(self.steps)
        try:
            meeting = self._meets(self._sides[0][row]) & ~self._earlier[0][row]
        except GivenUp:
            return among
        left = mask_of(column for column in bits(among) if meeting >> self._sides[1][column] & 1)
        return 0 if left.bit_count() > _FEW and self._is_idle(0, row) else left

    def find(self, case: Case, row: int, column: int) -> Cells | None:
        """Cells of a case in which one rule wins before and one after; None if there are none."""
        if self._is_idle(1, column):
            return None
        self._boxes.allow(self.steps)
        box, other = self._sides[0][row], self._sides[1][column]
        earlier = self._earlier[0][row] | self._earlier[1][column]
        if earlier & (1 << box | 1 << other):
            return None
        return self._find(case, [box, other], earlier & self._meets(box) & self._meets(other))

    def where(self, case: Case, row: int, column: int) -> Condition:
        """A condition that holds for the bookings of a pair."""
        old, new = self.space.conditions
        held = [*old[row : row + 1], *new[column : column + 1]]
        # Of a price of its own the case tells where the pair was met first, not where it is.
        if case.inside is not None and not self.space.own_price:
            held.append(case.inside)
        earlier = [old[number] for number in self._changed[0] if number < row]
        earlier += [new[number] for number in self._changed[1] if number < column]
        return narrowed(reduce(both, held, Condition()), earlier)

    @cached_property
    def _changed(self) -> tuple[list[int], list[int]]:
        """The rules of either side that are not aligned."""
        partners = align(*self.boxes_by_side)
        old, new = (range(len(side)) for side in self.space.conditions)
        aligned = set(partners.values())
        return [n for n in old if n not in partners], [n for n in new if n not in aligned]

    def _is_idle(self, side: int, number: int) -> bool:
        """Whether it is known that a rule wins nothing on its own side: then it makes no pair."""
        if number in self.idle[side]:
            return True
        if number in self._busy[side]:
            return False
        self._boxes.allow(STEPS_PER_RULE)
        box, earlier = self._sides[side][number], self._earlier[side][number]
        try:
            idle = bool(earlier >> box & 1) or not self._boxes.some_point([box], earlier & self._meets(box))
        except GivenUp:
            idle = False
        (self.idle if idle else self._busy)[side].add(number)
        return idle

    def _find(self, case: Case, inside: list[int], outside: int) -> Cells | None:
        if case.inside is not None:
            inside.append(self._places[case.inside])
        if case.outside is not None:
            outside |= 1 << self._places[case.outside]
        return self._boxes.find(inside, outside)

    def _meets(self, box: int) -> int:
        """The boxes that meet a box, itself included."""
        known = self._meeting.get(box)
        if known is None:
            known = self._meeting[box] = self._boxes.meeting(box) | 1 << box
        return known


def _earlier(boxes: Sequence[int]) -> list[int]:
    found, mask = [], 0
    for box in boxes:
        found.append(mask)
        mask |= 1 << box
    return found
