"""Reminders: made when the first link is delivered, counted from that moment."""

from datetime import datetime

from payrules.domain.action import Action, ActionKey, ActionState, Stage
from payrules.domain.decision import ActionType, Shift
from payrules.domain.lifecycle.acting import Actions
from payrules.domain.lifecycle.deciding import Cover, payer_of, terms_of
from payrules.domain.policy import Channel, Policy
from payrules.domain.record import BookingRecord
from payrules.domain.schedule import after_quiet_hours, shifts


def reminders(record: BookingRecord, actions: Actions, cover: Cover, sent_at: datetime) -> list[Action]:
    """The reminders of the current invoice, whose first link was delivered at `sent_at`.

    On every channel a link goes out on; none no later than the message before it on its channel (ADR 5).
    """
    terms = terms_of(record, cover)
    if terms is None or not isinstance(cover, Policy):
        return []
    ordinal, found = record.invoice.ordinal, []
    # Sorted anew, since `1d` comes after `1470m` on the night clocks go back.
    moments = sorted((at, n) for n, at in enumerate(shifts(sent_at, terms.reminders, cover.zone), 1))
    for channel, link_at in _channels(actions, ordinal, sent_at).items():
        last = link_at
        for moment, n in moments:
            key = ActionKey(ordinal, ActionType.SEND_REMINDER, channel, n)
            reminder = due_outside_quiet_hours(key, moment, record, cover)
            if reminder.due_at > last:
                found.append(reminder)
                last = reminder.due_at
    return found


def _channels(actions: Actions, ordinal: int, sent_at: datetime) -> dict[Channel, datetime]:
    """The channels that carry a link, with the time it was or will be sent at."""
    found: dict[Channel, datetime] = {}
    for key, action in actions.items():
        if key.ordinal != ordinal or action.stage is not Stage.LINK or key.channel is None:
            continue
        if action.state is ActionState.DELIVERED:
            found[key.channel] = sent_at
        elif action.is_open:
            found[key.channel] = max(sent_at, action.due_at)
    return found


def due_outside_quiet_hours(key: ActionKey, at: datetime, record: BookingRecord, cover: Cover) -> Action:
    """A message due at `at`, or at the end of the quiet hours of its channel that `at` lies in."""
    terms = terms_of(record, cover)
    quiet = None if terms is None else terms.notification.quiet_hours
    if quiet is None or not isinstance(cover, Policy) or key.channel not in quiet.channels:
        return Action(key, at)
    due_at = after_quiet_hours(at, quiet, payer_of(record).zone or cover.zone)
    return Action(key, due_at, None if due_at == at else Shift.QUIET_HOURS)
