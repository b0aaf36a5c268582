"""What the outbox reports: drafts, issues and credits done, messages delivered, and what failed."""

from dataclasses import replace
from datetime import datetime

from payrules.domain.action import SENDS, Action, ActionKey, ActionState, HeldCause, Stage
from payrules.domain.decision import ActionType
from payrules.domain.events import EventType, InvoiceCreated, InvoiceIssued, LinkSent, SendFailed
from payrules.domain.lifecycle.acting import (
    Actions,
    EndCause,
    actions_of,
    end,
    free_what_follows,
    hold,
    settle,
    with_actions,
)
from payrules.domain.lifecycle.amounts import amount_of, is_issued, is_reached
from payrules.domain.lifecycle.answers import Advanced, Note, Refusal, refused
from payrules.domain.lifecycle.deciding import WITHOUT_INVOICE, Cover, aim, payer_of, stop_of, terms_of, withdraw
from payrules.domain.lifecycle.reminding import due_outside_quiet_hours, reminders
from payrules.domain.policy import Delivery
from payrules.domain.record import BookingRecord, BookingState, InvoiceState

_MAKING = frozenset({ActionType.CREATE_INVOICE, ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT})
_ISSUING = frozenset({ActionType.ISSUE_INVOICE, ActionType.CREDIT_INVOICE})
_FAILURES = frozenset({ActionState.REJECTED, ActionState.DEAD, ActionState.HELD, ActionState.CANCELLED})


def _found(record: BookingRecord, key: ActionKey, among: frozenset[ActionType]) -> Action | Refusal:
    """The open action an event is about."""
    action = next((a for a in record.actions if a.key == key), None)
    if action is None or key.type not in among:
        return Refusal.UNKNOWN_ACTION
    return action if action.is_open else Refusal.ALREADY_SETTLED


def invoice_created(record: BookingRecord, event: InvoiceCreated, cover: Cover) -> Advanced:
    """A draft was made, changed or deleted. One that nobody wants any more is deleted."""
    action = _found(record, event.key, _MAKING)
    if isinstance(action, Refusal):
        return refused(record, action)
    actions = actions_of(record)
    settle(actions, action, ActionState.DELIVERED, event.occurred_at, receipt=event.receipt, cause=None)
    free_what_follows(actions, action, stop_of(record))
    if action.key.ordinal == record.invoice.ordinal and action.key.type is not ActionType.UPDATE_DRAFT:
        made = action.key.type is ActionType.CREATE_INVOICE
        state = InvoiceState.DRAFTED if made else InvoiceState.DELETED
        record = replace(record, invoice=record.invoice._replace(state=state))
    record = with_actions(record, actions)
    if record.state in WITHOUT_INVOICE:
        record = withdraw(record, EndCause.NOT_WANTED, event.occurred_at)
    return Advanced(record)


def invoice_issued(record: BookingRecord, event: InvoiceIssued, cover: Cover) -> Advanced:
    """The invoice was issued: its total is frozen. One that nobody wants any more is credited."""
    action = _found(record, event.key, _ISSUING)
    if isinstance(action, Refusal):
        return refused(record, action)
    at, actions, invoice = event.occurred_at, actions_of(record), record.invoice
    settle(actions, action, ActionState.DELIVERED, at, receipt=event.receipt, cause=None)
    if action.key.type is ActionType.CREDIT_INVOICE:
        if action.key.ordinal == invoice.ordinal:
            invoice = invoice._replace(state=InvoiceState.CREDITED)
        return Advanced(with_actions(record, actions, invoice=invoice))
    amount = amount_of(record)
    price = None if amount is None else amount.minor
    total = price if event.total is None else event.total
    invoice = invoice._replace(state=InvoiceState.ISSUED, total=total, number=event.receipt)
    invoice = invoice._replace(link=event.link, due_on=event.due_on)
    if record.state in WITHOUT_INVOICE:
        record = with_actions(record, actions, invoice=invoice)
        return Advanced(withdraw(record, EndCause.NOT_WANTED, at), notes=(Note.CANCELLED_AFTER_ISSUING,))
    for other in record.actions:
        if other.stage is Stage.CHANGE and other.key.ordinal == action.key.ordinal:
            end(actions, other, EndCause.ISSUED, at)
    free_what_follows(actions, action)
    notes: list[str] = [Note.PRICE_CHANGED_WHILE_ISSUED] if total != price else []
    if record.state in (BookingState.DRAFT, BookingState.STOPPED) and action.stopping:
        notes.append(Note.ISSUED_WHILE_STOPPED)
    record = replace(record, invoice=invoice, state=BookingState.ISSUED)
    if is_reached(record):
        record = replace(record, state=BookingState.PAID)
        for other in record.actions:
            if other.key.type in SENDS:
                end(actions, other, EndCause.PAID, at)
    return Advanced(with_actions(record, actions), notes=tuple(notes))


def link_sent(record: BookingRecord, event: LinkSent, cover: Cover) -> Advanced:
    """A message was delivered. The first link starts the reminders."""
    action = _found(record, event.key, SENDS)
    if isinstance(action, Refusal):
        return refused(record, action)
    at, actions, ordinal = event.occurred_at, actions_of(record), action.key.ordinal
    settle(actions, action, ActionState.DELIVERED, at, receipt=event.receipt, cause=None)
    notes: tuple[str, ...] = ()
    if action.key.type is ActionType.SEND_PAYMENT_LINK and record.state is BookingState.ISSUED:
        links = [a for a in record.actions if a.key.ordinal == ordinal and a.stage is Stage.LINK]
        if any(a.state is ActionState.DELIVERED for a in links):
            # A reminder that this link would follow is one message too many.
            for other in record.actions:
                if other.stage is Stage.REMIND and other.key.channel is action.key.channel and other.due_at <= at:
                    end(actions, other, EndCause.EARLIER_MESSAGE, at)
        elif ordinal == record.invoice.ordinal and not _are_reminders_ended(record):
            for reminder in reminders(record, actions, cover, at):
                actions.setdefault(reminder.key, reminder)
    elif record.state is BookingState.CANCELLED:
        notes = (Note.CANCELLED_AFTER_SENDING,)
    elif record.state is BookingState.PAID:
        notes = (Note.PAID_BEFORE_SENDING,)
    return Advanced(with_actions(record, actions), notes=notes)


def _are_reminders_ended(record: BookingRecord) -> bool:
    """Whether a person overrode the booking after the issue, which only ends reminders."""
    overridden_at = record.applied.get(EventType.OVERRIDE)
    issue = next(a for a in record.actions if a.key == ActionKey(record.invoice.ordinal, ActionType.ISSUE_INVOICE))
    return overridden_at is not None and issue.settled_at is not None and overridden_at >= issue.settled_at


def send_failed(record: BookingRecord, event: SendFailed, cover: Cover) -> Advanced:
    """An action ended without its effect: what follows is held, or the next channel is tried."""
    action = _found(record, event.key, frozenset(ActionType))
    if isinstance(action, Refusal):
        return refused(record, action)
    if event.state not in _FAILURES:
        return refused(record, Refusal.UNKNOWN_ACTION)
    state, cause, at, actions = ActionState(event.state), event.cause, event.occurred_at, actions_of(record)
    if action.stopping and state in (ActionState.DEAD, ActionState.CANCELLED):
        waits = action.cause in set(HeldCause)
        state, cause = (ActionState.HELD if waits else ActionState.CANCELLED), action.cause or cause
    settle(actions, action, state, at, cause=cause)
    if state is ActionState.CANCELLED:
        record = with_actions(record, actions)
        # It may be wanted again, at another time.
        return Advanced(record if is_issued(record) or record.state in WITHOUT_INVOICE else aim(record, cover, at))
    if action.stage <= Stage.ISSUE and not action.stopping:
        for other in record.actions:
            if (
                other.key.ordinal == action.key.ordinal
                and Stage.ISSUE <= other.stage <= Stage.REMIND
                and other.stage > action.stage
            ):
                hold(actions, other, HeldCause.STAGE_FAILED)
    if state is ActionState.REJECTED and action.key.type is ActionType.CREATE_INVOICE:
        # There is no draft that could be changed.
        for other in record.actions:
            if other.key.ordinal == action.key.ordinal and other.stage is Stage.CHANGE:
                end(actions, other, EndCause.NOT_WANTED, at)
    notes: tuple[str, ...] = ()
    if state is ActionState.REJECTED and action.stage is Stage.LINK and record.state is BookingState.ISSUED:
        notes = _try_next_channel(record, actions, action, cover, at)
    return Advanced(with_actions(record, actions), notes=notes)


def _try_next_channel(
    record: BookingRecord, actions: Actions, rejected: Action, cover: Cover, at: datetime
) -> tuple[str, ...]:
    """A channel that rejects gets no reminders; the next one is tried where the first available is wanted."""
    ordinal, occurrence = rejected.key.ordinal, rejected.key.occurrence
    for other in record.actions:
        if other.stage is Stage.REMIND and other.key.channel is rejected.key.channel and other.key.ordinal == ordinal:
            end(actions, other, EndCause.REJECTED_CHANNEL, at)
    links = [a for a in actions.values() if a.key.ordinal == ordinal and a.stage is Stage.LINK]
    if any(a.is_open or a.state is ActionState.DELIVERED for a in links):
        return ()
    terms = terms_of(record, cover)
    if terms is not None and terms.notification.delivery is Delivery.FIRST_AVAILABLE:
        tried = {a.key.channel for a in links}
        for channel in terms.notification.channels:
            if channel not in tried and channel in payer_of(record).contacts:
                key = ActionKey(ordinal, ActionType.SEND_PAYMENT_LINK, channel, occurrence)
                actions[key] = due_outside_quiet_hours(key, at, record, cover)
                return ()
    # Nothing would follow by itself, and nobody has heard of the bill.
    settle(actions, actions[rejected.key], ActionState.HELD, at, cause=HeldCause.NO_CONTACT.value)
    return (Note.NOBODY_REACHED,)
