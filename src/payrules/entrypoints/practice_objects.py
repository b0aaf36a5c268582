"""Bookings and their stories as JSON objects: instants are ISO 8601 in UTC, amounts are decimal strings."""

import json
from typing import Any

from payrules.app.booking_story import DecisionTold, Story, person_of
from payrules.app.bookings import Seen
from payrules.app.event_intake import PERSON, read_body
from payrules.app.rows import AttemptRow, DeedRow, EventRow
from payrules.domain.action import Action, ActionState
from payrules.domain.lifecycle import refund_due
from payrules.domain.money import MINOR_UNITS, format_minor
from payrules.domain.record import Stamp
from payrules.entrypoints.activation_objects import instant_text
from payrules.entrypoints.ledger_words import without_addresses
from payrules.entrypoints.practice_words import stuck_of


def booking_object(seen: Seen) -> dict[str, Any]:
    """One booking as `bookings list` and `drafts list` tell it. `next` is the action that is due first."""
    record = seen.stored.record
    invoice, booking, currency = record.invoice, record.booking, seen.currency
    planned = [action for action in record.actions if action.state is ActionState.WAITING]
    first = min(planned, key=lambda action: action.due_at, default=None)
    return {
        "clinic": seen.clinic,
        "booking_id": seen.booking_id,
        "state": record.state.value,
        "starts_at": instant_text(booking.starts_at),
        "ends_at": instant_text(booking.ends_at),
        "price": _money(seen.total, currency),
        "paid": _money(invoice.paid, currency),
        "left": _money(seen.left, currency),
        "refund_due": _money(refund_due(record), currency),
        "invoice": {"ordinal": invoice.ordinal, "state": invoice.state.value, "number": invoice.number},
        "send_at": instant_text(record.by_person.send_at),
        "override": record.by_person.override,
        "channels": [channel.value for channel in seen.channels],
        "missing": list(seen.missing),
        "next": None if first is None else _action_object(seen, first),
        "stuck": [_action_object(seen, action) for action in stuck_of(seen)],
    }


def story_object(story: Story) -> dict[str, Any]:
    """Everything about one booking; `contacts` is null unless it was asked for."""
    seen = story.seen
    return booking_object(seen) | {
        "facts": json.loads(seen.stored.facts),
        "contacts": {party.name.lower(): contact._asdict() for party, contact in story.contacts.items()} or None,
        "events": [_event_object(row) for row in story.events],
        "stamps": [_stamp_object(stamp) for stamp in story.stamps],
        "decisions": [_decision_object(told) for told in story.decisions],
        "deeds": [_deed_object(seen, row) for row in story.deeds],
        "actions": [
            _action_object(seen, action)
            | {"attempts": [_attempt_object(row) for row in story.attempts if row.key == action.key]}
            for action in seen.stored.record.actions
        ],
    }


def _money(minor: int | None, currency: str | None) -> dict[str, str] | None:
    if minor is None or currency is None:
        return None
    return {"amount": format_minor(minor, MINOR_UNITS[currency]), "currency": currency}


def _action_object(seen: Seen, action: Action) -> dict[str, Any]:
    return {
        "key": action.key.text(seen.clinic, seen.stored.key_id),
        "type": action.key.type.value,
        "channel": action.key.channel,
        "state": action.state.value,
        "due_at": instant_text(action.due_at),
        "shifted_by": action.shifted_by,
        "by_hand": action.by_hand,
        "cause": None if action.cause is None else without_addresses(action.cause),
        "receipt": action.receipt,
        "settled_at": instant_text(action.settled_at),
    }


def _attempt_object(row: AttemptRow) -> dict[str, Any]:
    return {
        "attempt": row.attempt,
        "started_at": instant_text(row.started_at),
        "ended_at": instant_text(row.ended_at),
        "answer": row.answer,
        "detail": without_addresses(row.detail),
        "worker": row.worker,
    }


def _deed_object(seen: Seen, row: DeedRow) -> dict[str, Any]:
    return {
        "key": row.key.text(seen.clinic, seen.stored.key_id),
        "verb": row.verb,
        "actor": row.actor,
        "reason": row.reason,
        "done_at": instant_text(row.done_at),
    }


def _event_object(row: EventRow) -> dict[str, Any]:
    told = read_body(row.body)
    return {
        "event_id": row.event_id,
        "type": row.type.value,
        "booking_id": row.booking_id,
        "occurred_at": instant_text(row.occurred_at),
        "received_at": instant_text(row.received_at),
        "state": row.state.value,
        "reason": row.reason,
        "person": person_of(row),
        "told": {key: value for key, value in told.items() if key != PERSON},
    }


def _stamp_object(stamp: Stamp) -> dict[str, Any]:
    return stamp._asdict() | {"stamped_at": instant_text(stamp.stamped_at)}


def _decision_object(told: DecisionTold) -> dict[str, Any]:
    row, decided, decider = told
    return {
        "number": row.number,
        "stamp": row.stamp,
        "decided_at": instant_text(row.decided_at),
        "outcome": decided.outcome.value,
        "reason": decided.reason.value,
        "decider": None if decider is None else decider._asdict(),
        "price": None if decided.price is None else _money(decided.price.minor, decided.price.currency),
        "missing": list(decided.missing),
    }
