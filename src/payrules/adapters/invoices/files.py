"""Embedded invoices that are written as files too: one JSON file an invoice, for trying payrules out and for
bookkeeping that picks files up.
"""

import json
import os
from pathlib import Path

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Invoice
from payrules.adapters.store.ledger import SqlLedger
from payrules.app.ports import InvoiceRequest
from payrules.domain.action import Answer, Delivered
from payrules.domain.money import MINOR_UNITS, format_minor


class InvoiceFiles:
    """The rows are the store's; `<folder>/invoices/<clinic>/<booking>-<ordinal>.json` shows them as they are."""

    name = "invoice files"

    def __init__(self, ledger: SqlLedger, folder: Path) -> None:
        self._invoices = EmbeddedInvoices(ledger)
        self._folder = folder / "invoices"
        self.limits = self._invoices.limits

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Do it once for a key, then write the file. Raises LedgerError, and OSError where it cannot be written."""
        answer = self._invoices.carry_out(request)
        if isinstance(answer, Delivered):
            found = self._invoices.of_booking(request.clinic_no, request.booking_no)
            shown = [invoice_object(invoice) for invoice in found if invoice.ordinal == request.ordinal]
            self._write(request, shown)
        return answer

    def _write(self, request: InvoiceRequest, shown: list[dict[str, object]]) -> None:
        folder = self._folder / request.clinic
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{request.booking_id.replace(':', '=')}-{request.ordinal}.json"
        # Threads that write the same file each have a part of their own, and all write what is committed.
        part = path.with_name(f".{path.name}.{os.getpid()}.{request.type}.part")
        content = {"clinic": request.clinic, "booking_id": request.booking_id, "documents": shown}
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)


def invoice_object(invoice: Invoice) -> dict[str, object]:
    """An invoice or a credit note as JSON shows it: amounts as decimal strings, dates in ISO form."""

    def money(minor: int | None) -> str | None:
        return None if minor is None else format_minor(minor, MINOR_UNITS[invoice.currency])

    return {
        "kind": invoice.kind.name.lower(),
        "state": invoice.status.name.lower(),
        "number": invoice.number_text,
        "issued_on": None if invoice.issued_on is None else invoice.issued_on.isoformat(),
        "due_on": None if invoice.due_on is None else invoice.due_on.isoformat(),
        "total": money(invoice.total),
        "vat": money(invoice.vat),
        "currency": invoice.currency,
    }
