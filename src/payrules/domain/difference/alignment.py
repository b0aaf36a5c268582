"""Aligning two sequences: which items stand in both, in the same order."""

from bisect import bisect_left
from collections.abc import Hashable, Sequence


def align(before: Sequence[Hashable], after: Sequence[Hashable]) -> dict[int, int]:
    """The places of a longest common subsequence: of each of its items the place before, and that after.

    Of equal items in one sequence only the first counts.
    """
    place: dict[Hashable, int] = {}
    for number, item in enumerate(after):
        place.setdefault(item, number)
    common = [(number, place[item]) for item, number in _firsts(before).items() if item in place]
    # With every item once, it is the longest ascending run of places: of each length, the run that ends lowest.
    ends: list[int] = []
    runs: list[int] = []
    previous: list[int | None] = []
    for number, (_, there) in enumerate(common):
        length = bisect_left(ends, there)
        previous.append(runs[length - 1] if length else None)
        if length == len(ends):
            ends.append(there)
            runs.append(number)
        else:
            ends[length], runs[length] = there, number
    found = {}
    last = runs[-1] if runs else None
    while last is not None:
        found[common[last][0]] = common[last][1]
        last = previous[last]
    return found


def _firsts(items: Sequence[Hashable]) -> dict[Hashable, int]:
    first: dict[Hashable, int] = {}
    for number, item in enumerate(items):
        first.setdefault(item, number)
    return first
