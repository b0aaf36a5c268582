"""Invoices in the store: drafts without numbers, numbers without gaps, every key answered once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from tests.builders import at

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Kind, Status
from payrules.adapters.store import open_store
from payrules.app.ports import InvoiceRequest
from payrules.domain.action import Delivered, Rejected
from payrules.domain.decision import ActionType

NOW = at("2026-12-31T23:30:00Z")
"""In Oslo it is the next year already."""

CREATE, ISSUE = ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE
UPDATE, DELETE, CREDIT = ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT, ActionType.CREDIT_INVOICE


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
    assert invoices.carry_out(request(ISSUE)) == Delivered("N-1", total=125_000)
    (issued,) = invoices.invoices(1)
    assert (issued.status, issued.total, issued.vat, issued.number) == (Status.ISSUED, 125_000, 25_000, 1)
    assert (issued.issued_on, issued.due_on) == (date(2027, 1, 1), date(2027, 1, 15))
    assert invoices.carry_out(request(CREDIT, number_prefix="C-")) == Delivered("C-2")
    credited, note = invoices.invoices(1)
    assert credited == issued._replace(status=Status.CREDITED)
    assert note == issued._replace(kind=Kind.CREDIT_NOTE, number=2, number_text="C-2", due_on=None)
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
    assert invoices.carry_out(request(ISSUE)) == Delivered("N-1", total=125_000)
    assert invoices.carry_out(request(UPDATE)) == Rejected("no_draft")
    assert invoices.carry_out(request(DELETE)) == Rejected("no_draft")


def test_dates_follow_the_numbers_when_the_clock_is_set_back(invoices: EmbeddedInvoices) -> None:
    for number, now in enumerate((NOW, NOW - timedelta(days=3), NOW + timedelta(days=1)), 1):
        invoices.carry_out(request(CREATE, number))
        invoices.carry_out(request(ISSUE, number, now=now))
    on = [invoice.issued_on for invoice in invoices.invoices(1)]
    assert on == [date(2027, 1, 1), date(2027, 1, 1), date(2027, 1, 2)]


def test_every_clinic_counts_by_itself(invoices: EmbeddedInvoices) -> None:
    for clinic_no in (1, 2):
        invoices.carry_out(request(CREATE, clinic_no=clinic_no))
        assert invoices.carry_out(request(ISSUE, clinic_no=clinic_no)) == Delivered("N-1", total=125_000)


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
