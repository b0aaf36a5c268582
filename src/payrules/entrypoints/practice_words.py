"""Bookings in the words of a practice: where each stands, what comes next, and why something cannot be done."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from payrules.app.booking_story import person_of, who_sent
from payrules.app.bookings import Seen
from payrules.app.rows import EventRow
from payrules.domain.action import Action, ActionState, HeldCause
from payrules.domain.decision import ActionType
from payrules.domain.events import OverrideProcess
from payrules.domain.lifecycle import Refusal, refund_due
from payrules.domain.lifecycle.deciding import stopped_by
from payrules.domain.money import MINOR_UNITS, format_minor
from payrules.domain.record import BookingState, InvoiceState
from payrules.entrypoints.activation_words import Local
from payrules.entrypoints.decisions.words import NOTHING, REASONS
from payrules.entrypoints.ledger_words import HELD, STOPPED, TYPES, held_text, without_addresses
from payrules.entrypoints.reporters.excerpt import visible

_LINK = ActionType.SEND_PAYMENT_LINK
_PLANNED = frozenset({ActionState.WAITING, ActionState.CLAIMED})
_STUCK = frozenset({ActionState.HELD, ActionState.DEAD})


def local_of(seen: Seen) -> Local:
    """The clinic's clock."""
    return Local("UTC" if seen.policy is None else seen.policy.timezone, seen.zone)


def money_text(minor: int | None, currency: str | None) -> str:
    """`1250.00 NOK`, or a dash."""
    if minor is None or currency is None:
        return NOTHING
    return f"{format_minor(minor, MINOR_UNITS[currency])} {currency}"


def state_text(state: BookingState) -> str:
    """`externally billed`."""
    return state.replace("_", " ")


def action_text(action: Action) -> str:
    """`send the payment link by sms`, `send a reminder by email (2)`."""
    channel = "" if action.key.channel is None else f" by {action.key.channel}"
    return f"{TYPES[action.key.type]}{channel}" + (f" ({action.key.occurrence})" if action.key.occurrence > 1 else "")


def cause_text(action: Action, clinic: str) -> str:
    """Why an action of a clinic is where it is."""
    cause = action.cause or ""
    if action.state is ActionState.HELD and cause in HELD:
        return held_text(HeldCause(cause), clinic)
    return visible(without_addresses(cause)).replace("_", " ")


def stuck_of(seen: Seen) -> list[Action]:
    """The actions that wait for a person."""
    return [action for action in seen.stored.record.actions if action.state in _STUCK]


def standing(seen: Seen, now: datetime) -> list[str]:
    """How a booking stands and what comes next, one phrase a line; the first is the main one."""
    lines = [_main(seen, now), *_owed(seen)]
    stuck: dict[tuple[ActionState, str], list[str]] = {}
    for action in stuck_of(seen):
        stuck.setdefault((action.state, cause_text(action, seen.clinic)), []).append(action_text(action))
    for (state, cause), actions in stuck.items():
        lines.append(f"{state}: {', '.join(actions)}: {cause} (`payrules {state} list`)")
    return lines


def in_short(seen: Seen, now: datetime) -> list[str]:
    """The same for a list of bookings: of what waits for a person only how much it is, and where it is told."""
    counts = Counter(action.state for action in stuck_of(seen))
    stuck = [f"{count} {state}: `payrules {state} list`" for state, count in sorted(counts.items())]
    return [_main(seen, now), *_owed(seen), *stuck]


def _owed(seen: Seen) -> Iterator[str]:
    due = refund_due(seen.stored.record)
    if due:
        amount = money_text(due, seen.currency)
        yield f"{amount} to give back: `payrules refund {seen.booking_id} {amount.split()[0]}` once it is done"


def _main(seen: Seen, now: datetime) -> str:
    record, amount = seen.stored.record, money_text(seen.total, seen.currency)
    match record.state:
        case BookingState.DRAFT:
            return _draft(seen, now)
        case BookingState.SCHEDULED:
            how = f"the link goes out by itself{_when(seen, now)}" if links_planned(seen) else "its link is held up"
            return f"{amount}; {how}"
        case BookingState.ISSUED:
            left = money_text(seen.left, seen.currency)
            return f"invoice {record.invoice.number} over {amount}: {left} left to pay{_going_out(seen, now)}"
        case BookingState.PAID:
            number = record.invoice.number
            return f"{amount} paid in full" + (f", invoice {number}" if number else "; its invoice is being issued")
        case BookingState.STOPPED:
            cause = stopped_by(record)
            return "stopped" if cause is None else STOPPED[cause]
        case BookingState.UNDECIDED:
            return f"undecided: {_missing(seen)}"
        case BookingState.EXTERNALLY_BILLED:
            if record.by_person.override is OverrideProcess.EXTERNAL:
                return f"billed elsewhere: {visible(record.by_person.override_by)} decided so"
            return f"billed elsewhere: {REASONS.get(record.decided.reason, 'by the clinic file')}"
        case BookingState.NO_CHARGE:
            return "no charge"
        case BookingState.CANCELLED:
            credited = record.invoice.state in (InvoiceState.ISSUED, InvoiceState.CREDITED)
            return f"cancelled; invoice {record.invoice.number} is credited" if credited else "cancelled"


def _draft(seen: Seen, now: datetime) -> str:
    booking_id = seen.booking_id
    if seen.total is None:
        return f"a draft without a price: `payrules drafts price {booking_id} AMOUNT`"
    draft = f"a draft over {money_text(seen.total, seen.currency)}"
    if seen.left != seen.total:
        draft += f", {money_text(seen.left, seen.currency)} left to pay"
    if going_out := _going_out(seen, now):
        return draft + going_out
    if any(a.key.type is ActionType.ISSUE_INVOICE and a.is_open and a.by_hand for a in _current(seen)):
        return f"{draft}: sent, and held up"
    if not seen.channels:
        return f"{draft}: no phone number or email address reaches the payer"
    return f"{draft}: `payrules drafts send {booking_id}` sends it"


def _missing(seen: Seen) -> str:
    missing = seen.missing
    if "price" in missing:
        return f"the price is missing: `payrules drafts price {seen.booking_id} AMOUNT`"
    facts = " ".join(f"{path}=…" for path in missing)
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} missing: `payrules bookings set {seen.booking_id} {facts}`"


def links_planned(seen: Seen) -> list[Action]:
    """The payment links of the current invoice that are on their way."""
    return [action for action in _current(seen) if action.key.type is _LINK and action.state in _PLANNED]


def _current(seen: Seen) -> Iterator[Action]:
    """The actions of the current invoice."""
    record = seen.stored.record
    return (action for action in record.actions if action.key.ordinal == record.invoice.ordinal)


def _going_out(seen: Seen, now: datetime) -> str:
    return f"; the link goes out{_when(seen, now)}" if links_planned(seen) else ""


def _when(seen: Seen, now: datetime) -> str:
    """`Tue 1 Dec 2026 10:00 by sms and email`; what goes out at different times is named apart."""
    moments: dict[datetime, list[str]] = {}
    for action in links_planned(seen):
        moments.setdefault(max(action.due_at, now), []).append(str(action.key.channel))
    local = local_of(seen)
    said = [
        f"{' now' if at <= now else f' {local.text(at)}'} by {' and '.join(channels)}"
        for at, channels in sorted(moments.items())
    ]
    return ",".join(said)


def left_text(seen: Seen) -> str:
    """`: 750.00 NOK left to pay`, or that nothing is; empty where nobody asks for money here."""
    if seen.stored.record.state is BookingState.PAID:
        return ": nothing is left to pay"
    return "" if seen.left is None else f": {money_text(seen.left, seen.currency)} left to pay"


# ---- refusals


def why_not(code: str | None, sentence: str, seen: Seen, events: Sequence[EventRow], now: datetime) -> str:
    """Why something cannot be done, and what can be done instead."""
    booking_id = seen.booking_id
    match code:
        case Refusal.NO_DRAFT:
            return _no_draft(seen, now)
        case Refusal.ALREADY_SENT:
            return _already_sent(seen, events)
        case Refusal.CREDIT_FIRST:
            return f"the invoice is issued and stays: `payrules credit {booking_id} --reason …` makes a fresh draft"
        case Refusal.NOT_ISSUED:
            return "no invoice is issued that could be credited"
        case Refusal.NO_PRICE:
            return f"the draft has no price: `payrules drafts price {booking_id} AMOUNT`"
        case Refusal.NO_CONTACT:
            return f"{sentence}: `payrules bookings set {booking_id} {_contact_facts(seen)}`"
        case Refusal.DRAFT_DROPPED:
            return f"somebody dropped this draft: `payrules override {booking_id} manual --reason …` asks for it again"
        case Refusal.LINK_ON_ITS_WAY:
            return f"a link is on its way already: it goes out{_when(seen, now)}"
        case _:
            return sentence


def _contact_facts(seen: Seen) -> str:
    person = "client" if seen.stored.record.booking.payer is None else "payer"
    return f"{person}.phone=… {person}.email=…"


def _no_draft(seen: Seen, now: datetime) -> str:
    booking_id, record = seen.booking_id, seen.stored.record
    by_hand = f"`payrules override {booking_id} manual --reason …`"
    match record.state:
        case BookingState.SCHEDULED:
            return f"this link goes out by itself{_when(seen, now)}: {by_hand} leaves it to you"
        case BookingState.ISSUED:
            number, resend = record.invoice.number, f"`payrules links resend {booking_id}`"
            return f"invoice {number} is issued already: {resend} sends its link again"
        case BookingState.EXTERNALLY_BILLED:
            return f"there is no draft, it is {_main(seen, now)}: {by_hand} makes one"
        case BookingState.NO_CHARGE:
            return f"there is nothing to charge: `payrules drafts price {booking_id} AMOUNT` makes a draft"
        case _:
            return f"there is no draft to send: {_main(seen, now)}"


def _already_sent(seen: Seen, events: Sequence[EventRow]) -> str:
    sent = who_sent(events)
    if sent is None:
        return "this draft is sent already"
    who = visible(person_of(sent) or "somebody")
    return f"{who} sent this draft already, {local_of(seen).told(sent.received_at)}"
