"""The search for kinds of bookings: won by a rule before and a rule after that treat them differently, to one effect.

Rules that stand in both policies in the same order are aligned, and so are the defaults. A booking that goes from one
rule to another one meets a rule that is not aligned: were both winners aligned and no pair, one of them would stand
before the other on one side and behind it on the other. So only pairs with a rule that is not aligned are searched,
and aligned pairs whose treatment differs.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from payrules.domain.boxes import Cells, Dimension, GivenUp, mask_of
from payrules.domain.cells import bits
from payrules.domain.decision import Outcome
from payrules.domain.difference.alignment import align
from payrules.domain.difference.space_search import STEPS_PER_PAIR, Idle, SpaceSearch
from payrules.domain.difference.spaces import NOTHING, SOMETHING, Case, Space, Table
from payrules.domain.policy import Channel, Condition
from payrules.domain.treatment import USED

# The channels on which a payer is not reached, fewest first.
_UNREACHED: Final[tuple[frozenset[str], ...]] = (
    frozenset({Channel.EMAIL}),
    frozenset({Channel.SMS}),
    frozenset(Channel),
)

_Meeting = dict[tuple[bool, Case], list[int]]
"""Of each rule before, those after that it may meet, in each case of the spaces whose facts are all known."""


class Kind(NamedTuple):
    """Bookings that are told together: who wins them, what becomes of them, and what they lack.

    `row` and `column` are the numbers of the winners before and after, the defaults behind the last rule. `lacking`
    has the facts that nobody tells, and the channels on which the payer is not reached. `listed` is the case of
    bookings whose price is that of the price lists, where these differ: one for each change of a price.
    """

    row: int
    column: int
    before: Outcome
    after: Outcome
    lacking: frozenset[str]
    listed: Case | None


class Found(NamedTuple):
    """Where bookings of a kind were found: cells of a space in which every one with these facts is of it.

    `where` holds for all of the kind; `exact` says that the two rules win all for which it holds. What changed rules
    before them take is left out of it.
    """

    where: Condition
    exact: bool
    dimensions: list[Dimension]
    cells: Cells


class _Question(NamedTuple):
    """Which of the rules after win bookings that one rule before wins, to these outcomes? `columns` is their mask."""

    case: Case
    row: int
    before: Outcome
    after: Outcome
    columns: int


class Winners:
    """Kinds of bookings that are treated differently, by those who win them."""

    def __init__(self, before: Table, after: Table) -> None:
        self._tables = before, after
        self._places: dict[Kind, tuple[SpaceSearch, Case, Cells]] = {}
        # Of rules before that treat bookings to one outcome, the rules after that treat them to another.
        self._told: dict[tuple[int, Outcome, Outcome, frozenset[str], Case | None], int] = {}
        self._meeting: _Meeting = {}
        self.unsettled = [0] * (len(before.conditions) + 1)
        # Rules of either side that win no booking whose facts are all known: then they win no other one, but for those
        # that want a tag and exclude it, and may win where tags are unknown.
        self._idle: Idle = set(), set()
        # Whether a rule tells a price of nothing from the least there is.
        self._nothing_is_told_apart = any(
            when.price is not None and 1 in when.price for table in self._tables for when in table.conditions
        )
        self._contradictory = [
            mask_of(n for n, when in enumerate(table.conditions) if _contradicts_itself(when)) for table in self._tables
        ]

    @property
    def kinds(self) -> list[Kind]:
        """All kinds: those that lack nothing first, in the order of the rules after, then before."""
        return sorted(self._places, key=lambda kind: (bool(kind.lacking), kind.column, kind.row))

    def search(self, space: Space) -> None:
        """Look for further kinds in a space."""
        if not any(self._questions(space, *space.conditions)):
            return
        try:
            search = SpaceSearch(space, (set(), set()) if "client_tags" in space.lacking else self._idle)
        except GivenUp:
            questions = list(self._questions(space, *space.conditions))
        else:
            questions = list(self._questions(space, *search.boxes_by_side))
            for steps in STEPS_PER_PAIR:
                search.steps = steps
                tried = (question._replace(columns=self._ask(search, question)) for question in questions)
                questions = [question for question in tried if question.columns]
            if not space.lacking and not space.listed:
                self._idle = search.idle
        for question in questions:
            self.unsettled[question.row] |= question.columns
            if not space.lacking:
                self._meeting[space.listed, question.case][question.row] |= question.columns

    def search_contacts(self) -> None:
        """Look for kinds whose payer is not reached: nobody wins them but who wins those of whom all is known."""
        for kind, (search, case, cells) in [*self._places.items()]:
            if kind.lacking or Outcome.AUTOMATIC not in (kind.before, kind.after):
                continue
            for channels in _UNREACHED:
                before, after = (
                    table.treatments(search.space.missing(case, side) | channels, case.prices[side])[number][0]
                    for side, (table, number) in enumerate(zip(self._tables, kind[:2], strict=True))
                )
                if before is after or (before, after) == (kind.before, kind.after):
                    continue
                told = (
                    kind._replace(before=before, after=after, lacking=fewer, listed=listed)
                    for fewer in _UNREACHED
                    for listed in (None, kind.listed)
                    if fewer <= channels
                )
                if not any(other in self._places for other in told):
                    new = kind._replace(before=before, after=after, lacking=channels)
                    self._places[new] = search, case, cells

    def _ask(self, search: SpaceSearch, question: _Question) -> int:
        """Look for the kinds of a question; returns the columns for which the steps did not suffice."""
        case, row, before, after, columns = question
        space = search.space
        repeated = columns & self._repeated(space, case, row, before, after)
        columns &= ~repeated
        # What costs nothing goes as the least price does, if no rule tells them apart.
        if case == NOTHING and not space.lacking and not self._nothing_is_told_apart:
            columns &= self._meeting[False, SOMETHING][row]
        if search.is_spent:
            return columns
        left = met = 0
        for column in bits(search.columns(case, row, columns)):
            try:
                cells = search.find(case, row, column)
            except GivenUp:
                left |= 1 << column
                continue
            if cells is not None:
                key = row, before, after, space.lacking, case if space.listed else None
                self._told[key] = self._told.get(key, 0) | 1 << column
                self._places[Kind(row, column, *key[1:])] = search, case, cells
                met |= 1 << column
        if not space.lacking:
            self._meeting[space.listed, case][row] |= repeated | met | left
        return left

    def rules(self, row: int, column: int) -> tuple[int | None, int | None]:
        """The numbers of a pair of rules; None for the defaults."""
        old, new = (len(table.conditions) for table in self._tables)
        return None if row == old else row, None if column == new else column

    def place(self, kind: Kind) -> Found:
        """Where a kind was found."""
        search, case, cells = self._places[kind]
        return Found(*search.where(case, kind.row, kind.column), search.dimensions, cells)

    def _questions(self, space: Space, before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[_Question]:
        """What to ask in each case of a space: which pairs of rules treat bookings otherwise, and may meet.

        `before` and `after` have an equal item for rules that hold for the same bookings.
        """
        partners = align(before, after)
        partners[len(before)] = len(after)
        everything = (1 << len(after) + 1) - 1
        changed = everything & ~mask_of(partners.values())
        # Where a fact is lacking that neither asks for, or both, whatever differs does so elsewhere too.
        lack = next(iter(space.lacking - {"price"}), None)
        asking = 0 if lack is None else mask_of(n for n, asked in enumerate(self._tables[1].asked) if lack in asked)
        for case in space.cases:
            old, new = (
                table.treatments(space.missing(case, side), case.prices[side])
                for side, table in enumerate(self._tables)
            )
            alike: dict[Hashable, int] = {}
            to: dict[Outcome, int] = {}
            for number, treatment in enumerate(new):
                alike[treatment] = alike.get(treatment, 0) | 1 << number
                to[treatment[0]] = to.get(treatment[0], 0) | 1 << number
            meeting: list[int] = []
            if not space.lacking:
                self._meeting[space.listed, case] = meeting
            for number, treatment in enumerate(old):
                partner = partners.get(number)
                among = everything if partner is None else changed | 1 << partner
                same = alike.get(treatment, 0)
                meeting.append(among & same)
                columns = among & ~same
                if lack is not None:
                    columns &= ~asking if lack in self._tables[0].asked[number] else asking
                if space.lacking:
                    columns &= self._may_meet(space, case, number)
                for outcome, some in to.items():
                    if columns & some:
                        yield _Question(case, number, treatment[0], outcome, columns & some)

    def _may_meet(self, space: Space, case: Case, row: int) -> int:
        """The rules after that may win, where a fact is lacking, what the rule before wins.

        They do so where it is known too, for whatever value the one that asks for it wants.
        """
        cases = (case,) if case.prices != (None, None) or space.listed else (SOMETHING, NOTHING)
        met = reduce(or_, (self._meeting[space.listed, case][row] for case in cases))
        if case == NOTHING and not self._nothing_is_told_apart:
            met &= self._meeting[False, SOMETHING][row]
        if "client_tags" not in space.lacking:
            return met
        return met | (-1 if self._contradictory[0] >> row & 1 else self._contradictory[1])

    def _repeated(self, space: Space, case: Case, row: int, before: Outcome, after: Outcome) -> int:
        """The rules after of which the same was told already, of bookings that lack no more."""
        found = self._told.get((row, before, after, space.lacking, case if space.listed else None), 0)
        old, new = case.prices
        if space.listed and not space.lacking and before in USED and after in USED and old != new:
            return found
        if space.listed or "price" in space.lacking:
            lacking = space.lacking - {"price"}
            found |= self._told.get((row, before, after, lacking, None), 0)
        return found


def _contradicts_itself(when: Condition) -> bool:
    """Whether a rule wants a tag and excludes it: it may hold where tags are unknown, and nowhere else."""
    tags = when.client_tags
    return tags is not None and bool(tags.all_of & tags.none_of or (tags.any_of and tags.any_of <= tags.none_of))
