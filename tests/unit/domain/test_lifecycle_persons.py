"""What persons do about one booking: another stamp, a time, held and dead actions let go or dropped."""

from datetime import timedelta

import pytest
from tests.builders import MANUAL, at, policy
from tests.lives import (
    AUTOMATICALLY,
    BY_HAND,
    CREATE,
    DELETE,
    ISSUE,
    LINK,
    SMS,
    STAMP,
    UPDATE,
    begun,
    carried_out,
    claimed,
    drafted,
    failed,
    issued,
    of,
    types,
)

from payrules.domain.action import ActionKey, ActionState, HeldCause
from payrules.domain.decision import ActionType
from payrules.domain.events import (
    Cancelled,
    LinkSent,
    NoShow,
    Override,
    OverrideProcess,
    Paid,
    PriceChanged,
    Rescheduled,
    SendFailed,
)
from payrules.domain.lifecycle import (
    Advanced,
    Note,
    Refusal,
    advance,
    drop_held,
    found_delivered,
    hold_open,
    release_held,
    release_hold,
    restamped,
    retry_dead,
    send_draft,
)
from payrules.domain.money import Money
from payrules.domain.record import BookingRecord, BookingState

NOW = at("2026-11-26T12:00Z")
SECOND = STAMP._replace(number=2, sequence=2, by="p-1", reason="wrong file")
WAITING, HELD, CANCELLED = ActionState.WAITING, ActionState.HELD, ActionState.CANCELLED
NIGHT = at("2026-11-28T23:00Z")
PRICE = Money(90_000, "NOK")


def code(advanced: Advanced) -> Refusal | None:
    return None if advanced.refusal is None else advanced.refusal.code


def test_another_stamp_keeps_the_draft_and_decides_the_rest_anew() -> None:
    advanced = restamped(drafted(), SECOND, policy(terms=MANUAL), NOW)
    record = advanced.record
    assert (record.stamp, record.state, record.decided.number) == (SECOND, BookingState.DRAFT, 2)
    assert types(record, WAITING) == [UPDATE]
    assert types(record, CANCELLED) == [ISSUE, LINK, LINK]
    assert advanced.decided


def test_another_stamp_is_refused_where_it_comes_too_late() -> None:
    assert code(restamped(issued(), SECOND, BY_HAND, NOW)) is Refusal.ALREADY_ISSUED
    assert code(restamped(claimed(begun(), of(begun(), CREATE)), SECOND, BY_HAND, NOW)) is Refusal.ACTION_CLAIMED
    cancelled = advance(drafted(), Cancelled(NOW), AUTOMATICALLY).record
    assert code(restamped(cancelled, SECOND, BY_HAND, NOW)) is Refusal.BOOKING_CANCELLED


def test_a_time_set_by_a_person_is_absolute_until_payment() -> None:
    record = send_draft(drafted(BY_HAND), BY_HAND, NIGHT, NOW).record
    assert {a.due_at for a in record.actions if a.state is WAITING} == {NIGHT}
    later = Rescheduled(NOW, at("2026-12-08T09:00Z"), at("2026-12-08T10:00Z"))
    advanced = advance(record, later, BY_HAND)
    assert of(advanced.record, LINK, SMS).due_at == NIGHT
    assert advanced.notes == (Note.TIME_KEPT,)
    paid = advance(record, Paid(NOW, Money(125_000, "NOK")), BY_HAND).record
    assert (of(paid, LINK, SMS).state, of(paid, ISSUE).due_at) == (CANCELLED, NOW)
    assert carried_out(record, BY_HAND).state is BookingState.ISSUED


def test_only_a_draft_can_be_sent_by_a_person() -> None:
    assert code(send_draft(drafted(), AUTOMATICALLY, NIGHT, NOW)) is Refusal.NO_DRAFT


def test_a_held_message_that_is_let_go_is_neither_moved_nor_too_late() -> None:
    record = failed(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, "held", HeldCause.TOO_LATE).record
    link = of(record, LINK, SMS)
    released = of(release_held(record, link.key).record, LINK, SMS)
    assert (released.state, released.by_hand, released.due_at, released.cause) == (WAITING, True, link.due_at, None)
    assert code(release_held(release_held(record, link.key).record, link.key)) is Refusal.NOT_HELD
    assert code(release_held(record, ActionKey(9, ActionType.CREATE_INVOICE))) is Refusal.UNKNOWN_ACTION
    assert code(retry_dead(record, link.key)) is Refusal.NOT_DEAD


def test_a_dead_action_is_tried_again_and_what_it_held_goes_on() -> None:
    record = failed(begun(), of(begun(), CREATE), AUTOMATICALLY, "dead").record
    again = retry_dead(record, of(record, CREATE).key).record
    assert (of(again, CREATE).state, of(again, ISSUE).state) == (WAITING, HELD)
    assert carried_out(again, AUTOMATICALLY).state is BookingState.ISSUED


def test_nothing_is_let_go_that_the_booking_does_not_want() -> None:
    record = failed(drafted(), of(drafted(), ISSUE), AUTOMATICALLY, "held", HeldCause.NO_ANSWER).record
    cancelled = advance(record, Cancelled(NOW), AUTOMATICALLY).record
    assert code(release_held(cancelled, of(cancelled, ISSUE).key)) is Refusal.NOT_WANTED
    dropped = drop_held(cancelled, of(cancelled, ISSUE).key, NOW).record
    assert of(dropped, DELETE).next_at == NOW


def test_what_is_dropped_stays_dropped_with_all_that_needs_it_until_a_person_overrides() -> None:
    record = failed(begun(), of(begun(), CREATE), AUTOMATICALLY, "dead").record
    record = drop_held(record, of(record, CREATE).key, NOW).record
    assert {(a.state, a.cause) for a in record.actions} == {(CANCELLED, "dropped")}
    record = advance(record, PriceChanged(NOW, PRICE), AUTOMATICALLY).record
    assert types(record, WAITING) == []
    again = advance(record, Override(NOW, OverrideProcess.AUTOMATIC, "p-1", "after all"), AUTOMATICALLY).record
    assert types(again, WAITING)[:2] == [CREATE, ISSUE]
    assert code(drop_held(again, of(again, CREATE).key, NOW)) is Refusal.NOT_HELD
    assert code(drop_held(again, ActionKey(9, ActionType.CREATE_INVOICE), NOW)) is Refusal.UNKNOWN_ACTION


def test_a_dropped_change_no_longer_holds_the_issue() -> None:
    record = advance(drafted(), PriceChanged(NOW, PRICE), AUTOMATICALLY).record
    record = failed(record, of(record, UPDATE), AUTOMATICALLY, "dead").record
    assert of(record, ISSUE).cause == "stage_failed"
    assert of(drop_held(record, of(record, UPDATE).key, NOW).record, ISSUE).next_at is not None


def test_a_clinics_hold_stops_what_waits_and_what_is_claimed_and_lets_both_go() -> None:
    record = claimed(drafted(), of(drafted(), ISSUE))
    held = hold_open(record, HeldCause.CLINIC_HELD, NOW)
    assert (of(held, ISSUE).stopping, of(held, LINK, SMS).cause) == (True, "clinic_held")
    assert release_hold(held, HeldCause.NOT_VERIFIED, NOW) == held
    assert release_hold(held, HeldCause.CLINIC_HELD, NOW) == record
    # It had not started: it is held, not cancelled.
    stopped = SendFailed(NOW + timedelta(hours=1), of(held, ISSUE).key, "cancelled", "stopped")
    settled = advance(held, stopped, AUTOMATICALLY).record
    assert (of(settled, ISSUE).state, of(settled, ISSUE).cause) == (HELD, "clinic_held")
    assert types(release_hold(settled, HeldCause.CLINIC_HELD, NOW), WAITING) == [ISSUE, LINK, LINK]


def test_a_draft_refused_while_its_clinic_is_held_leaves_no_change_waiting_for_it() -> None:
    record = advance(claimed(begun(), of(begun(), CREATE)), PriceChanged(NOW, PRICE), AUTOMATICALLY).record
    held = hold_open(record, HeldCause.CLINIC_HELD, NOW)
    assert (of(held, CREATE).stopping, of(held, UPDATE).state) == (True, HELD)
    refused = advance(held, SendFailed(NOW, of(held, CREATE).key, "rejected", "unknown"), AUTOMATICALLY).record
    released = release_hold(refused, HeldCause.CLINIC_HELD, NOW)
    assert of(released, CREATE).state is ActionState.REJECTED
    assert of(released, UPDATE).state is CANCELLED
    assert types(released, WAITING) == []


@pytest.mark.parametrize(
    ("event", "cause"),
    [(NoShow(NOW), "no_show"), (Cancelled(NOW, charge=True), "cancelled_with_charge")],
)
def test_a_change_that_gets_through_after_all_does_not_bill_who_is_not_to_be_billed(
    event: NoShow | Cancelled, cause: str
) -> None:
    record = advance(drafted(), PriceChanged(NOW, PRICE), AUTOMATICALLY).record
    record = failed(record, of(record, UPDATE), AUTOMATICALLY, "dead").record
    stopped = advance(record, event, AUTOMATICALLY).record
    assert (stopped.state, of(stopped, ISSUE).cause) == (BookingState.STOPPED, "stage_failed")
    dropped = drop_held(stopped, of(stopped, UPDATE).key, NOW).record
    assert (of(dropped, ISSUE).state, of(dropped, ISSUE).cause) == (HELD, cause)
    again = retry_dead(stopped, of(stopped, UPDATE).key).record
    record = carried_out(again, AUTOMATICALLY)
    assert of(record, UPDATE).state is ActionState.DELIVERED
    assert {(a.state, a.cause) for a in record.actions if a.key.type in (ISSUE, LINK)} == {(HELD, cause)}


def test_a_message_that_arrived_after_all_is_followed_by_reminders_from_then() -> None:
    record = failed(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, "held", HeldCause.NO_ANSWER).record
    key = of(record, LINK, SMS).key
    found = found_delivered(record, key, AUTOMATICALLY, NIGHT, "by hand: ida").record
    link = of(found, LINK, SMS)
    assert (link.state, link.receipt, link.settled_at, link.cause) == (
        ActionState.DELIVERED,
        "by hand: ida",
        NIGHT,
        None,
    )
    reminders = [a for a in found.actions if a.key.type is ActionType.SEND_REMINDER]
    assert reminders == [
        a
        for a in advance(record, LinkSent(NIGHT, key, "msg-1"), AUTOMATICALLY).record.actions
        if a.key.type is ActionType.SEND_REMINDER
    ]
    assert min(a.due_at for a in reminders) > NIGHT
    assert code(found_delivered(found, key, AUTOMATICALLY, NIGHT, "by hand: ida")) is Refusal.NOT_HELD


def test_only_a_message_that_may_have_gone_out_is_found_to_be_delivered() -> None:
    def said(record: BookingRecord, key: ActionKey) -> Refusal | None:
        return code(found_delivered(record, key, AUTOMATICALLY, NOW, "by hand: ida"))

    late = failed(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, "held", HeldCause.TOO_LATE).record
    assert said(late, of(late, LINK, SMS).key) is Refusal.NEVER_TRIED
    lost = failed(drafted(), of(drafted(), ISSUE), AUTOMATICALLY, "held", HeldCause.NO_ANSWER).record
    assert said(lost, of(lost, ISSUE).key) is Refusal.NO_MESSAGE
    assert said(lost, ActionKey(9, LINK, SMS)) is Refusal.UNKNOWN_ACTION
    assert said(issued(), of(issued(), LINK, SMS).key) is Refusal.NOT_HELD
