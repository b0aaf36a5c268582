"""Random bookings on and beside every edge that two policies name, with any fact unknown."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, product
from math import prod
from random import Random
from typing import Any

from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.matching import FACTS, spans_of
from payrules.domain.money import MINOR_UNITS, Money
from payrules.domain.policy import Channel, PayerKind, Place, Policy

_DAY = timedelta(days=1)
_PEOPLE = tuple(Person(frozenset(some)) for some in ([*Channel], [*Channel], [Channel.SMS], [Channel.EMAIL], []))
_SOME_DAY = date(2027, 6, 14)


def bookings_around(before: Policy, after: Policy, random: Random, number: int) -> Iterator[Booking]:
    """So many bookings of the clinic of two policies with one currency and one time zone."""
    conditions = [rule.when for policy in (before, after) for rule in policy.rules]

    def asked(fact: str) -> list[Any]:
        found = [when[FACTS.index(fact)] for when in conditions]
        return [wanted for wanted in found if wanted is not None]

    def named(fact: str, *more: str) -> list[Any]:
        return [*sorted({*more, *(name for wanted in asked(fact) for name in wanted)}), "other", None]

    def beside(fact: str, *more: int) -> list[int]:
        ends = {end for wanted in asked(fact) for span in spans_of(fact, wanted) for end in span if end is not None}
        return sorted({*more, *(end + step for end in ends for step in (-1, 0, 1))})

    tags = sorted({tag for wanted in asked("client_tags") for some in wanted for tag in some} | {"other"})
    listed = [entry.price for policy in (before, after) for entry in policy.session_types.values()]
    unit = 10 ** MINOR_UNITS[after.currency]
    prices = [p for p in {*beside("price", 0, 1, 500 * unit), *(p for p in listed if p is not None)} if p >= 0]
    session_types = named("session_type", *before.session_types, *after.session_types)
    practitioners, places = named("practitioner"), [*Place, None]
    payers = [PayerKind.CLIENT, *PayerKind]
    durations = [length for length in beside("duration", 3_000) if length > 0]
    leads = beside("lead_time", 86_400 * 7, 0, -60)
    days = [*beside("starts_on"), *(_SOME_DAY.toordinal() + step for step in range(7))]
    minutes = [minute % 1_440 for minute in beside("start_time", 0, 600, 1_439)]
    for count in range(number):
        wall = datetime.combine(date.fromordinal(random.choice(days)), time()) + random.choice(minutes) * timedelta(
            minutes=1
        )
        starts_at = wall.replace(tzinfo=after.zone).astimezone(UTC)
        kind, person = random.choice(payers), random.choice(_PEOPLE)
        price = random.choice((None, *prices[:1], random.choice(prices), random.choice(prices), random.choice(prices)))
        yield Booking(
            f"bk-{count}",
            after.clinic,
            starts_at,
            starts_at + timedelta(seconds=random.choice(durations)),
            starts_at - timedelta(seconds=random.choice(leads)),
            random.choice(_PEOPLE),
            None if random.random() < 0.15 else frozenset(tag for tag in tags if random.random() < 0.4),
            random.choice(practitioners),
            random.choice(session_types),
            None if price is None else Money(price, after.currency),
            random.choice(places),
            random.choice((None, Payer(kind, person))),
            random.choice((None, False, True)),
        )


def every_booking(before: Policy, after: Policy) -> tuple[int, Iterator[Booking]]:
    """A booking of every kind that the rules or prices of two policies can tell apart, and how many they are.

    Facts that no rule asks for are known. All can be reached.
    """
    conditions = [rule.when for policy in (before, after) for rule in policy.rules]
    kinds = {
        fact: _kinds(fact, [when[n] for when in conditions if when[n] is not None]) for n, fact in enumerate(FACTS)
    }
    listed = {**before.session_types, **after.session_types}
    if listed:
        kinds["session_type"] = [*dict.fromkeys([*kinds["session_type"], *listed, "other", None])]
    amounts = {entry.price for policy in (before, after) for entry in policy.session_types.values()}
    kinds["price"] = [*dict.fromkeys([None, 0, 1, 70_000, *kinds["price"], *amounts])]
    if any(when.weekday is not None or when.starts_on is not None for when in conditions):
        first = min([_SOME_DAY.toordinal(), *kinds["starts_on"]]) - 8
        last = max([_SOME_DAY.toordinal(), *kinds["starts_on"]]) + 8
        kinds["starts_on"] = [*range(first, last)]
    del kinds["weekday"]
    return prod(map(len, kinds.values())), (
        _booking_of(dict(zip(kinds, values, strict=True)), after) for values in product(*kinds.values())
    )


def _kinds(fact: str, asked: list[Any]) -> list[Any]:
    """Values of a fact, at least one for every way in which conditions can tell them apart."""
    if not asked:
        return [_KNOWN.get(fact)]
    match fact:
        case "client_tags":
            tags = sorted({tag for wanted in asked for some in wanted for tag in some})
            return [None, *(frozenset(some) for size in range(len(tags) + 1) for some in combinations(tags, size))]
        case "session_type" | "practitioner":
            return [None, "other", *sorted({name for wanted in asked for name in wanted})]
        case "location":
            return [None, *Place]
        case "payer":
            return [*PayerKind]
        case "first_visit":
            return [None, False, True]
        case "weekday":
            return []
    ends = {end for wanted in asked for span in spans_of(fact, wanted) for end in span if end is not None}
    least = {"start_time": 0, "duration": 1, "price": 0}.get(fact, min(ends) - 1)
    return sorted({least, *(end for end in ends if end > least and (fact != "start_time" or end < 1_440))})


_KNOWN: dict[str, Any] = {
    "session_type": "other",
    "practitioner": "other",
    "location": Place.ONLINE,
    "payer": PayerKind.CLIENT,
    "client_tags": frozenset(),
    "duration": 3_000,
    "lead_time": 86_400,
    "first_visit": False,
    "starts_on": _SOME_DAY.toordinal(),
    "start_time": 600,
}


def _booking_of(facts: dict[str, Any], policy: Policy) -> Booking:
    wall = datetime.combine(
        date.fromordinal(facts["starts_on"]), time(facts["start_time"] // 60, facts["start_time"] % 60)
    )
    starts_at = wall.replace(tzinfo=policy.zone).astimezone(UTC)
    price, payer = facts["price"], facts["payer"]
    return Booking(
        "bk-1",
        policy.clinic,
        starts_at,
        starts_at + timedelta(seconds=facts["duration"]),
        starts_at - timedelta(seconds=facts["lead_time"]),
        _PEOPLE[0],
        facts["client_tags"],
        facts["practitioner"],
        facts["session_type"],
        None if price is None else Money(price, policy.currency),
        facts["location"],
        None if payer is PayerKind.CLIENT else Payer(payer, _PEOPLE[0]),
        facts["first_visit"],
    )
