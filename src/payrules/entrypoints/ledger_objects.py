"""Differences, holds, stuck actions and restamped bookings as JSON objects: no client is named in any."""

from collections import Counter
from typing import Any

from payrules.app.audit_checks import Difference
from payrules.app.holding import Holding
from payrules.app.restamp import Restamped
from payrules.app.stuck import Done, Refund, Stopped, StuckAction, Undecided
from payrules.entrypoints.activation_objects import hold_object, instant_text
from payrules.entrypoints.ledger_words import STOPPED, amount_text, cause_text, undecided_text, without_addresses


def difference_object(difference: Difference) -> dict[str, Any]:
    """Something that is not as computed."""
    return {"kind": "difference"} | difference._asdict()


def audit_object(counts: Counter[str]) -> dict[str, Any]:
    """What was looked at."""
    return {"kind": "summary"} | {name: counts[name] for name in COUNTS}


COUNTS = (
    "clinics",
    "activations",
    "policies",
    "bookings",
    "stamps",
    "decisions",
    "actions",
    "not_computed",
    "errors",
    "otherwise",
)
"""What an audit counts."""


def action_object(stuck: StuckAction) -> dict[str, Any]:
    """A held or dead action."""
    action = stuck.action
    return {
        "kind": "action",
        "key": stuck.key,
        "clinic": stuck.clinic,
        "booking_id": stuck.booking_id,
        "type": action.key.type.value,
        "channel": None if action.key.channel is None else action.key.channel.value,
        "state": action.state.value,
        "cause": without_addresses(action.cause or ""),
        "why": cause_text(stuck),
        "due_at": instant_text(action.due_at),
        "attempts": action.attempt,
    }


def waiting_object(waiting: Undecided | Stopped | Refund) -> dict[str, Any]:
    """A booking that waits for a person."""
    booking = {"clinic": waiting.clinic, "booking_id": waiting.booking_id}
    match waiting:
        case Undecided():
            missing = list(waiting.missing)
            why = undecided_text(waiting)
            return {"kind": "undecided"} | booking | {"reason": waiting.reason.value, "missing": missing, "why": why}
        case Stopped():
            return {"kind": "stopped"} | booking | {"cause": waiting.cause.value, "why": STOPPED[waiting.cause]}
        case Refund():
            amount = {"amount": amount_text(waiting), "currency": waiting.currency, "minor_units": waiting.minor}
            return {"kind": "refund"} | booking | amount


def done_object(done: Done) -> dict[str, Any]:
    """What became of an action."""
    outcome = "refused" if done.is_refused else done.verb.value
    return {"key": done.key, "outcome": outcome, "code": done.code, "reason": done.sentence}


def restamped_object(row: Restamped) -> dict[str, Any]:
    """What became of a booking."""
    stamp = row.stamp
    return {
        "booking_id": row.booking_id,
        "clinic": row.clinic,
        "outcome": row.outcome.value,
        "stamp": None if stamp is None else stamp.number,
        "activation": None if stamp is None else stamp.sequence,
        "digest": None if stamp is None else stamp.digest,
        "decided": None if row.decided is None else row.decided.value,
        "code": row.code,
        "reason": row.sentence,
    }


def holding_object(holding: Holding) -> dict[str, Any]:
    """What a hold or a release did."""
    holds = [hold_object(hold) for hold in holding.holds]
    return {"clinic": holding.clinic, "outcome": holding.outcome.value, "bookings": holding.bookings, "holds": holds}
