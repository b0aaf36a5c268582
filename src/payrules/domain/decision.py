"""The decision: what follows from a booking under a policy. One pure function, used by everything.

`decide` reads no clock, never raises on booking data and gives every answer with its reason. The order of
its questions is part of the language (design: "Outcome of a decision").
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from payrules.domain.booking import Booking, Person
from payrules.domain.matching import FACT_PATHS, FACTS, facts_of, matcher_of
from payrules.domain.money import Money
from payrules.domain.policy import Channel, Delivery, Notification, Policy, Process, QuietHours, Send, Terms
from payrules.domain.schedule import after_quiet_hours, shift, shifts


class Uncovered(StrEnum):
    """Why no policy covers a booking."""

    BOOKED_BEFORE_ACTIVATION = "booked_before_activation"
    NOT_VERIFIED = "not_verified"

    @classmethod
    def under(cls, sequence: int | None) -> "Uncovered":
        """Why a stamp without a version covers nothing: there was no activation, or it is a withdrawal."""
        return cls.BOOKED_BEFORE_ACTIVATION if sequence is None else cls.NOT_VERIFIED


class Outcome(StrEnum):
    """What becomes of a booking's bill."""

    AUTOMATIC = "automatic"
    DRAFT = "draft"
    EXTERNALLY_BILLED = "externally_billed"
    NO_CHARGE = "no_charge"
    UNDECIDED = "undecided"


class Reason(StrEnum):
    """Why the outcome is what it is: a closed list, stable for machines."""

    PROCESS_AUTOMATIC = "process_automatic"
    PROCESS_MANUAL = "process_manual"
    MANUAL_WITHOUT_DRAFTS = "manual_without_drafts"
    PAYMENTS_INACTIVE = "payments_inactive"
    NOT_VERIFIED = "not_verified"
    BOOKED_BEFORE_ACTIVATION = "booked_before_activation"
    PRICE_ZERO = "price_zero"
    MISSING_FACT = "missing_fact"
    MISSING_PRICE = "missing_price"
    NO_REACHABLE_CHANNEL = "no_reachable_channel"


class ActionType(StrEnum):
    """What is done for a booking. The first four a policy prescribes, the others follow from later events."""

    CREATE_INVOICE = "create_invoice"
    ISSUE_INVOICE = "issue_invoice"
    SEND_PAYMENT_LINK = "send_payment_link"
    SEND_REMINDER = "send_reminder"
    UPDATE_DRAFT = "update_draft"
    DELETE_DRAFT = "delete_draft"
    CREDIT_INVOICE = "credit_invoice"


class Shift(StrEnum):
    """Why something is due later than its offset says."""

    QUIET_HOURS = "quiet_hours"
    NOT_BEFORE = "not_before"


class ActionSpec(NamedTuple):
    """An action the policy prescribes. `due_at` is an aware UTC instant.

    `occurrence` counts reminders from 1; a reminder's time is the one it has if the payer never pays.
    """

    type: ActionType
    channel: Channel | None
    due_at: datetime
    shifted_by: Shift | None = None
    occurrence: int = 1


class Decision(NamedTuple):
    """What follows from a booking, and why.

    `rule` is the number of the deciding rule in its policy, counted from 0, None where the defaults decided;
    with `missing_fact` it is the rule that could not be settled. `terms` is None where no policy was asked.
    `missing` names facts and contacts by their path in a booking record.
    """

    outcome: Outcome
    reason: Reason
    rule: int | None = None
    terms: Terms | None = None
    price: Money | None = None
    actions: tuple[ActionSpec, ...] = ()
    missing: tuple[str, ...] = ()


# In Python 3.11 naming a member of an enum is a call; these are named on the hot path.
_MANUAL, _FIRST_AVAILABLE = Process.MANUAL, Delivery.FIRST_AVAILABLE
_AFTER_BOOKING, _BEFORE_APPOINTMENT = Send.AFTER_BOOKING, Send.BEFORE_APPOINTMENT
_AUTOMATIC, _PROCESS_AUTOMATIC = Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC
_CREATE_INVOICE, _ISSUE_INVOICE = ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE
_PAYMENT_LINK, _REMINDER = ActionType.SEND_PAYMENT_LINK, ActionType.SEND_REMINDER


def decide(cover: Policy | Uncovered, booking: Booking, not_before: datetime) -> Decision:
    """Decide a booking under the policy in force when it was booked.

    `not_before` is an aware UTC instant: nothing is due earlier. At first it is the booking's `booked_at`,
    later the time of the event that changed its facts. A price must be in the policy's currency; whoever
    reads booking records refuses another.
    """
    if isinstance(cover, Uncovered):
        return Decision(Outcome.EXTERNALLY_BILLED, Reason(cover.value), price=booking.price)
    policy = cover
    price = _price(policy, booking)
    if not policy.active:
        return Decision(Outcome.EXTERNALLY_BILLED, Reason.PAYMENTS_INACTIVE, price=price)

    rule: int | None = None
    terms = policy.terms
    if policy.rules:
        facts = facts_of(booking, None if price is None else price.minor, policy.zone)
        may, surely = matcher_of(policy).match(facts)
        first = may & -may
        winner = first.bit_length() - 1
        if winner < len(policy.rules):
            rule, terms = winner, policy.rules[winner].terms
            if not first & surely:
                missing = tuple(
                    FACT_PATHS[name]
                    for name, asked, value in zip(FACTS, policy.rules[winner].when, facts, strict=True)
                    if asked is not None and value is None
                )
                return Decision(Outcome.UNDECIDED, Reason.MISSING_FACT, rule, None, price, (), missing)

    manual = terms.process is _MANUAL
    if manual and not terms.manual.create_draft:
        return Decision(Outcome.EXTERNALLY_BILLED, Reason.MANUAL_WITHOUT_DRAFTS, rule, terms, price)
    if price is not None and price.minor == 0:
        return Decision(Outcome.NO_CHARGE, Reason.PRICE_ZERO, rule, terms, price)
    if manual:
        draft = (ActionSpec(ActionType.CREATE_INVOICE, None, not_before),)
        unknown = ("price",) if price is None else ()
        return Decision(Outcome.DRAFT, Reason.PROCESS_MANUAL, rule, terms, price, draft, unknown)
    if price is None:
        return Decision(Outcome.UNDECIDED, Reason.MISSING_PRICE, rule, terms, None, (), ("price",))

    payer, path = (booking.client, "client") if booking.payer is None else (booking.payer.person, "payer")
    channels = [c for c in terms.notification.channels if c in payer.contacts]
    if not channels:
        missing = tuple(contact_path(path, c) for c in terms.notification.channels)
        return Decision(Outcome.UNDECIDED, Reason.NO_REACHABLE_CHANNEL, rule, terms, price, (), missing)
    if terms.notification.delivery is _FIRST_AVAILABLE:
        del channels[1:]
    actions = _automatic(policy, terms, booking, payer, channels, not_before)
    return Decision(_AUTOMATIC, _PROCESS_AUTOMATIC, rule, terms, price, actions)


def contact_path(person: str, channel: Channel) -> str:
    """Where a booking record carries the contact of a channel: `client.phone`, `payer.email`."""
    return f"{person}.{'phone' if channel is Channel.SMS else 'email'}"


def _price(policy: Policy, booking: Booking) -> Money | None:
    """The booking's own price, else the price list's."""
    if booking.price is not None or booking.session_type is None:
        return booking.price
    listed = policy.session_types.get(booking.session_type)
    return None if listed is None or listed.price is None else Money(listed.price, policy.currency)


def _automatic(
    policy: Policy, terms: Terms, booking: Booking, payer: Person, channels: list[Channel], not_before: datetime
) -> tuple[ActionSpec, ...]:
    """Draft at once; issue directly before the first link; reminders from the first link on."""
    notification = terms.notification
    quiet, zone = notification.quiet_hours, payer.zone or policy.zone
    wanted_at = _send_at(policy, notification, booking)
    due_at, shifted_by = (not_before, Shift.NOT_BEFORE) if wanted_at < not_before else (wanted_at, None)
    links = _messages(_PAYMENT_LINK, channels, due_at, shifted_by, quiet, zone)
    first = min(links, key=_due_at)
    actions = [
        _action((_CREATE_INVOICE, None, not_before, None, 1)),
        _action((_ISSUE_INVOICE, None, first.due_at, first.shifted_by, 1)),
        *links,
    ]
    # Sorted anew, since `1d` comes after `1470m` on the night clocks go back.
    moments = [(at, n) for n, at in enumerate(shifts(first.due_at, terms.reminders, policy.zone), 1)]
    moments.sort()
    batches = [_messages(_REMINDER, channels, remind_at, None, quiet, zone, n) for remind_at, n in moments]
    for link, *reminders in zip(links, *batches, strict=True):
        last = link
        for reminder in reminders:
            # Quiet hours can push several messages of a night to one minute of the morning: one is enough.
            if reminder.due_at > last.due_at:
                actions.append(reminder)
                last = reminder
    # Stable: what is due together stays in the order in which it runs, and of the channels.
    actions.sort(key=_due_at)
    return tuple(actions)


_due_at = attrgetter("due_at")
# The constructor of a named tuple, which is written in Python, takes twice as long.
_action: Callable[[tuple[ActionType, Channel | None, datetime, Shift | None, int]], ActionSpec]
_action = partial(tuple.__new__, ActionSpec)


def _send_at(policy: Policy, notification: Notification, booking: Booking) -> datetime:
    """When the link is to go out by the policy's offset alone."""
    send, offset = notification.send, notification.offset
    if send is _AFTER_BOOKING:
        return shift(booking.booked_at, offset, policy.zone)
    if send is _BEFORE_APPOINTMENT:
        return shift(booking.starts_at, offset, policy.zone, back=True)
    # The compiler refuses automatic terms that do not say when (PR314), so this is AFTER_APPOINTMENT.
    return shift(booking.ends_at, offset, policy.zone)


def _messages(
    kind: ActionType,
    channels: list[Channel],
    due_at: datetime,
    shifted_by: Shift | None,
    quiet: QuietHours | None,
    zone: tzinfo,
    occurrence: int = 1,
) -> list[ActionSpec]:
    """One message a channel, none inside the quiet hours of its channel."""
    if quiet is not None and (allowed_at := after_quiet_hours(due_at, quiet, zone)) is not due_at:
        waiting = quiet.channels
        return [
            _action((kind, c, allowed_at, Shift.QUIET_HOURS, occurrence))
            if c in waiting
            else _action((kind, c, due_at, shifted_by, occurrence))
            for c in channels
        ]
    return [_action((kind, c, due_at, shifted_by, occurrence)) for c in channels]
