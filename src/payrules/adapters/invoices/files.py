"""Embedded invoices that are written as files too, for trying payrules out and for bookkeeping that picks files up:
one JSON file an invoice, and a PDF and an HTML page of what was issued.

The documents name the payer, so only their owner may read them.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import get_ident

from payrules.adapters.documents.document import Document, DocumentKind
from payrules.adapters.documents.html import html_of
from payrules.adapters.documents.pdf import pdf_of
from payrules.adapters.invoices.embedded import EmbeddedInvoices, Invoice
from payrules.adapters.invoices.issued import IssuedInvoices
from payrules.adapters.store.ledger import SqlLedger
from payrules.app.ports import InvoiceRequest
from payrules.domain.action import ActionKey, Answer, Delivered
from payrules.domain.decision import ActionType
from payrules.domain.money import MINOR_UNITS, format_minor

_ISSUING = (ActionType.ISSUE_INVOICE, ActionType.CREDIT_INVOICE)


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file, or none, that its owner alone may read. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Threads that write the same file each have a part of their own, and all write what is committed.
    part = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


class InvoiceFiles:
    """The rows are the store's; `<folder>/invoices/<clinic>/<booking>-<ordinal>.json` shows them as they are.

    `<booking>` is the id the booking had first, so that none is left behind where it gets another one. Beside it are
    `.pdf` and `.html` of the invoice once it is issued, and `-credit.pdf` and `-credit.html`. `write` writes a whole
    file, or none.
    """

    name = "invoice files"

    def __init__(
        self,
        ledger: SqlLedger,
        folder: Path,
        link_base: str | None = None,
        write: Callable[[Path, bytes], None] = write_private,
    ) -> None:
        self._invoices = EmbeddedInvoices(ledger, link_base)
        self._issued = IssuedInvoices(ledger, link_base)
        self._folder = folder / "invoices"
        self._write_file = write
        self.limits = self._invoices.limits

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Do it once for a key, then write the files. Raises LedgerError, and OSError where they cannot be written."""
        answer = self._invoices.carry_out(request)
        if isinstance(answer, Delivered):
            if request.type in _ISSUING:
                self._write_documents(request)
            self._write_rows(request)
        return answer

    def _write_rows(self, request: InvoiceRequest) -> None:
        found = self._invoices.of_booking(request.clinic_no, request.booking_no)
        shown = [invoice_object(invoice) for invoice in found if invoice.ordinal == request.ordinal]
        content = {"clinic": request.clinic, "booking_id": request.booking_id, "documents": shown}
        self._write(request, ".json", (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def _write_documents(self, request: InvoiceRequest) -> None:
        for document in self._issued.of_invoice(request.clinic_no, request.booking_no, request.ordinal):
            # What was issued does not change: only what is new has to be written.
            if (document.kind is DocumentKind.CREDIT_NOTE) == (request.type is ActionType.CREDIT_INVOICE):
                for ending, content in files_of(document).items():
                    self._write(request, ("" if document.credits is None else "-credit") + ending, content)

    def _write(self, request: InvoiceRequest, ending: str, content: bytes) -> None:
        _, first_id, _ = ActionKey.parse(request.key)
        name = f"{first_id.replace(':', '=')}-{request.ordinal}{ending}"
        self._write_file(self._folder / request.clinic / name, content)


def files_of(document: Document) -> dict[str, bytes]:
    """The files that show a document, by the ending of their name."""
    return {".pdf": pdf_of(document), ".html": html_of(document).encode()}


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
