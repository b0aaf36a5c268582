"""What people do about one booking beside events: another stamp; held or dead actions let go, dropped or found done."""

from dataclasses import replace
from datetime import datetime

from payrules.domain.action import SENDS, ActionKey, ActionState, HeldCause, Stage
from payrules.domain.decision import ActionType
from payrules.domain.events import LinkSent
from payrules.domain.lifecycle.acting import (
    EndCause,
    actions_of,
    end,
    free,
    free_what_follows,
    has_failed_before,
    hold,
    with_actions,
)
from payrules.domain.lifecycle.answers import Advanced, Refusal, refused
from payrules.domain.lifecycle.deciding import WITHOUT_INVOICE, Cover, aim, decide_again, stop_of
from payrules.domain.lifecycle.outbox_events import link_sent
from payrules.domain.record import BookingRecord, BookingState, Stamp

_ENDING = frozenset({ActionType.DELETE_DRAFT, ActionType.CREDIT_INVOICE})


def restamped(record: BookingRecord, stamp: Stamp, cover: Cover, at: datetime) -> Advanced:
    """The booking under another stamp: the draft is kept, open actions are decided anew as of `at`.

    Refused once an invoice was issued, while an action is claimed, and after a cancellation.
    """
    if record.state is BookingState.CANCELLED:
        return refused(record, Refusal.BOOKING_CANCELLED)
    if any(a.key.type is ActionType.ISSUE_INVOICE and a.state is ActionState.DELIVERED for a in record.actions):
        return refused(record, Refusal.ALREADY_ISSUED)
    if any(a.state is ActionState.CLAIMED for a in record.actions):
        return refused(record, Refusal.ACTION_CLAIMED)
    after, decision = decide_again(replace(record, stamp=stamp), cover, at, changed=True)
    return Advanced(after, decision=decision)


def send_draft(record: BookingRecord, cover: Cover, send_at: datetime, at: datetime) -> Advanced:
    """A person sends the draft at an absolute time, now or later: neither quiet hours nor rescheduling move it."""
    if record.state is not BookingState.DRAFT:
        return refused(record, Refusal.NO_DRAFT)
    by_person = record.by_person._replace(send_at=send_at)
    return Advanced(aim(replace(record, by_person=by_person), cover, at))


def release_held(record: BookingRecord, key: ActionKey, said: str | None = None) -> Advanced:
    """A person lets a held action go: it waits for its time, and is neither moved nor too late any more.

    `said` is kept as its cause: who did it, and why.
    """
    return _let_go(record, key, ActionState.HELD, Refusal.NOT_HELD, said)


def retry_dead(record: BookingRecord, key: ActionKey, said: str | None = None) -> Advanced:
    """A person has a dead action tried once more; `said` is kept as its cause."""
    return _let_go(record, key, ActionState.DEAD, Refusal.NOT_DEAD, said)


def _let_go(
    record: BookingRecord, key: ActionKey, state: ActionState, otherwise: Refusal, said: str | None
) -> Advanced:
    actions = actions_of(record)
    action = actions.get(key)
    if action is None:
        return refused(record, Refusal.UNKNOWN_ACTION)
    if action.state is not state:
        return refused(record, otherwise)
    if key.type not in _ENDING and record.state in WITHOUT_INVOICE:
        return refused(record, Refusal.NOT_WANTED)
    if key.type in SENDS and (record.state is BookingState.PAID or key.ordinal != record.invoice.ordinal):
        return refused(record, Refusal.NOT_WANTED)
    if has_failed_before(record.actions, action):
        return refused(record, Refusal.STAGE_FAILED)
    free(actions, action._replace(by_hand=True), said)
    return Advanced(with_actions(record, actions))


def drop_held(record: BookingRecord, key: ActionKey, at: datetime, said: str = "") -> Advanced:
    """A person drops a held or dead action, and what cannot be done without it. No decision brings it back.

    `said` is kept in the cause, after `dropped`: who did it, and why.
    """
    actions = actions_of(record)
    action = actions.get(key)
    if action is None:
        return refused(record, Refusal.UNKNOWN_ACTION)
    if action.state not in (ActionState.HELD, ActionState.DEAD):
        return refused(record, Refusal.NOT_HELD)
    end(actions, action, EndCause.DROPPED, at, said)
    if key.type is ActionType.UPDATE_DRAFT:
        free_what_follows(actions, action, stop_of(record))
    elif key.type in (ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE):
        for other in record.actions:
            follows = action.stage < other.stage <= Stage.REMIND and other.key.type is not ActionType.DELETE_DRAFT
            if follows and other.key.ordinal == key.ordinal:
                end(actions, other, EndCause.DROPPED, at, said)
    return Advanced(with_actions(record, actions))


def found_delivered(record: BookingRecord, key: ActionKey, cover: Cover, at: datetime, receipt: str) -> Advanced:
    """A person found out that a message without an answer has arrived: as if the provider had just said so.

    `receipt` says who found it out. What a delivered message leads to follows from `at`.
    """
    action = actions_of(record).get(key)
    if action is None:
        return refused(record, Refusal.UNKNOWN_ACTION)
    if action.state is not ActionState.HELD:
        return refused(record, Refusal.NOT_HELD)
    if key.type not in SENDS:
        return refused(record, Refusal.NO_MESSAGE)
    if not action.may_have_happened:
        return refused(record, Refusal.NEVER_TRIED)
    return link_sent(record, LinkSent(at, key, receipt), cover)


def hold_open(record: BookingRecord, cause: HeldCause, at: datetime) -> BookingRecord:
    """Hold everything that waits, for a cause outside the booking: the clinic is held, or not verified any more.

    What is claimed is told to stop, and is held too if it has not started.
    """
    actions = actions_of(record)
    for action in record.actions:
        if not action.stopping:
            hold(actions, action, cause)
    return with_actions(record, actions)


def release_hold(record: BookingRecord, cause: HeldCause, at: datetime) -> BookingRecord:
    """Let go what `hold_open` held for the cause."""
    actions = actions_of(record)
    for action in record.actions:
        if action.cause == cause and action.state is ActionState.HELD:
            free(actions, action)
        elif action.cause == cause and action.stopping:
            actions[action.key] = action._replace(stopping=False, cause=None)
    # What happened meanwhile holds on.
    stop = stop_of(record)
    for action in list(actions.values()):
        sending = action.stage in (Stage.ISSUE, Stage.LINK) and action.key.ordinal == record.invoice.ordinal
        if stop is not None and sending and not action.by_hand:
            hold(actions, action, stop)
        elif has_failed_before(actions.values(), action):
            hold(actions, action, HeldCause.STAGE_FAILED)
    return with_actions(record, actions)
