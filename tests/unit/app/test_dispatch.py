"""Dispatch over a ledger in memory: order, retries, and above all what is not sent."""

from datetime import timedelta

import pytest
from tests.builders import at, clinic_text
from tests.practice import BEGIN, Practice, minutes

from payrules.adapters.recording import Raise, RecordingMessages, one_by_one
from payrules.app.dispatch import LEASE
from payrules.app.ports import Limits
from payrules.app.rows import Claimed, HoldRow, Lane
from payrules.domain.action import ActionState, HeldCause, Rejected, RetryLater
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

ISSUE, LINK = ActionType.ISSUE_INVOICE, ActionType.SEND_PAYMENT_LINK
# The sample appointment ends at 10:50 in Oslo; its link goes out a quarter of an hour later.
LINK_AT = at("2026-12-01T10:05Z")


def booked(text: str | None = None, **changes: object) -> Practice:
    """A practice with the sample booking, just booked."""
    practice = Practice(text=text)
    practice.now = at("2026-11-24T08:30Z")
    practice.book(**changes)
    return practice


def test_stages_run_in_order_each_at_its_time() -> None:
    practice = booked()
    practice.dispatch()
    assert practice.states() == {
        "create_invoice/-/1": ActionState.DELIVERED,
        "issue_invoice/-/1": ActionState.WAITING,
        "send_payment_link/sms/1": ActionState.WAITING,
        "send_payment_link/email/1": ActionState.WAITING,
    }
    practice.dispatch(LINK_AT - timedelta(seconds=1))
    assert practice.email.calls == [], "nothing goes out a second too early"
    practice.dispatch(LINK_AT)
    assert set(practice.states().values()) == {ActionState.DELIVERED}
    (sms,), (email,) = practice.sms.effects, practice.email.effects
    assert (sms.to, email.to) == ("+47 990 00 001", "a@client.example")
    assert sms.key == "fjord-fysio/bk-1/1/send_payment_link/sms/1"
    assert (sms.amount, sms.currency, sms.invoice_number) == (125_000, "NOK", "1")
    assert (sms.now, email.now) == (LINK_AT, LINK_AT)


def test_reminders_follow_from_the_delivered_link_until_paid() -> None:
    practice = booked(clinic_text("reminders: [7d, 21d]\n"))
    practice.dispatch(LINK_AT + timedelta(days=8))
    assert [m.type for m in practice.email.effects] == [LINK, ActionType.SEND_REMINDER]
    assert practice.email.effects[1].now == LINK_AT + timedelta(days=7)
    practice.event("paid", amount={"amount": "1250.00", "currency": "NOK"})
    practice.dispatch(LINK_AT + timedelta(days=60))
    assert len(practice.email.effects) == 2


def test_a_partly_paid_bill_is_reminded_of_what_is_left() -> None:
    practice = booked(clinic_text("reminders: [7d]\n"))
    practice.dispatch(LINK_AT)
    practice.event("paid", amount={"amount": "1000.00", "currency": "NOK"})
    practice.dispatch(LINK_AT + timedelta(days=8))
    assert [m.amount for m in practice.sms.effects] == [125_000, 25_000]


def test_what_fails_for_now_is_tried_again_later_and_later() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.email.script = one_by_one(RetryLater("busy"), RetryLater("busy"), RetryLater("busy"))
    practice.dispatch(LINK_AT + minutes(10))
    tried_at = [call.now - LINK_AT for call in practice.email.calls]
    assert [t.total_seconds() for t in tried_at] == [0, 30, 90, 210]
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.DELIVERED


def test_a_provider_that_asks_for_time_gets_it() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.sms.script = one_by_one(RetryLater("rate limit", after=minutes(20)))
    practice.dispatch(LINK_AT)
    assert practice.action(LINK, Channel.SMS).next_at == LINK_AT + minutes(20)


def test_what_never_works_is_dead_and_listed() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.sms.script = lambda _: RetryLater("gateway down")
    practice.dispatch(LINK_AT + timedelta(hours=23))
    sms = practice.action(LINK, Channel.SMS)
    assert (sms.state, sms.cause, sms.attempt) == (ActionState.DEAD, "gateway down", 15)
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.DELIVERED, "one channel does not wait for another"


def test_a_rejected_channel_is_followed_by_the_next_where_the_first_available_is_wanted() -> None:
    practice = booked(clinic_text(notification="{send: after_appointment, offset: 15m, delivery: first_available}"))
    practice.sms.script = lambda _: Rejected("landline")
    practice.dispatch(LINK_AT)
    assert practice.states()["send_payment_link/sms/1"] is ActionState.REJECTED
    assert [m.to for m in practice.email.effects] == ["a@client.example"]


@pytest.mark.parametrize("after_effect", [False, True])
def test_no_answer_is_for_a_person_where_the_provider_forgets_keys(after_effect: bool) -> None:
    practice = booked()
    error = TimeoutError("Kari, a@client.example")
    practice.email = RecordingMessages(Limits(key_honoured_for=0), lambda _: Raise(error, after_effect=after_effect))
    practice.dispatch(LINK_AT + timedelta(hours=1))
    email = practice.action(LINK, Channel.EMAIL)
    assert (email.state, email.cause) == (ActionState.HELD, HeldCause.NO_ANSWER)
    assert len(practice.email.calls) == 1, "never a silent second message"
    assert ("send_payment_link", "no_answer", "TimeoutError") in practice.attempts(), "the error's text is not kept"


def test_no_answer_is_asked_again_where_the_provider_knows_the_key() -> None:
    practice = booked()
    practice.email.script = one_by_one(Raise(ConnectionError(), after_effect=True))
    practice.dispatch(LINK_AT + timedelta(hours=1))
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.DELIVERED
    assert (len(practice.email.calls), len(practice.email.effects)) == (2, 1)


def test_a_worker_that_died_is_noticed_when_its_lease_ends() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.now = LINK_AT
    practice.email.script = one_by_one(Raise(KeyboardInterrupt(), after_effect=True))
    practice.dispatcher().work(Lane.INVOICE, practice.stop)
    with pytest.raises(KeyboardInterrupt):
        practice.dispatcher("the one that dies").work(Lane.EMAIL, practice.stop)
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.CLAIMED
    practice.dispatch(LINK_AT + LEASE - timedelta(seconds=1))
    assert len(practice.email.calls) == 1, "until then it could still be at it"
    practice.dispatch(LINK_AT + LEASE)
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.DELIVERED
    assert (len(practice.email.calls), len(practice.email.effects)) == (2, 1)


def test_a_cancellation_after_the_claim_stops_what_has_not_begun() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.now = LINK_AT
    practice.dispatcher().work(Lane.INVOICE, practice.stop)
    # The SMS goes first; in the middle of its call the client cancels.
    practice.sms.script = practice.cancels
    with practice.ledger.writing() as tx:
        claimed = tx.claim(Lane.EMAIL, practice.now, practice.now + LEASE, "slow", 10)
    practice.dispatcher().work(Lane.SMS, practice.stop)
    assert len(practice.sms.effects) == 1
    assert not practice.ledger.may_start(claimed[0])
    email = practice.action(LINK, Channel.EMAIL)
    assert (email.state, email.stopping) == (ActionState.CLAIMED, True)
    practice.dispatch(practice.now + LEASE)
    assert practice.email.calls == []
    assert practice.action(LINK, Channel.EMAIL).cause == HeldCause.NO_ANSWER, "the slow worker may have begun"


def test_a_message_that_began_before_the_cancellation_is_recorded_as_sent() -> None:
    practice = booked()
    practice.sms.script = practice.cancels
    practice.dispatch(LINK_AT)
    assert practice.action(LINK, Channel.SMS).state is ActionState.DELIVERED
    assert practice.action(LINK, Channel.EMAIL).state is ActionState.CANCELLED
    assert practice.email.calls == []


def test_a_link_a_day_late_waits_for_a_person() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.now = LINK_AT + timedelta(hours=24, seconds=1)
    practice.dispatch()
    assert practice.action(ISSUE).state is ActionState.DELIVERED
    for channel in Channel:
        action = practice.action(LINK, channel)
        assert (action.state, action.cause) == (ActionState.HELD, HeldCause.TOO_LATE)
    assert practice.sms.calls == practice.email.calls == []


def test_a_channel_whose_contact_went_away_is_not_used() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.event("updated", facts={"client": {"id": "client-1", "email": ""}})
    practice.dispatch(LINK_AT)
    assert [m.to for m in practice.sms.effects] == ["+47 990 00 001"]
    assert practice.email.calls == []


def test_a_worker_that_is_told_to_stop_gives_back_what_it_claimed() -> None:
    practice = booked()
    practice.stop.set()
    practice.dispatcher().work(Lane.INVOICE, practice.stop)
    assert practice.invoices.calls == []
    assert practice.attempts() == [("create_invoice", "not_started", "released")]
    practice.stop.clear()
    practice.dispatch()
    assert practice.action(ActionType.CREATE_INVOICE).state is ActionState.DELIVERED


def test_an_adapter_that_needs_longer_than_the_lease_has_left_is_not_called() -> None:
    practice = booked()
    practice.dispatch(LINK_AT - minutes(1))
    practice.sms.limits = Limits(timeout=LEASE.total_seconds() + 1)
    practice.now = LINK_AT
    practice.dispatcher().work(Lane.INVOICE, practice.stop)
    practice.dispatcher().work(Lane.SMS, practice.stop)
    assert practice.sms.calls == []


def test_a_slow_answer_of_the_ledger_that_takes_the_lease_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    practice = booked()
    may_start = practice.ledger.may_start

    def slowly(claimed: Claimed) -> bool:
        answer = may_start(claimed)
        practice.now += LEASE
        return answer

    monkeypatch.setattr(practice.ledger, "may_start", slowly)
    practice.dispatcher().work(Lane.INVOICE, practice.stop)
    assert practice.invoices.calls == []
    assert practice.attempts() == [("create_invoice", "not_started", "released")]


def test_a_ledger_that_is_away_while_settling_is_waited_for() -> None:
    practice = booked()
    pauses: list[float] = []
    away = iter([True, True])
    dispatcher = practice.dispatcher(pause=pauses.append, fails=lambda: next(away, False))
    dispatcher.work(Lane.INVOICE, practice.stop)
    assert pauses == [1.0, 1.0]
    assert practice.action(ActionType.CREATE_INVOICE).state is ActionState.DELIVERED
    assert len(practice.invoices.effects) == 1


def test_what_follows_a_delivery_is_held_with_its_clinic() -> None:
    practice = booked(clinic_text("reminders: [7d]\n"))
    practice.dispatch(LINK_AT - minutes(1))

    def hold(_: object) -> None:
        clinic_no = practice.stored().clinic_no
        with practice.ledger.writing() as tx:
            tx.add_hold(clinic_no, HoldRow(1, None, "a wrong rule", "test", practice.now))

    practice.email.script = hold
    practice.dispatch(LINK_AT + timedelta(days=8))
    reminder = practice.action(ActionType.SEND_REMINDER, Channel.EMAIL)
    assert (reminder.state, reminder.cause) == (ActionState.HELD, HeldCause.CLINIC_HELD)


def test_a_message_tells_the_day_that_stands_on_the_invoice() -> None:
    practice = Practice(text=clinic_text(notification="{send: after_booking}"))
    practice.now = BEGIN + timedelta(days=3)
    practice.book(booked_at=practice.now.isoformat())
    practice.dispatch()
    # A clock that is set back: dates on invoices never go back.
    practice.now = BEGIN
    practice.book(id="bk-2", booked_at=BEGIN.isoformat())
    practice.dispatch()
    first, second = practice.invoices.made.invoices()
    assert first.due_on == second.due_on
    assert [sms.due_on for sms in practice.sms.effects] == [first.due_on, second.due_on]
    assert first.due_on == (BEGIN + timedelta(days=17)).date()
