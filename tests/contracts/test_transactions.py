"""Transactions of a ledger: all or nothing, seen by nobody before their end, what is locked changed by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from tests.contracts.making import (
    CREATE,
    DIGEST,
    T0,
    activation_row,
    add_with_actions,
    event_row,
    minutes,
    new,
    open_clinic,
    policy_row,
    read,
    stored,
    told_by,
    waiting,
)

from payrules.app.ports import ConflictError, Ledger, LedgerError, Lock, Transaction
from payrules.app.rows import Change, HoldRow, Lane
from payrules.app.transactions import in_transaction


class BreakdownError(Exception):
    """Something goes wrong in the middle."""


def everything(tx: Transaction, clinic_no: int) -> list[object]:
    """What a transaction sees of one clinic and its booking bk-1."""
    bookings = tx.booking_numbers()
    return [
        tx.all_clinics(),
        tx.timelines([clinic_no]),
        tx.holds([clinic_no]),
        tx.latest_booked_at(clinic_no),
        tx.policies([DIGEST, "c" * 64]),
        tx.events_of(clinic_no, "bk-1"),
        bookings,
        tx.records_by_number(bookings, lock=False),
        [tx.stamps_of(*number) for number in bookings],
        [tx.decisions_of(*number) for number in bookings],
        tx.contacts([(clinic_no, 7)]),
        tx.next_at(Lane.INVOICE),
        tx.open_bookings(clinic_no),
    ]


def change_everything(tx: Transaction, clinic_no: int, number: int) -> None:
    """Write something of each kind; `number` is that of the booking bk-1."""
    tx.add_clinic("vika")
    tx.add_policy(policy_row("c" * 64))
    tx.add_activation(clinic_no, activation_row(2))
    tx.add_hold(clinic_no, HoldRow(1, None, "wrong rule", "per@nordlys.example", T0))
    tx.add_events([(clinic_no, event_row(tx.numbers(1)[0], "ev-9"))])
    tx.add_contacts([(clinic_no, row) for row in told_by(7)])
    before = tx.records_by_number([(clinic_no, number)], lock=True)[clinic_no, number]
    tx.save([Change(before, before._replace(facts=before.facts.replace("vip", "staff"), client_event=7))])
    assert len(tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 10)) == 1
    tx.add_bookings([new(stored(clinic_no, tx.numbers(1)[0], "bk-2"))])


def test_what_was_written_stays(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        row = tx.add_clinic("nordlys")

    with ledger.reading() as tx:
        assert tx.clinics(["nordlys"]) == {"nordlys": row}


@pytest.mark.parametrize("error", [BreakdownError, ConflictError, KeyboardInterrupt])
def test_an_exception_undoes_everything(ledger: Ledger, error: type[BaseException]) -> None:
    clinic_no = open_clinic(ledger)
    booking_no = add_with_actions(ledger, clinic_no, waiting(CREATE, 0)).booking_no
    with ledger.reading() as tx:
        before = everything(tx, clinic_no)

    def break_off() -> None:
        with ledger.writing() as tx:
            change_everything(tx, clinic_no, booking_no)
            assert everything(tx, clinic_no) != before
            raise error("out of order")

    with pytest.raises(error):
        break_off()

    with ledger.reading() as tx:
        assert everything(tx, clinic_no) == before
    with ledger.writing() as tx:
        assert [claim.attempt for claim in tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 10)] == [1]


def test_after_an_error_nothing_is_committed_even_where_it_is_caught(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    add_with_actions(ledger, clinic_no)

    with suppress(LedgerError), ledger.writing() as tx:
        tx.add_clinic("vika")
        with pytest.raises(ConflictError):
            tx.add_bookings([new(stored(clinic_no, tx.numbers(1)[0], "bk-1"))])

    with ledger.reading() as tx:
        assert tx.clinics(["vika"]) == {}


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    booking_no = add_with_actions(ledger, clinic_no, waiting(CREATE, 0)).booking_no

    with ledger.reading() as early:
        before = everything(early, clinic_no)
        with ledger.writing() as tx:
            change_everything(tx, clinic_no, booking_no)
            with ledger.reading() as during:
                assert everything(during, clinic_no) == before
            assert everything(early, clinic_no) == before
        assert everything(early, clinic_no) == before

    with ledger.reading() as late:
        after = everything(late, clinic_no)
    assert [new_part != old_part for new_part, old_part in zip(after, before, strict=True)] == [
        True,  # clinics
        True,  # timelines
        True,  # holds
        False,  # bk-2 was booked at the same time as bk-1
        True,  # policies
        True,  # events
        True,  # numbers
        True,  # records
        True,  # stamps
        True,  # decisions
        True,  # contacts
        True,  # the end of the lease is what the lane waits for now
        False,  # bk-2 has no actions
    ]


WRITES: dict[str, Callable[[Transaction], object]] = {
    "clinic": lambda tx: tx.add_clinic("vika"),
    "policy": lambda tx: tx.add_policy(policy_row("c" * 64)),
    "events": lambda tx: tx.add_events([(1, event_row(900, "ev-9"))]),
    "contacts": lambda tx: tx.add_contacts([(1, row) for row in told_by(7)]),
    "claim": lambda tx: tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 10),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_reader_writes_nothing(ledger: Ledger, write: Callable[[Transaction], object]) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0))

    with suppress(LedgerError), ledger.reading() as tx:
        write(tx)

    with ledger.reading() as tx:
        assert len(tx.all_clinics()) == 1
        assert tx.policies(["c" * 64]) == {}
        assert tx.events([(1, "ev-9")]) == {}
        assert tx.contacts([(1, 7)]) == {}
    assert read(ledger, row) == row


def test_writers_that_lock_a_clinic_lose_nothing(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)

    def add_next(tx: Transaction) -> None:
        tx.clinics(["nordlys"], Lock.EXCLUSIVE)
        number = len(tx.holds([clinic_no])[clinic_no]) + 1
        tx.add_hold(clinic_no, HoldRow(number, None, "wrong rule", "per@nordlys.example", T0))

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(in_transaction, ledger, add_next) for _ in range(20)]:
            done.result()

    with ledger.reading() as tx:
        assert [hold.number for hold in tx.holds([clinic_no])[clinic_no]] == list(range(1, 21))
        assert tx.clinics(["nordlys"])["nordlys"].version == open_version(ledger) + 20


def open_version(ledger: Ledger) -> int:
    """The version of a clinic with one activation and nothing else."""
    open_clinic(ledger, "vika")
    with ledger.reading() as tx:
        return tx.clinics(["vika"])["vika"].version


def test_writers_that_lock_a_booking_lose_nothing(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger))
    number = (row.clinic_no, row.booking_no)

    def count(tx: Transaction) -> None:
        before = tx.records_by_number([number], lock=True)[number]
        tx.save([Change(before, before._replace(client_event=(before.client_event or 0) + 1))])

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(in_transaction, ledger, count) for _ in range(20)]:
            done.result()

    assert read(ledger, row).client_event == 20


def test_readers_among_writers_see_whole_transactions(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    rows = [add_with_actions(ledger, clinic_no, booking_id=f"bk-{n}") for n in (1, 2)]
    numbers = [(row.clinic_no, row.booking_no) for row in rows]

    def count_both(tx: Transaction) -> None:
        found = tx.records_by_number(numbers, lock=True)
        for before in (found[number] for number in numbers):
            tx.save([Change(before, before._replace(client_event=(before.client_event or 0) + 1))])

    def look() -> set[int | None]:
        with ledger.reading() as tx:
            first = tx.records_by_number(numbers[:1], lock=False)
            second = tx.records_by_number(numbers[1:], lock=False)
        return {row.client_event for row in (*first.values(), *second.values())}

    with ThreadPoolExecutor(4) as threads:
        written = [threads.submit(in_transaction, ledger, count_both) for _ in range(20)]
        seen = [threads.submit(look) for _ in range(60)]
        for done in written:
            done.result()
        assert [len(counts.result()) for counts in seen] == [1] * 60
    assert look() == {20}
