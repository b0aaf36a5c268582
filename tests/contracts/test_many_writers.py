"""What only PostgreSQL gives: several writers at once, kept apart by locks on rows.

A lock that is held by another is waited for; these ledgers have the patience of a moment.
"""

from collections.abc import Iterator

import pytest
from tests.contracts.making import (
    CREATE,
    T0,
    activation_row,
    add_with_actions,
    event_row,
    minutes,
    new,
    open_clinic,
    policy_row,
    stored,
    waiting,
)

from payrules.adapters.store import open_store
from payrules.app.ports import Ledger, LedgerError, Lock
from payrules.app.rows import Change, HoldRow, Lane


@pytest.fixture
def ledgers(postgres_store: str) -> Iterator[tuple[Ledger, Ledger]]:
    """Two processes' ledgers on one store."""
    pair = [open_store(postgres_store, migrate=False, patience=0.05) for _ in range(2)]
    yield pair[0], pair[1]
    for ledger in pair:
        ledger.close()


@pytest.mark.parametrize(
    ("first", "second"),
    [(Lock.EXCLUSIVE, Lock.SHARE), (Lock.SHARE, Lock.EXCLUSIVE), (Lock.EXCLUSIVE, Lock.EXCLUSIVE)],
)
def test_an_exclusive_lock_shuts_out(ledgers: tuple[Ledger, Ledger], first: Lock, second: Lock) -> None:
    one, other = ledgers
    open_clinic(one)

    with one.writing() as tx:
        tx.clinics(["nordlys"], first)
        with pytest.raises(LedgerError), other.writing() as waiting_tx:
            waiting_tx.clinics(["nordlys"], second)

    with other.writing() as tx:
        assert tx.clinics(["nordlys"], second).keys() == {"nordlys"}


def test_shared_locks_and_other_clinics_do_not_wait(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    open_clinic(one)
    open_clinic(one, "vika")

    with one.writing() as first, other.writing() as second:
        assert first.clinics(["nordlys"], Lock.SHARE) == second.clinics(["nordlys"], Lock.SHARE)
        assert second.clinics(["vika"], Lock.EXCLUSIVE).keys() == {"vika"}
        assert first.clinics(["vika", "nordlys"]).keys() == {"nordlys", "vika"}


def test_a_clinic_that_is_being_added_is_locked(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    with one.writing() as tx:
        added = tx.add_clinic("nordlys")
        with pytest.raises(LedgerError), other.writing() as second:
            second.add_clinic("nordlys")

    with other.writing() as tx:
        assert tx.add_clinic("nordlys") == added


def test_whoever_stamps_keeps_activations_away(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    clinic_no = open_clinic(one)

    with one.writing() as stamping:
        stamping.clinics(["nordlys"], Lock.SHARE)
        stamping.add_bookings([new(stored(clinic_no, 7))])
        with pytest.raises(LedgerError), other.writing() as activating:
            activating.clinics(["nordlys"], Lock.EXCLUSIVE)
    with other.writing() as activating:
        activating.clinics(["nordlys"], Lock.EXCLUSIVE)
        assert activating.latest_booked_at(clinic_no) == stored(clinic_no, 7).record.booking.booked_at
        activating.add_activation(clinic_no, activation_row(2))


def test_two_workers_claim_different_actions_and_neither_waits(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    clinic_no = open_clinic(one)
    rows = [add_with_actions(one, clinic_no, waiting(CREATE, n), booking_id=f"bk-{n}") for n in range(5)]
    late = T0 + minutes(60)

    with one.writing() as first, other.writing() as second:
        mine = first.claim(Lane.INVOICE, late, late + minutes(5), "worker-1", 2)
        theirs = second.claim(Lane.INVOICE, late, late + minutes(5), "worker-2", 10)

    assert [claim.booking_no for claim in mine] == [row.booking_no for row in rows[:2]]
    assert sorted(claim.booking_no for claim in theirs) == [row.booking_no for row in rows[2:]]


def test_a_locked_booking_is_waited_for(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    row = add_with_actions(one, open_clinic(one), waiting(CREATE, 0))
    number = (row.clinic_no, row.booking_no)

    with one.writing() as tx:
        before = tx.records_by_number([number], lock=True)[number]
        tx.save([Change(before, before._replace(client_event=5))])
        with other.reading() as reader:
            assert reader.records_by_number([number], lock=False) == {number: row}
        with pytest.raises(LedgerError), other.writing() as second:
            second.records([(row.clinic_no, "bk-1")], lock=True)

    with other.writing() as tx:
        assert tx.records([(row.clinic_no, "bk-1")], lock=True)[row.clinic_no, "bk-1"].client_event == 5


def test_numbers_do_not_wait_for_each_other(ledgers: tuple[Ledger, Ledger]) -> None:
    with ledgers[0].writing() as first, ledgers[1].writing() as second:
        given = [*first.numbers(3), *second.numbers(3), *first.numbers(1)]
    assert len(set(given)) == 7


def test_of_two_writers_of_one_event_id_one_writes_it(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    clinic_no = open_clinic(one)
    with one.writing() as tx:
        assert tx.add_events([(clinic_no, event_row(1, "ev-1"))]) == {(clinic_no, "ev-1")}
        with pytest.raises(LedgerError), other.writing() as second:
            second.add_events([(clinic_no, event_row(2, "ev-1"))])

    with other.writing() as tx:
        assert tx.add_events([(clinic_no, event_row(2, "ev-1"))]) == set()


def test_policies_and_holds_of_two_writers(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    clinic_no, second_no = open_clinic(one), open_clinic(one, "vika")
    with one.writing() as first, other.writing() as second:
        first.add_policy(policy_row("c" * 64))
        first.add_hold(clinic_no, HoldRow(1, None, "wrong rule", "per@nordlys.example", T0))
        second.add_policy(policy_row("d" * 64))
        second.add_hold(second_no, HoldRow(1, None, "wrong rule", "per@nordlys.example", T0))
    with one.reading() as tx:
        assert tx.policies(["c" * 64, "d" * 64]).keys() == {"c" * 64, "d" * 64}
