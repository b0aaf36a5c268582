"""What the booking system and persons say of the appointment: moved, changed, cancelled, not come, overridden."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from payrules.domain.action import SENDS, Action, ActionKey, ActionState
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType
from payrules.domain.events import (
    Booked,
    Cancelled,
    EventType,
    NoShow,
    Override,
    PriceChanged,
    Rescheduled,
    Updated,
)
from payrules.domain.lifecycle.acting import EndCause, actions_of, end, want, was_dropped, with_actions
from payrules.domain.lifecycle.amounts import has_currency, is_issued, is_reached
from payrules.domain.lifecycle.answers import Advanced, Note, Refusal, refused
from payrules.domain.lifecycle.deciding import BILLED, Cover, aim, decide_again, withdraw
from payrules.domain.lifecycle.payments import noting_refund
from payrules.domain.policy import PayerKind
from payrules.domain.record import BookingRecord, BookingState

_FACTS = frozenset(Booking._fields) - {"id", "clinic", "booked_at", "price"}


def rescheduled(record: BookingRecord, event: Rescheduled, cover: Cover) -> Advanced:
    """Decided again for the new times; once issued, the times are only recorded."""
    booking = record.booking._replace(starts_at=event.starts_at, ends_at=event.ends_at)
    return _with_facts(record, booking, event.occurred_at, cover)


def updated(record: BookingRecord, event: Updated, cover: Cover) -> Advanced:
    """Decided again with the new facts; once issued, they are only recorded and the payer is fixed."""
    if not event.facts.keys() <= _FACTS:
        return refused(record, Refusal.FIXED_FACT)
    facts: Mapping[str, Any] = event.facts
    booking = record.booking._replace(**facts)
    if record.state in BILLED and is_issued(record) and _kind_of_payer(booking) != _kind_of_payer(record.booking):
        return refused(record, Refusal.CREDIT_FIRST)
    # Names and addresses are not among the facts: whoever names a person may have changed them.
    named = not event.facts.keys().isdisjoint({"client", "payer"})
    return _with_facts(record, booking, event.occurred_at, cover, named=named)


def price_changed(record: BookingRecord, event: PriceChanged, cover: Cover) -> Advanced:
    """Decided again at the new price, and the draft follows; a price of zero deletes it."""
    if not has_currency(record, event.price, cover):
        return refused(record, Refusal.WRONG_CURRENCY)
    if event.by_person:
        if record.state is BookingState.EXTERNALLY_BILLED:
            return refused(record, Refusal.NO_DRAFT)
        changed = event.price != record.by_person.price
        record = replace(record, by_person=record.by_person._replace(price=event.price))
        return Advanced(aim(record, cover, event.occurred_at, changed=changed))
    return _with_facts(record, record.booking._replace(price=event.price), event.occurred_at, cover)


def _kind_of_payer(booking: Booking) -> PayerKind:
    return PayerKind.CLIENT if booking.payer is None else booking.payer.kind


def rebooked(record: BookingRecord, event: Booked, cover: Cover) -> Advanced:
    """The booking has a new id: stamp and invoice stay, its facts are replaced."""
    if not _replaces(record, event):
        return refused(record, Refusal.ALREADY_BOOKED)
    return _with_facts(record, _renamed(record, event), event.occurred_at, cover, named=True)


def revived(record: BookingRecord, event: Booked, cover: Cover) -> Advanced:
    """The cancellation was a change of ids: the booking lives on under its new one.

    An invoice stays where its credit was not begun; else a person sends the fresh draft.
    """
    if not _replaces(record, event):
        return refused(record, Refusal.ALREADY_BOOKED)
    at = event.occurred_at
    ended = (EventType.CANCELLED, EventType.NO_SHOW)
    applied: dict[EventType, datetime] = {k: v for k, v in record.applied.items() if k not in ended}
    record = replace(record, applied=applied)
    crediting = ActionKey(record.invoice.ordinal, ActionType.CREDIT_INVOICE)
    actions = actions_of(record)
    if is_issued(record) and actions[crediting].is_open and actions[crediting].attempt == 0:
        end(actions, actions[crediting], EndCause.NOT_WANTED, at)
        state = BookingState.PAID if is_reached(record) else BookingState.ISSUED
        if state is BookingState.ISSUED:
            for action in record.actions:
                if action.key.type in SENDS and action.cause == EndCause.BOOKING_CANCELLED and action.due_at > at:
                    want(actions, Action(action.key, action.due_at, action.shifted_by, by_hand=action.by_hand), at)
        record = with_actions(record, actions, state=state)
    else:
        record = replace(record, state=BookingState.UNDECIDED)
    return _with_facts(record, _renamed(record, event), at, cover, named=True)


def _replaces(record: BookingRecord, event: Booked) -> bool:
    return event.replaces == record.booking.id != event.booking.id


def _renamed(record: BookingRecord, event: Booked) -> Booking:
    # The stamp rests on the time it was first booked.
    booking = event.booking._replace(booked_at=record.booking.booked_at)
    if record.state in BILLED and is_issued(record):
        return booking._replace(client=record.booking.client, payer=record.booking.payer)
    return booking


def _with_facts(
    record: BookingRecord, booking: Booking, at: datetime, cover: Cover, *, named: bool = False
) -> Advanced:
    """The record with other facts: decided again, or frozen where the invoice is issued."""
    if booking.ends_at <= booking.starts_at:
        return refused(record, Refusal.ENDS_BEFORE_START)
    before = record.booking
    if booking == before and not named:
        return Advanced(record)
    record = replace(record, booking=booking)
    if record.state in BILLED and is_issued(record):
        return Advanced(record, notes=(Note.FROZEN,))
    timed = _times_by_hand(record)
    changed = named or _on_invoice(before) != _on_invoice(booking)
    record, decision = decide_again(record, cover, at, changed=changed)
    return Advanced(record, decision=decision, notes=(Note.TIME_KEPT,) if timed & _times_by_hand(record) else ())


def _on_invoice(booking: Booking) -> tuple[object, ...]:
    """The facts an invoice shows, but for its amount."""
    return booking.starts_at, booking.ends_at, booking.session_type, booking.practitioner, booking.client, booking.payer


def _times_by_hand(record: BookingRecord) -> set[tuple[ActionKey, datetime]]:
    return {(a.key, a.due_at) for a in record.actions if a.by_hand and a.is_open}


def cancelled(record: BookingRecord, event: Cancelled, cover: Cover) -> Advanced:
    """A draft is deleted, an issued invoice credited, open actions end; what was paid is held for a refund.

    With a charge it is as if the client had not come.
    """
    if event.charge:
        return not_come(record, event, cover)
    at = event.occurred_at
    by_person = record.by_person._replace(send_at=None)
    record = replace(record, state=BookingState.CANCELLED, by_person=by_person)
    return noting_refund(withdraw(record, EndCause.BOOKING_CANCELLED, at))


def not_come(record: BookingRecord, event: NoShow | Cancelled, cover: Cover) -> Advanced:
    """What is not sent is held: a person bills or drops. What is issued stays billed; it is only recorded."""
    if record.state in BILLED:
        return Advanced(record)
    return Advanced(aim(record, cover, event.occurred_at))


def overridden(record: BookingRecord, event: Override, cover: Cover) -> Advanced:
    """A person decides the process: a draft, by policy, or outside. Once issued it only ends the reminders."""
    process = event.process
    # A time that was set before belongs to what was decided before.
    by_person = record.by_person._replace(
        override=process, override_by=event.by, override_reason=event.reason, send_at=None
    )
    record = replace(record, by_person=by_person)
    actions = actions_of(record)
    if is_issued(record) and record.state in BILLED:
        for action in record.actions:
            if action.key.type is ActionType.SEND_REMINDER:
                end(actions, action, EndCause.OVERRIDE, event.occurred_at)
        return Advanced(with_actions(record, actions))
    for action in record.actions:
        # What a person dropped may be wanted again by a person.
        if action.state is ActionState.CANCELLED and was_dropped(action):
            actions[action.key] = action._replace(cause=EndCause.NOT_WANTED.value)
    return Advanced(aim(with_actions(record, actions), cover, event.occurred_at))
