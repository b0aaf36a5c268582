"""Enums and instants as the numbers that the ledger keeps. A number never changes its meaning; new ones are added."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from payrules.app.rows import EventState
from payrules.domain.action import ActionState
from payrules.domain.decision import ActionType, Outcome, Reason, Shift
from payrules.domain.events import EventType
from payrules.domain.policy import Channel
from payrules.domain.record import BookingState, InvoiceState

E = TypeVar("E")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Codes(Generic[E]):
    """Members of an enum by number and numbers by member. Plain dictionaries, since they are asked for every row."""

    __slots__ = ("members", "numbers")

    def __init__(self, *members: E) -> None:
        """The members in the order of their numbers, from 1 on."""
        self.members: Mapping[int, E] = dict(enumerate(members, 1))
        self.numbers: Mapping[E, int] = {member: number for number, member in self.members.items()}


EVENT_TYPES = Codes(
    EventType.BOOKED,
    EventType.RESCHEDULED,
    EventType.CANCELLED,
    EventType.PRICE_CHANGED,
    EventType.UPDATED,
    EventType.NO_SHOW,
    EventType.OVERRIDE,
    EventType.PAID,
    EventType.REFUNDED,
    EventType.CREDITED,
    EventType.INVOICE_CREATED,
    EventType.INVOICE_ISSUED,
    EventType.LINK_SENT,
    EventType.SEND_FAILED,
    EventType.DRAFT_SENT,
    EventType.LINK_RESENT,
)
EVENT_STATES = Codes(EventState.APPLIED, EventState.STALE, EventState.EARLY, EventState.REFUSED)
BOOKING_STATES = Codes(
    BookingState.UNDECIDED,
    BookingState.EXTERNALLY_BILLED,
    BookingState.NO_CHARGE,
    BookingState.SCHEDULED,
    BookingState.DRAFT,
    BookingState.STOPPED,
    BookingState.ISSUED,
    BookingState.PAID,
    BookingState.CANCELLED,
)
INVOICE_STATES = Codes(
    InvoiceState.NONE, InvoiceState.DRAFTED, InvoiceState.ISSUED, InvoiceState.CREDITED, InvoiceState.DELETED
)
OUTCOMES = Codes(Outcome.AUTOMATIC, Outcome.DRAFT, Outcome.EXTERNALLY_BILLED, Outcome.NO_CHARGE, Outcome.UNDECIDED)
REASONS = Codes(
    Reason.PROCESS_AUTOMATIC,
    Reason.PROCESS_MANUAL,
    Reason.MANUAL_WITHOUT_DRAFTS,
    Reason.PAYMENTS_INACTIVE,
    Reason.NOT_VERIFIED,
    Reason.BOOKED_BEFORE_ACTIVATION,
    Reason.PRICE_ZERO,
    Reason.MISSING_FACT,
    Reason.MISSING_PRICE,
    Reason.NO_REACHABLE_CHANNEL,
)
ACTION_TYPES = Codes(
    ActionType.CREATE_INVOICE,
    ActionType.ISSUE_INVOICE,
    ActionType.SEND_PAYMENT_LINK,
    ActionType.SEND_REMINDER,
    ActionType.UPDATE_DRAFT,
    ActionType.DELETE_DRAFT,
    ActionType.CREDIT_INVOICE,
)
ACTION_STATES = Codes(
    ActionState.WAITING,
    ActionState.CLAIMED,
    ActionState.DELIVERED,
    ActionState.REJECTED,
    ActionState.CANCELLED,
    ActionState.HELD,
    ActionState.DEAD,
)
SHIFTS = Codes(Shift.QUIET_HOURS, Shift.NOT_BEFORE)

CHANNELS: Mapping[int, Channel | None] = {0: None, 1: Channel.SMS, 2: Channel.EMAIL}
CHANNEL_NUMBERS: Mapping[Channel | None, int] = {channel: number for number, channel in CHANNELS.items()}
"""No channel is 0, since a part of a key must be there."""


def micros(instant: datetime) -> int:
    """An aware instant in microseconds since 1970."""
    since = instant - _EPOCH
    return since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds


def micros_or_none(instant: datetime | None) -> int | None:
    """The same, where there may be none."""
    return None if instant is None else micros(instant)


def instant(number: int) -> datetime:
    """The instant of a number of microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=number)


def instant_or_none(number: int | None) -> datetime | None:
    """The same, where there may be none."""
    return None if number is None else instant(number)
