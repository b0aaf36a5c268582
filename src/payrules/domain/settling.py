"""What an attempt's end means for its booking. Pure; the table of states and events is `lifecycle`'s."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from payrules.domain.action import (
    SENDS,
    TOO_LATE,
    Action,
    ActionKey,
    ActionState,
    Answer,
    Delivered,
    HeldCause,
    NoAnswer,
    Rejected,
    RetryLater,
    retry_at,
    scheduled,
)
from payrules.domain.decision import ActionType, Uncovered
from payrules.domain.events import InvoiceCreated, InvoiceIssued, LinkSent, SendFailed
from payrules.domain.lifecycle import advance
from payrules.domain.policy import Policy
from payrules.domain.record import BookingRecord


class NotStarted(StrEnum):
    """Why a claimed action was not begun. Nothing happened at the provider."""

    RELEASED = "released"
    """The worker stops, or the lease is too short for the call: somebody takes it again."""
    STOPPED = "stopped"
    """The booking was cancelled or its clinic held after the claim."""
    TOO_LATE = "too_late"
    NO_CONTACT = "no_contact"
    """The payer's address was erased or never told."""
    NO_POLICY = "no_policy"
    """Nothing was in force when it was booked, and nothing is now: there are no terms to write on an invoice."""


_FOR_A_PERSON = frozenset({NotStarted.TOO_LATE, NotStarted.NO_CONTACT, NotStarted.NO_POLICY})


class NotYet(NamedTuple):
    """A message whose quiet hours have begun since it was made: it is looked at again at `until`."""

    until: datetime


Ending = Answer | NoAnswer | NotStarted | NotYet
"""How an attempt ended."""


class Ended(NamedTuple):
    """The end of one attempt of an action, at an aware UTC instant.

    `total` is the amount that was asked for, in minor units. `unsure` is true where nobody knows what an earlier
    attempt did, `expired` where that was the one before.
    """

    key: ActionKey
    attempt: int
    ending: Ending
    at: datetime
    total: int | None = None
    expired: bool = False
    unsure: bool = False


_ISSUING = frozenset({ActionType.ISSUE_INVOICE, ActionType.CREDIT_INVOICE})


def is_too_late(action: Action, now: datetime) -> bool:
    """Whether a message is so late that a person decides; what a person timed or released is never too late."""
    return action.key.type in SENDS and not action.by_hand and now - action.due_at > TOO_LATE


def settle(
    record: BookingRecord, ended: Ended, cover: Policy | Uncovered, *, honoured: bool, jitter: float
) -> BookingRecord:
    """The booking after an attempt; unchanged where the claim is not this attempt's any more.

    `honoured` says whether the provider still knows the idempotency key, so that an attempt without an answer may be
    made again: never a silent second message. `jitter`, from 0 up to 1, spreads retries.
    """
    key, ending, at = ended.key, ended.ending, ended.at
    action = next((a for a in record.actions if a.key == key), None)
    if action is None or action.state is not ActionState.CLAIMED or action.attempt != ended.attempt:
        return record
    if isinstance(ending, Delivered):
        return advance(record, _delivered(ended, ending), cover).record
    if isinstance(ending, Rejected):
        return _failed(record, ended, ActionState.REJECTED, ending.cause, cover)
    unanswered = ended.unsure or isinstance(ending, NoAnswer)
    if not unanswered:
        # Nothing happened at the provider: it does not know the key.
        action = action._replace(tried_at=None)
        record = _with(record, action)
    if unanswered and (action.stopping or (isinstance(ending, NoAnswer) and not honoured)):
        return _failed(record, ended, ActionState.HELD, HeldCause.NO_ANSWER, cover)
    if action.stopping:
        return _failed(record, ended, ActionState.CANCELLED, action.cause or "", cover)
    if ending in _FOR_A_PERSON:
        return _failed(record, ended, ActionState.HELD, HeldCause(str(ending)), cover)
    # What a person has let go stays so, until another attempt ends without an answer.
    lost = ended.expired or isinstance(ending, NoAnswer)
    cause = HeldCause.NO_ANSWER.value if lost else action.cause
    if isinstance(ending, NotStarted):
        return _again(record, action, at, cause)
    if isinstance(ending, NotYet):
        return _again(record, action, ending.until, cause)
    again_at = retry_at(ended.attempt, at, ending.after if isinstance(ending, RetryLater) else None, jitter)
    if again_at is None:
        # Nobody knows of an attempt without an answer: that is for a person, whatever came after it.
        if unanswered:
            return _failed(record, ended, ActionState.HELD, HeldCause.NO_ANSWER, cover)
        return _failed(record, ended, ActionState.DEAD, ending.cause, cover)
    return _again(record, action, again_at, cause if unanswered else ending.cause)


def _delivered(ended: Ended, answer: Delivered) -> InvoiceCreated | InvoiceIssued | LinkSent:
    key, at = ended.key, ended.at
    if key.type in SENDS:
        return LinkSent(at, key, answer.receipt)
    if key.type in _ISSUING:
        total = ended.total if answer.total is None else answer.total
        return InvoiceIssued(at, key, answer.receipt, total, answer.link, answer.due_on)
    return InvoiceCreated(at, key, answer.receipt)


def _failed(
    record: BookingRecord, ended: Ended, state: ActionState, cause: str, cover: Policy | Uncovered
) -> BookingRecord:
    return advance(record, SendFailed(ended.at, ended.key, state, cause), cover).record


def _again(record: BookingRecord, action: Action, next_at: datetime, cause: str | None) -> BookingRecord:
    return _with(record, action._replace(state=ActionState.WAITING, next_at=next_at, cause=cause))


def _with(record: BookingRecord, action: Action) -> BookingRecord:
    return replace(record, actions=scheduled(action if a.key == action.key else a for a in record.actions))
