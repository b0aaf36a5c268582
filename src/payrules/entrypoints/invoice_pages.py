"""Lists of invoices, for people and as JSON."""

from typing import NamedTuple

import click

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Invoice
from payrules.adapters.invoices.files import invoice_object
from payrules.adapters.invoices.standing import Standing, refunded_bookings, standing_of
from payrules.adapters.store import SqlLedger
from payrules.app.ports import LedgerError
from payrules.domain.money import Money
from payrules.entrypoints.practice_pages import print_table
from payrules.entrypoints.reporters.excerpt import visible

_WORDS = {
    Standing.DRAFT: "draft",
    Standing.DELETED: "deleted draft",
    Standing.UNPAID: "unpaid",
    Standing.PARTLY_PAID: "partly paid",
    Standing.PAID: "paid",
    Standing.OVERPAID: "overpaid: refund the rest",
    Standing.REFUNDED: "refunded",
    Standing.CREDITED: "credited",
    Standing.REFUND_DUE: "credited: refund what came in",
    Standing.CREDIT_NOTE: "credit note",
}


class Listed(NamedTuple):
    """An invoice or a credit note with its clinic, its booking's id, and what it is by now."""

    clinic: str
    booking_id: str
    invoice: Invoice
    standing: Standing


def listed(ledger: SqlLedger, clinic: str | None) -> list[Listed]:
    """All but deleted drafts, of one clinic or all: drafts first, then by number. Raises LedgerError."""
    with ledger.reading() as tx:
        clinics = [row for row in tx.all_clinics() if clinic in (None, row.clinic)]
    if clinic is not None and not clinics:
        raise LedgerError(f"the store knows no clinic `{clinic}`")
    adapter, rows = EmbeddedInvoices(ledger), []
    for known in sorted(clinics, key=lambda row: row.clinic):
        invoices = sorted(adapter.invoices(known.clinic_no), key=lambda invoice: invoice.number or 0)
        with ledger.reading() as tx:
            keys = {(known.clinic_no, invoice.booking_no) for invoice in invoices}
            stored = tx.records_by_number(keys, lock=False)
        refunded = refunded_bookings(ledger, known.clinic_no)
        for invoice in invoices:
            record = stored[known.clinic_no, invoice.booking_no].record
            standing = standing_of(invoice, record, refunded=invoice.booking_no in refunded)
            rows.append(Listed(known.clinic, record.booking.id, invoice, standing))
    return [row for row in rows if row.standing is not Standing.DELETED]


def listed_object(row: Listed) -> dict[str, object]:
    """A line of JSON."""
    return {
        "clinic": row.clinic,
        "booking_id": row.booking_id,
        "ordinal": row.invoice.ordinal,
        **invoice_object(row.invoice),
        "standing": row.standing.value,
    }


def print_listed(rows: list[Listed]) -> None:
    """A line an invoice; a word where there is none."""
    if not rows:
        click.echo("no invoices")
        return
    head = ("Number", "Clinic", "Booking", "Date", "Due", "Total", "Standing")
    print_table(head, [_cells(row) for row in rows])


def _cells(row: Listed) -> tuple[str, ...]:
    invoice = row.invoice
    return (
        invoice.number_text or "",
        row.clinic,
        visible(row.booking_id),
        "" if invoice.issued_on is None else invoice.issued_on.isoformat(),
        "" if invoice.due_on is None else invoice.due_on.isoformat(),
        "" if invoice.total is None else f"{Money(invoice.total, invoice.currency).amount} {invoice.currency}",
        _WORDS[row.standing],
    )
