"""Lives of bookings for tests: a record, the events that meet it, and a worker that carries its actions out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.builders import AUTOMATIC, MANUAL, booking, policy, quiet

from payrules.domain.action import SENDS, Action, ActionKey, ActionState, scheduled
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType, Uncovered, decide
from payrules.domain.duration import parse_duration
from payrules.domain.events import InvoiceCreated, InvoiceIssued, LinkSent, SendFailed
from payrules.domain.lifecycle import Advanced, Cover, advance, begin
from payrules.domain.policy import Channel, Delivery, QuietHours, Terms
from payrules.domain.record import BookingRecord, Stamp

CREATE, ISSUE = ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE
LINK, REMIND = ActionType.SEND_PAYMENT_LINK, ActionType.SEND_REMINDER
UPDATE, DELETE, CREDIT = ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT, ActionType.CREDIT_INVOICE
SMS, EMAIL = Channel.SMS, Channel.EMAIL

STAMP = Stamp(1, 1, "0" * 64, "1.0", "2026.1", booking().booked_at)
NIGHT = quiet("21:00", "08:00")


def terms(
    reminders: str = "7d 14d",
    *,
    delivery: Delivery = Delivery.ALL,
    channels: tuple[Channel, ...] = (SMS, EMAIL),
    quiet_hours: QuietHours | None = NIGHT,
) -> Terms:
    """Automatic terms: 15 minutes after the appointment, with reminders and a quiet night."""
    notification = AUTOMATIC.notification._replace(delivery=delivery, channels=channels, quiet_hours=quiet_hours)
    return AUTOMATIC._replace(notification=notification, reminders=tuple(map(parse_duration, reminders.split())))


AUTOMATICALLY = policy(terms=terms())
BY_HAND = policy(terms=MANUAL)
OUTSIDE = policy(active=False)
BEFORE = Uncovered.BOOKED_BEFORE_ACTIVATION


def begun(cover: Cover = AUTOMATICALLY, here: Booking | None = None) -> BookingRecord:
    """A booking that was just decided."""
    here = here or booking()
    return begin(here, STAMP, decide(cover, here, here.booked_at), here.booked_at, here.booked_at)


def of(record: BookingRecord, kind: ActionType, channel: Channel | None = None, **key: Any) -> Action:
    """One action of a record; of the first ordinal and occurrence where nothing else is said."""
    wanted = ActionKey(key.get("ordinal", 1), kind, channel, key.get("occurrence", 1))
    return next(action for action in record.actions if action.key == wanted)


def types(record: BookingRecord, *states: ActionState) -> list[ActionType]:
    """The types of the actions in some states, in the order of their keys."""
    return [action.key.type for action in record.actions if action.state in states]


def claimed(record: BookingRecord, action: Action) -> BookingRecord:
    """The record when a worker has claimed an action, as the ledger writes it."""
    lease_until = (action.next_at or action.due_at) + timedelta(minutes=5)
    taken = action._replace(state=ActionState.CLAIMED, attempt=action.attempt + 1, next_at=lease_until)
    return replace(record, actions=scheduled(taken if a.key == action.key else a for a in record.actions))


def delivery_of(action: Action, at: datetime) -> InvoiceCreated | InvoiceIssued | LinkSent:
    """The event of an action that was delivered."""
    if action.key.type in SENDS:
        return LinkSent(at, action.key, "m-1")
    if action.key.type in (ISSUE, CREDIT):
        return InvoiceIssued(at, action.key, f"N-{action.key.ordinal}")
    return InvoiceCreated(at, action.key, "d-1")


def delivered(record: BookingRecord, action: Action, cover: Cover, at: datetime | None = None) -> Advanced:
    """What follows when an action is claimed and delivered at its time."""
    taken = claimed(record, action)
    return advance(taken, delivery_of(action, at or action.due_at), cover)


def failed(record: BookingRecord, action: Action, cover: Cover, state: str, cause: str = "refused") -> Advanced:
    """What follows when an action is claimed and fails at its time."""
    return advance(claimed(record, action), SendFailed(action.due_at, action.key, state, cause), cover)


def claimable(record: BookingRecord) -> list[Action]:
    """What waits for nothing but its time, the earliest first."""
    waiting = [a for a in record.actions if a.state is ActionState.WAITING and a.next_at is not None]
    return sorted(waiting, key=lambda action: action.next_at or action.due_at)


def carried_out(record: BookingRecord, cover: Cover, until: ActionType | None = None) -> BookingRecord:
    """The record when everything due was delivered in order; `until` is the last type that is."""
    while ready := claimable(record):
        record = delivered(record, ready[0], cover).record
        if ready[0].key.type is until:
            break
    return record


def drafted(cover: Cover = AUTOMATICALLY) -> BookingRecord:
    """The draft is made."""
    return carried_out(begun(cover), cover, CREATE)


def issued(cover: Cover = AUTOMATICALLY) -> BookingRecord:
    """The invoice is issued, and no link is sent yet."""
    return carried_out(begun(cover), cover, ISSUE)


def linked(cover: Cover = AUTOMATICALLY) -> BookingRecord:
    """The first link is sent."""
    return carried_out(begun(cover), cover, LINK)
