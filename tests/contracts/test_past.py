"""What `audit` and the lists of people read: all stamps and decisions of bookings, and who paid too much."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.making import STAMP, T0, add, add_with_actions, complete, open_clinic, stored

from payrules.app.ports import Ledger
from payrules.app.rows import Change, DecisionRow, Past, StoredRecord
from payrules.domain.record import BookingState, InvoiceFacts, InvoiceState


def decided_again(row: StoredRecord) -> Change:
    """Another stamp and another decision."""
    stamp = row.record.stamp._replace(number=2, stamped_at=T0 + timedelta(hours=3), by="kari", reason="moved")
    decided = row.record.decided._replace(number=2, rule=None, missing=("price",))
    after = row._replace(record=replace(row.record, stamp=stamp, decided=decided))
    return Change(row, after, DecisionRow(row.booking_no, 2, 2, stamp.stamped_at, row.facts, '["again"]'))


def test_the_past_of_a_booking_is_all_of_it(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    full = complete(clinic_no, 7)
    add(ledger, full)
    other = add_with_actions(ledger, clinic_no, booking_id="bk-2")
    change = decided_again(full)
    with ledger.writing() as tx:
        tx.save([change])

    numbers = [(clinic_no, full.booking_no), (clinic_no, other.booking_no), (clinic_no, 99)]
    with ledger.reading() as tx:
        past = tx.past(numbers)
        assert (
            past[numbers[0]].stamps
            == tuple(tx.stamps_of(*numbers[0]))
            == (full.record.stamp, change.after.record.stamp)
        )
        rows = tx.decisions_of(*numbers[0])
    decided = (full.record.decided, change.after.record.decided)
    assert past[numbers[0]].decisions == tuple(zip(rows, decided, strict=True))
    assert past[numbers[1]].stamps == (STAMP,)
    assert past[numbers[2]] == Past((), ())


@pytest.mark.parametrize(
    ("state", "invoice", "is_overpaid"),
    [
        (BookingState.PAID, InvoiceFacts(1, InvoiceState.ISSUED, 100, 100), False),
        (BookingState.PAID, InvoiceFacts(1, InvoiceState.ISSUED, 100, 101), True),
        (BookingState.ISSUED, InvoiceFacts(1, InvoiceState.ISSUED, None, 1), True),
        (BookingState.CANCELLED, InvoiceFacts(1, InvoiceState.ISSUED, 100, 100), True),
        (BookingState.CANCELLED, InvoiceFacts(1, InvoiceState.CREDITED, 100, 0), False),
        (BookingState.DRAFT, InvoiceFacts(2, InvoiceState.NONE, None, 5), True),
        (BookingState.DRAFT, InvoiceFacts(1, InvoiceState.NONE, None, -5), False),
    ],
)
def test_overpaid(ledger: Ledger, state: BookingState, invoice: InvoiceFacts, is_overpaid: bool) -> None:
    clinic_no = open_clinic(ledger)
    row = stored(clinic_no, 7)
    add(ledger, row._replace(record=replace(row.record, state=state, invoice=invoice)))
    with ledger.reading() as tx:
        assert tx.overpaid() == tx.overpaid(clinic_no) == ([(clinic_no, 7)] if is_overpaid else [])
        assert tx.overpaid(clinic_no + 1) == tx.overpaid(clinic_no, after=(clinic_no, 7)) == []
