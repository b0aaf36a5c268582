"""What becomes of a booking's actions as it lives, told as stories. Times are UTC; the appointment ends 09:50."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.builders import BOTH, at, booking, policy
from tests.lives import (
    AUTOMATICALLY,
    BEFORE,
    BY_HAND,
    CREATE,
    CREDIT,
    DELETE,
    EMAIL,
    ISSUE,
    LINK,
    OUTSIDE,
    REMIND,
    SMS,
    UPDATE,
    begun,
    carried_out,
    claimed,
    delivered,
    delivery_of,
    drafted,
    failed,
    issued,
    linked,
    of,
    terms,
    types,
)

from payrules.domain.action import ActionState, HeldCause
from payrules.domain.booking import Person
from payrules.domain.decision import decide
from payrules.domain.events import (
    Booked,
    Cancelled,
    Credited,
    InvoiceIssued,
    NoShow,
    Override,
    OverrideProcess,
    Paid,
    PriceChanged,
    Refunded,
    Rescheduled,
    SendFailed,
    Updated,
)
from payrules.domain.lifecycle import Note, advance, amount_of, begin, refund_due
from payrules.domain.money import Money
from payrules.domain.policy import Delivery
from payrules.domain.record import BookingRecord, BookingState, InvoiceState

WAITING, HELD, CANCELLED = ActionState.WAITING, ActionState.HELD, ActionState.CANCELLED
DELIVERED, CLAIMED = ActionState.DELIVERED, ActionState.CLAIMED
BEFOREHAND, AFTERWARDS = at("2026-11-25T12:00Z"), at("2026-12-02T12:00Z")
LINK_AT = at("2026-12-01T10:05Z")
FULL, PART = Money(125_000, "NOK"), Money(50_000, "NOK")
LATER = Rescheduled(BEFOREHAND, at("2026-12-08T09:00Z"), at("2026-12-08T09:50Z"))
MANUALLY = Override(BEFOREHAND, OverrideProcess.MANUAL, "p-1", "asked")
FIRST = policy(terms=terms(delivery=Delivery.FIRST_AVAILABLE))


def test_it_begins_with_the_actions_of_the_decision_but_for_the_reminders() -> None:
    record = begun()
    assert types(record, WAITING) == [CREATE, ISSUE, LINK, LINK]
    assert [a.next_at for a in record.actions] == [record.booking.booked_at, None, None, None]
    assert record.state is BookingState.SCHEDULED


def test_a_clinic_that_is_held_begins_held() -> None:
    here = booking()
    decision = decide(AUTOMATICALLY, here, here.booked_at)
    held = begin(here, begun().stamp, decision, here.booked_at, here.booked_at, held=HeldCause.CLINIC_HELD)
    assert {(a.state, a.cause, a.next_at) for a in held.actions} == {(HELD, "clinic_held", None)}


def test_stages_follow_each_other() -> None:
    record = drafted()
    assert (of(record, ISSUE).next_at, of(record, LINK, SMS).next_at) == (LINK_AT, None)
    record = issued()
    assert (of(record, LINK, SMS).next_at, of(record, LINK, EMAIL).next_at) == (LINK_AT, LINK_AT)
    assert record.invoice == (1, InvoiceState.ISSUED, 125_000, 0, "N-1", None, None)


def test_the_first_link_makes_the_reminders_from_when_it_was_delivered() -> None:
    sent_at = at("2026-12-01T20:30Z")
    record = delivered(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, sent_at).record
    # 21:30 in Oslo is quiet until 08:00.
    assert of(record, REMIND, SMS).due_at == at("2026-12-09T07:00Z")
    assert of(record, REMIND, EMAIL, occurrence=2).due_at == at("2026-12-16T07:00Z")
    record = delivered(record, of(record, LINK, EMAIL), AUTOMATICALLY).record
    assert types(record, WAITING) == [REMIND] * 4


def test_a_reminder_that_would_meet_its_own_link_is_left_out() -> None:
    cover = policy(terms=terms("1h 1d"))
    record = issued(cover)
    record = delivered(record, of(record, LINK, SMS), cover, at("2026-12-01T22:00Z")).record
    assert [a.key.occurrence for a in record.actions if a.key.type is REMIND and a.key.channel is SMS] == [1, 2]
    # An hour and a day later are both quiet, and end on different mornings; the email comes at eight as well.
    late = delivered(record, of(record, LINK, EMAIL), cover, at("2026-12-02T07:00Z")).record
    assert of(late, REMIND, EMAIL).cause == "earlier_message"


def test_rescheduled_moves_what_waits_and_updates_the_draft() -> None:
    advanced = advance(drafted(), LATER, AUTOMATICALLY)
    moved = of(advanced.record, LINK, SMS)
    assert (moved.due_at, moved.state) == (at("2026-12-08T10:05Z"), WAITING)
    assert of(advanced.record, ISSUE).due_at == moved.due_at
    assert of(advanced.record, UPDATE).next_at == BEFOREHAND
    # The issue waits for the change.
    assert of(advanced.record, ISSUE).next_at is None
    assert advanced.decision is not None
    assert advanced.record.decided.number == 2


def test_what_was_not_drafted_yet_needs_no_update() -> None:
    assert UPDATE not in types(advance(begun(), LATER, AUTOMATICALLY).record, *ActionState)


def test_changes_of_a_draft_run_one_after_the_other() -> None:
    record = advance(drafted(), LATER, AUTOMATICALLY).record
    record = claimed(record, of(record, UPDATE))
    record = advance(record, PriceChanged(BEFOREHAND, PART), AUTOMATICALLY).record
    assert of(record, UPDATE, occurrence=2).next_at is None
    record = advance(record, delivery_of(of(record, UPDATE), BEFOREHAND), AUTOMATICALLY).record
    assert of(record, UPDATE, occurrence=2).next_at == BEFOREHAND


def test_a_message_that_is_no_longer_due_is_stopped_and_comes_back_later() -> None:
    record = drafted()
    record = claimed(record, of(record, ISSUE))
    record = advance(record, replace(LATER, occurred_at=LINK_AT), AUTOMATICALLY).record
    assert of(record, ISSUE).stopping
    stopped = SendFailed(LINK_AT, of(record, ISSUE).key, "cancelled", "stopped")
    record = advance(record, stopped, AUTOMATICALLY).record
    assert (of(record, ISSUE).state, of(record, ISSUE).due_at) == (WAITING, at("2026-12-08T10:05Z"))
    assert carried_out(record, AUTOMATICALLY).state is BookingState.ISSUED


def test_a_link_already_sent_stays_sent() -> None:
    advanced = advance(linked(), replace(LATER, occurred_at=AFTERWARDS), AUTOMATICALLY)
    assert advanced.record.actions == linked().actions
    assert advanced.record.booking.starts_at == LATER.starts_at
    assert (advanced.decided, advanced.notes) == (False, (Note.FROZEN,))


def test_a_price_of_zero_deletes_the_draft_and_the_next_one_has_another_ordinal() -> None:
    free = advance(drafted(), PriceChanged(BEFOREHAND, Money(0, "NOK")), AUTOMATICALLY).record
    assert types(free, WAITING) == [DELETE]
    kept = advance(free, PriceChanged(BEFOREHAND, PART), AUTOMATICALLY).record
    assert kept.invoice.ordinal == 1
    assert types(kept, WAITING) == [ISSUE, LINK, LINK, UPDATE]
    deleted = delivered(free, of(free, DELETE), AUTOMATICALLY).record
    assert deleted.invoice.state is InvoiceState.DELETED
    again = advance(deleted, PriceChanged(BEFOREHAND, PART), AUTOMATICALLY).record
    assert again.invoice == (2, InvoiceState.NONE, None, 0, None, None, None)
    assert of(again, CREATE, ordinal=2).next_at == BEFOREHAND


def test_a_draft_that_was_made_while_it_was_withdrawn_is_deleted() -> None:
    record = claimed(begun(), of(begun(), CREATE))
    record = advance(record, Cancelled(BEFOREHAND), AUTOMATICALLY).record
    assert (of(record, CREATE).state, of(record, CREATE).stopping) == (CLAIMED, True)
    record = advance(record, delivery_of(of(record, CREATE), BEFOREHAND), AUTOMATICALLY).record
    assert types(record, WAITING) == [DELETE]


def test_an_invoice_that_was_issued_while_it_was_cancelled_is_credited() -> None:
    record = claimed(drafted(), of(drafted(), ISSUE))
    record = advance(record, Cancelled(LINK_AT), AUTOMATICALLY).record
    # The draft must not be deleted while it may be issued.
    assert of(record, DELETE).next_at is None
    advanced = advance(record, delivery_of(of(record, ISSUE), LINK_AT), AUTOMATICALLY)
    assert advanced.notes == (Note.CANCELLED_AFTER_ISSUING,)
    assert types(advanced.record, WAITING) == [CREDIT]
    done = carried_out(advanced.record, AUTOMATICALLY)
    assert (done.state, done.invoice.state) == (BookingState.CANCELLED, InvoiceState.CREDITED)


def test_an_issue_without_an_answer_stays_with_a_person_when_the_booking_is_cancelled() -> None:
    record = failed(drafted(), of(drafted(), ISSUE), AUTOMATICALLY, "held", HeldCause.NO_ANSWER).record
    record = advance(record, Cancelled(AFTERWARDS), AUTOMATICALLY).record
    assert (of(record, ISSUE).state, of(record, ISSUE).cause) == (HELD, "no_answer")
    assert of(record, DELETE).next_at is None


def test_a_second_attempt_that_is_stopped_does_not_forget_that_the_first_had_no_answer() -> None:
    record = claimed(drafted(), of(drafted(), ISSUE)._replace(cause=HeldCause.NO_ANSWER.value))
    record = advance(record, Cancelled(AFTERWARDS), AUTOMATICALLY).record
    stopped = SendFailed(AFTERWARDS, of(record, ISSUE).key, "cancelled", "stopped")
    record = advance(record, stopped, AUTOMATICALLY).record
    assert (of(record, ISSUE).state, of(record, ISSUE).cause) == (HELD, "no_answer")


def test_a_link_on_its_way_when_the_booking_is_cancelled_is_noted() -> None:
    record = claimed(issued(), of(issued(), LINK, SMS))
    record = advance(record, Cancelled(LINK_AT), AUTOMATICALLY).record
    assert of(record, LINK, SMS).stopping
    assert of(record, LINK, EMAIL).state is CANCELLED
    advanced = advance(record, delivery_of(of(record, LINK, SMS), LINK_AT), AUTOMATICALLY)
    assert advanced.notes == (Note.CANCELLED_AFTER_SENDING,)
    assert REMIND not in types(advanced.record, *ActionState)


@pytest.mark.parametrize("came_in", [0, 50_000, 125_000])
def test_a_cancelled_invoice_is_credited_whole_and_what_was_paid_is_due_back(came_in: int) -> None:
    record = advance(linked(), Paid(AFTERWARDS, Money(came_in, "NOK")), AUTOMATICALLY).record
    advanced = advance(record, Cancelled(AFTERWARDS), AUTOMATICALLY)
    assert types(advanced.record, WAITING) == [CREDIT]
    assert refund_due(advanced.record) == came_in
    assert advanced.notes == ((Note.REFUND_HELD,) if came_in else ())


@pytest.mark.parametrize(
    ("event", "cause"),
    [(NoShow(AFTERWARDS), "no_show"), (Cancelled(AFTERWARDS, charge=True), "cancelled_with_charge")],
)
def test_what_is_not_sent_waits_for_a_person_when_the_client_did_not_come(event: NoShow, cause: str) -> None:
    record = advance(drafted(), event, AUTOMATICALLY).record
    assert {(a.key.type, a.cause) for a in record.actions if a.state is HELD} == {(ISSUE, cause), (LINK, cause)}
    # A later fact does not let it go.
    record = advance(record, replace(LATER, occurred_at=AFTERWARDS), AUTOMATICALLY).record
    assert (record.state, of(record, LINK, SMS).state) == (BookingState.STOPPED, HELD)
    billed = advance(record, Override(AFTERWARDS, OverrideProcess.AUTOMATIC, "p-1", "charged"), AUTOMATICALLY).record
    assert (billed.state, of(billed, LINK, SMS).state) == (BookingState.SCHEDULED, WAITING)
    dropped = advance(record, Override(AFTERWARDS, OverrideProcess.EXTERNAL, "p-1", "dropped"), AUTOMATICALLY).record
    assert types(dropped, WAITING) == [DELETE]


def test_crediting_makes_a_fresh_draft_that_a_person_sends() -> None:
    record = advance(linked(), Credited(AFTERWARDS, "p-1"), AUTOMATICALLY).record
    assert record.invoice == (2, InvoiceState.NONE, None, 0, None, None, None)
    assert {a.cause for a in record.actions if a.key.type is REMIND} == {"credited"}
    assert types(record, WAITING) == [CREDIT, CREATE]
    # No decision sends it again by itself.
    record = advance(record, PriceChanged(AFTERWARDS, PART), AUTOMATICALLY).record
    assert record.state is BookingState.DRAFT
    record = advance(record, Paid(AFTERWARDS, PART), AUTOMATICALLY).record
    assert (record.state, refund_due(record)) == (BookingState.DRAFT, 50_000)


def test_a_payment_in_full_ends_what_is_sent() -> None:
    record = advance(linked(), Paid(AFTERWARDS, PART), AUTOMATICALLY).record
    assert (record.state, types(record, WAITING)) == (BookingState.ISSUED, [LINK, *[REMIND] * 4])
    advanced = advance(record, Paid(AFTERWARDS, FULL), AUTOMATICALLY)
    assert (advanced.record.state, types(advanced.record, WAITING)) == (BookingState.PAID, [])
    assert (refund_due(advanced.record), advanced.notes) == (50_000, (Note.REFUND_HELD,))
    record = advance(advanced.record, Refunded(AFTERWARDS, PART), AUTOMATICALLY).record
    assert (record.state, refund_due(record)) == (BookingState.PAID, 0)
    open_again = advance(record, Refunded(AFTERWARDS, PART), AUTOMATICALLY)
    assert (open_again.record.state, open_again.notes) == (BookingState.ISSUED, (Note.NO_LONGER_PAID,))
    assert types(open_again.record, WAITING) == []


def test_a_draft_that_is_paid_is_issued_at_once_without_a_link() -> None:
    record = advance(drafted(BY_HAND), Paid(BEFOREHAND, FULL), BY_HAND).record
    assert types(record, WAITING) == [ISSUE]
    assert of(record, ISSUE).next_at == BEFOREHAND
    record = carried_out(record, BY_HAND)
    assert (record.state, record.invoice.number) == (BookingState.PAID, "N-1")
    record = advance(drafted(), Paid(BEFOREHAND, FULL), AUTOMATICALLY).record
    assert (of(record, ISSUE).due_at, of(record, LINK, SMS).cause) == (BEFOREHAND, "paid")


def test_overrides_hold_make_and_end() -> None:
    by_hand = advance(drafted(), MANUALLY, AUTOMATICALLY).record
    assert (by_hand.state, types(by_hand, WAITING)) == (BookingState.DRAFT, [])
    assert advance(by_hand, LATER, AUTOMATICALLY).record.state is BookingState.DRAFT
    for cover in (OUTSIDE, BEFORE):
        made = advance(begun(cover), MANUALLY, cover).record
        assert (made.state, types(made, WAITING), amount_of(made)) == (BookingState.DRAFT, [CREATE], FULL)
    sent = advance(linked(), replace(MANUALLY, occurred_at=AFTERWARDS), AUTOMATICALLY).record
    assert (sent.state, types(sent, WAITING)) == (BookingState.ISSUED, [LINK])
    assert {a.cause for a in sent.actions if a.key.type is REMIND} == {"override"}


def test_a_price_set_by_a_person_survives_every_decision() -> None:
    record = advance(drafted(), PriceChanged(BEFOREHAND, PART, by_person=True), AUTOMATICALLY).record
    assert UPDATE in types(record, WAITING)
    record = advance(record, replace(LATER, occurred_at=AFTERWARDS), AUTOMATICALLY).record
    record = carried_out(advance(record, PriceChanged(AFTERWARDS, FULL), AUTOMATICALLY).record, AUTOMATICALLY)
    assert record.invoice.total == 50_000


def test_a_price_that_changed_while_it_was_issued_is_noted_and_the_total_is_what_was_issued() -> None:
    record = claimed(drafted(), of(drafted(), ISSUE))
    record = advance(record, PriceChanged(LINK_AT, PART), AUTOMATICALLY).record
    assert of(record, UPDATE).next_at is None
    done = InvoiceIssued(LINK_AT, of(record, ISSUE).key, "N-1", total=125_000, due_on=date(2026, 12, 20))
    advanced = advance(record, done, AUTOMATICALLY)
    assert advanced.record.invoice.total == 125_000
    assert advanced.record.invoice.due_on == date(2026, 12, 20)
    assert advanced.notes == (Note.PRICE_CHANGED_WHILE_ISSUED,)
    assert of(advanced.record, UPDATE).cause == "issued"


def renamed(record: BookingRecord) -> Booked:
    return Booked(AFTERWARDS, booking("2026-12-08T10:00+01:00", "2026-12-08T10:50+01:00")._replace(id="bk-2"), "bk-1")


def test_a_replaced_id_keeps_stamp_and_invoice_also_after_its_cancellation() -> None:
    kept = advance(drafted(), renamed(drafted()), AUTOMATICALLY).record
    assert (kept.booking.id, kept.stamp, kept.invoice) == ("bk-2", drafted().stamp, drafted().invoice)
    cancelled = advance(drafted(), Cancelled(AFTERWARDS), AUTOMATICALLY).record
    alive = advance(cancelled, renamed(cancelled), AUTOMATICALLY).record
    assert (alive.state, alive.invoice) == (BookingState.SCHEDULED, drafted().invoice)
    assert types(alive, WAITING) == [ISSUE, LINK, LINK, UPDATE]


def test_an_invoice_lives_on_with_its_booking_unless_its_credit_was_begun() -> None:
    cancelled = advance(linked(), Cancelled(AFTERWARDS), AUTOMATICALLY).record
    alive = advance(cancelled, renamed(cancelled), AUTOMATICALLY).record
    assert (alive.state, types(alive, WAITING)) == (BookingState.ISSUED, [REMIND] * 4)
    begun_to_credit = delivered(cancelled, of(cancelled, CREDIT), AUTOMATICALLY).record
    fresh = advance(begun_to_credit, renamed(cancelled), AUTOMATICALLY).record
    assert (fresh.state, fresh.invoice.ordinal, types(fresh, WAITING)) == (BookingState.DRAFT, 2, [CREATE])


def test_a_link_without_an_answer_stays_in_doubt_when_its_booking_comes_back() -> None:
    record = issued()
    link = of(record, LINK, SMS)._replace(tried_at=LINK_AT, attempt=1, cause=HeldCause.NO_ANSWER.value)
    record = replace(record, actions=tuple(link if a.key == link.key else a for a in record.actions))
    # Both happened before the link was due, and are told afterwards.
    cancelled = advance(record, Cancelled(BEFOREHAND), AUTOMATICALLY).record
    assert (of(cancelled, LINK, SMS).state, of(cancelled, LINK, SMS).cause) == (CANCELLED, "booking_cancelled")
    alive = advance(cancelled, replace(renamed(cancelled), occurred_at=BEFOREHAND), AUTOMATICALLY).record
    again = of(alive, LINK, SMS)
    assert (again.state, again.tried_at, again.cause) == (WAITING, LINK_AT, "no_answer")


@pytest.mark.parametrize("state", ["dead", "held", "rejected"])
@pytest.mark.parametrize("kind", [CREATE, ISSUE])
def test_a_failed_stage_holds_what_follows(state: str, kind: object) -> None:
    record = begun() if kind is CREATE else drafted()
    failing = of(record, CREATE if kind is CREATE else ISSUE)
    record = failed(record, failing, AUTOMATICALLY, state).record
    after = [a for a in record.actions if a.stage > failing.stage]
    assert {(a.state, a.cause) for a in after} == {(HELD, "stage_failed")}
    if state != "rejected":
        # It turns out that it was done.
        record = advance(record, delivery_of(failing, AFTERWARDS), AUTOMATICALLY).record
        assert {a.state for a in record.actions if a.stage > failing.stage} == {WAITING}


def test_a_rejected_draft_is_tried_afresh_when_the_facts_change() -> None:
    record = failed(begun(), of(begun(), CREATE), AUTOMATICALLY, "rejected").record
    record = advance(record, PriceChanged(BEFOREHAND, PART), AUTOMATICALLY).record
    assert (record.invoice.ordinal, types(record, WAITING)) == (2, [CREATE, ISSUE, LINK, LINK])


def test_the_next_channel_is_tried_outside_quiet_hours_until_nobody_is_reached() -> None:
    record = issued(FIRST)
    rejected = SendFailed(at("2026-12-01T20:30Z"), of(record, LINK, SMS).key, "rejected", "no such number")
    record = advance(claimed(record, of(record, LINK, SMS)), rejected, FIRST).record
    assert of(record, LINK, EMAIL).due_at == at("2026-12-02T07:00Z")
    advanced = failed(record, of(record, LINK, EMAIL), FIRST, "rejected")
    assert of(advanced.record, LINK, EMAIL).cause == HeldCause.NO_CONTACT
    assert advanced.notes == (Note.NOBODY_REACHED,)
    sent = delivered(record, of(record, LINK, EMAIL), FIRST).record
    assert {a.key.channel for a in sent.actions if a.key.type is REMIND} == {EMAIL}


def test_a_channel_that_rejects_its_link_gets_no_reminders() -> None:
    record = linked()
    record = failed(record, of(record, LINK, EMAIL), AUTOMATICALLY, "rejected").record
    assert {a.key.channel for a in record.actions if a.key.type is REMIND and a.state is WAITING} == {SMS}
    assert of(record, LINK, EMAIL).state is ActionState.REJECTED


def test_facts_that_are_missing_take_the_draft_back_until_they_are_known() -> None:
    nobody = advance(drafted(), Updated(BEFOREHAND, {"client": Person()}), AUTOMATICALLY).record
    assert (nobody.state, types(nobody, WAITING)) == (BookingState.UNDECIDED, [DELETE])
    known = advance(nobody, Updated(BEFOREHAND + timedelta(hours=1), {"client": Person(BOTH)}), AUTOMATICALLY).record
    assert (known.state, of(known, DELETE).state) == (BookingState.SCHEDULED, CANCELLED)
