"""Processing: what becomes of events, in whichever order and however often they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import CLINIC, at, clinic_text
from tests.processing import IN_FORCE_AT, NOW, activated, booked, event, event_rows, fates, processor, records, stored

from payrules.adapters.memory import MemoryLedger
from payrules.app.fates import Fate, Report
from payrules.app.ports import ConflictError, Ledger, Transaction
from payrules.app.rows import Contact, EventState, HoldRow, Party
from payrules.domain.action import ActionState, HeldCause
from payrules.domain.decision import Outcome, Reason
from payrules.domain.policy import Channel
from payrules.domain.record import BookingState

MONEY = {"amount": "1250.00", "currency": "NOK"}


@pytest.fixture
def ledger() -> Ledger:
    return activated(MemoryLedger())


def process(ledger: Ledger, *events: dict[str, Any]) -> Report:
    return processor(ledger).process(records(*events))


def problems(report: Report) -> list[tuple[int, str, str]]:
    return [(one.number, fault.field, fault.problem) for one in report.refused for fault in one.faults]


def contact_of(ledger: Ledger, number: int, party: Party = Party.CLIENT) -> Contact | None:
    found = stored(ledger, number)
    event_no = found.client_event if party is Party.CLIENT else found.payer_event
    with ledger.reading() as tx:
        return None if event_no is None else tx.contacts([(1, event_no)]).get((1, event_no, party))


def test_a_new_booking_is_stamped_decided_and_has_its_actions(ledger: Ledger) -> None:
    report = process(ledger, booked(1))
    assert fates(report) == {Fate.NEW: 1}
    assert report.outcomes == {Outcome.AUTOMATIC: 1}
    found = stored(ledger, 1)
    assert (found.record.stamp.sequence, found.record.stamp.stamped_at) == (1, NOW)
    assert (found.record.stamp.engine, found.record.stamp.tzdata) == ("0.1.0", "2026a")
    assert found.record.state is BookingState.SCHEDULED
    assert [action.state for action in found.record.actions] == [ActionState.WAITING] * 4
    with ledger.reading() as tx:
        assert [row.facts for row in tx.decisions_of(1, found.booking_no)] == [found.facts]
    assert contact_of(ledger, 1) == Contact("Zebulon Quist", "a@client.example", "+47 990 00 001")
    assert "client.example" not in found.facts


def test_the_same_events_again_change_nothing(ledger: Ledger) -> None:
    events = [booked(1), event("cancelled", 1), booked(2)]
    process(ledger, *events)
    before = stored(ledger, 1), stored(ledger, 2)
    assert fates(process(ledger, *events, *events)) == {Fate.REPEATED: 6}
    assert (stored(ledger, 1), stored(ledger, 2)) == before


def test_a_known_event_id_with_other_content_is_refused(ledger: Ledger) -> None:
    process(ledger, booked(1))
    report = process(ledger, booked(2, event_id="b-1"), booked(3), booked(4, event_id="b-3"))
    assert fates(report) == {Fate.REFUSED: 2, Fate.NEW: 1}
    assert problems(report) == [(n, "event_id", "came before with other content") for n in (1, 3)]


def test_a_known_booking_with_the_same_content_is_made_once(ledger: Ledger) -> None:
    report = process(ledger, booked(1), booked(1, event_id="again"))
    assert fates(report) == {Fate.NEW: 1, Fate.REPEATED: 1}
    assert fates(process(ledger, booked(1, event_id="and again"[:3]))) == {Fate.REPEATED: 1}


def test_a_known_booking_with_other_content_is_refused_and_never_merged(ledger: Ledger) -> None:
    process(ledger, booked(1))
    other = [booked(1, event_id=name, first_visit=True) for name in ("x", "y")]
    report = process(ledger, *other)
    assert problems(report) == [(n, "booking.id", "came before with other content") for n in (1, 2)]
    assert stored(ledger, 1).record.booking.first_visit is None


def test_the_version_in_force_at_booked_at_is_stamped_whenever_the_event_comes() -> None:
    manual = clinic_text().replace("process: automatic", "process: manual")
    second = at("2026-11-20T00:00Z")
    ledger = activated(MemoryLedger(), clinic_text(), manual, effective_at=(IN_FORCE_AT, second))
    tick = timedelta(microseconds=1)
    times = [second - tick, second, IN_FORCE_AT - tick]
    process(ledger, *(booked(n, booked_at=time.isoformat()) for n, time in enumerate(times)))
    assert [stored(ledger, n).record.stamp.sequence for n in range(3)] == [1, 2, None]
    assert [stored(ledger, n).record.decided.outcome for n in range(2)] == [Outcome.AUTOMATIC, Outcome.DRAFT]
    assert stored(ledger, 2).record.decided.reason is Reason.BOOKED_BEFORE_ACTIVATION


def test_a_booking_from_a_clock_that_runs_ahead_counts_as_made_now(ledger: Ledger) -> None:
    almost, later = NOW + timedelta(minutes=5), NOW + timedelta(minutes=5, microseconds=1)
    report = process(ledger, booked(1, booked_at=almost.isoformat()), booked(2, booked_at=later.isoformat()))
    assert problems(report) == [(2, "booking.booked_at", "lies in the future")]
    found = stored(ledger, 1)
    assert found.record.booking.booked_at == found.record.decided.not_before == NOW
    assert NOW.isoformat() in found.facts


def test_an_event_of_the_future_is_refused_and_may_be_sent_again(ledger: Ledger) -> None:
    process(ledger, booked(1))
    ahead = event("no_show", 1, occurred_at="2026-11-25T13:00:00Z")
    assert problems(process(ledger, ahead)) == [(1, "occurred_at", "lies in the future")]
    assert [row.state for row in event_rows(ledger, 1)] == [EventState.APPLIED, EventState.REFUSED]
    report = processor(ledger, at("2026-11-25T13:00Z")).process(records(ahead))
    assert fates(report) == {Fate.APPLIED: 1}
    assert [(row.state, row.reason) for row in event_rows(ledger, 1)] == [(EventState.APPLIED, None)] * 2


def test_an_unknown_clinic_is_refused_by_name(ledger: Ledger) -> None:
    report = process(ledger, booked(1, clinic="fjord-fysi"), event("no_show", 2) | {"clinic": "x"})
    assert [(one.number, one.faults[0].field) for one in report.refused] == [(1, "booking.clinic"), (2, "clinic")]
    assert report.refused[0].faults[0].help == f"did you mean `{CLINIC}`?"
    assert report.refused[1].faults[0].help == "apply its file first: `payrules activate`"


def test_a_price_in_another_currency_is_refused(ledger: Ledger) -> None:
    sek = {"amount": "1.00", "currency": "SEK"}
    report = process(ledger, booked(1, price=sek), booked(2), event("paid", 2, amount=sek))
    assert [(one.number, one.faults[0].field) for one in report.refused] == [(1, "booking.price.currency"), (3, "")]
    assert [row.reason for row in event_rows(ledger, 2)] == [None, "wrong_currency"]


def test_what_comes_before_its_booking_waits_and_is_applied_in_order(ledger: Ledger) -> None:
    later = event("rescheduled", 1, starts_at="2026-12-03T10:00:00Z", ends_at="2026-12-03T11:00:00Z")
    earlier = event(
        "updated", 1, occurred_at="2026-11-25T09:00:00Z", facts={"client": {"phone": None, "tags": ["new"]}}
    )
    assert fates(process(ledger, later, earlier)) == {Fate.EARLY: 2}
    assert fates(process(ledger, later)) == {Fate.REPEATED: 1}
    assert fates(process(ledger, booked(1))) == {Fate.NEW: 1}
    booking = stored(ledger, 1).record.booking
    assert (booking.starts_at, booking.tags) == (at("2026-12-03T10:00Z"), frozenset({"new"}))
    assert booking.client.contacts == {Channel.EMAIL}
    assert contact_of(ledger, 1) == Contact("Zebulon Quist", "a@client.example", None)
    assert {row.state for row in event_rows(ledger, 1)} == {EventState.APPLIED}


def test_order_within_a_batch_does_not_matter(ledger: Ledger) -> None:
    assert fates(process(ledger, event("cancelled", 1), booked(1))) == {Fate.NEW: 1, Fate.APPLIED: 1}
    assert stored(ledger, 1).record.state is BookingState.CANCELLED


def test_several_events_of_a_booking_apply_in_their_order(ledger: Ledger) -> None:
    prices = [event("price_changed", 1, f"p-{n}", price={"amount": f"{n}.00", "currency": "NOK"}) for n in (7, 8)]
    prices[1]["occurred_at"] = "2026-11-25T11:00:00Z"
    stale = event("price_changed", 1, "p-0", price=MONEY) | {"occurred_at": "2026-11-25T08:00:00Z"}
    report = process(ledger, booked(1), *prices, stale)
    assert fates(report) == {Fate.NEW: 1, Fate.APPLIED: 2, Fate.STALE: 1}
    assert [one.event.number for one in report.told if one.fate is Fate.STALE] == [4]
    found = stored(ledger, 1)
    assert found.record.decided.price == found.record.booking.price == (800, "NOK")
    with ledger.reading() as tx:
        assert [row.number for row in tx.decisions_of(1, found.booking_no)] == [1, 2, 3]


def test_a_corrected_address_stands_under_the_event_that_told_it(ledger: Ledger) -> None:
    process(ledger, booked(1))
    process(ledger, event("updated", 1, facts={"client": {"email": "b@client.example"}}))
    assert contact_of(ledger, 1) == Contact("Zebulon Quist", "b@client.example", "+47 990 00 001")
    payer = {"kind": "insurer", "email": "claims@insurer.example"}
    process(ledger, event("updated", 1, "u2", occurred_at="2026-11-25T11:00:00Z", facts={"payer": payer}))
    assert contact_of(ledger, 1, Party.PAYER) == Contact(None, "claims@insurer.example", None)
    other = {"client": {"id": "client-2", "phone": "+47 990 00 002"}}
    process(ledger, event("updated", 1, "u3", occurred_at="2026-11-25T11:30:00Z", facts=other | {"payer": None}))
    assert contact_of(ledger, 1) == Contact(None, None, "+47 990 00 002")
    assert contact_of(ledger, 1, Party.PAYER) is None
    for row in event_rows(ledger, 1):
        assert ".example" not in str(row.body)


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_a_booking_whose_id_changes_keeps_its_stamp(ledger: Ledger, cancelled_first: bool) -> None:
    process(ledger, booked(1))
    before = stored(ledger, 1)
    cancelled = event("cancelled", 1)
    moved = booked(2, replaces="bk-1", occurred_at="2026-11-25T10:00:01Z", booked_at="2026-11-25T10:00:00Z")
    process(ledger, *([cancelled, moved] if cancelled_first else [moved, cancelled]))
    after = stored(ledger, 2)
    assert after == stored(ledger, 1)
    assert (after.booking_no, after.record.stamp) == (before.booking_no, before.record.stamp)
    assert (after.record.booking.id, after.record.state) == ("bk-2", BookingState.SCHEDULED)
    assert fates(process(ledger, booked(2, event_id="other", first_visit=True))) == {Fate.REFUSED: 1}


def test_a_former_id_that_comes_late_makes_no_second_booking(ledger: Ledger) -> None:
    report = process(ledger, booked(2, replaces="bk-1"), booked(1), event("cancelled", 1), event("no_show", 1))
    assert fates(report) == {Fate.NEW: 1, Fate.STALE: 2, Fate.APPLIED: 1}
    assert stored(ledger, 1) == stored(ledger, 2)


def test_what_waits_for_an_id_that_replaces_another_is_applied_too(ledger: Ledger) -> None:
    process(ledger, booked(1), event("updated", 2, facts={"client": {"phone": None}}))
    assert fates(process(ledger, booked(2, replaces="bk-1"))) == {Fate.APPLIED: 1}
    assert stored(ledger, 1).record.booking.client.contacts == {Channel.EMAIL}
    assert contact_of(ledger, 2) == Contact("Zebulon Quist", "a@client.example", None)


def test_what_a_held_clinic_gets_is_held(ledger: Ledger) -> None:
    process(ledger, booked(1, price=None))
    with ledger.writing() as tx:
        tx.add_hold(1, HoldRow(1, 1, "a bad rule", "lead", NOW))
    process(ledger, booked(2), event("price_changed", 1, price=MONEY))
    for number in (1, 2):
        actions = stored(ledger, number).record.actions
        assert {(action.state, action.cause) for action in actions} == {(ActionState.HELD, HeldCause.CLINIC_HELD)}


def test_a_lifecycle_refusal_is_recorded_with_its_code(ledger: Ledger) -> None:
    report = process(ledger, booked(1), event("credited", 1, by="lead", reason="why"))
    assert problems(report) == [(2, "", "no invoice is issued that could be credited")]
    assert [row.reason for row in event_rows(ledger, 1)] == [None, "not_issued"]


class Contended:
    """A ledger in which writing a certain event always loses."""

    def __init__(self, ledger: Ledger, poison: str) -> None:
        self._ledger, self._poison = ledger, poison

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._ledger.writing() as tx:
            yield tx
            if tx.events([(1, self._poison)]):
                raise ConflictError("somebody else was first")


def test_one_record_that_always_loses_does_not_stop_the_others(ledger: Ledger) -> None:
    events = [booked(n) for n in range(1, 8)]
    report = processor(Contended(ledger, "b-3")).process(records(*events))
    assert fates(report) == {Fate.NEW: 6, Fate.REFUSED: 1}
    assert [one.number for one in report.refused] == [3]
    assert list(event_rows(ledger, 3)) == []
