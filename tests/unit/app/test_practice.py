"""What people do about bookings, in a practice in memory: done once, with who did it, or refused with a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import CLINIC, at, clinic_text, record_fields
from tests.practice import Practice as Clinic

from payrules.adapters.addresses import why_unreachable
from payrules.adapters.recording import one_by_one
from payrules.adapters.zones import load_zone
from payrules.app.bookings import AmbiguousBookingError, Bookings, Seen, UnknownBookingError
from payrules.app.by_hand import ByHandError, by_hand
from payrules.app.fates import Fate
from payrules.app.holding import Holder
from payrules.app.practice import Asked, Done, Practice
from payrules.app.practice_facts import PracticeError
from payrules.app.rows import ActivationRow, Contact, EventRow, EventState, Party
from payrules.app.timelines import UnknownClinicError
from payrules.domain.action import ActionState, Rejected
from payrules.domain.decision import ActionType
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.lifecycle import Note, Refusal, refund_due
from payrules.domain.policy import Channel, PaymentMethod
from payrules.domain.record import BookingState
from payrules.domain.timeline import Activation

MANUAL = clinic_text(process="manual", manual="{create_draft: true, default_method: card_terminal}")
LINK = ActionType.SEND_PAYMENT_LINK
FULL, PART = "1250", "500"


class Desk:
    """A clinic and the people who work there."""

    def __init__(self, text: str = MANUAL, **booking: Any) -> None:
        self.clinic = Clinic(text=text)
        self.clinic.now = at("2026-11-24T09:00Z")
        self.clinic.book(**booking)
        self.clinic.dispatch()
        self._asked = 0
        clock = self.clinic.clock
        self.bookings = Bookings(self.clinic.versions, clock)
        processor = self.clinic.processor
        self.practice = Practice(self.clinic.ledger, self.bookings, processor, load_zone, clock, why_unreachable)

    def __call__(self, what: str, *args: Any, by: str = "kari", event_id: str | None = None, **options: Any) -> Done:
        """Somebody does something a minute later."""
        self.clinic.now += timedelta(minutes=1)
        self._asked += 1
        asked = Asked(options.pop("of", "bk-1"), by, event_id or f"p-{self._asked}", options.pop("clinic", None))
        method: Callable[..., Done] = getattr(self.practice, what)
        return method(asked, *args, **options)

    def does(self, what: str, *args: Any, **options: Any) -> Seen:
        """The booking after what must be done."""
        done = self(what, *args, **options)
        assert (done.fate, done.sentence) == (Fate.APPLIED, None)
        return done.after

    def is_refused(self, what: str, *args: Any, **options: Any) -> str | None:
        """The code of what must be refused, with nothing changed."""
        done = self(what, *args, **options)
        assert done.fate is Fate.REFUSED
        assert done.sentence
        assert done.before.stored == done.after.stored
        return done.code

    def events(self) -> list[EventRow]:
        """The events of persons, as they came."""
        with self.clinic.ledger.reading() as tx:
            rows = tx.events_of(self.clinic.stored().clinic_no, "bk-1")
        return [row for row in rows if row.event_id.startswith("p-")]

    def contact(self, party: Party) -> Contact:
        stored = self.clinic.stored()
        event_no = stored.client_event if party is Party.CLIENT else stored.payer_event
        assert event_no is not None
        with self.clinic.ledger.reading() as tx:
            return tx.contacts([(stored.clinic_no, event_no)])[stored.clinic_no, event_no, party]


def issued() -> Desk:
    """An invoice over 1250.00 is issued, and both links have gone out."""
    desk = Desk()
    desk.does("send")
    desk.clinic.dispatch()
    assert desk.clinic.stored().record.state is BookingState.ISSUED
    return desk


# ---- drafts and links


def test_a_draft_is_priced_sent_and_paid() -> None:
    desk = Desk(price=None)
    assert desk.is_refused("send") == Refusal.NO_PRICE
    assert desk.does("price", "1250.50").total == 125_050
    desk.does("send")
    desk.clinic.dispatch()
    seen = desk.does("pay", "1000")
    assert (seen.stored.record.state, seen.left) == (BookingState.ISSUED, 25_050)
    assert desk.does("pay", "250.50").stored.record.state is BookingState.PAID
    assert [call.amount for call in desk.clinic.sms.calls] == [125_050]


def test_the_first_of_two_people_sends_the_draft_and_the_other_is_told() -> None:
    desk = Desk()
    desk.does("send", by="kari")
    assert desk.is_refused("send", by="ola") == Refusal.ALREADY_SENT
    desk.clinic.dispatch()
    assert desk.is_refused("send", by="ola") == Refusal.NO_DRAFT
    assert (len(desk.clinic.sms.calls), len(desk.clinic.email.calls)) == (1, 1)


def test_a_clock_that_runs_behind_does_not_send_a_draft_twice() -> None:
    desk = Desk()
    desk.does("send", by="kari")
    desk.clinic.now -= timedelta(minutes=5)
    done = desk("send", by="ola")
    assert done.fate is Fate.STALE
    assert done.sentence is not None
    assert done.before.stored == done.after.stored


def test_a_draft_goes_out_at_the_time_that_is_set() -> None:
    desk = Desk()
    desk.does("send", "2026-12-01T10:00")
    assert desk.clinic.action(LINK, Channel.SMS).due_at == at("2026-12-01T09:00Z")
    desk.does("send", "2026-12-01 08:00:00+01:00")
    assert desk.clinic.action(LINK, Channel.SMS).due_at == at("2026-12-01T07:00Z")
    with pytest.raises(PracticeError, match="this time is past"):
        desk("send", "2026-11-24T10:00")


def test_a_time_that_is_told_again_when_it_is_past_was_set_before() -> None:
    desk = Desk()
    desk.does("send", "2026-11-24T10:30", event_id="mine")
    desk.clinic.dispatch("2026-11-24T12:00Z")
    assert desk("send", "2026-11-24T10:30", event_id="mine").fate is Fate.REPEATED


def test_a_link_is_sent_again_as_often_as_somebody_asks() -> None:
    desk = issued()
    for number in (2, 3):
        desk.does("resend", Channel.SMS)
        assert desk.is_refused("resend") == Refusal.LINK_ON_ITS_WAY
        desk.clinic.dispatch()
        assert desk.clinic.action(LINK, Channel.SMS, number).state is ActionState.DELIVERED
    assert (len(desk.clinic.sms.calls), len(desk.clinic.email.calls)) == (3, 1)
    assert len({call.key for call in desk.clinic.sms.calls}) == 3


def test_a_wrong_number_is_corrected_and_the_link_sent_again() -> None:
    desk = Desk(client={"id": "c", "phone": "+47 990 00 001"})
    desk.does("send")
    desk.clinic.sms.script = one_by_one(Rejected("not a number in use"))
    desk.clinic.dispatch()
    assert desk.clinic.action(LINK, Channel.SMS).state is ActionState.HELD
    desk.does("set_facts", ["client.phone=+47 990 00 002"])
    desk.does("resend")
    desk.clinic.dispatch()
    assert [call.to for call in desk.clinic.sms.calls] == ["+47 990 00 001", "+47 990 00 002"]


def test_nothing_slips_through_a_clinic_on_hold() -> None:
    desk = Desk()
    Holder(desk.clinic.ledger, desk.clinic.clock).hold(CLINIC, by_hand("kari", "wrong rule"))
    desk.does("send")
    desk.clinic.dispatch()
    assert desk.clinic.sms.calls == []
    Holder(desk.clinic.ledger, desk.clinic.clock).release(CLINIC, by_hand("kari", "corrected"))
    desk.clinic.dispatch()
    assert len(desk.clinic.sms.calls) == 1


# ---- money


def test_money_that_came_in_is_by_the_default_method_unless_somebody_says_otherwise() -> None:
    desk = issued()
    desk.does("pay", PART)
    desk.does("pay", PART, PaymentMethod.CASH)
    told = [row.body for row in desk.events() if row.type is EventType.PAID]
    assert ['"card_terminal"' in (body or "") for body in told] == [True, False]
    assert ['"cash"' in (body or "") for body in told] == [False, True]


def test_no_more_goes_back_than_came_in() -> None:
    desk = issued()
    desk.does("pay", "1400")
    assert refund_due(desk.clinic.stored().record) == 15_000
    with pytest.raises(PracticeError, match=r"only 1400\.00 NOK came in"):
        desk("refund", "1400.01")
    desk.does("refund", "150", event_id="back")
    desk.does("refund", "1250")
    assert desk("refund", "150", event_id="back").fate is Fate.REPEATED
    assert desk.clinic.stored().record.invoice.paid == 0


@pytest.mark.parametrize("what", ["pay", "refund"])
def test_nothing_is_no_payment(what: str) -> None:
    with pytest.raises(PracticeError, match="more than 0"):
        Desk()(what, "0")


def test_what_is_credited_is_billed_by_a_fresh_draft_to_be_paid_anew() -> None:
    desk = issued()
    desk.does("pay", FULL)
    assert desk.is_refused("price", "900") == Refusal.CREDIT_FIRST
    seen = desk.does("credit", "wrong price")
    assert (seen.stored.record.state, seen.left, refund_due(seen.stored.record)) == (
        BookingState.DRAFT,
        125_000,
        125_000,
    )
    assert desk.does("price", "900").left == 90_000
    desk.does("refund", FULL)
    desk.does("send")
    desk.clinic.dispatch()
    assert desk.clinic.stored().record.invoice.total == 90_000


def test_a_booking_without_decimals_takes_none() -> None:
    desk = Desk(MANUAL.replace("NOK", "JPY"), price={"amount": "12500", "currency": "JPY"})
    assert desk.does("price", "9000").total == 9_000
    with pytest.raises(PracticeError, match="JPY has no decimals"):
        desk("price", "9000.50")


# ---- the process, cancellations, facts


def test_a_person_decides_the_process_of_one_booking() -> None:
    desk = Desk(clinic_text())
    assert desk.is_refused("send") == Refusal.NO_DRAFT
    seen = desk.does("override", OverrideProcess.MANUAL, "price to be agreed")
    assert seen.stored.record.state is BookingState.DRAFT
    assert seen.stored.record.by_person.override_by == "kari"
    assert desk.does("override", OverrideProcess.EXTERNAL, "hospital").stored.record.state == "externally_billed"
    assert desk.is_refused("price", "100") == Refusal.NO_DRAFT


def test_a_cancellation_says_what_goes_back() -> None:
    desk = issued()
    desk.does("pay", PART)
    done = desk("cancel", "ill")
    assert done.notes == (Note.REFUND_HELD,)
    assert done.after.stored.record.state is BookingState.CANCELLED
    assert desk.is_refused("cancel") == Refusal.ALREADY_CANCELLED
    assert desk.is_refused("credit", "too") == Refusal.BOOKING_CANCELLED


def test_a_charged_cancellation_leaves_the_bill_to_a_person() -> None:
    desk = Desk(clinic_text())
    seen = desk.does("cancel", charge=True)
    assert seen.stored.record.state is BookingState.STOPPED
    assert desk.does("override", OverrideProcess.MANUAL, "agreed").stored.record.state is BookingState.DRAFT


def test_a_missing_fact_is_supplied() -> None:
    desk = Desk(clinic_text(), client={"id": "c"})
    (seen,) = desk.bookings.all(desk.clinic.ledger, [BookingState.UNDECIDED])
    assert seen.missing == ("client.phone", "client.email")
    seen = desk.does("set_facts", ["client.email = a@client.example", "client.tags=a;b", "first_visit=yes"])
    assert seen.stored.record.state is BookingState.SCHEDULED
    assert (seen.stored.record.booking.tags, seen.stored.record.booking.first_visit) == (frozenset("ab"), True)
    assert desk.contact(Party.CLIENT) == Contact(email="a@client.example")


def test_one_fact_of_a_payer_leaves_the_others() -> None:
    payer = {"kind": "guardian", "name": "G", "email": "g@payer.example", "language": "nb"}
    desk = Desk(payer=payer)
    desk.does("set_facts", ["payer.phone=+47 990 00 003"])
    assert desk.contact(Party.PAYER) == Contact("G", "g@payer.example", "+47 990 00 003")
    assert '"language":"nb"' in desk.clinic.stored().facts
    assert desk.does("set_facts", ["payer="]).stored.record.booking.payer is None
    assert desk.does("set_facts", ["payer.kind=employer", "payer.email=e@work.example"]).channels == (Channel.EMAIL,)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("client.phone=22 00 00 00", r"^`client\.phone` is not a mobile number: nothing could be sent to it$"),
        ("client.phone=call me", r"^`client\.phone` is not a phone number"),
        ("client.email=a.client.example", r"^`client\.email` is not an email address"),
        ("payer.email=e@", r"^`payer\.email` is not an email address"),
    ],
)
def test_an_address_that_nothing_could_be_sent_to_is_refused(fact: str, said: str) -> None:
    desk = Desk(payer={"kind": "guardian", "email": "g@payer.example"})
    with pytest.raises(PracticeError, match=said):
        desk("set_facts", [fact])


def test_another_client_is_another_persons_addresses() -> None:
    desk = Desk(clinic_text())
    (note,) = desk("set_facts", ["client.id=client-2"]).notes
    assert note.startswith("another client: how to reach the former one is no longer used; `payrules bookings set bk-1")
    assert desk.clinic.stored().client_event is None
    assert desk("set_facts", ["client.id=client-2"]).notes == ()
    assert desk("set_facts", ["client.id=client-3", "client.email=c@client.example"]).notes == ()
    assert desk.contact(Party.CLIENT) == Contact(email="c@client.example")


def test_a_booking_is_found_as_lists_write_it() -> None:
    desk = Desk()
    with desk.clinic.ledger.reading() as tx:
        assert desk.bookings.find(tx, f"{CLINIC}/bk-1") == desk.bookings.find(tx, f"{CLINIC}/bk-1", CLINIC)
        with pytest.raises(UnknownClinicError, match="`vika`"):
            desk.bookings.find(tx, "vika/bk-1")
        with pytest.raises(UnknownBookingError):
            desk.bookings.find(tx, f"{CLINIC}/bk-1", "vika")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (["first_visit=perhaps"], r"`first_visit` is true or false"),
        (["starts_at=tomorrow"], r"`starts_at` "),
        (["payer.email=e@work.example"], r"`payer\.kind` is missing"),
        (["location=moon"], r"`location` "),
    ],
)
def test_what_is_no_value_of_a_fact_is_named_with_its_field(facts: list[str], said: str) -> None:
    with pytest.raises(PracticeError, match=said) as raised:
        Desk()("set_facts", facts)
    assert "facts." not in str(raised.value)
    assert "work.example" not in str(raised.value)


# ---- who, once, and which


def test_what_is_told_again_under_its_id_is_done_once() -> None:
    desk = issued()
    desk.does("pay", PART, event_id="till-7")
    assert desk("pay", PART, event_id="till-7").fate is Fate.REPEATED
    assert desk.clinic.stored().record.invoice.paid == 50_000
    other = desk("pay", FULL, event_id="till-7")
    assert (other.fate, desk.clinic.stored().record.invoice.paid) == (Fate.REFUSED, 50_000)
    assert other.sentence == "this event id named something else before: take another one"


def test_who_did_what_is_recorded_refused_or_not() -> None:
    desk = Desk()
    desk.does("send", by="kari")
    desk.is_refused("send", by="ola nordmann")
    first, second = desk.events()
    assert (first.type, first.state, first.body) == (EventType.DRAFT_SENT, EventState.APPLIED, '{"person":"kari"}')
    assert (second.state, second.reason, second.body) == (
        EventState.REFUSED,
        "already_sent",
        '{"person":"ola nordmann"}',
    )


@pytest.mark.parametrize("name", ["", " \n", "x" * 301, "a\x1bb"])
def test_somebody_must_have_a_name(name: str) -> None:
    desk = Desk()
    with pytest.raises(ByHandError):
        desk("send", by=name)
    assert desk.events() == []


def test_a_reason_must_be_one() -> None:
    desk = issued()
    with pytest.raises(ByHandError, match="the reason is empty"):
        desk("credit", " ")


@pytest.mark.parametrize("event_id", ["a b", "x" * 201, "ø"])
def test_an_event_id_has_a_form(event_id: str) -> None:
    with pytest.raises(PracticeError, match="the event id is not an event id: use 1 to 200 visible ASCII"):
        Desk()("send", event_id=event_id)


def test_a_booking_is_found_by_the_id_it_had() -> None:
    desk = Desk()
    desk.clinic.event("booked", replaces="bk-1", booking=record_fields(id="bk-9"))
    seen = desk.does("send", of="bk-1")
    assert seen.booking_id == "bk-9"


def test_a_booking_must_be_known_and_one() -> None:
    desk = Desk()
    with pytest.raises(UnknownBookingError, match="no booking of that id is known here"):
        desk("send", of="Kari Quist")
    with pytest.raises(UnknownClinicError):
        desk("send", clinic="elsewhere")
    with desk.clinic.ledger.writing() as tx:
        other = tx.add_clinic("another-clinic").clinic_no
        mine = tx.clinics([CLINIC])[CLINIC].clinic_no
        row = tx.timelines([mine])[mine][0].activation
        effective = at("2026-11-24T08:00Z")
        tx.add_activation(other, ActivationRow(Activation(1, row.digest, effective, effective), "test"))
    desk.clinic.event("booked", booking=record_fields(clinic="another-clinic"))
    with pytest.raises(AmbiguousBookingError, match="fjord-fysio, another-clinic"):
        desk("send")
    assert desk.does("send", clinic=CLINIC).clinic == CLINIC


def test_a_booking_that_no_version_covers_is_in_the_terms_in_force_now() -> None:
    desk = Desk(booked_at="2026-11-20T09:00:00+01:00", starts_at="2026-12-01T10:00:00+01:00")
    seen = desk.does("override", OverrideProcess.MANUAL, "came with us")
    assert (seen.currency, seen.zone, seen.left) == ("NOK", load_zone("Europe/Oslo"), 125_000)
    desk.does("pay", FULL)
    assert '"card_terminal"' in (desk.events()[-1].body or "")
    (found,) = desk.bookings.all(desk.clinic.ledger, clinic=CLINIC)
    assert found.stored == desk.clinic.stored()
