"""What waits for a person is listed with its reason, and what a person does about it is recorded."""

from datetime import timedelta

import pytest
from tests.builders import CLINIC, at, clinic_text
from tests.practice import Practice, minutes

from payrules.adapters.recording import Raise, RecordingMessages
from payrules.app.by_hand import by_hand
from payrules.app.holding import Holder
from payrules.app.ports import Limits
from payrules.app.requests import Requests
from payrules.app.rows import DeedRow
from payrules.app.stuck import Desk, Done, Refund, Stopped, Undecided, Verb, Waiting, stuck_actions, waiting_for_person
from payrules.app.timelines import UnknownClinicError
from payrules.domain.action import Action, ActionKey, ActionState, HeldCause, RetryLater
from payrules.domain.decision import ActionType, Reason
from payrules.domain.policy import Channel

BY = by_hand("kari", "she asked")
LINK = ActionType.SEND_PAYMENT_LINK
LINK_AT = at("2026-12-01T10:05Z")
EMAIL_KEY, SMS_KEY = f"{CLINIC}/bk-1/1/send_payment_link/email/1", f"{CLINIC}/bk-1/1/send_payment_link/sms/1"
NOK = {"currency": "NOK"}


@pytest.fixture
def practice() -> Practice:
    """The link by email was sent, or was not: nobody knows."""
    found = Practice(text=clinic_text("reminders: [7d]\n"))
    found.email = RecordingMessages(Limits(key_honoured_for=0), lambda _: Raise(TimeoutError(), after_effect=True))
    found.now = at("2026-11-24T09:00Z")
    found.book()
    return found


def act(practice: Practice, verb: Verb, *keys: str) -> list[Done]:
    return list(Desk(practice.ledger, Requests(practice.versions), practice.clock).act(verb, keys, BY))


def waiting(practice: Practice, clinic: str | None = None) -> Waiting:
    with practice.ledger.reading() as tx:
        return waiting_for_person(tx, Requests(practice.versions), clinic)


def email(practice: Practice) -> Action:
    return practice.action(LINK, Channel.EMAIL)


def test_held_actions_are_listed_by_their_keys(practice: Practice) -> None:
    assert waiting(practice) == Waiting((), (), (), (), is_cut=False)
    practice.dispatch(LINK_AT)
    (stuck,) = waiting(practice).actions
    assert (stuck.key, stuck.action.cause) == (EMAIL_KEY, HeldCause.NO_ANSWER)
    assert waiting(practice, CLINIC).actions == (stuck,)
    with pytest.raises(UnknownClinicError):
        waiting(practice, "harbour")


def test_released_it_is_sent_again_and_says_who_did_it(practice: Practice) -> None:
    practice.dispatch(LINK_AT)
    assert act(practice, Verb.RELEASE, EMAIL_KEY, EMAIL_KEY) == [Done(EMAIL_KEY, Verb.RELEASE)]
    action = email(practice)
    assert (action.state, action.by_hand, action.cause) == (ActionState.WAITING, True, "released by kari: she asked")
    practice.email.script = lambda _: None
    practice.dispatch()
    assert email(practice).state is ActionState.DELIVERED


def test_dropped_it_says_who_did_it_and_never_comes_back(practice: Practice) -> None:
    practice.dispatch(LINK_AT - minutes(1))
    Holder(practice.ledger, practice.clock).hold(CLINIC, BY)
    assert act(practice, Verb.DROP, EMAIL_KEY) == [Done(EMAIL_KEY, Verb.DROP)]
    assert (email(practice).state, email(practice).cause) == (ActionState.CANCELLED, "dropped by kari: she asked")
    practice.event("rescheduled", starts_at="2026-12-02T10:00:00+01:00", ends_at="2026-12-02T10:50:00+01:00")
    assert email(practice).state is ActionState.CANCELLED
    practice.event("override", process="automatic", by="kari", reason="after all")
    assert email(practice).state is ActionState.HELD, "a person wants it again, and the clinic is on hold"


def test_what_a_dropped_issue_leads_to_is_not_wanted_again(practice: Practice) -> None:
    practice.invoices.script = lambda r: RetryLater("down") if r.type is ActionType.ISSUE_INVOICE else None
    practice.dispatch(LINK_AT + timedelta(hours=20))
    with practice.ledger.reading() as tx:
        (dead,) = stuck_actions(tx, ActionState.DEAD)
    assert act(practice, Verb.DROP, dead.key) == [Done(dead.key, Verb.DROP)]
    assert {a.cause for a in practice.stored().record.actions if a.key.type is LINK} == {"dropped by kari: she asked"}
    practice.event("rescheduled", starts_at="2026-12-05T10:00:00+01:00", ends_at="2026-12-05T10:50:00+01:00")
    assert {a.state for a in practice.stored().record.actions if a.key.type is LINK} == {ActionState.CANCELLED}


def test_a_message_that_arrived_after_all_is_said_to_be_delivered(practice: Practice) -> None:
    practice.sms.script = lambda _: RetryLater("gateway down")
    practice.dispatch(LINK_AT)
    assert act(practice, Verb.FIND_DELIVERED, EMAIL_KEY) == [Done(EMAIL_KEY, Verb.FIND_DELIVERED)]
    assert (email(practice).state, email(practice).receipt) == (ActionState.DELIVERED, "by hand: kari")
    reminders = [a for a in practice.stored().record.actions if a.key.type is ActionType.SEND_REMINDER]
    assert {a.state for a in reminders} == {ActionState.WAITING}
    assert act(practice, Verb.FIND_DELIVERED, SMS_KEY)[0].code == "not_held"
    assert len(practice.email.effects) == 1


def test_reminders_of_what_arrived_wait_for_the_release_of_the_clinic(practice: Practice) -> None:
    practice.sms.script = lambda _: RetryLater("gateway down")
    practice.dispatch(LINK_AT)
    Holder(practice.ledger, practice.clock).hold(CLINIC, BY)
    act(practice, Verb.FIND_DELIVERED, EMAIL_KEY)
    reminders = [a for a in practice.stored().record.actions if a.key.type is ActionType.SEND_REMINDER]
    assert {(a.state, a.cause) for a in reminders} == {(ActionState.HELD, HeldCause.CLINIC_HELD)}


def test_what_a_person_did_is_kept_when_the_action_has_come_to_its_end(practice: Practice) -> None:
    practice.dispatch(LINK_AT)
    act(practice, Verb.RELEASE, EMAIL_KEY)
    practice.dispatch()
    practice.now += minutes(5)
    assert [done.code for done in act(practice, Verb.DROP, EMAIL_KEY, SMS_KEY)] == [None, "not_held"]
    stored, key = practice.stored(), ActionKey(1, LINK, Channel.EMAIL)
    with practice.ledger.reading() as tx:
        deeds = tx.deeds_of(stored.clinic_no, stored.booking_no)
    assert deeds == [
        DeedRow(1, key, "released", "kari", "she asked", LINK_AT),
        DeedRow(2, key, "dropped", "kari", "she asked", LINK_AT + minutes(5)),
    ]


def test_dead_actions_are_tried_again(practice: Practice) -> None:
    practice.sms.script = lambda _: RetryLater("gateway down")
    practice.dispatch(LINK_AT + timedelta(hours=23))
    with practice.ledger.reading() as tx:
        (dead,) = stuck_actions(tx, ActionState.DEAD, CLINIC)
    assert (dead.key, dead.action.cause) == (SMS_KEY, "gateway down")
    assert act(practice, Verb.RELEASE, dead.key)[0].code == "not_held"
    assert act(practice, Verb.RETRY, dead.key) == [Done(SMS_KEY, Verb.RETRY)]
    assert practice.action(LINK, Channel.SMS).cause == "retried by kari: she asked"
    practice.sms.script = lambda _: None
    practice.dispatch()
    assert practice.action(LINK, Channel.SMS).state is ActionState.DELIVERED


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("bk-1", "not_a_key"),
        (f"{CLINIC}/bk-1/01/send_payment_link/sms/1", "not_a_key"),
        (f"{CLINIC}/bk-1/1/send_payment_link/pigeon/1", "not_a_key"),
        (f"{CLINIC}//1/send_payment_link/sms/1", "not_a_key"),
        ("harbour/bk-1/1/send_payment_link/sms/1", "unknown_clinic"),
        (f"{CLINIC}/bk-2/1/send_payment_link/sms/1", "unknown_booking"),
        (f"{CLINIC}/bk-1/2/send_payment_link/sms/1", "unknown_action"),
        (SMS_KEY, "not_held"),
    ],
)
def test_refusals(practice: Practice, key: str, code: str) -> None:
    before = practice.stored()
    (done,) = act(practice, Verb.RELEASE, key)
    assert (done.code, done.is_refused) == (code, True)
    assert done.sentence
    assert practice.stored() == before


def test_a_key_is_read_as_it_is_written() -> None:
    key = ActionKey(2, LINK, Channel.SMS, 3)
    assert ActionKey.parse(key.text(CLINIC, "a:b.c")) == (CLINIC, "a:b.c", key)
    issue = ActionKey(1, ActionType.ISSUE_INVOICE)
    assert ActionKey.parse(issue.text(CLINIC, "bk-1")) == (CLINIC, "bk-1", issue)


def test_nobody_lets_an_action_slip_through_a_hold(practice: Practice) -> None:
    practice.dispatch(LINK_AT)
    Holder(practice.ledger, practice.clock).hold(CLINIC, BY)
    act(practice, Verb.RELEASE, EMAIL_KEY)
    assert (email(practice).state, email(practice).cause) == (ActionState.HELD, HeldCause.CLINIC_HELD)
    (done,) = act(practice, Verb.RELEASE, EMAIL_KEY)
    assert done.code == "clinic_held"
    assert done.sentence is not None
    assert f"payrules release {CLINIC}" in done.sentence
    Holder(practice.ledger, practice.clock).release(CLINIC, by_hand("kari", "corrected"))
    assert (email(practice).state, email(practice).by_hand) == (ActionState.WAITING, True)


def test_undecided_stopped_and_overpaid_bookings() -> None:
    practice = Practice(text=clinic_text("rules:\n  - {id: r, when: {first_visit: true}, set: {process: manual}}\n"))
    practice.now = at("2026-11-24T09:00Z")
    practice.book()
    practice.book(id="bk-2", first_visit=False, price=None)
    practice.book(id="bk-3", first_visit=False, client={"id": "client-3"})
    practice.book(id="bk-4", first_visit=True)
    for number, kind, content in ((4, "no_show", {}), (4, "paid", {"amount": {"amount": "1500.00"} | NOK})):
        event = {"type": kind, "event_id": f"{kind}-{number}", "occurred_at": practice.now.isoformat()}
        practice.event(kind, **content | event | {"booking_id": f"bk-{number}"})
    practice.book(id="bk-5", first_visit=True)
    practice.event("no_show", event_id="no-show-5", booking_id="bk-5")
    found = waiting(practice)
    assert found.undecided == (
        Undecided(CLINIC, "bk-1", Reason.MISSING_FACT, ("first_visit",)),
        Undecided(CLINIC, "bk-2", Reason.MISSING_PRICE, ("price",)),
        Undecided(CLINIC, "bk-3", Reason.NO_REACHABLE_CHANNEL, ("client.phone", "client.email")),
    )
    assert found.stopped == (Stopped(CLINIC, "bk-5", HeldCause.NO_SHOW),)
    assert found.refunds == (Refund(CLINIC, "bk-4", 25_000, "NOK"),)
    assert found.bookings == (*found.undecided, *found.stopped, *found.refunds)
    # What a person wants decides what is missing: without a phone or email nobody can be asked for money.
    practice.event("override", process="automatic", by="kari", reason="bill", event_id="o-3", booking_id="bk-3")
    assert waiting(practice).undecided == found.undecided


def test_what_is_listed_has_an_end(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.book(id="bk-2", price=None)
    practice.book(id="bk-3", price=None)
    monkeypatch.setattr("payrules.app.stuck.MOST_LISTED", 1)
    found = waiting(practice)
    assert found.is_cut
