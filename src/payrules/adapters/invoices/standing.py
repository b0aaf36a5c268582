"""What an invoice in the store is by now: its own state, and what came in for it by the booking's record."""

from enum import StrEnum

from payrules.adapters.invoices.embedded import Invoice, Kind, Status
from payrules.domain.events import EventType
from payrules.domain.record import BookingRecord


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


def standing_of(invoice: Invoice, record: BookingRecord) -> Standing:
    """The standing of one invoice of a booking. Money belongs to the booking's latest invoice."""
    if invoice.kind is Kind.CREDIT_NOTE:
        return Standing.CREDIT_NOTE
    if invoice.status in _UNISSUED:
        return _UNISSUED[invoice.status]
    is_latest = invoice.ordinal == record.invoice.ordinal
    paid = record.invoice.paid if is_latest else 0
    if invoice.status is Status.CREDITED and paid > 0:
        return Standing.REFUND_DUE
    if is_latest and paid <= 0 and EventType.REFUNDED in record.applied:
        return Standing.REFUNDED
    if invoice.status is Status.CREDITED:
        return Standing.CREDITED
    if paid <= 0:
        return Standing.UNPAID
    total = invoice.total or 0
    if paid < total:
        return Standing.PARTLY_PAID
    return Standing.PAID if paid == total else Standing.OVERPAID
