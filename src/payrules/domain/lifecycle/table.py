"""The life of a booking as one table: every state with every kind of event, and the function that reads it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from payrules.domain.events import (
    Booked,
    Cancelled,
    Credited,
    DraftSent,
    Event,
    EventType,
    InvoiceCreated,
    InvoiceIssued,
    LinkResent,
    LinkSent,
    NoShow,
    Override,
    Paid,
    PriceChanged,
    Refunded,
    Rescheduled,
    SendFailed,
    Updated,
)
from payrules.domain.lifecycle.answers import Advanced, Refusal, refused
from payrules.domain.lifecycle.booking_events import (
    cancelled,
    not_come,
    overridden,
    price_changed,
    rebooked,
    rescheduled,
    revived,
    updated,
)
from payrules.domain.lifecycle.deciding import Cover
from payrules.domain.lifecycle.outbox_events import invoice_created, invoice_issued, link_sent, send_failed
from payrules.domain.lifecycle.payments import credited, paid, refunded
from payrules.domain.lifecycle.sending import draft_sent, link_resent
from payrules.domain.record import BookingRecord, BookingState

# Each transition takes the one kind of event that its column gives it.
Transition = Callable[[BookingRecord, Any, Cover], Advanced]
Entry = Transition | Refusal

EVENT_TYPES: Mapping[type, EventType] = MappingProxyType(
    {
        Booked: EventType.BOOKED,
        Rescheduled: EventType.RESCHEDULED,
        Cancelled: EventType.CANCELLED,
        PriceChanged: EventType.PRICE_CHANGED,
        Updated: EventType.UPDATED,
        NoShow: EventType.NO_SHOW,
        Override: EventType.OVERRIDE,
        Paid: EventType.PAID,
        Refunded: EventType.REFUNDED,
        Credited: EventType.CREDITED,
        DraftSent: EventType.DRAFT_SENT,
        LinkResent: EventType.LINK_RESENT,
        InvoiceCreated: EventType.INVOICE_CREATED,
        InvoiceIssued: EventType.INVOICE_ISSUED,
        LinkSent: EventType.LINK_SENT,
        SendFailed: EventType.SEND_FAILED,
    }
)
"""The kind of each event."""

ORDERED = frozenset(
    {
        EventType.BOOKED,
        EventType.RESCHEDULED,
        EventType.CANCELLED,
        EventType.PRICE_CHANGED,
        EventType.UPDATED,
        EventType.NO_SHOW,
        EventType.OVERRIDE,
        EventType.CREDITED,
        EventType.DRAFT_SENT,
        EventType.LINK_RESENT,
    }
)
"""Kinds of which only the latest counts. Payments add up, and what the outbox reports is named by its action."""


def _row(before_issue: Entry, issued: Entry, cancelled: Entry) -> dict[BookingState, Entry]:
    """The entries of one kind of event by groups of states; `issued` is for issued and paid."""
    groups = {BookingState.ISSUED: issued, BookingState.PAID: issued, BookingState.CANCELLED: cancelled}
    return {state: groups.get(state, before_issue) for state in BookingState}


_ROWS: dict[EventType, dict[BookingState, Entry]] = {
    EventType.BOOKED: _row(rebooked, rebooked, revived),
    EventType.RESCHEDULED: _row(rescheduled, rescheduled, Refusal.BOOKING_CANCELLED),
    EventType.CANCELLED: _row(cancelled, cancelled, Refusal.ALREADY_CANCELLED),
    EventType.PRICE_CHANGED: _row(price_changed, Refusal.CREDIT_FIRST, Refusal.BOOKING_CANCELLED),
    EventType.UPDATED: _row(updated, updated, Refusal.BOOKING_CANCELLED),
    EventType.NO_SHOW: _row(not_come, not_come, Refusal.BOOKING_CANCELLED),
    EventType.OVERRIDE: _row(overridden, overridden, Refusal.BOOKING_CANCELLED),
    EventType.PAID: _row(paid, paid, paid),
    EventType.REFUNDED: _row(refunded, refunded, refunded),
    EventType.CREDITED: _row(Refusal.NOT_ISSUED, credited, Refusal.BOOKING_CANCELLED),
    EventType.DRAFT_SENT: _row(Refusal.NO_DRAFT, Refusal.NO_DRAFT, Refusal.BOOKING_CANCELLED)
    | {BookingState.DRAFT: draft_sent},
    EventType.LINK_RESENT: _row(Refusal.NO_LINK, link_resent, Refusal.BOOKING_CANCELLED),
    EventType.INVOICE_CREATED: _row(invoice_created, invoice_created, invoice_created),
    EventType.INVOICE_ISSUED: _row(invoice_issued, invoice_issued, invoice_issued),
    EventType.LINK_SENT: _row(link_sent, link_sent, link_sent),
    EventType.SEND_FAILED: _row(send_failed, send_failed, send_failed),
}

TABLE: Mapping[tuple[BookingState, EventType], Entry] = MappingProxyType(
    {(state, kind): _ROWS[kind][state] for state in BookingState for kind in EventType}
)
"""What becomes of a booking in each state with each kind of event: a transition, or a refusal by name."""


def advance(record: BookingRecord, event: Event, cover: Cover) -> Advanced:
    """The record after an event, under the policy of its stamp. Pure, and never raises on what events say.

    A refused event, and one that is older than the last applied of its kind, leave the record as it is.
    """
    kind, at = EVENT_TYPES[type(event)], event.occurred_at
    entry = TABLE[record.state, kind]
    latest = record.applied.get(kind)
    cancelled_at = record.applied.get(EventType.CANCELLED)
    if kind in ORDERED and latest is not None and at < latest:
        return Advanced(record, stale=True)
    if isinstance(entry, Refusal):
        overtaken = entry is Refusal.BOOKING_CANCELLED and cancelled_at is not None and at < cancelled_at
        return Advanced(record, stale=True) if overtaken else refused(record, entry)
    marked = replace(record, applied={**record.applied, kind: at}) if kind in ORDERED else record
    advanced = entry(marked, event, cover)
    return advanced if advanced.refusal is None else advanced._replace(record=record)
