"""Example bookings that a person finds plain: a weekday at ten, round prices, names that the policies know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, product
from typing import Any, Final, NamedTuple, cast

from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.boxes import Dimension
from payrules.domain.decision import Decision, Outcome, decide
from payrules.domain.matching import FACTS, spans_of
from payrules.domain.money import MINOR_UNITS, Money
from payrules.domain.policy import Channel, Condition, PayerKind, Place, Policy
from payrules.domain.schedule import wall_time
from payrules.domain.treatment import is_alike

_CONTACTS: Final = frozenset(Channel)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MINUTES_OF_DAY: Final = 1_440
_PLAIN: Final[Mapping[str, Sequence[Any]]] = {
    "location": tuple(Place),
    "payer": tuple(PayerKind),
    "first_visit": (False, True),
    "duration": (50 * _MINUTE, _HOUR, 45 * _MINUTE, 30 * _MINUTE, 90 * _MINUTE, 20 * _MINUTE, 2 * _HOUR),
    "lead_time": (7 * _DAY, 3 * _DAY, _DAY, 14 * _DAY, 2 * _HOUR, 30 * _DAY, -_DAY),
    "start_time": (10 * 60, 14 * 60, 9 * 60, 12 * 60, 16 * 60, 18 * 60, 20 * 60, 8 * 60),
}
_ROUND: Final = (1_000, 500, 2_000, 100, 50, 5_000, 10, 1)
"""Prices in whole units of the currency."""
_YEARS: Final = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Booking records have times in these years."""
_WEEKS_BEFORE: Final = 2
_MOST_TIMES: Final = 6
_MOST_DAYS: Final = 10
_TRIED_AT_EACH: Final = 4

Facts = dict[str, Any]
"""Values by the names of `Condition`: a price in minor units, lengths in seconds, tags as a set, the day of the start
under `starts_on`; None is unknown.
"""


class Wanted(NamedTuple):
    """Who is to decide a booking on either side (None: the defaults), and to which outcomes."""

    rule_before: int | None
    rule_after: int | None
    before: Outcome
    after: Outcome


Decided = tuple[Booking, Decision, Decision]
"""A booking, and how it is decided before and after."""


class Examples:
    """Makes bookings that are decided by one rule before and by one after, and treated differently.

    They are booked from `since` on (an aware instant) where the rules allow it.
    """

    def __init__(self, before: Policy, after: Policy, since: datetime) -> None:
        self._before, self._after = before, after
        self._zone = (after if after.active else before).zone
        self._currency = (after if after.active else before).currency
        conditions = [rule.when for policy in (before, after) for rule in policy.rules]
        self._values: dict[str, list[Any]] = {
            fact: list(dict.fromkeys([*_PLAIN.get(fact, ()), *_edges(fact, conditions)]))
            for fact in ("location", "payer", "first_visit", "duration", "lead_time", "start_time")
        }
        listed = [*after.session_types, *before.session_types]
        self._values["session_type"] = _names("session-type", listed, conditions, "session_type")
        self._values["practitioner"] = _names("practitioner", (), conditions, "practitioner")
        unit = 10 ** MINOR_UNITS[self._currency]
        prices = [price.price for policy in (after, before) for price in policy.session_types.values() if price.price]
        self._values["price"] = [*prices[:3], *(amount * unit for amount in _ROUND), *_edges("price", conditions)]
        first = wall_time(since, self._zone).date().toordinal() + 1
        self._from = first * _DAY
        longest = max(*self._values["lead_time"], 0) // _DAY
        self._values["starts_on"] = list(dict.fromkeys(_days(first, longest, conditions)))

    def make(
        self,
        dimensions: Sequence[Dimension],
        cells: Sequence[int],
        lacking: frozenset[str],
        wanted: Wanted,
    ) -> Decided | None:
        """A booking of the cells that lacks some facts, or contacts, and has all others, with its decisions; None where
        no booking of theirs that was tried is decided so: clocks may skip the only times there are.
        """
        facts: Facts = {}
        for fact, values in self._values.items():
            facts[fact] = list(values)
        tags = []
        for (fact, tag, cell_of), mask in zip(dimensions, cells, strict=True):
            if tag is not None:
                if not mask >> cell_of(False) & 1:  # noqa: FBT003 # the cell of a tag that is not there
                    tags.append(tag)
                continue
            facts[fact] = [value for value in facts[fact] if mask >> cell_of(value) & 1]
        facts["client_tags"] = [frozenset(tags)]
        for fact in lacking - _CONTACTS:
            facts[fact] = [None]
        facts["contacts"] = [_CONTACTS - lacking]
        if not all(facts.values()):
            return None
        days, times = facts.pop("starts_on"), facts.pop("start_time")
        chosen = {fact: values[0] for fact, values in facts.items()}
        # Those first that are booked when they are to be.
        days.sort(key=lambda day: self._is_early(day, chosen))
        starts = chain(product(times[:_MOST_TIMES], days[:_MOST_DAYS]), product(times[_MOST_TIMES:], days[:1]))
        for minute, day in starts:
            begun = chosen | {"starts_on": day, "start_time": minute}
            if (found := self._try(begun, wanted)) is not None:
                return self._made_plain(begun, found, wanted)
        return None

    def _is_early(self, day: int, facts: Facts) -> bool:
        """Whether a booking that starts on that day is booked earlier than it is to be."""
        return bool(day * _DAY - facts["lead_time"] < self._from)

    def _made_plain(self, facts: Facts, found: Decided, wanted: Wanted) -> Decided:
        """The same with the plainest values that make no difference to who wins."""
        for fact, plain in {**self._values, "client_tags": [frozenset()]}.items():
            # Without a price of its own, a booking of another session type may be of another region.
            if facts[fact] is None or (fact == "session_type" and facts["price"] is None):
                continue
            for value in plain[:_TRIED_AT_EACH]:
                if value == facts[fact] or (fact == "starts_on" and self._is_early(value, facts)):
                    break
                better = self._try(facts | {fact: value}, wanted)
                if better is not None:
                    facts, found = facts | {fact: value}, better
                    break
        return found

    def _try(self, facts: Facts, wanted: Wanted) -> Decided | None:
        """The booking with its decisions, if there is one and it goes from one winner to the other."""
        booking = self._booking(facts)
        if booking is None:
            return None
        before = decide(self._before, booking, booking.booked_at)
        if (before.rule, before.outcome) != (wanted.rule_before, wanted.before):
            return None
        after = decide(self._after, booking, booking.booked_at)
        if (after.rule, after.outcome) != (wanted.rule_after, wanted.after) or is_alike(before, after):
            return None
        return booking, before, after

    def _booking(self, facts: Facts) -> Booking | None:
        """The booking with these facts; None where clocks skip its start, or its times cannot be written."""
        day, minute = date.fromordinal(facts["starts_on"]), facts["start_time"]
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        starts_at = wall.replace(tzinfo=self._zone).astimezone(UTC)
        if wall_time(starts_at, self._zone).replace(tzinfo=None) != wall:
            return None
        ends_at = starts_at + timedelta(seconds=facts["duration"])
        booked_at = starts_at - timedelta(seconds=facts["lead_time"])
        if not all(_YEARS[0] <= instant < _YEARS[1] for instant in (starts_at, ends_at, booked_at)):
            return None
        price, payer, person = facts["price"], facts["payer"], Person(facts["contacts"])
        return Booking(
            "example",
            self._after.clinic,
            starts_at,
            ends_at,
            booked_at,
            person,
            facts["client_tags"],
            facts["practitioner"],
            facts["session_type"],
            None if price is None else Money(price, self._currency),
            facts["location"],
            None if payer is PayerKind.CLIENT else Payer(payer, person),
            facts["first_visit"],
        )


def _names(stem: str, listed: Iterable[str], conditions: Iterable[Condition], fact: str) -> list[str]:
    """Names that are known, and one that nobody knows."""
    position = FACTS.index(fact)
    asked: list[Any] = sorted({name for when in conditions for name in cast("frozenset[str]", when[position] or ())})
    known = dict.fromkeys([*listed, *asked])
    number = 1
    while f"{stem}-{number}" in known:
        number += 1
    return [*known, f"{stem}-{number}"]


def _edges(fact: str, conditions: Iterable[Condition]) -> list[int]:
    """The ends of the ranges of a fact: the first values of all cells, and one before them all."""
    if fact in ("location", "payer", "first_visit"):
        return []
    position = FACTS.index(fact)
    ends = {
        end
        for when in conditions
        if when[position] is not None
        for span in spans_of(fact, when[position])
        for end in span
        if end is not None
    }
    if fact == "start_time":
        # Where clocks skip the first times of a span, they do not skip all of them.
        return [*sorted(end for end in ends if end < _MINUTES_OF_DAY), *range(0, _MINUTES_OF_DAY, 15)]
    first = {"price": 1, "duration": 1, "lead_time": min(ends, default=0) - _HOUR}[fact]
    found = sorted(ends | {first})
    # A price of nothing is the last resort: most often nothing is billed at it, and nothing differs.
    return [*filter(None, found), 0] if fact == "price" else found


def _days(since: int, lead: int, conditions: Sequence[Condition]) -> Iterator[int]:
    """Days as numbers: weekdays first, some weeks on, then those at the dates that are named, and so many days on."""
    first = since + 7 * _WEEKS_BEFORE - 1
    soon = range(first, first + 7)
    named = {end.toordinal() for when in conditions for end in when.starts_on or () if end is not None}
    week = [day for low in sorted(named) for day in range(low, low + 7)]
    earlier = range(min(named) - 7, min(named)) if named else range(0)
    for days in (soon, week, earlier, range(first + lead, first + lead + 7)):
        yield from sorted(days, key=lambda day: date.fromordinal(day).weekday() > 4)
