"""The embedded invoices against the suite that every adapter has to pass."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Kind, Status
from payrules.adapters.store import SqlLedger, open_store
from payrules.testing import Behaviour, Document, InvoiceConformance, InvoiceProvider


class EmbeddedDouble:
    """The invoices of the store, which is no provider that could misbehave."""

    can = frozenset({Behaviour.WORKS})
    delay: timedelta | None = None

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger

    def adapter(self) -> EmbeddedInvoices:
        return EmbeddedInvoices(self._ledger)

    def behave(self, how: Behaviour) -> None:
        assert how in self.can

    def documents(self) -> list[Document]:
        return [
            Document(f"bk-{i.booking_no}", i.number_text, i.total, credit=i.kind is Kind.CREDIT_NOTE, due_on=i.due_on)
            for i in self.adapter().invoices(1)
            if i.status is not Status.DELETED
        ]


class TestEmbeddedInvoices(InvoiceConformance):
    @pytest.fixture(autouse=True)
    def _stored(self, tmp_path: Path) -> None:
        self.path = tmp_path / "payrules.db"

    @contextmanager
    def provider(self) -> Iterator[InvoiceProvider]:
        with closing(open_store(str(self.path))) as ledger:
            yield EmbeddedDouble(ledger)
