"""The spaces in which bookings are looked for: which facts they lack, and where their price comes from.

A rule that asks for a fact that is not known may hold and never surely holds. So a space in which all bookings lack
a fact is one in which no rule asks for it, and whoever wins there and asks for it leaves the booking undecided.

These spaces are enough: what becomes of a booking that is treated differently stays so when facts that it lacks become
known, until none is left or one that only one of the two winners asks for (docs/explanation/difference.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from payrules.domain.booking import Booking, Person
from payrules.domain.decision import Outcome, decide
from payrules.domain.matching import FACTS
from payrules.domain.money import Money
from payrules.domain.policy import Channel, Condition, Policy, Range, Terms
from payrules.domain.treatment import USED, used_settings

_MAY_LACK: Final = ("session_type", "practitioner", "location", "client_tags", "first_visit")
"""The facts that a booking may lack, but for its price."""

_NOON: Final = datetime(2027, 1, 5, 12, tzinfo=UTC)

Treatment = tuple[Any, ...]
"""How a rule treats the bookings that it wins: the outcome, the used settings, and the price where it is billed."""
_UNDECIDED: Final[Treatment] = (Outcome.UNDECIDED, (), None)


class Case(NamedTuple):
    """Bookings of a space at one kind of price, in minor units on either side: none, nothing, or something.

    Two amounts stand for any two that differ, one and the same for any that do not. `inside` and `outside` are
    conditions that these bookings meet and do not meet.
    """

    prices: tuple[int | None, int | None]
    inside: Condition | None = None
    outside: Condition | None = None


SOMETHING: Final = Case((1, 1), Condition(price=Range(1, None)))
NOTHING: Final = Case((0, 0), Condition(price=Range(0, 1)))
"""Bookings with a price of their own."""


class Space(NamedTuple):
    """Bookings that lack the same facts. `conditions` are those of the rules of either side, as they hold there.

    Where they are `listed`, their price is that of the price lists, which differ; else it is their own, if any.
    """

    lacking: frozenset[str]
    conditions: tuple[list[Condition], list[Condition]]
    cases: tuple[Case, ...]
    listed: bool = False

    def missing(self, case: Case, side: int) -> frozenset[str]:
        """The facts that are not known on one side: a price may come from the price list of one policy alone."""
        return self.lacking if case.prices[side] is not None else self.lacking | {"price"}


class Table:
    """The rules of one policy in their order, the defaults behind them. An inactive policy has no rules."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        rules = policy.rules if policy.active else ()
        self.conditions = [rule.when for rule in rules]
        self.prices = {name: entry.price for name, entry in policy.session_types.items()}
        self._terms = [*(rule.terms for rule in rules), policy.terms]
        self.asked = [
            frozenset(n for n, c in zip(FACTS, when, strict=True) if c is not None) for when in self.conditions
        ]
        self.asked.append(frozenset())
        self._treatments: dict[tuple[frozenset[str], int | None], list[Treatment]] = {}

    def treatments(self, missing: frozenset[str], price: int | None) -> list[Treatment]:
        """How each rule and, last, the defaults treat bookings at that price; facts, or contacts, may be `missing`."""
        found = self._treatments.get((missing, price))
        if found is None:
            known = {terms: self._treatment(terms, price, missing) for terms in {*self._terms}}
            found = self._treatments[missing, price] = [
                _UNDECIDED if asked & missing else known[terms]
                for asked, terms in zip(self.asked, self._terms, strict=True)
            ]
        return found

    def _treatment(self, terms: Terms, price: int | None, missing: frozenset[str]) -> Treatment:
        own = None if price is None else Money(price, self.policy.currency)
        client = Person(frozenset(Channel) - missing)
        booking = Booking("any", "", _NOON, _NOON + timedelta(hours=1), _NOON, client, price=own)
        decision = decide(_always(self.policy, terms), booking, _NOON)
        used = used_settings(decision.outcome, terms)
        return decision.outcome, tuple(used.items()), price if decision.outcome in USED else None


def _always(policy: Policy, terms: Terms) -> Policy:
    """The policy with the same terms for all bookings."""
    return replace(policy, rules=(), terms=terms)


def spaces(before: Table, after: Table) -> Iterator[Space]:
    """All spaces, those first whose bookings lack least."""
    asked = frozenset[str]().union(*before.asked, *after.asked)
    names = [*after.prices, *(name for name in before.prices if name not in after.prices)]
    listed = {name: (before.prices.get(name), after.prices.get(name)) for name in names}
    priced = frozenset(name for name, both in listed.items() if both != (None, None))
    own = Space(frozenset(), (before.conditions, after.conditions), (SOMETHING, NOTHING))
    yield own
    # Where both lists have the same price, it makes no difference whose it is.
    apart = {name: both for name, both in listed.items() if both[0] != both[1]}
    at_lists = _at_lists(before, after, apart)
    if apart:
        yield at_lists
    nobody = Case((None, None), outside=Condition(session_type=priced) if priced else None)
    yield _lacking(own._replace(cases=(nobody,)), "price")
    for fact in _MAY_LACK:
        if fact in asked:
            yield _lacking(own, fact)
            if apart and fact != "session_type":
                yield _lacking(at_lists, fact)


def _lacking(space: Space, fact: str) -> Space:
    """The same bookings, but for the fact, which they lack."""
    before, after = ([when._replace(**{fact: None}) for when in side] for side in space.conditions)
    return space._replace(lacking=frozenset({fact}), conditions=(before, after))


def _at_lists(before: Table, after: Table, apart: Mapping[str, tuple[int | None, int | None]]) -> Space:
    """Bookings without a price of their own, of session types whose prices differ: the price is one more condition
    on the session type.
    """
    kinds: dict[tuple[int | None, int | None], list[str]] = {}
    for name, both in apart.items():
        kinds.setdefault(both, []).append(name)
    cases = tuple(
        Case((old and 1, new and 2), Condition(session_type=frozenset(names))) for (old, new), names in kinds.items()
    )
    sides = [
        [_at_list_price(when, {name: both[side] for name, both in apart.items()}) for when in table.conditions]
        for side, table in enumerate((before, after))
    ]
    return Space(frozenset(), (sides[0], sides[1]), cases, listed=True)


def _at_list_price(when: Condition, prices: Mapping[str, int | None]) -> Condition:
    """The condition among bookings at the prices of a list; one that is not known may hold."""
    if when.price is None:
        return when
    names = frozenset(name for name, price in prices.items() if price is None or when.price.holds(price))
    return when._replace(price=None, session_type=names if when.session_type is None else names & when.session_type)
