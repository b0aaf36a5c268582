"""Rows of the ledger as tuples for the tables, and back."""

from collections.abc import Mapping
from datetime import date, datetime
from json import dumps, loads
from typing import Any

from payrules.adapters.store.codes import (
    ACTION_STATES,
    ACTION_TYPES,
    BOOKING_STATES,
    CHANNEL_NUMBERS,
    CHANNELS,
    EVENT_STATES,
    EVENT_TYPES,
    INVOICE_STATES,
    OUTCOMES,
    REASONS,
    SHIFTS,
    instant,
    instant_or_none,
    micros,
    micros_or_none,
)
from payrules.adapters.store.dialect import Row
from payrules.app.rows import DecisionRow, EventRow, StoredRecord, lane_of
from payrules.domain.action import Action, ActionKey
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.money import Money
from payrules.domain.record import NOBODY, BookingRecord, ByPerson, Decided, InvoiceFacts, Stamp

# ---- events


def event_values(clinic_no: int, row: EventRow) -> Row:
    """For the table `events`."""
    return (
        clinic_no,
        row.event_no,
        row.event_id,
        EVENT_TYPES.numbers[row.type],
        row.booking_id,
        row.booking_no,
        micros(row.occurred_at),
        micros(row.received_at),
        EVENT_STATES.numbers[row.state],
        row.fingerprint,
        row.body,
        row.reason,
    )


def event_of(row: Any) -> EventRow:
    """From the table `events`."""
    return EventRow(
        row.event_no,
        row.event_id,
        EVENT_TYPES.members[row.type],
        row.booking_id,
        row.booking_no,
        instant(row.occurred_at),
        instant(row.received_at),
        EVENT_STATES.members[row.state],
        row.fingerprint,
        row.body,
        row.reason,
    )


# ---- actions


# By type and channel: their numbers and the lane, looked up at once.
_KEYS = {
    (kind, channel): (ACTION_TYPES.numbers[kind], number, int(lane_of(ActionKey(1, kind, channel))))
    for kind in ActionType
    for channel, number in CHANNEL_NUMBERS.items()
}


def key_values(key: ActionKey) -> tuple[int, int, int, int]:
    """The part of an action's primary key within its booking."""
    type_, channel, _ = _KEYS[key.type, key.channel]
    return key.ordinal, type_, channel, key.occurrence


def key_of(ordinal: int, type_: int, channel: int, occurrence: int) -> ActionKey:
    """The same back."""
    return ActionKey(ordinal, ACTION_TYPES.members[type_], CHANNELS[channel], occurrence)


ACTION_PUT = (
    "due_at",
    "shifted_by",
    "state",
    "next_at",
    "attempt",
    "cause",
    "stopping",
    "by_hand",
    "receipt",
    "settled_at",
    "tried_at",
)
"""The columns of an action that change."""


def action_state(action: Action) -> Row:
    """The values of `ACTION_PUT`."""
    return (
        micros(action.due_at),
        None if action.shifted_by is None else SHIFTS.numbers[action.shifted_by],
        ACTION_STATES.numbers[action.state],
        micros_or_none(action.next_at),
        action.attempt,
        action.cause,
        action.stopping,
        action.by_hand,
        action.receipt,
        micros_or_none(action.settled_at),
        micros_or_none(action.tried_at),
    )


def action_values(clinic_no: int, booking_no: int, action: Action) -> Row:
    """For the table `actions`."""
    type_, channel, lane = _KEYS[action.key.type, action.key.channel]
    key = action.key
    return (clinic_no, booking_no, key.ordinal, type_, channel, key.occurrence, lane, *action_state(action))


NEW_ACTION = ("clinic_no", "booking_no", "ordinal", "type", "channel", "occurrence", "lane", *ACTION_PUT[:4])
"""The columns of an action that nothing has happened to; the others have their defaults."""

# From `attempt` on.
_UNTOUCHED = (0, None, False, False, None, None, None)


def new_action_values(clinic_no: int, booking_no: int, action: Action) -> Row | None:
    """For the columns `NEW_ACTION`; None where something has happened to it. Four rows of five are such."""
    # Written out, since intake writes more of these than of anything else.
    (ordinal, kind, messenger, occurrence), due_at, shifted_by, state, next_at, *rest = action
    if tuple(rest) != _UNTOUCHED:
        return None
    type_, channel, lane = _KEYS[kind, messenger]
    due = micros(due_at)
    return (
        clinic_no,
        booking_no,
        ordinal,
        type_,
        channel,
        occurrence,
        lane,
        due,
        None if shifted_by is None else SHIFTS.numbers[shifted_by],
        ACTION_STATES.numbers[state],
        next_at if next_at is None else due if next_at is due_at else micros(next_at),
    )


def action_of(row: Any) -> Action:
    """From the table `actions`."""
    # Taken apart at once: columns by their names cost more than the rest.
    (
        _,
        _,
        ordinal,
        type_,
        channel,
        occurrence,
        _,
        due_at,
        shifted_by,
        state,
        next_at,
        attempt,
        cause,
        stopping,
        by_hand,
        receipt,
        settled_at,
        tried_at,
    ) = row
    return Action(
        key_of(ordinal, type_, channel, occurrence),
        instant(due_at),
        None if shifted_by is None else SHIFTS.members[shifted_by],
        ACTION_STATES.members[state],
        instant_or_none(next_at),
        attempt,
        cause,
        stopping,
        by_hand,
        receipt,
        instant_or_none(settled_at),
        instant_or_none(tried_at),
    )


# ---- bookings

BOOKING_PUT = (
    "state",
    "stamp",
    "decision",
    "facts",
    "client_event",
    "payer_event",
    "first_id",
    "invoice_ordinal",
    "invoice_state",
    "total",
    "paid",
    "invoice_number",
    "invoice_link",
    "invoice_due_on",
    "by_person",
    "applied",
)
"""The columns of a booking that change."""


def booking_state(stored: StoredRecord, decided_on: str | None = None) -> Row:
    """The values of `BOOKING_PUT`. Facts that are those its decision rests on (`decided_on`) are not written again."""
    record = stored.record
    invoice = record.invoice
    return (
        BOOKING_STATES.numbers[record.state],
        record.stamp.number,
        record.decided.number,
        None if stored.facts == decided_on else stored.facts,
        stored.client_event,
        stored.payer_event,
        stored.first_id,
        invoice.ordinal,
        INVOICE_STATES.numbers[invoice.state],
        invoice.total,
        invoice.paid,
        invoice.number,
        invoice.link,
        None if invoice.due_on is None else invoice.due_on.isoformat(),
        None if record.by_person is NOBODY or record.by_person == NOBODY else _by_person_text(record.by_person),
        ",".join([f"{EVENT_TYPES.numbers[kind]}:{micros(at)}" for kind, at in record.applied.items()]),
    )


def booking_values(stored: StoredRecord, decided_on: str) -> Row:
    """For the table `bookings`, of a booking whose decision rests on these facts."""
    booking, state = stored.record.booking, booking_state(stored, decided_on)
    has_open = any(action.is_open for action in stored.record.actions)
    return (stored.clinic_no, stored.booking_no, booking.id, micros(booking.booked_at), *state, has_open)


def record_of(row: Any, booking: Booking, actions: tuple[Action, ...]) -> StoredRecord:
    """From a row of `bookings` joined with its stamp and its decision."""
    record = BookingRecord(
        booking,
        stamp_of(row),
        BOOKING_STATES.members[row.state],
        decided_of(row),
        InvoiceFacts(
            row.invoice_ordinal,
            INVOICE_STATES.members[row.invoice_state],
            row.total,
            row.paid,
            row.invoice_number,
            row.invoice_link,
            None if row.invoice_due_on is None else date.fromisoformat(row.invoice_due_on),
        ),
        NOBODY if row.by_person is None else _by_person_of(row.by_person),
        actions,
        _applied_of(row.applied),
    )
    return StoredRecord(
        row.clinic_no, row.booking_no, record, row.facts, row.client_event, row.payer_event, row.first_id
    )


def _applied_of(text: str) -> Mapping[EventType, datetime]:
    pairs = (pair.split(":") for pair in text.split(",") if pair)
    return {EVENT_TYPES.members[int(kind)]: instant(int(at)) for kind, at in pairs}


def _by_person_text(by: ByPerson) -> str:
    return dumps([by.override, by.override_by, by.override_reason, by.price, micros_or_none(by.send_at)])


def _by_person_of(text: str) -> ByPerson:
    override, by, reason, price, send_at = loads(text)
    return ByPerson(
        None if override is None else OverrideProcess(override),
        by,
        reason,
        None if price is None else Money(*price),
        instant_or_none(send_at),
    )


# ---- stamps and decisions


def stamp_values(clinic_no: int, booking_no: int, stamp: Stamp, policy_no: int | None, engine_no: int) -> Row:
    """For the table `stamps`."""
    return (
        clinic_no,
        booking_no,
        stamp.number,
        stamp.sequence,
        policy_no,
        engine_no,
        micros(stamp.stamped_at),
        stamp.by,
        stamp.reason,
    )


def stamp_of(row: Any) -> Stamp:
    """From a row of `stamps` joined with its policy and engine."""
    return Stamp(
        row.stamp_number,
        row.sequence,
        row.digest,
        row.engine,
        row.tzdata,
        instant(row.stamped_at),
        row.stamped_by,
        row.stamp_reason,
    )


def decision_values(clinic_no: int, row: DecisionRow, decided: Decided) -> Row:
    """For the table `decisions`."""
    price = decided.price
    return (
        clinic_no,
        row.booking_no,
        row.number,
        row.stamp,
        micros(row.decided_at),
        micros(decided.not_before),
        OUTCOMES.numbers[decided.outcome],
        REASONS.numbers[decided.reason],
        decided.rule,
        None if price is None else price.minor,
        None if price is None else price.currency,
        dumps(decided.missing) if decided.missing else None,
        row.facts,
        row.actions,
    )


def decided_of(row: Any) -> Decided:
    """From a row of `decisions`."""
    return Decided(
        row.decision,
        OUTCOMES.members[row.outcome],
        REASONS.members[row.decision_reason],
        row.rule,
        None if row.price is None else Money(row.price, row.currency),
        () if row.missing is None else tuple(loads(row.missing)),
        instant(row.not_before),
    )
