"""Steps that transitions are made of: wanting, ending, holding and settling the actions of a record.

They work on a dict of the actions by key; `with_actions` makes a record of it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from payrules.domain.action import Action, ActionKey, ActionState, HeldCause, Stage, key_order, scheduled
from payrules.domain.decision import ActionType
from payrules.domain.record import BookingRecord

Actions = dict[ActionKey, Action]


class EndCause(StrEnum):
    """Why an action was cancelled."""

    NOT_WANTED = "not_wanted"
    BOOKING_CANCELLED = "booking_cancelled"
    PAID = "paid"
    CREDITED = "credited"
    OVERRIDE = "override"
    ISSUED = "issued"
    REJECTED_CHANNEL = "rejected_channel"
    EARLIER_MESSAGE = "earlier_message"
    DROPPED = "dropped"
    SENT_AGAIN = "sent_again"


STOPS = frozenset({HeldCause.NO_SHOW, HeldCause.CANCELLED_WITH_CHARGE})
"""Causes that hold what was to be sent until a person bills or drops."""


def actions_of(record: BookingRecord) -> Actions:
    """The actions of a record by key."""
    return {action.key: action for action in record.actions}


def with_actions(record: BookingRecord, actions: Actions, **changes: Any) -> BookingRecord:
    """The record with these actions, in their order and with `next_at` set; fields may change with them.

    What would wait for a stage that was rejected is held, so that a person sees it.
    """
    for action in list(actions.values()):
        if action.state is ActionState.WAITING and has_failed_before(actions.values(), action, _REJECTED):
            hold(actions, action, HeldCause.STAGE_FAILED)
    ordered = sorted(actions.values(), key=lambda action: key_order(action.key))
    return replace(record, actions=scheduled(ordered), **changes)


def was_dropped(action: Action) -> bool:
    """Whether a person dropped it; the cause may go on with who and why."""
    return action.cause is not None and action.cause.startswith(EndCause.DROPPED)


def end(actions: Actions, action: Action, cause: EndCause, at: datetime, said: str = "") -> None:
    """Cancel an open action; one that is claimed may have started, so it is only told to stop.

    A draft or an invoice that may be there, since an attempt ended without an answer, stays with a person, unless it
    is that person who drops it. `said` goes with the cause: who wanted it, and why.
    """
    text = f"{cause} {said}".rstrip()
    if action.state is ActionState.CLAIMED:
        actions[action.key] = action._replace(stopping=True, cause=_unless_unanswered(action, text))
    elif action.may_have_happened and action.stage in (Stage.CREATE, Stage.ISSUE) and cause is not EndCause.DROPPED:
        settle(actions, action, ActionState.HELD, at, cause=HeldCause.NO_ANSWER.value)
    elif action.is_open:
        actions[action.key] = action._replace(state=ActionState.CANCELLED, cause=text, next_at=None, settled_at=at)


def hold(actions: Actions, action: Action, cause: HeldCause) -> None:
    """Hold an action that waits; one that is claimed is told to stop, and is held if it has not started."""
    if action.state is ActionState.CLAIMED:
        actions[action.key] = action._replace(stopping=True, cause=_unless_unanswered(action, cause))
    elif action.state is ActionState.WAITING:
        cause_kept = _unless_unanswered(action, cause)
        actions[action.key] = action._replace(state=ActionState.HELD, cause=cause_kept, next_at=None)


def _unless_unanswered(action: Action, cause: str) -> str:
    """The cause, unless an attempt ended without an answer: that must not be forgotten."""
    return HeldCause.NO_ANSWER.value if action.cause == HeldCause.NO_ANSWER else str(cause)


def free(actions: Actions, action: Action, cause: str | None = None) -> None:
    """Let a held action wait for its time again; `cause` says who let it go, and why."""
    actions[action.key] = action._replace(state=ActionState.WAITING, cause=cause, next_at=None)


def free_what_follows(actions: Actions, delivered: Action, stop: HeldCause | None = None) -> None:
    """A stage that had failed is through after all: what it held may go on, unless `stop` holds it too."""
    for action in list(actions.values()):
        if (
            action.key.ordinal == delivered.key.ordinal
            and action.stage > delivered.stage
            and action.state is ActionState.HELD
            and action.cause == HeldCause.STAGE_FAILED
        ):
            free(actions, action)
            if stop is not None and not action.by_hand:
                hold(actions, actions[action.key], stop)


_REJECTED = frozenset({ActionState.REJECTED})
_FAILED = frozenset({ActionState.REJECTED, ActionState.HELD, ActionState.DEAD})


def has_failed_before(among: Iterable[Action], action: Action, states: frozenset[ActionState] = _FAILED) -> bool:
    """Whether an action waits for a stage of its invoice that has failed, or that a person has to settle."""
    if not Stage.ISSUE <= action.stage <= Stage.REMIND:
        return False
    return any(
        a.key.ordinal == action.key.ordinal
        and a.stage in (Stage.CREATE, Stage.ISSUE)
        and a.stage < action.stage
        and a.state in states
        for a in among
    )


def settle(actions: Actions, action: Action, state: ActionState, at: datetime, **changes: Any) -> None:
    """Bring an action to its end, or into a person's hands."""
    settled_at = None if state in (ActionState.HELD, ActionState.DEAD) else at
    actions[action.key] = action._replace(state=state, next_at=None, stopping=False, settled_at=settled_at, **changes)


def want(actions: Actions, wanted: Action, at: datetime) -> None:
    """Add an action, reopen a cancelled one, or move one that waits to its new time.

    What is delivered, rejected, or dropped by a person stays. A time set by hand gives way only to another one. One
    that is claimed and no longer due is told to stop; if it has not started it is reopened when that is known.
    """
    found = actions.get(wanted.key)
    if found is None:
        actions[wanted.key] = wanted
    elif found.state is ActionState.CANCELLED and not was_dropped(found):
        # What may have happened before it was cancelled may have happened still.
        cause = None if found.tried_at is None else HeldCause.NO_ANSWER.value
        actions[wanted.key] = wanted._replace(attempt=found.attempt, tried_at=found.tried_at, cause=cause)
    elif found.is_open:
        actions[wanted.key] = _moved(found, wanted, at)


def _moved(found: Action, wanted: Action, at: datetime) -> Action:
    # Drafts are made, deleted and credited at once; nothing that comes later puts that off.
    may_move = (wanted.by_hand or not found.by_hand) and wanted.stage in (Stage.ISSUE, Stage.LINK)
    moves = may_move and wanted.due_at != found.due_at
    action = found._replace(by_hand=found.by_hand or wanted.by_hand)
    if moves:
        action = action._replace(due_at=wanted.due_at, shifted_by=wanted.shifted_by, next_at=None)
    if found.state is ActionState.CLAIMED:
        stopping = moves and wanted.due_at > at
        unanswered = found.cause if found.cause == HeldCause.NO_ANSWER else None
        cause = _unless_unanswered(found, EndCause.NOT_WANTED) if stopping else unanswered
        return action._replace(next_at=found.next_at, stopping=stopping, cause=cause)
    freed = STOPS | {HeldCause.TOO_LATE} if moves else STOPS
    if found.state is ActionState.HELD and found.cause in freed:
        return action._replace(state=ActionState.WAITING, cause=None, next_at=None)
    return action


def next_occurrence(actions: Actions, ordinal: int, kind: ActionType) -> int:
    """The number of the next action of a type that is repeated."""
    return 1 + max((k.occurrence for k in actions if k.ordinal == ordinal and k.type is kind), default=0)
