"""`differ`: the difference of two policies, from the search for winners to regions with examples."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from itertools import islice
from operator import or_
from typing import Final

from payrules.domain.cells import bits
from payrules.domain.difference.plain import Examples
from payrules.domain.difference.result import Difference, Region, Side, Unsettled
from payrules.domain.difference.search import Found, Winners
from payrules.domain.difference.spaces import Table, spaces
from payrules.domain.matching import FACT_PATHS
from payrules.domain.policy import Policy
from payrules.domain.treatment import settings_between

SINCE: Final = datetime(2027, 1, 1, tzinfo=UTC)


def differ(before: Policy, after: Policy, *, most: int = 50, since: datetime = SINCE) -> Difference:
    """The bookings that two policies of a clinic treat differently, whatever facts they lack.

    At most `most` regions are told, and as many pairs of rules that could not be settled. Examples are booked from
    `since` on (an aware instant) where the rules allow it. Policies must be what the compiler makes: no range is empty.
    """
    if before.active and after.active:
        keys = (("timezone", before.timezone, after.timezone), ("currency", before.currency, after.currency))
        whole = tuple(key for key, old, new in keys if old != new)
        if whole:
            return Difference(whole) if _bills(before) or _bills(after) else Difference()
    winners = _search(before, after)
    examples = Examples(before, after, since)
    regions: list[Region] = []
    doubtful: list[Unsettled] = []
    for row, column in _in_order(winners.found):
        if len(regions) == most:
            break
        rules = winners.rules(row, column)
        region = _region(winners.place(row, column), rules, examples, len(regions) + 1)
        if region is None:
            doubtful.append(Unsettled(*rules))
        else:
            regions.append(region)
    found = sum(map(int.bit_count, winners.found)) - len(doubtful)
    unsettled = [left & ~known for left, known in zip(winners.unsettled, winners.found, strict=True)]
    unsettled_found = sum(map(int.bit_count, unsettled)) + len(doubtful)
    doubtful += (Unsettled(*winners.rules(*pair)) for pair in islice(_in_order(unsettled), most))
    whole = ("payments",) if before.active != after.active and found else ()
    return Difference(whole, tuple(regions), found, tuple(doubtful[:most]), unsettled_found)


def _search(before: Policy, after: Policy) -> Winners:
    tables = Table(before), Table(after)
    winners = Winners(*tables)
    for space in spaces(*tables):
        winners.search(space)
    return winners


def _bills(policy: Policy) -> bool:
    """Whether anything would be different if nothing were billed here."""
    winners = _search(policy, replace(policy, active=False))
    return any(winners.found) or any(winners.unsettled)


def _in_order(masks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of winners in the order of the rules after, then before."""
    for column in bits(reduce(or_, masks)):
        for row, columns in enumerate(masks):
            if columns >> column & 1:
                yield row, column


def _region(place: Found, rules: tuple[int | None, int | None], examples: Examples, number: int) -> Region | None:
    """The region of a pair of winners; None where no booking could be made of it."""
    example = examples.make(place.dimensions, place.cells, place.lacking, rules)
    if example is None:
        return None
    booking, before, after = example
    lacking = tuple(path for fact, path in FACT_PATHS.items() if fact in place.lacking)
    sides = Side(rules[0], before), Side(rules[1], after)
    return Region(
        place.where, lacking, *sides, settings_between(before, after), booking._replace(id=f"example-{number}")
    )
