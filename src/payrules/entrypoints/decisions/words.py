"""What a decision says, in words: shared by the table and Markdown."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final, NamedTuple

from payrules.app.simulate import Simulated
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionSpec, ActionType, Decision, Outcome, Reason, Shift
from payrules.domain.money import Money
from payrules.entrypoints.decisions.times import (
    appointment_note,
    date_text,
    day_text,
    moment_text,
    time_text,
    which_of_two,
)

MARKS: Final[Mapping[Outcome, str]] = {
    Outcome.AUTOMATIC: "✓",
    Outcome.DRAFT: "✎",
    Outcome.EXTERNALLY_BILLED: "↗",
    Outcome.NO_CHARGE: "○",
    Outcome.UNDECIDED: "?",
}
"""A sign for each outcome, to be found at a glance; the word always stands beside it."""

NOTHING: Final = "–"
NOT_DECIDED: Final = "not decided"

REASONS: Final[Mapping[Reason, str]] = {
    Reason.PAYMENTS_INACTIVE: "payments are inactive",
    Reason.NOT_VERIFIED: "the clinic is not verified",
    Reason.BOOKED_BEFORE_ACTIVATION: "booked before the clinic file took effect",
    Reason.MANUAL_WITHOUT_DRAFTS: "manual without drafts",
    Reason.PRICE_ZERO: "the price is zero",
    Reason.MISSING_PRICE: "no price in the booking, nor in the price list",
}
"""Why nothing is sent, where that is the same for all bookings of a clinic."""

_SHORT_DIGEST: Final = len("sha256:") + 12

MOST_REMINDERS: Final = 4
"""How many reminders one line names."""


class Event(NamedTuple):
    """What goes out for one booking at one instant (UTC); messages on several channels are one event."""

    due_at: datetime
    text: str
    reminder: bool


def outcome_text(outcome: Outcome) -> str:
    """`externally billed`."""
    return outcome.replace("_", " ")


def counted(number: int, noun: str) -> str:
    """`1 booking`, `1,204 bookings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tally_text(outcomes: Mapping[Outcome, int]) -> str:
    """`8 automatic, 3 drafts, 1 undecided`; outcomes that nothing has are left out."""
    return ", ".join(
        counted(number, "draft") if outcome is Outcome.DRAFT else f"{number:,} {outcome_text(outcome)}"
        for outcome in Outcome
        if (number := outcomes.get(outcome, 0))
    )


def price_text(price: Money | None) -> str:
    """`1250.00 NOK`, or a dash."""
    return NOTHING if price is None else f"{price.amount} {price.currency}"


def decider_text(decision: Decision, rendered: Mapping[str, Any], *, line: bool = True) -> str:
    """`couples-by-hand:41` (the rule and its line), `defaults`, or a dash where no rule was asked."""
    rule = rendered["rule"]
    if rule is not None:
        return f"{rule['id']}:{rule['line']}" if line else str(rule["id"])
    return NOTHING if decision.terms is None else "defaults"


def reason_text(result: Simulated) -> str:
    """Why nothing is sent, for the outcomes that send nothing."""
    decision, zone = result.decision, zone_of(result)
    match decision.reason:
        case Reason.BOOKED_BEFORE_ACTIVATION:
            return _too_early(result.booking, result.clinic_version.effective_from, zone)
        case Reason.MISSING_FACT:
            return f"{_listed(decision.missing)} not known, and the rule asks for {_it(decision.missing)}"
        case Reason.NO_REACHABLE_CHANNEL:
            return f"{_listed(decision.missing)} missing: no message reaches the payer"
    return REASONS.get(decision.reason, "")


def _too_early(booking: Booking, effective_at: datetime | None, zone: tzinfo) -> str:
    """To the second where there are seconds, since one decides."""
    booked = booking.booked_at.astimezone(zone)
    effective = booked if effective_at is None else effective_at.astimezone(zone)
    years = effective.year != booked.year
    said = f"booked {day_text(booked, year=years)} {time_text(booked)}, before the clinic file took effect"
    if effective_at is None:
        return said
    day = "" if effective.date() == booked.date() else f"{day_text(effective, year=years)} "
    return f"{said} ({day}{time_text(effective)})"


def consequences(result: Simulated, rendered: Mapping[str, Any]) -> list[str]:
    """What happens when, in the clinic's time: one phrase for each step."""
    booking, decision, zone = result.booking, result.decision, zone_of(result)
    note = appointment_note(booking, zone)
    notes = [] if note is None else [note]
    if decision.outcome is Outcome.AUTOMATIC:
        return [*_sending(decision, rendered, zone), *notes]
    if decision.outcome is not Outcome.DRAFT:
        return [reason_text(result), *notes]
    drafted = decision.actions[0].due_at.astimezone(zone)
    said = [f"draft {moment_text(drafted, booking.starts_at.astimezone(zone))}, a person sends the link"]
    if decision.price is None:
        said.append("cannot be sent without a price")
    return [*said, f"manual payment by {method_text(rendered['default_method'])}", *notes]


def method_text(method: str) -> str:
    """`card terminal`."""
    return method.replace("_", " ")


def zone_of(result: Simulated) -> tzinfo:
    """The clinic's time zone."""
    return result.clinic_version.policy.zone


def version_texts(version: Version) -> list[str]:
    """Time zone, digest (its beginning names it well enough for people), and since when it is in force."""
    zone = version.policy.zone
    said = [version.policy.timezone, version.digest[:_SHORT_DIGEST]]
    if version.effective_from is not None:
        effective = version.effective_from.astimezone(zone)
        said.append(f"from {day_text(effective, year=True)} {time_text(effective)}")
    return said


def events_of(result: Simulated) -> list[Event]:
    """What goes out for a booking, by time. A draft goes nowhere before a person sends it."""
    together: dict[datetime, list[ActionSpec]] = {}
    for action in result.decision.actions:
        if action.type is not ActionType.CREATE_INVOICE:
            together.setdefault(action.due_at, []).append(action)
    return [_event(result, due_at, actions) for due_at, actions in together.items()]


def _event(result: Simulated, due_at: datetime, actions: list[ActionSpec]) -> Event:
    to = "" if result.booking.payer is None else f" to the {_payer(result.booking)}"
    said = ["invoice issued"] if any(a.type is ActionType.ISSUE_INVOICE for a in actions) else []
    if links := _channels(a for a in actions if a.type is ActionType.SEND_PAYMENT_LINK):
        said.append(f"link by {links}{to}")
    occurrences = sorted({a.occurrence for a in actions if a.type is ActionType.SEND_REMINDER})
    for occurrence in occurrences:
        channels = _channels(a for a in actions if a.type is ActionType.SEND_REMINDER and a.occurrence == occurrence)
        said.append(f"reminder {occurrence} by {channels}{to} if unpaid")
    notes = _notes(result, due_at, actions)
    return Event(due_at, ", ".join(said) + (f" ({'; '.join(notes)})" if notes else ""), bool(occurrences))


def _notes(result: Simulated, due_at: datetime, actions: list[ActionSpec]) -> list[str]:
    """Why something goes out at an odd time."""
    messages = [action for action in actions if action.channel is not None]
    found = []
    if waited := [action for action in messages if action.shifted_by is Shift.QUIET_HOURS]:
        who = "" if len(waited) == len(messages) else f"{_channels(waited)} "
        found.append(f"{who}waited for quiet hours to end")
    if any(action.shifted_by is Shift.NOT_BEFORE for action in messages):
        found.append("at once, since the set time had already passed")
    local = due_at.astimezone(zone_of(result))
    person = result.booking.client if result.booking.payer is None else result.booking.payer.person
    there = due_at.astimezone(person.zone or zone_of(result))
    if there.utcoffset() != local.utcoffset():
        day = "" if there.date() == local.date() else f"{day_text(there)} "
        found.append(f"{day}{there:%H:%M} where the payer is")
    if which := which_of_two(local):
        found.append(f"the {which} {local:%H:%M} of that night")
    return found


def _sending(decision: Decision, rendered: Mapping[str, Any], zone: tzinfo) -> list[str]:
    links: dict[datetime, list[ActionSpec]] = {}
    reminders: dict[int, datetime] = {}
    for action in decision.actions:
        if action.type is ActionType.SEND_PAYMENT_LINK:
            links.setdefault(action.due_at, []).append(action)
        elif action.type is ActionType.SEND_REMINDER:
            reminders.setdefault(action.occurrence, action.due_at)
    first = min(links).astimezone(zone)
    sent = (f"{moment_text(at.astimezone(zone), first)} by {_channels(actions)}" for at, actions in links.items())
    said = [
        f"link {', '.join(sent)}",
        f"to pay by {date_text(date.fromisoformat(rendered['invoice']['payable_by']), first)}",
    ]
    if reminders:
        days = [moment_text(at.astimezone(zone), first, clock=False) for at in reminders.values()]
        more = f" … ({len(days)} in all)" if len(days) > MOST_REMINDERS else ""
        noun = "reminder" if len(days) == 1 else "reminders"
        said.append(f"{noun} {', '.join(days[:MOST_REMINDERS])}{more}")
    return said


def _channels(actions: Iterable[ActionSpec]) -> str:
    return " + ".join(action.channel for action in actions if action.channel is not None)


def _payer(booking: Booking) -> str:
    kind = "client" if booking.payer is None else str(booking.payer.kind)
    return "public payer" if kind == "public" else kind


def _listed(names: tuple[str, ...]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _it(names: tuple[str, ...]) -> str:
    return "it" if len(names) == 1 else "them"
