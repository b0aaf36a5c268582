"""Issued invoices as documents and as files: addressed by contacts that can be erased, else the same for ever."""

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, delete, insert, text
from tests.builders import at

import payrules.adapters.migrations as migrations
from payrules.adapters.documents.document import Document, DocumentKind, Line
from payrules.adapters.invoices.embedded import EmbeddedInvoices
from payrules.adapters.invoices.files import InvoiceFiles
from payrules.adapters.invoices.issued import IssuedInvoices
from payrules.adapters.invoices.plugins import EMBEDDED, FILES
from payrules.adapters.memory import MemoryLedger
from payrules.adapters.plugins import NoSettings, PluginError, Surroundings
from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.store.tables import CONTACTS, INVOICE_COUNTERS, INVOICES
from payrules.app.ports import InvoiceRequest
from payrules.app.rows import Contact, ContactRow, LegalForm, Party, VerificationRow
from payrules.domain.action import ActionKey
from payrules.domain.decision import ActionType

NOW = at("2026-12-01T09:00Z")
BASE = "https://pay.nordlys.example/"
CREATE, ISSUE, CREDIT = ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE, ActionType.CREDIT_INVOICE


@pytest.fixture
def ledger(store_url: str) -> Iterator[SqlLedger]:
    """A store in which a verified clinic has the number 1, and a payer told her name in event 7."""
    opened = open_store(store_url)
    with opened.writing() as tx:
        assert tx.add_clinic("nordlys").clinic_no == 1
        tx.add_verification(1, VerificationRow(1, True, LegalForm.COMPANY, "Nordlys AS", "974760673", NOW, "t"))
        tx.add_contacts([(1, ContactRow(7, Party.PAYER, Contact("Kari Prøve", "kari@prove.example")))])
        tx.add_contacts([(1, ContactRow(8, Party.CLIENT, Contact(None, "ola@prove.example")))])
        tx.add_contacts([(1, ContactRow(9, Party.CLIENT, Contact()))])
    yield opened
    opened.close()


def request(kind: ActionType, booking_no: int = 1, **changes: Any) -> InvoiceRequest:
    booking_id = f"bk:{booking_no}"
    return InvoiceRequest(
        ActionKey(1, kind).text("nordlys", booking_id),
        kind,
        1,
        booking_no,
        "nordlys",
        booking_id,
        1,
        125_000,
        "NOK",
        14,
        "25",
        "2026/",
        "Europe/Oslo",
        NOW,
        clinic_name="Nordlys Psykologi",
        language="nb",
        country="NO",
        session_name="Samtale",
        starts_at=NOW - timedelta(days=1),
        payer_contact=(7, Party.PAYER),
    )._replace(**changes)


def documents(ledger: SqlLedger, *kinds: ActionType, booking_no: int = 1, **changes: Any) -> list[Document]:
    """What a booking has after all that was asked for it."""
    invoices = EmbeddedInvoices(ledger, BASE)
    for kind in kinds:
        invoices.carry_out(request(kind, booking_no, **changes))
    return IssuedInvoices(ledger, BASE).of_invoice(1, booking_no, 1)


def test_an_invoice_and_its_credit_note(ledger: SqlLedger) -> None:
    assert documents(ledger, CREATE) == []
    (invoice,) = documents(ledger, ISSUE)
    link = invoice.link
    assert link is not None
    assert link.startswith(BASE)
    assert invoice == Document(
        kind=DocumentKind.INVOICE,
        number="2026/1",
        credits=None,
        issued_on=NOW.date(),
        due_on=NOW.date() + timedelta(days=14),
        clinic_name="Nordlys Psykologi",
        legal_name="Nordlys AS",
        organisation_number="974760673",
        addressee=("Kari Prøve",),
        lines=(Line("Samtale", NOW - timedelta(days=1), 125_000),),
        currency="NOK",
        vat_rate="25",
        vat=25_000,
        total=125_000,
        language="nb",
        country="NO",
        timezone="Europe/Oslo",
        link=link,
    )
    kept, note = documents(ledger, CREDIT)
    assert kept == invoice
    assert note == invoice._replace(
        kind=DocumentKind.CREDIT_NOTE, number="2026/2", credits="2026/1", due_on=None, link=None
    )


def test_a_payer_without_a_name_is_addressed_as_they_can_be_reached(ledger: SqlLedger) -> None:
    for number, (contact, addressee) in enumerate(
        [((8, Party.CLIENT), ("ola@prove.example",)), ((9, Party.CLIENT), ()), (None, ()), ((7, Party.CLIENT), None)], 1
    ):
        (invoice,) = documents(ledger, CREATE, ISSUE, booking_no=number, payer_contact=contact)
        assert invoice.addressee == addressee


def test_an_erased_payer_leaves_the_rest_of_the_invoice_as_it_was(ledger: SqlLedger) -> None:
    (before,) = documents(ledger, CREATE, ISSUE)
    with ledger.writing_session() as session:
        session.change(delete(CONTACTS).where(CONTACTS.c.event_no == 7))
    assert documents(ledger) == [before._replace(addressee=None)]


def test_numbers_are_looked_for_in_one_clinic_or_in_all(ledger: SqlLedger) -> None:
    with ledger.writing() as tx:
        assert tx.add_clinic("vika").clinic_no == 2
    documents(ledger, CREATE, ISSUE)
    documents(ledger, CREATE, ISSUE, clinic_no=2)
    issued = IssuedInvoices(ledger)
    assert [clinic for clinic, _ in issued.numbered("2026/1")] == ["nordlys", "vika"]
    assert [document.link for _, document in issued.numbered("2026/1", "vika")] == [None]
    assert issued.numbered("2026/9") == []


def test_files_are_what_was_issued_and_private(ledger: SqlLedger, tmp_path: Path) -> None:
    adapter = FILES.build(NoSettings(), Surroundings(ledger, tmp_path, BASE))
    assert isinstance(adapter, InvoiceFiles)
    folder = tmp_path / "invoices" / "nordlys"
    adapter.carry_out(request(CREATE))
    assert [path.name for path in folder.iterdir()] == ["bk=1-1.json"]
    answer = adapter.carry_out(request(ISSUE))
    first = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}
    assert sorted(first) == ["bk=1-1.html", "bk=1-1.pdf"]
    adapter.carry_out(request(CREDIT))
    # A call that is made again writes the same again.
    (folder / "bk=1-1.pdf").unlink()
    assert adapter.carry_out(request(ISSUE)) == answer
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["bk=1-1-credit.html", "bk=1-1-credit.pdf", "bk=1-1.html", "bk=1-1.json", "bk=1-1.pdf"]
    assert {name: (folder / name).read_bytes() for name in first} == first
    assert "2026/2" in (folder / "bk=1-1-credit.html").read_text(encoding="utf-8")
    assert [row["state"] for row in json.loads((folder / "bk=1-1.json").read_bytes())["documents"]] == [
        "credited",
        "issued",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_files_keep_their_name_when_the_id_of_a_booking_is_replaced(ledger: SqlLedger, tmp_path: Path) -> None:
    adapter = InvoiceFiles(ledger, tmp_path)
    for kind in (CREATE, ISSUE):
        adapter.carry_out(request(kind))
    adapter.carry_out(request(CREDIT, booking_id="bk:9"))
    files = {path.name: path for path in (tmp_path / "invoices" / "nordlys").iterdir()}
    assert {name.partition(".")[0] for name in files} == {"bk=1-1", "bk=1-1-credit"}
    told = json.loads(files["bk=1-1.json"].read_bytes())
    assert (told["booking_id"], len(told["documents"])) == ("bk:9", 2)


def test_invoices_in_the_store_need_a_store(ledger: SqlLedger, tmp_path: Path) -> None:
    assert isinstance(EMBEDDED.build(NoSettings(), Surroundings(ledger, tmp_path)), EmbeddedInvoices)
    for plugin in (EMBEDDED, FILES):
        with pytest.raises(PluginError, match="kept in a store"):
            plugin.build(NoSettings(), Surroundings(MemoryLedger(), tmp_path))


def test_what_an_older_payrules_issued_is_kept_without_a_document(store_url: str) -> None:
    engine = create_engine(
        store_url.replace("postgresql://", "postgresql+psycopg://") if "://" in store_url else f"sqlite:///{store_url}"
    )
    old = {
        "clinic_no": 1, "booking_no": 1, "ordinal": 1, "kind": 1, "state": 2, "total": 5, "currency": "NOK", "vat": 0,
        "number": 1, "number_text": "1", "issued_on": NOW.date(), "due_on": NOW.date(),
    }  # fmt: skip  # a row reads best as rows
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(INVOICES).values(old))
        connection.execute(insert(INVOICE_COUNTERS).values(clinic_no=1, last_number=1, last_issued_on=NOW.date()))
        assert connection.scalar(text("SELECT version_num FROM payrules_version")) == "0001"
    engine.dispose()
    ledger = open_store(store_url)
    (kept,) = EmbeddedInvoices(ledger).invoices(1)
    assert (kept.number_text, kept.content, kept.token) == ("1", None, None)
    assert IssuedInvoices(ledger).of_invoice(1, 1, 1) == []
    # It can be credited all the same, and new ones can be issued.
    assert documents(ledger, CREDIT) == []
    assert [invoice.number_text for invoice in EmbeddedInvoices(ledger).invoices(1)] == ["1", "2026/2"]
    (invoice,) = documents(ledger, CREATE, ISSUE, booking_no=2)
    assert invoice.number == "2026/3"
    ledger.close()
