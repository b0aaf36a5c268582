"""From a decision to the actions of a record: the first time, and every time it is decided again.

The policy decides by the facts alone; what persons decided about the booking is laid over it. The state of a
booking that is not issued follows from both, from what was paid, and from whether the client came.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from payrules.domain.action import Action, ActionKey, ActionState, HeldCause, Stage, key_order
from payrules.domain.booking import Booking, Person
from payrules.domain.decision import ActionSpec, ActionType, Decision, Outcome, Reason, Uncovered, decide
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.lifecycle.acting import (
    Actions,
    EndCause,
    actions_of,
    end,
    hold,
    next_occurrence,
    want,
    was_dropped,
    with_actions,
)
from payrules.domain.lifecycle.amounts import is_reached, was_credited
from payrules.domain.policy import Channel, Delivery, Manual, Policy, Process, Terms
from payrules.domain.record import BookingRecord, BookingState, Decided, InvoiceFacts, InvoiceState, Stamp

Cover = Policy | Uncovered

UNBILLED: Mapping[Outcome, BookingState] = MappingProxyType(
    {
        Outcome.EXTERNALLY_BILLED: BookingState.EXTERNALLY_BILLED,
        Outcome.NO_CHARGE: BookingState.NO_CHARGE,
        Outcome.UNDECIDED: BookingState.UNDECIDED,
    }
)
"""The outcomes that want no invoice, with their states."""

WITHOUT_INVOICE = frozenset({*UNBILLED.values(), BookingState.CANCELLED})
"""The states in which nothing may be invoiced: what exists is deleted or credited."""

BILLED = frozenset({BookingState.ISSUED, BookingState.PAID})
"""The states in which money is asked for, or came in full."""

_STATES = {**UNBILLED, Outcome.AUTOMATIC: BookingState.SCHEDULED, Outcome.DRAFT: BookingState.DRAFT}

_WAITING = ActionState.WAITING
_CREATE, _DELETE, _REMINDER = ActionType.CREATE_INVOICE, ActionType.DELETE_DRAFT, ActionType.SEND_REMINDER


def begin(
    booking: Booking,
    stamp: Stamp,
    decision: Decision,
    not_before: datetime,
    occurred_at: datetime,
    *,
    held: HeldCause | None = None,
) -> BookingRecord:
    """The record of a booking that is seen for the first time, with the actions of its decision.

    `not_before` is what the decision was asked with, `occurred_at` the time of the `booked` event. With `held`
    every action is held for that cause. Reminders follow when a link is delivered.
    """
    state = _WAITING if held is None else ActionState.HELD
    actions = []
    for kind, channel, due_at, shifted_by, occurrence in decision.actions:
        if kind is not _REMINDER:
            # Only the draft waits for nothing. Asking `scheduled` for it would take longest of all that is done here.
            next_at = due_at if kind is _CREATE and held is None else None
            key = _key((1, kind, channel, occurrence))
            actions.append(_action((key, due_at, shifted_by, state, next_at, 0, held, False, False, None, None, None)))
    actions.sort(key=_by_key)
    return BookingRecord(
        booking,
        stamp,
        _STATES[decision.outcome],
        recorded(decision, 1, not_before),
        actions=tuple(actions),
        applied={EventType.BOOKED: occurred_at},
    )


# The constructors of named tuples, which are written in Python, take three times as long.
_key: Callable[[tuple[int, ActionType, Channel | None, int]], ActionKey] = partial(tuple.__new__, ActionKey)
_action: Callable[[tuple[Any, ...]], Action] = partial(tuple.__new__, Action)


def _by_key(action: Action) -> tuple[int, int, int, int]:
    return key_order(action.key)


def recorded(decision: Decision, number: int, not_before: datetime) -> Decided:
    """A decision as a record keeps it."""
    return Decided(
        number, decision.outcome, decision.reason, decision.rule, decision.price, decision.missing, not_before
    )


def decide_again(record: BookingRecord, cover: Cover, at: datetime, *, changed: bool) -> tuple[BookingRecord, Decision]:
    """Decide by the facts the record has now, as of an event at `at`, and bring its actions in line.

    Nothing is due before `at`, nor before any earlier decision allowed. `changed` says that something on the
    invoice has changed, so that a draft that exists is updated.
    """
    not_before = max(record.decided.not_before, at)
    decision = decide(cover, record.booking, not_before)
    decided = recorded(decision, record.decided.number + 1, not_before)
    changed = changed or decision.price != record.decided.price
    return _aimed(replace(record, decided=decided), decision, cover, at, changed=changed), decision


def aim(record: BookingRecord, cover: Cover, at: datetime, *, changed: bool = False) -> BookingRecord:
    """Bring state and actions of a record without issued invoice in line with its last decision."""
    decision = decide(cover, record.booking, record.decided.not_before)
    return _aimed(record, decision, cover, at, changed=changed)


def _aimed(record: BookingRecord, decision: Decision, cover: Cover, at: datetime, *, changed: bool) -> BookingRecord:
    plan = laid_over(decision, record, cover)
    if plan.outcome in UNBILLED:
        return withdraw(replace(record, state=UNBILLED[plan.outcome]), EndCause.NOT_WANTED, at)
    if _is_used_up(record):
        invoice = InvoiceFacts(record.invoice.ordinal + 1, paid=record.invoice.paid)
        record = replace(record, invoice=invoice)
    stop = stopped_by(record)
    state = _STATES[plan.outcome]
    if is_reached(record):
        state, stop = BookingState.PAID, None
    elif stop is not None:
        state = BookingState.STOPPED
    ordinal, actions = record.invoice.ordinal, actions_of(record)
    wanted = _wanted(plan, record, state, cover, at)
    _drop_unwanted(actions, ordinal, wanted, state, at)
    for action in wanted.values():
        if state is BookingState.PAID and action.key in actions:
            # Payment ends a time that a person set.
            actions[action.key] = actions[action.key]._replace(by_hand=False)
        want(actions, action, at)
    deleting = actions.get(ActionKey(ordinal, ActionType.DELETE_DRAFT))
    if deleting is not None and deleting.is_open:
        end(actions, deleting, EndCause.NOT_WANTED, at)
        changed = True
    if changed:
        _update_draft(actions, ordinal, at)
    if stop is not None:
        for action in list(actions.values()):
            sending = action.key.ordinal == ordinal and action.stage in (Stage.ISSUE, Stage.LINK)
            if sending and not action.by_hand:
                hold(actions, action, stop)
    return with_actions(record, actions, state=state)


def laid_over(decision: Decision, record: BookingRecord, cover: Cover) -> Decision:
    """The decision with what persons decided laid over it: the process, and a price set on the draft.

    After a credit a person sends, whatever the process.
    """
    override, price = record.by_person.override, record.by_person.price
    if override is OverrideProcess.EXTERNAL:
        return decision._replace(outcome=Outcome.EXTERNALLY_BILLED, actions=())
    manual = override is OverrideProcess.MANUAL or was_credited(record)
    if override is None and price is None and not manual:
        return decision
    terms, booking = decision.terms, record.booking if price is None else record.booking._replace(price=price)
    if terms is None or isinstance(cover, Uncovered) or not cover.active:
        if override is None and not was_credited(record):
            return decision
        if decision.reason is Reason.MISSING_FACT and not manual:
            return decision
        return _draft(decision, booking, record.decided.not_before)
    if manual or (override is OverrideProcess.AUTOMATIC and terms.notification.send is None):
        terms = terms._replace(process=Process.MANUAL, manual=Manual())
    elif override is OverrideProcess.AUTOMATIC:
        terms = terms._replace(process=Process.AUTOMATIC)
    return decide(replace(cover, rules=(), terms=terms), booking, record.decided.not_before)


def _draft(decision: Decision, booking: Booking, not_before: datetime) -> Decision:
    """A draft for a person where no terms decide: at the price that is known."""
    price = booking.price or decision.price
    if price is not None and price.minor == 0:
        return Decision(Outcome.NO_CHARGE, Reason.PRICE_ZERO, price=price)
    create = (ActionSpec(_CREATE, None, not_before),)
    return Decision(Outcome.DRAFT, Reason.PROCESS_MANUAL, price=price, actions=create)


def stopped_by(record: BookingRecord) -> HeldCause | None:
    """Why what is to be sent waits for a person: the client did not come, or cancelled what is charged.

    An override that came later is the person's answer, and so is a credit.
    """
    no_show_at = record.applied.get(EventType.NO_SHOW)
    charged_at = record.applied.get(EventType.CANCELLED)
    latest = max((at for at in (no_show_at, charged_at) if at is not None), default=None)
    answers = [record.applied.get(kind) for kind in (EventType.OVERRIDE, EventType.CREDITED)]
    if latest is None or any(at is not None and at >= latest for at in answers):
        return None
    return HeldCause.NO_SHOW if latest == no_show_at else HeldCause.CANCELLED_WITH_CHARGE


def stop_of(record: BookingRecord) -> HeldCause | None:
    """The same of a booking that is stopped now; None where it is not, as when it was paid all the same."""
    return stopped_by(record) if record.state is BookingState.STOPPED else None


def _is_used_up(record: BookingRecord) -> bool:
    """Whether the current ordinal can make no invoice any more: its keys are spent."""
    actions = actions_of(record)
    creating = actions.get(ActionKey(record.invoice.ordinal, _CREATE))
    if creating is not None and creating.state is ActionState.REJECTED:
        return True
    deleting = actions.get(ActionKey(record.invoice.ordinal, ActionType.DELETE_DRAFT))
    begun = deleting is not None and deleting.state is not ActionState.CANCELLED and deleting.attempt > 0
    return begun or record.invoice.state in (InvoiceState.ISSUED, InvoiceState.CREDITED, InvoiceState.DELETED)


def _wanted(plan: Decision, record: BookingRecord, state: BookingState, cover: Cover, at: datetime) -> Actions:
    """What the current ordinal wants done: the plan's actions, or a person's time, or the issue of what is paid."""
    ordinal = record.invoice.ordinal
    wanted = [
        Action(ActionKey(ordinal, spec.type, spec.channel), spec.due_at, spec.shifted_by)
        for spec in plan.actions
        if spec.type is _CREATE or (state is not BookingState.PAID and spec.type is not _REMINDER)
    ]
    issue = ActionKey(ordinal, ActionType.ISSUE_INVOICE)
    send_at = record.by_person.send_at
    if state is BookingState.PAID:
        known = actions_of(record).get(issue)
        due_at = at if known is None or not known.is_open else min(at, known.due_at)
        wanted.append(Action(issue, due_at))
    elif plan.outcome is Outcome.DRAFT and send_at is not None:
        links = [ActionKey(ordinal, ActionType.SEND_PAYMENT_LINK, c) for c in channels_of(record, cover)]
        wanted += [Action(key, send_at, by_hand=True) for key in (issue, *links)]
    # What rests on something a person dropped would wait for ever.
    dropped = [a.stage for a in record.actions if a.key.ordinal == ordinal and was_dropped(a)]
    return {a.key: a for a in wanted if not any(Stage.ISSUE >= stage < a.stage for stage in dropped)}


def _drop_unwanted(actions: Actions, ordinal: int, wanted: Actions, state: BookingState, at: datetime) -> None:
    paid = state is BookingState.PAID
    for action in list(actions.values()):
        if action.key.ordinal < ordinal and action.stage <= Stage.LINK and action.key.type is not _DELETE:
            end(actions, action, EndCause.NOT_WANTED, at)
        elif action.key.ordinal != ordinal or action.key in wanted or action.stage not in (Stage.ISSUE, Stage.LINK):
            continue
        elif paid or not action.by_hand:
            end(actions, action, EndCause.PAID if paid else EndCause.NOT_WANTED, at)


def _update_draft(actions: Actions, ordinal: int, at: datetime) -> None:
    """Tell the provider what changed, unless an action that was never tried says it anyway when it runs."""
    creating = actions.get(ActionKey(ordinal, _CREATE))
    made = creating is not None and (creating.is_open or creating.state is ActionState.DELIVERED)
    if creating is None or not made or creating.attempt == 0:
        return
    updates = [a for a in actions.values() if a.key.ordinal == ordinal and a.key.type is ActionType.UPDATE_DRAFT]
    if any(a.is_open and a.attempt == 0 for a in updates):
        return
    occurrence = next_occurrence(actions, ordinal, ActionType.UPDATE_DRAFT)
    key = ActionKey(ordinal, ActionType.UPDATE_DRAFT, occurrence=occurrence)
    actions[key] = Action(key, at)


def withdraw(record: BookingRecord, cause: EndCause, at: datetime) -> BookingRecord:
    """Take back what was made for the booking: open actions end, a draft is deleted, an issued invoice credited.

    What may have happened without an answer stays with a person, since the provider may hold a draft or an invoice.
    """
    actions = actions_of(record)
    for action in record.actions:
        if action.key.type not in (_DELETE, ActionType.CREDIT_INVOICE):
            end(actions, action, cause, at)
    ordinal = record.invoice.ordinal
    if record.invoice.state is InvoiceState.DRAFTED:
        want(actions, Action(ActionKey(ordinal, _DELETE), at), at)
    elif record.invoice.state is InvoiceState.ISSUED:
        want(actions, Action(ActionKey(ordinal, ActionType.CREDIT_INVOICE), at), at)
        deleting = actions.get(ActionKey(ordinal, _DELETE))
        if deleting is not None:
            end(actions, deleting, EndCause.ISSUED, at)
    return with_actions(record, actions)


def terms_of(record: BookingRecord, cover: Cover) -> Terms | None:
    """The settings the booking was decided under; None where no policy covers it."""
    if isinstance(cover, Uncovered):
        return None
    rule = record.decided.rule
    if rule is None or record.decided.reason is Reason.MISSING_FACT:
        return cover.terms
    return cover.rules[rule].terms


def payer_of(record: BookingRecord) -> Person:
    """Who is written to."""
    return record.booking.client if record.booking.payer is None else record.booking.payer.person


def channels_of(record: BookingRecord, cover: Cover) -> tuple[Channel, ...]:
    """The channels a message goes out on: all that reach the payer, or the first."""
    terms = terms_of(record, cover)
    if terms is None:
        return tuple(c for c in Channel if c in payer_of(record).contacts)
    reachable = tuple(c for c in terms.notification.channels if c in payer_of(record).contacts)
    return reachable[:1] if terms.notification.delivery is Delivery.FIRST_AVAILABLE else reachable
