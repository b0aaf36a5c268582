"""The search in one space: whether some booking of it goes from one rule before to one rule after, and where."""

from collections.abc import Hashable, Sequence
from functools import cached_property, reduce
from typing import Final

from payrules.domain.boxes import Boxes, Cells, GivenUp, mask_of
from payrules.domain.cells import bits
from payrules.domain.difference.alignment import align
from payrules.domain.difference.meeting import are_apart, both, is_inside, narrowed
from payrules.domain.difference.spaces import SOMETHING, Case, Space
from payrules.domain.policy import Condition

STEPS_PER_PAIR: Final = (2_000, 50_000)
"""Steps that a pair of winners may take at first, and once all others had their turn: some hundredths of a second."""
STEPS_PER_RULE: Final = 20_000
"""Steps to tell whether a rule wins anything at all, which is asked first."""
STEPS: Final = 4_000_000
STEPS_LACKING: Final = 1_500_000
"""Steps that all pairs together may take where all facts are known, and in each space where one is lacking: a few
seconds in all."""

# For fewer pairs it does not pay to ask first whether a rule wins anything.
_FEW: Final = 3

Idle = tuple[set[int], set[int]]
"""Rules of either side."""


class SpaceSearch:
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

    def columns(self, case: Case, row: int, among: int) -> int:
        """Those of a mask of rules after whose bookings may meet those of a case that the rule before wins."""
        if row in self.idle[0]:
            return 0
        self._boxes.allow(self.steps)
        try:
            meeting = self._meets(self._sides[0][row]) & ~self._earlier[0][row]
            if case.inside is not None:
                inside = self._places[case.inside]
                meeting = meeting & self._meets(inside) if meeting >> inside & 1 else 0
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

    def where(self, case: Case, row: int, column: int) -> tuple[Condition, bool]:
        """A condition that holds for the bookings of a pair, and whether the pair wins all for which it holds."""
        old, new = self.space.conditions
        held = [*old[row : row + 1], *new[column : column + 1]]
        # That they cost something is said of what costs nothing alone.
        if case.inside is not None and case != SOMETHING:
            held.append(case.inside)
        changed = [old[number] for number in self._changed[0] if number < row]
        changed += [new[number] for number in self._changed[1] if number < column]
        where = narrowed(reduce(both, held, Condition()), changed)
        earlier = {*old[:row], *new[:column]}
        return where, all(is_inside(where, one) for one in held) and all(are_apart(where, one) for one in earlier)

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
