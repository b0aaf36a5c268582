"""The numbers of a replay."""

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import CLINIC, COMPILER, FILE, booking, clinic_text, record_fields, version_of
from tests.processing import activated, booked, processor, records

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.zones import load_zone
from payrules.app import replay as replaying
from payrules.app.catalogue import ClinicFile
from payrules.app.planning import Plan, plan_files
from payrules.app.records import Fault, Record, Refusal
from payrules.app.replay import Moved, Replay, replay_records, replay_stored
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Outcome
from payrules.domain.policy import Channel

PLAIN = clinic_text()
_AUTOMATIC, _DRAFT, _UNDECIDED = Outcome.AUTOMATIC, Outcome.DRAFT, Outcome.UNDECIDED


def replay(before: str | None, after: str, *bookings: Booking) -> Replay:
    found = Replay()
    old: Version | None = None if before is None else version_of(before)
    for one in bookings:
        found.add(old, version_of(after), one)
    return found


def test_the_money_goes_with_the_outcome() -> None:
    found = replay(
        PLAIN, clinic_text(process="manual"), booking(price=125_000), booking(price=10_050), booking(price=0)
    )
    assert (found.bookings, found.different) == (3, 2)
    assert found.outcomes == {(_AUTOMATIC, _DRAFT): 2}
    assert found.money == {((_AUTOMATIC, _DRAFT), "NOK"): 135_050}
    assert found.unpriced == {}


def test_what_has_no_price_is_counted_apart() -> None:
    found = replay(PLAIN, clinic_text(process="manual"), booking(price=None))
    assert (found.outcomes, found.money) == ({(_UNDECIDED, _DRAFT): 1}, {})
    assert found.unpriced == {(_UNDECIDED, _DRAFT): 1}


def test_a_price_that_only_one_side_knows_is_the_sum() -> None:
    listed = clinic_text("session_types: {a: {name: A, price: '500.00'}}\n")
    for before, after, step in (
        (PLAIN, listed, (_UNDECIDED, _AUTOMATIC)),
        (listed, PLAIN, (_AUTOMATIC, _UNDECIDED)),
    ):
        assert replay(before, after, booking(price=None, session_type="a")).money == {(step, "NOK"): 50_000}


def test_another_amount() -> None:
    before, after = (
        clinic_text(f"session_types: {{a: {{name: A, price: '{price}'}}}}\n") for price in ("500.00", "600.00")
    )
    two = [booking(price=None, session_type="a")] * 2
    found = replay(before, after, *two, booking(session_type="a"))
    assert (found.different, found.repriced, found.money) == (2, {"NOK": (100_000, 120_000)}, {})


def test_links_that_move() -> None:
    # At 23:50 the quiet hours begin, so that the second link moves by a night.
    quiet = 'quiet_hours: {from: "11:10", to: "12:00"}'
    after = clinic_text(notification=f"{{send: after_appointment, offset: 30m, {quiet}}}")
    late = booking("2026-12-01T13:00+01:00", "2026-12-01T13:50+01:00")
    found = replay(PLAIN, after, booking(), late)
    assert found.later == Moved(2, timedelta(minutes=15), timedelta(minutes=55))
    assert found.earlier == Moved()
    assert replay(after, PLAIN, booking(), late).earlier == found.later
    # One that no longer goes out by itself has not moved.
    assert replay(PLAIN, clinic_text(process="manual"), booking()).later == Moved()


def test_without_a_file_to_compare_with_every_booking_counts() -> None:
    found = replay(None, PLAIN, booking(), booking(contacts=frozenset()))
    assert found.outcomes == {(None, _AUTOMATIC): 1, (None, _UNDECIDED): 1}
    assert found.different == 2


def test_an_effective_from_is_not_looked_at() -> None:
    after = clinic_text("effective_from: 2027-01-01T00:00\n")
    assert replay(PLAIN, after, booking()).different == 0


def test_a_price_in_another_currency_cannot_be_compared() -> None:
    found = replay(PLAIN, clinic_text(currency="SEK"), booking(), booking(price=None))
    assert (found.bookings, found.other_currency, found.different) == (2, 1, 0)


def test_a_booking_that_is_treated_alike_counts_among_all_alone() -> None:
    found = replay(PLAIN, clinic_text(manual="{create_draft: false}"), booking(contacts=frozenset({Channel.SMS})))
    assert (found.bookings, found.outcomes) == (1, {})


# ---- from a file


def plan(before: dict[str, str], after: dict[str, str]) -> Plan:
    old, new = ([ClinicFile(name, text.encode()) for name, text in files.items()] for files in (before, after))
    return plan_files(old, new, COMPILER)


def taken(of: Plan, *fields: dict[str, Any]) -> tuple[list[Refusal | None], dict[str, Replay]]:
    found: dict[str, Replay] = {}
    return list(replay_records(of, [Record(n, n, one) for n, one in enumerate(fields, 1)], load_zone, found)), found


def test_the_bookings_of_other_clinics_are_passed_over() -> None:
    other = clinic_text(clinic="harbour")
    of = plan(
        {FILE: PLAIN, "c/harbour.yaml": other, "c/gone.yaml": clinic_text(clinic="gone")},
        {FILE: clinic_text(process="manual"), "c/harbour.yaml": other},
    )
    # What is passed over is not looked at, whatever it holds.
    refusals, found = taken(of, record_fields(), {"clinic": "harbour"}, {"clinic": "gone"})
    assert refusals == [None, None, None]
    # Those of a removed clinic are counted.
    assert found == {
        CLINIC: Replay(bookings=1, outcomes=found[CLINIC].outcomes, money=found[CLINIC].money),
        "gone": Replay(bookings=1),
    }


def test_what_cannot_be_read_is_refused_and_the_others_go_on() -> None:
    of = plan({FILE: PLAIN, "c/bad.yaml": clinic_text(clinic="bad")}, {FILE: clinic_text(name="F"), "c/bad.yaml": "{"})
    wrong = Refusal(9, 9, (Fault("", "is not JSON"),))
    found: dict[str, Replay] = {}
    fields = [record_fields(clinic="nowhere"), record_fields(clinic="bad"), record_fields(starts_at="x"), {"clinic": 1}]
    mixed: list[Record | Refusal] = [
        wrong,
        *(Record(n, n, one) for n, one in enumerate(fields)),
        Record(5, 5, record_fields()),
    ]
    *refusals, last = replay_records(of, mixed, load_zone, found)
    assert [refusal.faults[0].field for refusal in refusals if refusal] == ["", "clinic", "clinic", "starts_at", "id"]
    assert last is None
    assert found[CLINIC].bookings == 1


# ---- from a ledger


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_stored_bookings_are_read_page_by_page(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PAGE", page)
    ledger = activated(MemoryLedger())
    processor(ledger).process(records(*(booked(number) for number in range(3))))
    of = plan({FILE: PLAIN}, {FILE: clinic_text(process="manual")})
    with ledger.reading() as tx:
        number = tx.clinics([CLINIC])[CLINIC].clinic_no
    told = list(replay_stored(of, ledger, {CLINIC: number}))
    clinic, found = told[-1]
    assert (clinic, found.stored, found.bookings) == (CLINIC, True, 3)
    assert found.outcomes == {(_AUTOMATIC, _DRAFT): 3}
    assert len(told) == 3 // page + 1
    assert list(replay_stored(of, ledger, {})) == []
