"""`payrules invoices`: what a practice issued, listed and written as documents."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders import CLINIC, clinic_text
from tests.practice import Practice

from payrules.adapters.invoices.embedded import EmbeddedInvoices
from payrules.adapters.store import open_store
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.invoice_commands import invoices as group

SESSIONS = 'session_types: {treatment-45: {name: "Behandling 45 min"}}\ninvoice: {vat_rate: "25", number_prefix: F/}\n'
CLIENT = {"id": "client-1", "name": "Kari <Prøve>", "email": "a@client.example"}


class Store:
    """A practice with a store, and its commands."""

    def __init__(self, path: Path) -> None:
        self.url = str(path)
        self.ledger = open_store(self.url)
        self.practice = Practice(self.ledger, clinic_text(SESSIONS))
        self.practice.invoices = EmbeddedInvoices(  # type: ignore[assignment]  # another adapter than the recording one
            self.ledger, "https://pay.fjord.example/"
        )

    def run(self, *args: str | Path, code: ExitCode = ExitCode.OK) -> Result:
        result = CliRunner().invoke(group, [*map(str, args), "--store", self.url], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("list", "--format", "json").stdout.splitlines()]

    def standings(self) -> list[str]:
        return [row["standing"] for row in self.rows()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in which the sample booking was booked, and its draft made."""
    made = Store(tmp_path / "payrules.db")
    made.practice.book(client=CLIENT, session_type="treatment-45")
    made.practice.dispatch()
    yield made
    made.ledger.close()


def paid(store: Store, amount: str, kind: str = "paid") -> None:
    more = {"method": "cash"} if kind == "paid" else {}
    store.practice.event(kind, amount={"amount": amount, "currency": "NOK"}, **more)


def test_an_invoice_from_draft_to_refund(store: Store) -> None:
    assert store.standings() == ["draft"]
    store.practice.dispatch("2026-12-02T00:00Z")
    (row,) = store.rows()
    assert row == {
        "clinic": CLINIC,
        "booking_id": "bk-1",
        "ordinal": 1,
        "kind": "invoice",
        "state": "issued",
        "number": "F/1",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-15",
        "total": "1250.00",
        "vat": "250.00",
        "currency": "NOK",
        "standing": "unpaid",
    }
    for amount, standing in (("1000.00", "partly_paid"), ("250.00", "paid"), ("50.00", "overpaid")):
        paid(store, amount)
        assert store.standings() == [standing]
    store.practice.event("credited", by="person", reason="a mistake")
    store.practice.dispatch()
    assert store.standings() == ["draft", "refund_due", "credit_note"]
    paid(store, "1300.00", "refunded")
    assert store.standings() == ["draft", "refunded", "credit_note"]


def test_what_was_credited_unpaid_owes_nobody_anything(store: Store) -> None:
    store.practice.dispatch("2026-12-02T00:00Z")
    store.practice.event("credited", by="person", reason="a mistake")
    store.practice.dispatch()
    assert store.standings() == ["draft", "credited", "credit_note"]
    # A deleted draft is no invoice any more.
    store.practice.event("cancelled", by="client")
    store.practice.dispatch()
    assert store.standings() == ["credited", "credit_note"]


def test_an_issued_invoice_whose_payment_went_back_is_refunded(store: Store) -> None:
    store.practice.dispatch("2026-12-02T00:00Z")
    paid(store, "1250.00")
    paid(store, "1250.00", "refunded")
    assert store.standings() == ["refunded"]


def test_lists_are_for_people_too(store: Store) -> None:
    store.practice.dispatch("2026-12-02T00:00Z")
    assert store.run("list", "--clinic", CLINIC).stdout.splitlines() == [
        "Number  Clinic       Booking  Date        Due         Total        Standing",
        "F/1     fjord-fysio  bk-1     2026-12-01  2026-12-15  1250.00 NOK  unpaid",
    ]
    assert "knows no clinic `nobody`" in store.run("list", "--clinic", "nobody", code=ExitCode.FAILURE).stderr


def test_a_store_without_invoices_says_so(tmp_path: Path) -> None:
    made = Store(tmp_path / "payrules.db")
    assert made.run("list").stdout == "no invoices\n"
    made.ledger.close()


def test_an_invoice_is_written_as_it_was_issued(store: Store, tmp_path: Path) -> None:
    store.practice.dispatch("2026-12-02T00:00Z")
    out = tmp_path / "out"
    told = store.run("export", "F/1", "--out", out, "--link-base", "https://pay.fjord.example/").stdout
    assert told.splitlines() == [str(out / "F-1.pdf"), str(out / "F-1.html")]
    assert (out / "F-1.pdf").read_bytes().startswith(b"%PDF-")
    html = (out / "F-1.html").read_text(encoding="utf-8")
    said = (
        "Fjord Fysioterapi AS",
        "923609016 MVA",
        "Kari &lt;Prøve&gt;",
        "Behandling 45 min",
        "1. desember 2026 kl. 10:00",
    )
    assert [text for text in said if text not in html] == []
    assert f'href="{store.practice.stored().record.invoice.link}"' in html


def test_a_number_that_nobody_has_is_refused(store: Store, tmp_path: Path) -> None:
    result = store.run("export", "F/1", "--out", tmp_path / "out", code=ExitCode.FAILURE)
    assert "no such invoice or credit note" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(store: Store, tmp_path: Path) -> None:
    store.practice.dispatch("2026-12-02T00:00Z")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = store.run("export", "F/1", "--out", tmp_path / "file" / "out", code=ExitCode.FAILURE)
    assert f"{tmp_path / 'file' / 'out' / 'F-1.pdf'} cannot be written: Not a directory" in result.stderr
