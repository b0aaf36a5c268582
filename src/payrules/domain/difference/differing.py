"""`differ`: the difference of two policies, from the search for winners to regions with examples."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from itertools import islice
from operator import or_
from typing import Final

from payrules.domain.cells import bits
from payrules.domain.decision import contact_path
from payrules.domain.difference.plain import Examples, Wanted
from payrules.domain.difference.result import Difference, Region, Side, Unsettled
from payrules.domain.difference.search import Kind, Winners
from payrules.domain.difference.spaces import Table, spaces
from payrules.domain.matching import FACT_PATHS
from payrules.domain.policy import Channel, Policy
from payrules.domain.treatment import settings_between

SINCE: Final = datetime(2027, 1, 1, tzinfo=UTC)
"""When examples are booked, unless told otherwise, or later."""


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
    doubtful: list[Kind] = []
    kinds = winners.kinds
    for kind in kinds:
        if len(regions) == most:
            break
        region = _region(winners, kind, examples, len(regions) + 1)
        if region is None:
            doubtful.append(kind)
        else:
            regions.append(region)
    lacking = sum(bool(kind.lacking) for kind in kinds) - sum(bool(kind.lacking) for kind in doubtful)
    unsettled = list(winners.unsettled)
    for kind in doubtful:
        unsettled[kind.row] |= 1 << kind.column
    told = tuple(Unsettled(*winners.rules(*pair)) for pair in islice(_in_order(unsettled), most))
    found, unsettled_found = len(kinds) - len(doubtful), sum(map(int.bit_count, unsettled))
    whole = ("payments",) if before.active != after.active and found else ()
    return Difference(whole, tuple(regions), found, lacking, told, unsettled_found)


def _search(before: Policy, after: Policy) -> Winners:
    tables = Table(before), Table(after)
    winners = Winners(*tables)
    for space in spaces(*tables):
        winners.search(space)
    winners.search_contacts()
    return winners


def _bills(policy: Policy) -> bool:
    """Whether anything would be different if nothing were billed here."""
    winners = _search(policy, replace(policy, active=False))
    return bool(winners.kinds) or any(winners.unsettled)


def _in_order(masks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of winners in the order of the rules after, then before."""
    for column in bits(reduce(or_, masks)):
        for row, columns in enumerate(masks):
            if columns >> column & 1:
                yield row, column


def _region(winners: Winners, kind: Kind, examples: Examples, number: int) -> Region | None:
    """The region of a kind; None where no booking could be made of it."""
    place, rules = winners.place(kind), winners.rules(kind.row, kind.column)
    lacking = kind.lacking | {"price"} if kind.listed else kind.lacking
    example = examples.make(place.dimensions, place.cells, lacking, Wanted(*rules, kind.before, kind.after))
    if example is None:
        return None
    booking, before, after = example
    payer = "client" if booking.payer is None else "payer"
    paths = FACT_PATHS | {channel: contact_path(payer, channel) for channel in Channel}
    return Region(
        place.where,
        place.exact,
        tuple(path for fact, path in paths.items() if fact in kind.lacking),
        kind.listed is not None,
        Side(rules[0], before),
        Side(rules[1], after),
        settings_between(before, after),
        booking._replace(id=f"example-{number}"),
    )
