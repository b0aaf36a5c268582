"""Cutting a fact into cells inside which no rule can tell two bookings apart.

Rules are numbered from 0, and a set of them is a mask; so is a set of the cells of one fact.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from payrules.domain.matching import spans_of
from payrules.domain.policy import Condition, DateRange, PayerKind, Place

Span = tuple[int | None, int | None]
"""A half-open span of whole numbers; None is open."""

# Bookings start in these years (readers of bookings see to it), give or take a day for the time zone.
_DAYS: Final = (date(1999, 12, 31).toordinal(), date(3000, 1, 2).toordinal())
_EVERY_WEEKDAY: Final = frozenset(range(7))
LIMITS: Final[Mapping[str, Span]] = {
    "price": (0, None),
    "duration": (0, None),
    "lead_time": (None, None),
    "start_time": (0, 1_440),
}
"""Half-open limits of what a fact can be; None is open."""
CLOSED: Final[Mapping[str, tuple[Any, ...]]] = {
    "location": tuple(Place),
    "payer": tuple(PayerKind),
    "first_visit": (False, True),
}
"""All values of the facts that have no others."""
ABSENT, PRESENT = 0b01, 0b10
"""The two cells of a tag."""


class Cut(NamedTuple):
    """A fact in cells: of each rule that asks, its cells as a mask; of each cell, the rules it does not exclude.

    Rules that do not ask are in every cell (the masks of `rules_at` are negative numbers). `cell_of` tells the cell
    of a value; of a tag, of whether it is there; of a day, of its `date.toordinal()`.
    """

    masks: dict[int, int]
    rules_at: list[int]
    cell_of: Callable[[Any], int]


def cut_values(asked: Mapping[int, Any], closed: Sequence[Any] | None) -> Cut:
    """Values that the same rules want are one cell; so are all values that no rule names, if there are such.

    `asked` has a set of values for each rule, or one truth value.
    """
    rules_of: dict[Any, int] = dict.fromkeys(closed or (), 0)
    for i, wanted in asked.items():
        for value in (wanted,) if isinstance(wanted, bool) else wanted:
            rules_of[value] = rules_of.get(value, 0) | 1 << i
    cells = sorted(set(rules_of.values()) | ({0} if closed is None else set()))
    numbers: dict[int, list[int]] = {i: [] for i in asked}
    for cell, rules in enumerate(cells):
        for i in bits(rules):
            numbers[i].append(cell)
    free = ~sum(1 << i for i in asked)
    masks = {i: _mask(found, len(cells)) for i, found in numbers.items()}
    return Cut(masks, [free | rules for rules in cells], lambda value: cells.index(rules_of.get(value, 0)))


def cut_tag(wanted: Mapping[int, int]) -> Cut:
    """A tag has two cells; `wanted` has a mask of them for each rule that asks."""
    free = ~sum(1 << i for i in wanted)
    at = [sum((1 << i for i, mask in wanted.items() if mask & cell), free) for cell in (ABSENT, PRESENT)]
    return Cut(dict(wanted), at, int)


def cut_spans(spans: Mapping[int, Sequence[Span]], limits: Span) -> Cut:
    """Whole numbers within limits, cut where a span begins or ends. The spans of one rule do not meet."""
    points = _points(spans.values(), limits)
    ranges = {i: [_cells_of(span, points, limits) for span in some] for i, some in spans.items()}
    masks = {i: sum((1 << last) - (1 << first) for first, last in some) for i, some in ranges.items()}
    return Cut(masks, _rules_by_cell(ranges, len(points) + 1), lambda number: bisect_right(points, number))


def cut_days(conditions: Sequence[Condition]) -> Cut:
    """Dates and weekdays together: only weekdays that a range of dates has are cells of it."""
    asked = [i for i, c in enumerate(conditions) if c.weekday is not None or c.starts_on is not None]
    spans = {i: spans_of("starts_on", conditions[i].starts_on or DateRange()) for i in asked}
    points = _points(spans.values(), _DAYS)
    ranges = {i: [_cells_of(span, points, _DAYS) for span in some] for i, some in spans.items()}
    rules_in = _rules_by_cell(ranges, len(points) + 1)
    # Where the cells of each range of dates begin, the cells of each weekday, and the rules that want it.
    begins, on_weekday, wanting = [0], [0] * 7, [~0] * 7
    for i in asked:
        for weekday in _EVERY_WEEKDAY - (conditions[i].weekday or _EVERY_WEEKDAY):
            wanting[weekday] &= ~(1 << i)
    at: list[int] = []
    numbers: list[dict[int, int]] = []
    starts = [_DAYS[0], *points]
    for rules, start, end in zip(rules_in, starts, [*points, _DAYS[1]], strict=True):
        numbers.append({})
        for weekday in sorted({date.fromordinal(day).weekday() for day in range(start, min(end, start + 7))}):
            on_weekday[weekday] |= 1 << len(at)
            numbers[-1][weekday] = len(at)
            at.append(rules & wanting[weekday])
        begins.append(len(at))
    masks = {}
    for i in asked:
        [(first, last)] = ranges[i]
        weekdays = sum(on_weekday[weekday] for weekday in conditions[i].weekday or _EVERY_WEEKDAY)
        masks[i] = (1 << begins[last]) - (1 << begins[first]) & weekdays
    return Cut(masks, at, lambda day: numbers[bisect_right(points, day)][(day + 6) % 7])


def _points(spans: Iterable[Sequence[Span]], limits: Span) -> list[int]:
    """The places where spans begin or end, ascending, strictly inside the limits: the cuts between cells."""
    low, high = limits
    ends = {end for some in spans for span in some for end in span if end is not None}
    return sorted(end for end in ends if (low is None or end > low) and (high is None or end < high))


def _cells_of(span: Span, points: list[int], limits: Span) -> tuple[int, int]:
    """The cells between `points` that a span takes up: the first, and the one behind the last."""
    low, high = span
    first = 0 if low is None else bisect_right(points, low)
    if low is not None and limits[1] is not None and low >= limits[1]:
        first = len(points) + 1
    last = len(points) + 1 if high is None else bisect_right(points, high)
    if high is not None and limits[1] is not None and high >= limits[1]:
        last = len(points) + 1
    if high is not None and limits[0] is not None and high <= limits[0]:
        last = 0
    return (first, last) if first < last else (0, 0)


def _rules_by_cell(ranges: Mapping[int, Sequence[tuple[int, int]]], cells: int) -> list[int]:
    """The rules that each cell does not exclude; `ranges` has those of the rules that ask."""
    turns = [0] * (cells + 1)
    for i, some in ranges.items():
        for first, last in some:
            turns[first] ^= 1 << i
            turns[last] ^= 1 << i
    rules, at = ~sum(1 << i for i in ranges), []
    for turn in turns[:cells]:
        rules ^= turn
        at.append(rules)
    return at


def _mask(cells: Iterable[int], count: int) -> int:
    """A mask of many cells at once: setting them one by one would copy the mask each time."""
    found = bytearray(count // 8 + 1)
    for cell in cells:
        found[cell >> 3] |= 1 << (cell & 7)
    return int.from_bytes(found, "little")


def bits(mask: int) -> list[int]:
    """The numbers of the bits that are set, ascending."""
    digits = bin(mask)[:1:-1]
    found = []
    number = digits.find("1")
    while number >= 0:
        found.append(number)
        number = digits.find("1", number + 1)
    return found
