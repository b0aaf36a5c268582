"""Money: what comes in, what goes back, and the credit of an invoice by a person."""

from dataclasses import replace

from payrules.domain.action import SENDS, Action, ActionKey
from payrules.domain.decision import ActionType
from payrules.domain.events import Credited, Paid, Refunded
from payrules.domain.lifecycle.acting import EndCause, actions_of, end, want, with_actions
from payrules.domain.lifecycle.amounts import has_currency, is_issued, is_reached, refund_due
from payrules.domain.lifecycle.answers import Advanced, Note, Refusal, refused
from payrules.domain.lifecycle.deciding import WITHOUT_INVOICE, Cover, aim, decide_again
from payrules.domain.record import BookingRecord, BookingState, InvoiceFacts


def paid(record: BookingRecord, event: Paid, cover: Cover) -> Advanced:
    """Money came in. The total ends what is to be sent, and a draft is issued without a link; more is held."""
    if not has_currency(record, event.amount, cover):
        return refused(record, Refusal.WRONG_CURRENCY)
    invoice = record.invoice._replace(paid=record.invoice.paid + event.amount.minor)
    record = replace(record, invoice=invoice)
    if record.state in WITHOUT_INVOICE:
        return noting_refund(record)
    if not is_issued(record):
        return noting_refund(aim(record, cover, event.occurred_at))
    if is_reached(record):
        actions = actions_of(record)
        for action in record.actions:
            if action.key.type in SENDS:
                end(actions, action, EndCause.PAID, event.occurred_at)
        record = with_actions(record, actions, state=BookingState.PAID)
    return noting_refund(record)


def refunded(record: BookingRecord, event: Refunded, cover: Cover) -> Advanced:
    """Money went back. What is no longer paid in full is open again, but nothing is sent for it by itself."""
    if not has_currency(record, event.amount, cover):
        return refused(record, Refusal.WRONG_CURRENCY)
    left = record.invoice.paid - event.amount.minor
    record = replace(record, invoice=record.invoice._replace(paid=left))
    notes: tuple[str, ...] = (Note.REFUNDED_TOO_MUCH,) if left < 0 else ()
    if record.state is not BookingState.PAID or is_reached(record):
        return Advanced(record, notes=notes)
    notes = (*notes, Note.NO_LONGER_PAID)
    if is_issued(record):
        return Advanced(replace(record, state=BookingState.ISSUED), notes=notes)
    record, decision = decide_again(record, cover, event.occurred_at, changed=False)
    return Advanced(record, decision=decision, notes=notes)


def credited(record: BookingRecord, event: Credited, cover: Cover) -> Advanced:
    """The issued invoice is credited whole; a fresh draft of the next ordinal waits for a person."""
    if not is_issued(record):
        return refused(record, Refusal.NOT_ISSUED)
    at, ordinal = event.occurred_at, record.invoice.ordinal
    actions = actions_of(record)
    for action in record.actions:
        if action.key.type in SENDS:
            end(actions, action, EndCause.CREDITED, at)
    want(actions, Action(ActionKey(ordinal, ActionType.CREDIT_INVOICE), at), at)
    invoice = InvoiceFacts(ordinal + 1, paid=record.invoice.paid)
    by_person = record.by_person._replace(send_at=None)
    record = with_actions(record, actions, invoice=invoice, by_person=by_person)
    record, decision = decide_again(record, cover, at, changed=False)
    return noting_refund(record)._replace(decision=decision)


def noting_refund(record: BookingRecord) -> Advanced:
    """The record, and a note where money has to go back."""
    return Advanced(record, notes=(Note.REFUND_HELD,) if refund_due(record) else ())
