"""What an invoice in the store is by now: its own state, and what came in for it by the booking's record."""

from enum import StrEnum

from sqlalchemy import select

from payrules.adapters.invoices.embedded import Invoice, Kind, Status
from payrules.adapters.store.codes import EVENT_STATES, EVENT_TYPES
from payrules.adapters.store.ledger import SqlLedger
from payrules.adapters.store.tables import EVENTS
from payrules.app.rows import EventState
from payrules.domain.events import EventType
from payrules.domain.record import BookingRecord, InvoiceState


class Standing(StrEnum):
    """What an invoice is for whoever keeps the books."""

    DRAFT = "draft"
    DELETED = "deleted"
    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    REFUNDED = "refunded"
    """What came in went back."""
    CREDITED = "credited"
    REFUND_DUE = "refund_due"
    """Credited, and what came in is still here."""
    CREDIT_NOTE = "credit_note"


_UNISSUED = {Status.DRAFTED: Standing.DRAFT, Status.DELETED: Standing.DELETED}
_NUMBERED = (InvoiceState.ISSUED, InvoiceState.CREDITED)


def refunded_bookings(ledger: SqlLedger, clinic_no: int) -> set[int]:
    """The numbers of the clinic's bookings for which money went back. Raises LedgerError."""
    rows = EVENTS.c
    found = select(rows.booking_no).where(
        rows.clinic_no == clinic_no,
        rows.type == EVENT_TYPES.numbers[EventType.REFUNDED],
        rows.state == EVENT_STATES.numbers[EventState.APPLIED],
    )
    with ledger.reading_session() as session:
        return {booking_no for (booking_no,) in session.rows(found)}


def standing_of(invoice: Invoice, record: BookingRecord, *, refunded: bool) -> Standing:
    """The standing of one invoice of a booking. What came in belongs to the latest one issued.

    `refunded` is true where money of the booking went back.
    """
    if invoice.kind is Kind.CREDIT_NOTE:
        return Standing.CREDIT_NOTE
    if invoice.status in _UNISSUED:
        return _UNISSUED[invoice.status]
    is_latest = invoice.ordinal == _latest_issued(record)
    paid = record.invoice.paid if is_latest else 0
    if invoice.status is Status.CREDITED and paid > 0:
        return Standing.REFUND_DUE
    if is_latest and paid <= 0 and refunded:
        return Standing.REFUNDED
    if invoice.status is Status.CREDITED:
        return Standing.CREDITED
    if paid <= 0:
        return Standing.UNPAID
    total = invoice.total or 0
    if paid < total:
        return Standing.PARTLY_PAID
    return Standing.PAID if paid == total else Standing.OVERPAID


def _latest_issued(record: BookingRecord) -> int:
    """The ordinal of the latest invoice that was issued: a fresh draft follows one that was credited."""
    current = record.invoice
    return current.ordinal if current.state in _NUMBERED else current.ordinal - 1
