"""Invoices in the store: drafts without numbers, numbers without gaps, every key answered once."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.builders import at

from payrules.adapters.documents.document import Line
from payrules.adapters.invoices.content import Content, Seller
from payrules.adapters.invoices.embedded import EmbeddedInvoices, Kind, Status
from payrules.adapters.store import open_store
from payrules.adapters.store.tables import INVOICES
from payrules.app.ports import InvoiceRequest, LedgerError
from payrules.app.rows import LegalForm, Party, VerificationRow
from payrules.domain.action import Delivered, Rejected
from payrules.domain.decision import ActionType

NOW = at("2026-12-31T23:30:00Z")
"""In Oslo it is the next year already."""

CREATE, ISSUE = ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE
UPDATE, DELETE, CREDIT = ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT, ActionType.CREDIT_INVOICE


ISSUED = Delivered("N-1", total=125_000, due_on=date(2027, 1, 15))


@pytest.fixture
def invoices(store_url: str) -> Iterator[EmbeddedInvoices]:
    ledger = open_store(store_url)
    yield EmbeddedInvoices(ledger)
    ledger.close()


def request(kind: ActionType, booking_no: int = 1, occurrence: int = 1, **changes: object) -> InvoiceRequest:
    asked = InvoiceRequest(
        key="",
        type=kind,
        clinic_no=1,
        booking_no=booking_no,
        clinic="nordlys",
        booking_id=f"bk-{booking_no}",
        ordinal=1,
        total=125_000,
        currency="NOK",
        due_in_days=14,
        vat_rate="25",
        number_prefix="N-",
        timezone="Europe/Oslo",
        now=NOW,
    )._replace(**changes)  # type: ignore[arg-type]  # any field
    return asked._replace(key=f"nordlys/{asked.booking_id}/{asked.ordinal}/{kind}/-/{occurrence}")


def test_an_invoice_from_draft_to_credit(invoices: EmbeddedInvoices) -> None:
    assert invoices.carry_out(request(CREATE, total=None)) == Delivered("draft")
    assert invoices.carry_out(request(UPDATE, total=99_900)) == Delivered("draft")
    (draft,) = invoices.invoices(1)
    assert (draft.status, draft.total, draft.number, draft.issued_on) == (Status.DRAFTED, 99_900, None, None)
    assert invoices.carry_out(request(ISSUE)) == ISSUED
    (issued,) = invoices.invoices(1)
    assert (issued.status, issued.total, issued.vat, issued.number) == (Status.ISSUED, 125_000, 25_000, 1)
    assert (issued.issued_on, issued.due_on) == (date(2027, 1, 1), date(2027, 1, 15))
    assert invoices.carry_out(request(CREDIT, number_prefix="C-")) == Delivered("C-2")
    credited, note = invoices.invoices(1)
    assert credited == issued._replace(status=Status.CREDITED)
    assert note == issued._replace(kind=Kind.CREDIT_NOTE, number=2, number_text="C-2", due_on=None, token=None)
    assert invoices.invoices(2) == []


@pytest.mark.parametrize("kind", [CREATE, ISSUE, CREDIT, UPDATE, DELETE])
def test_a_key_is_answered_the_same_for_ever(invoices: EmbeddedInvoices, kind: ActionType) -> None:
    before: dict[ActionType, list[ActionType]] = {CREATE: [], CREDIT: [CREATE, ISSUE]}
    for earlier in before.get(kind, [CREATE]):
        invoices.carry_out(request(earlier))
    answer = invoices.carry_out(request(kind))
    kept = invoices.invoices(1)
    assert isinstance(answer, Delivered)
    assert invoices.carry_out(request(kind, now=NOW + timedelta(days=400), number_prefix="X", total=1)) == answer
    assert invoices.invoices(1) == kept


def test_a_draft_is_deleted_and_made_again(invoices: EmbeddedInvoices) -> None:
    invoices.carry_out(request(CREATE))
    assert invoices.carry_out(request(DELETE)) == Delivered("draft")
    assert invoices.carry_out(request(ISSUE)) == Rejected("no_draft")
    assert invoices.carry_out(request(CREATE, occurrence=2, total=500)) == Delivered("draft")
    (draft,) = invoices.invoices(1)
    assert (draft.status, draft.total) == (Status.DRAFTED, 500)


def test_what_cannot_be_is_rejected_and_changes_nothing(invoices: EmbeddedInvoices) -> None:
    assert invoices.carry_out(request(ISSUE)) == Rejected("no_draft")
    assert invoices.carry_out(request(CREDIT)) == Rejected("not_issued")
    assert invoices.invoices(1) == []
    invoices.carry_out(request(CREATE))
    assert invoices.carry_out(request(CREATE, occurrence=2)) == Rejected("already_there")
    assert invoices.carry_out(request(CREDIT)) == Rejected("not_issued")
    assert invoices.carry_out(request(ISSUE, total=None)) == Rejected("no_total")
    # What was rejected may be asked again, when it can be.
    assert invoices.carry_out(request(ISSUE)) == ISSUED
    assert invoices.carry_out(request(UPDATE)) == Rejected("no_draft")
    assert invoices.carry_out(request(DELETE)) == Rejected("no_draft")


def test_dates_follow_the_numbers_when_the_clock_is_set_back(invoices: EmbeddedInvoices) -> None:
    for number, now in enumerate((NOW, NOW - timedelta(days=3), NOW + timedelta(days=1)), 1):
        invoices.carry_out(request(CREATE, number))
        answer = invoices.carry_out(request(ISSUE, number, now=now))
        assert isinstance(answer, Delivered)
        assert answer.due_on == invoices.invoices(1)[-1].due_on
    on = [invoice.issued_on for invoice in invoices.invoices(1)]
    assert on == [date(2027, 1, 1), date(2027, 1, 1), date(2027, 1, 2)]


def test_every_clinic_counts_by_itself(invoices: EmbeddedInvoices) -> None:
    for clinic_no in (1, 2):
        invoices.carry_out(request(CREATE, clinic_no=clinic_no))
        assert invoices.carry_out(request(ISSUE, clinic_no=clinic_no)) == ISSUED


def test_numbers_have_no_gaps_whoever_asks_at_once(invoices: EmbeddedInvoices) -> None:
    bookings = range(1, 13)
    for booking_no in bookings:
        invoices.carry_out(request(CREATE, booking_no))
    # Each is asked twice, as after a lease that ran out.
    asked = [request(ISSUE, booking_no) for booking_no in bookings for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(invoices.carry_out, asked))
    assert answers[::2] == answers[1::2]
    assert sorted(str(i.number_text) for i in invoices.invoices(1)) == sorted(f"N-{n}" for n in bookings)


def test_an_issued_invoice_has_a_link_that_nobody_guesses(store_url: str) -> None:
    ledger = open_store(store_url)
    invoices = EmbeddedInvoices(ledger, "https://pay.nordlys.example/")
    links = set()
    for booking_no in range(1, 4):
        invoices.carry_out(request(CREATE, booking_no))
        answer = invoices.carry_out(request(ISSUE, booking_no))
        assert isinstance(answer, Delivered)
        assert invoices.carry_out(request(ISSUE, booking_no)) == answer
        assert re.fullmatch(r"https://pay\.nordlys\.example/[\w-]{43}", answer.link or "")
        links.add(answer.link)
    assert len(links) == 3
    assert isinstance(noted := invoices.carry_out(request(CREDIT)), Delivered)
    assert noted.link is None
    ledger.close()


def test_a_draft_shows_what_was_asked_for_last_and_an_invoice_what_was_asked_at_issue(
    invoices: EmbeddedInvoices,
) -> None:
    start = NOW + timedelta(days=1)
    asked: dict[str, Any] = {
        "session_name": "Samtale",
        "starts_at": start,
        "clinic_name": "Nordlys",
        "language": "nb",
        "country": "NO",
    }
    invoices.carry_out(request(CREATE, total=None, **asked))
    (draft,) = invoices.invoices(1)
    assert draft.content == Content((Line("Samtale", start, None),), "25", "Nordlys", "nb", "NO", "Europe/Oslo")
    invoices.carry_out(request(UPDATE, total=500, **asked | {"session_name": None}))
    (draft,) = invoices.invoices(1)
    assert draft.content is not None
    assert draft.content.lines == (Line(None, start, 500),)
    invoices.carry_out(request(ISSUE, **asked | {"starts_at": NOW}, payer_contact=(7, Party.PAYER)))
    (issued,) = invoices.invoices(1)
    assert issued.content is not None
    assert issued.content.lines == (Line("Samtale", NOW, 125_000),)
    assert issued.contact == (7, Party.PAYER)
    # What is asked for with the credit note is of no account: it mirrors the invoice.
    invoices.carry_out(request(CREDIT, total=1, vat_rate="0", session_name="Annet", payer_contact=(8, Party.CLIENT)))
    _, note = invoices.invoices(1)
    assert note.content is not None
    assert (note.content.lines, note.content.vat_rate) == (issued.content.lines, "25")
    assert (note.total, note.vat, note.contact) == (issued.total, issued.vat, issued.contact)


def test_the_seller_is_who_was_verified_last_when_it_is_issued(store_url: str) -> None:
    ledger = open_store(store_url)
    invoices = EmbeddedInvoices(ledger)
    with ledger.writing() as tx:
        clinic_no = tx.add_clinic("nordlys").clinic_no

    def told(number: int, name: str | None) -> None:
        form, organisation = (None, None) if name is None else (LegalForm.COMPANY, "974760673")
        with ledger.writing() as tx:
            row = VerificationRow(number, name is not None, form, name, organisation, NOW, "test")
            tx.add_verification(clinic_no, row)

    def issued(booking_no: int) -> Content | None:
        invoices.carry_out(request(CREATE, booking_no, clinic_no=clinic_no))
        invoices.carry_out(request(ISSUE, booking_no, clinic_no=clinic_no))
        return invoices.of_booking(clinic_no, booking_no)[0].content

    sellers = []
    for number, name in enumerate(("Nordlys AS", "Nordlys Psykologi AS", None), 1):
        told(number, name)
        content = issued(number)
        assert content is not None
        sellers.append(content.seller)
    assert sellers == [Seller("Nordlys AS", "974760673")] + [Seller("Nordlys Psykologi AS", "974760673")] * 2
    # A credit note comes from who the clinic is by now; the invoice stays what it was.
    invoices.carry_out(request(CREDIT, 1, clinic_no=clinic_no))
    invoice, note = invoices.of_booking(clinic_no, 1)
    assert invoice.content is not None
    assert invoice.content.seller == sellers[0]
    assert note.content == invoice.content._replace(seller=sellers[1])
    ledger.close()


@pytest.mark.parametrize("column", ["content", "token", "contact_event", "contact_party"])
def test_what_an_issued_invoice_shows_cannot_be_changed(store_url: str, column: str) -> None:
    ledger = open_store(store_url)
    invoices = EmbeddedInvoices(ledger)
    invoices.carry_out(request(CREATE))
    invoices.carry_out(request(ISSUE))
    with pytest.raises(LedgerError), ledger.writing_session() as session:
        session.change(update(INVOICES).values({column: None}))
    assert invoices.carry_out(request(CREDIT)) == Delivered("N-2")
    ledger.close()
