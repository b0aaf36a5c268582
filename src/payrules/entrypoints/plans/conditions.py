"""Which bookings a region is about, in words: conditions, who decides, and the example."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

from payrules.app.explaining import clock
from payrules.app.provenance import Provenance
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import contact_path
from payrules.domain.difference import Difference, Region, Side
from payrules.domain.duration import format_seconds
from payrules.domain.money import MINOR_UNITS, format_minor
from payrules.domain.policy import (
    WEEKDAYS,
    Channel,
    Condition,
    DateRange,
    Policy,
    Range,
    TagCondition,
    TimeRange,
)
from payrules.entrypoints.decisions.times import appointment_text, moment_text
from payrules.entrypoints.decisions.words import outcome_text, price_text

_MOST_NAMED: Final = 8
_CONTACTS: Final = {contact_path(payer, channel) for payer in ("client", "payer") for channel in Channel}

_T = TypeVar("_T")
Sides = tuple[_T, _T]
"""What there is before, and after."""


def where_text(region: Region, policy: Policy) -> str:
    """Which bookings a region is about: a phrase for each condition that holds for all of them."""
    return (_where(region, policy) or "any booking") + _less(region)


def _where(region: Region, policy: Policy) -> str:
    found = [
        _condition(name, condition, policy)
        for name, condition in zip(Condition._fields, region.where, strict=True)
        if condition is not None
    ]
    if region.listed:
        found.append("without a price of its own")
    return " · ".join(found) or ("bookings that no rule takes" if _is_of_no_rule(region) else "")


def _less(region: Region) -> str:
    if region.exact or (_is_of_no_rule(region) and not region.listed and region.where == Condition()):
        return ""
    return ", less what earlier rules take"


def _is_of_no_rule(region: Region) -> bool:
    return (region.before.rule, region.after.rule) == (None, None)


def _condition(name: str, condition: Any, policy: Policy) -> str:
    words = name.replace("_", " ")
    match condition:
        case TagCondition():
            return _tags(condition)
        case Range(int(low), below) if name == "price" and below == low + 1:
            return f"price {_amount(low, policy)}"
        case Range():
            return f"{words} {_span(condition, partial(_amount, policy=policy) if name == 'price' else format_seconds)}"
        case DateRange(from_on, before_on):
            said = [f"{word} {day}" for word, day in (("from", from_on), ("before", before_on)) if day is not None]
            return f"starts {' '.join(said)}"
        case TimeRange(from_minute, to_minute):
            return f"starts from {clock(from_minute)} to before {clock(to_minute)}"
        case bool():
            return "first visit" if condition else "not the first visit"
    if name == "weekday":
        return f"on {_weekdays(sorted(condition))}"
    return f"{words} {_either(sorted(condition))}"


def _weekdays(days: list[int]) -> str:
    """`mon to fri` for three or more that follow each other."""
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    return _either(WEEKDAYS[day] for day in days)


def _amount(minor: int, policy: Policy) -> str:
    return f"{format_minor(minor, MINOR_UNITS[policy.currency])} {policy.currency}"


def _span(span: Range, write: Callable[[int], str]) -> str:
    low, below = span
    said = [] if low is None else [f"from {write(low)}"]
    said += [] if below is None else [f"{'to ' if said else ''}below {write(below)}"]
    return " ".join(said)


def _tags(tags: TagCondition) -> str:
    said = [f"tagged {_either(sorted(tags.any_of))}"] if tags.any_of else []
    said += [f"tagged {' and '.join(sorted(tags.all_of))}"] if tags.all_of else []
    said += [f"not tagged {_either(sorted(tags.none_of))}"] if tags.none_of else []
    return f"client {', '.join(said)}"


def _either(words: Iterable[str]) -> str:
    named = list(words)
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    return " or ".join(named[:_MOST_NAMED] + more)


def lacking_texts(
    difference: Difference, versions: Sides[Version], sources: Sides[Provenance]
) -> Iterator[tuple[str, int]]:
    """A line for the kinds that lack something and come out alike, and how many kinds these are."""
    lines: dict[tuple[str, str, str, str], list[str]] = {}
    for region in difference.regions:
        if region.lacking:
            said = _where(region, versions[1].policy) or "bookings"
            effect = " → ".join(outcome_text(side.decision.outcome) for side in (region.before, region.after))
            key = said, _less(region), effect, decider_text(region, versions, sources)
            lines.setdefault(key, []).append(_lacking(region))
    for (said, less, effect, decider), lacking in lines.items():
        comma = "" if said == "bookings" else ","
        yield f"{said}{comma} {' or '.join(lacking)}{less}: {effect} ({decider})", len(lacking)


def _lacking(region: Region) -> str:
    """`of which first_visit is not known`, `whose payer is not reached by email`."""
    channels = [f"by {path.rpartition('.')[2]}" for path in region.lacking if path in _CONTACTS]
    if not channels:
        return f"of which {' and '.join(region.lacking)} is not known"
    return f"whose payer is {'not reached' if len(channels) == 1 else 'reached neither'} {' nor '.join(channels)}"


def decider_text(region: Region, versions: Sides[Version], sources: Sides[Provenance]) -> str:
    """`rule couples, line 31`, or who decided before and who decides now."""
    sides = zip((region.before, region.after), versions, sources, strict=True)
    before, after = (_decider(side, version.policy, source) for side, version, source in sides)
    return after if _name(before) == _name(after) else f"{before} → {after}"


def _decider(side: Side, policy: Policy, provenance: Provenance) -> str:
    if not policy.active:
        return "payments are inactive"
    if side.rule is None:
        return "no rule: the clinic's own settings"
    return f"rule {policy.rules[side.rule].id}, line {provenance.rule_line(side.rule)}"


def _name(decider: str) -> str:
    """Without the line: a rule that only moves in the file is the same rule."""
    return decider.partition(", line ")[0]


def asked_of(policies: Iterable[Policy]) -> set[str]:
    """The facts that any rule asks for."""
    return {
        name
        for policy in policies
        for rule in policy.rules
        for name, asked in zip(Condition._fields, rule.when, strict=True)
        if asked is not None
    }


def example_text(booking: Booking, policy: Policy, asked: set[str]) -> str:
    """A booking in one line, in the clinic's time, with those of its facts that are `asked` for."""
    said = [
        booking.session_type or "no session type",
        "no price of its own" if booking.price is None else price_text(booking.price),
        appointment_text(booking, policy.zone, year=True),
        f"booked {moment_text(booking.booked_at.astimezone(policy.zone), booking.starts_at.date())}",
    ]
    facts = {
        "practitioner": booking.practitioner,
        "location": None if booking.location is None else booking.location.replace("_", " "),
        "client_tags": None if booking.tags is None else f"tagged {', '.join(sorted(booking.tags)) or 'nothing'}",
        "first_visit": {None: None, True: "first visit", False: "not the first visit"}[booking.first_visit],
    }
    said += [fact for name, fact in facts.items() if name in asked and fact is not None]
    payer, who = (
        (booking.client, "client") if booking.payer is None else (booking.payer.person, str(booking.payer.kind))
    )
    if booking.payer is not None:
        said.append(f"paid by {'a public payer' if who == 'public' else who}")
    if missing := [channel for channel in Channel if channel not in payer.contacts]:
        said.append(f"no {' and no '.join(missing)} to reach the payer")
    return ", ".join(said)
