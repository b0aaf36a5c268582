"""Actions: what the outbox holds for a booking, in which order they may run, and when one is tried again.

An action is named by its key: clinic, booking, ordinal of the invoice, type, channel, occurrence. The key does
not depend on the stamp, so whoever decides again names the same action again, and no effect happens twice.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from payrules.domain.decision import ActionType, Shift
from payrules.domain.policy import Channel


class ActionState(StrEnum):
    """Where an action is. Every action ends delivered, rejected or cancelled, or is listed as held or dead."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    HELD = "held"
    DEAD = "dead"


OPEN = frozenset({ActionState.WAITING, ActionState.CLAIMED, ActionState.HELD, ActionState.DEAD})
"""The states in which an action may still have an effect."""


class Stage(IntEnum):
    """The stages of one invoice, which run in this order."""

    CREATE = 1
    CHANGE = 2
    ISSUE = 3
    LINK = 4
    REMIND = 5
    CLOSE = 6


STAGES: dict[ActionType, Stage] = {
    ActionType.CREATE_INVOICE: Stage.CREATE,
    ActionType.UPDATE_DRAFT: Stage.CHANGE,
    ActionType.DELETE_DRAFT: Stage.CHANGE,
    ActionType.ISSUE_INVOICE: Stage.ISSUE,
    ActionType.SEND_PAYMENT_LINK: Stage.LINK,
    ActionType.SEND_REMINDER: Stage.REMIND,
    ActionType.CREDIT_INVOICE: Stage.CLOSE,
}
"""The stage of each type of action."""

SENDS = frozenset({ActionType.SEND_PAYMENT_LINK, ActionType.SEND_REMINDER})
"""Actions that send a message to the payer."""


class HeldCause(StrEnum):
    """Why an action waits for a person: a closed list, stable for machines."""

    NO_ANSWER = "no_answer"
    TOO_LATE = "too_late"
    CLINIC_HELD = "clinic_held"
    NOT_VERIFIED = "not_verified"
    STAGE_FAILED = "stage_failed"
    NO_SHOW = "no_show"
    CANCELLED_WITH_CHARGE = "cancelled_with_charge"
    NO_CONTACT = "no_contact"
    NO_POLICY = "no_policy"


class ActionKey(NamedTuple):
    """Which action of a booking. `ordinal` counts the booking's invoices from 1, `occurrence` repeated actions."""

    ordinal: int
    type: ActionType
    channel: Channel | None = None
    occurrence: int = 1

    def text(self, clinic: str, booking_id: str) -> str:
        """The idempotency key, such as `nordlys/bk-1/1/send_payment_link/sms/1`: readable, and the same for ever."""
        return f"{clinic}/{booking_id}/{self.ordinal}/{self.type}/{self.channel or '-'}/{self.occurrence}"

    @classmethod
    def parse(cls, text: str) -> "tuple[str, str, ActionKey]":
        """The clinic, the booking id and the key that an idempotency key was made of; raises ValueError for others."""
        clinic, booking_id, ordinal, kind, channel, occurrence = text.split("/")
        key = cls(int(ordinal), ActionType(kind), None if channel == "-" else Channel(channel), int(occurrence))
        if not clinic or not booking_id or key.text(clinic, booking_id) != text:
            raise ValueError("not written as an idempotency key is")
        return clinic, booking_id, key


_TYPES = {kind: n for n, kind in enumerate(ActionType)}
_CHANNELS = {None: 0} | {channel: n for n, channel in enumerate(Channel, 1)}


def key_order(key: ActionKey) -> tuple[int, int, int, int]:
    """What the actions of a booking are sorted by."""
    return key.ordinal, _TYPES[key.type], _CHANNELS[key.channel], key.occurrence


class Action(NamedTuple):
    """An action due for a booking; instants are aware UTC.

    `next_at` is when the outbox has to look at it: a waiting action may be claimed from then on, a claimed one
    has lost its lease. None where nothing is to be done, an earlier stage not being delivered included.
    `attempt` counts the attempts begun. `cause` says why it is held, dead, rejected or cancelled. `stopping` is
    true for a claimed action whose booking was cancelled meanwhile: it must not start, but may have.
    `by_hand` is true where a person set the time or released it: neither rescheduling, quiet hours nor lateness
    change that. `tried_at` is when the first attempt began of which nobody knows what it did: from then on a provider
    may know the key. None where every attempt that ended surely did nothing.
    """

    key: ActionKey
    due_at: datetime
    shifted_by: Shift | None = None
    state: ActionState = ActionState.WAITING
    next_at: datetime | None = None
    attempt: int = 0
    cause: str | None = None
    stopping: bool = False
    by_hand: bool = False
    receipt: str | None = None
    settled_at: datetime | None = None
    tried_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        """The stage of its invoice that it belongs to."""
        return STAGES[self.key.type]

    @property
    def is_open(self) -> bool:
        """Whether it may still have an effect."""
        return self.state in OPEN

    @property
    def may_have_happened(self) -> bool:
        """Whether nobody knows if its effect is there: it is claimed, or an attempt ended without an answer."""
        unanswered = self.tried_at is not None or self.cause == HeldCause.NO_ANSWER
        return self.is_open and (unanswered or self.state is ActionState.CLAIMED)


def scheduled(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions of one booking with `next_at` set for those that wait: their time, or None while blocked.

    An action is blocked until the earlier stage of its invoice is delivered; the link stage is when one channel is.
    A waiting action keeps a `next_at` that a retry set later than `due_at`.
    """
    kept = tuple(actions)
    return tuple(
        action
        if action.state is not ActionState.WAITING
        else action._replace(
            next_at=None if _blocked(action, kept) else max(action.due_at, action.next_at or action.due_at)
        )
        for action in kept
    )


def _blocked(action: Action, among: tuple[Action, ...]) -> bool:
    stage = STAGES[action.key.type]
    if stage is Stage.CREATE:
        return False
    ordinal = action.key.ordinal
    others = [(STAGES[a.key.type], a) for a in among if a.key.ordinal == ordinal]
    needed = Stage.CREATE if stage <= Stage.ISSUE else Stage.ISSUE
    if not any(its is needed and a.state is ActionState.DELIVERED for its, a in others):
        return True
    if stage is Stage.CHANGE:
        # One change after the other, the deletion last; none while the invoice may be issued at this moment.
        return any(
            (its is Stage.CHANGE and a.is_open and _turn(a.key) < _turn(action.key))
            or (its is Stage.ISSUE and a.may_have_happened)
            for its, a in others
        )
    if stage is Stage.ISSUE:
        # What may be issued already is settled first; then there is no draft left to change.
        return not action.may_have_happened and any(its is Stage.CHANGE and a.is_open for its, a in others)
    if stage is Stage.REMIND:
        return not any(its is Stage.LINK and a.state is ActionState.DELIVERED for its, a in others)
    return False


def _turn(key: ActionKey) -> tuple[bool, int]:
    return key.type is ActionType.DELETE_DRAFT, key.occurrence


class Delivered(NamedTuple):
    """The provider did it. `receipt` is its name for what it did, without personal details.

    Of an invoice that was issued, as it stands on it, since a key that was asked before is answered with what was done
    then: `link` is where it can be paid, `total` what it is over, in minor units, and `due_on` the day it is due.
    """

    receipt: str
    link: str | None = None
    total: int | None = None
    due_on: date | None = None


class RetryLater(NamedTuple):
    """The provider did nothing, and may later; `after` is how long it asked to wait."""

    cause: str
    after: timedelta | None = None


class Rejected(NamedTuple):
    """The provider did nothing, and never will."""

    cause: str


class NoAnswer(NamedTuple):
    """Nobody knows whether the provider did it: a crash, a broken connection, an expired lease."""

    cause: str


Answer = Delivered | RetryLater | Rejected
"""What an adapter returns. What it raises counts as no answer."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 15
TOO_LATE = timedelta(hours=24)
"""A send that is later than this is held for a person instead of being sent."""


def retry_at(attempt: int, now: datetime, after: timedelta | None, jitter: float) -> datetime | None:
    """When an action is tried again after its `attempt`-th attempt; None when it has been tried often enough.

    The wait doubles from half a minute to an hour. `jitter`, from 0 up to 1, takes up to half of it away, so that
    what failed together does not come back together. Never earlier than the provider asked for.
    Source: exponential backoff with equal jitter.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    wait = min(FIRST_WAIT * (1 << (attempt - 1)), LONGEST_WAIT)
    wait -= wait / 2 * jitter
    return now + (wait if after is None else max(wait, after))
