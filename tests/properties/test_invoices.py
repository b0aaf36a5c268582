"""Whatever is asked of the invoices in the store: numbers have no gaps, dates never go back, a key is answered once."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import at
from tests.properties.compiling import examples

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Invoice, Kind, Status
from payrules.adapters.store import open_store
from payrules.app.ports import InvoiceRequest
from payrules.domain.action import ActionKey, Answer, Delivered
from payrules.domain.decision import ActionType

NOW = at("2026-12-30T12:00Z")
TYPES = [
    ActionType.CREATE_INVOICE,
    ActionType.UPDATE_DRAFT,
    ActionType.DELETE_DRAFT,
    ActionType.ISSUE_INVOICE,
    ActionType.CREDIT_INVOICE,
]
CLINICS = count(1)


class Asked(NamedTuple):
    """One call: of a booking's invoice, at a time that may go back."""

    booking_no: int
    type: ActionType
    occurrence: int
    total: int | None
    rate: str
    hours: int


CALLS = st.builds(
    Asked,
    st.integers(1, 3),
    st.sampled_from(TYPES),
    st.integers(1, 2),
    st.none() | st.integers(1, 10**7),
    st.sampled_from(["0", "25", "12", "8.1", "7.7"]),
    st.integers(-90, 90),
)


@pytest.fixture(scope="module")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedInvoices]:
    path: Path = tmp_path_factory.mktemp("invoices") / "payrules.db"
    ledger = open_store(str(path))
    yield EmbeddedInvoices(ledger, "https://pay.nordlys.example/")
    ledger.close()


def request(clinic_no: int, asked: Asked) -> InvoiceRequest:
    booking_id = f"bk-{asked.booking_no}"
    return InvoiceRequest(
        ActionKey(1, asked.type, None, asked.occurrence).text("nordlys", booking_id),
        asked.type,
        clinic_no,
        asked.booking_no,
        "nordlys",
        booking_id,
        1,
        asked.total,
        "NOK",
        14,
        asked.rate,
        "N-",
        "Europe/Oslo",
        NOW + timedelta(hours=asked.hours),
    )


@examples(60)
@given(st.lists(CALLS, max_size=30))
def test_invoices_keep_their_promises(invoices: EmbeddedInvoices, calls: list[Asked]) -> None:
    clinic_no = next(CLINICS)
    answers: dict[str, Answer] = {}
    rates: dict[int, str] = {}
    for asked in calls:
        before = invoices.invoices(clinic_no)
        made = request(clinic_no, asked)
        answer = invoices.carry_out(made)
        after = invoices.invoices(clinic_no)
        known = answers.get(made.key)
        if known is not None:
            assert answer == known
        if known is not None or not isinstance(answer, Delivered):
            assert after == before
            continue
        answers[made.key] = answer
        if asked.type is ActionType.ISSUE_INVOICE:
            rates[asked.booking_no] = asked.rate
        # What had a number is as it was, but that it may be credited now.
        kept = {invoice.number: invoice for invoice in after}
        for invoice in before:
            if invoice.number is not None:
                assert kept[invoice.number] in (invoice, invoice._replace(status=Status.CREDITED))
    check(invoices.invoices(clinic_no), rates)


def check(found: list[Invoice], rates: dict[int, str]) -> None:
    """Everything that holds of all documents of a clinic."""
    numbered = sorted((invoice for invoice in found if invoice.number is not None), key=lambda one: one.number or 0)
    assert [invoice.number for invoice in numbered] == list(range(1, len(numbered) + 1))
    assert [invoice.number_text for invoice in numbered] == [f"N-{n}" for n in range(1, len(numbered) + 1)]
    dates = [invoice.issued_on for invoice in numbered if invoice.issued_on is not None]
    assert len(dates) == len(numbered)
    assert dates == sorted(dates)
    originals = {invoice.booking_no: invoice for invoice in found if invoice.kind is Kind.INVOICE}
    tokens = [invoice.token for invoice in numbered if invoice.kind is Kind.INVOICE]
    assert None not in tokens
    assert len(set(tokens)) == len(tokens)
    for invoice in numbered:
        assert invoice.content is not None
        assert sum(line.total or 0 for line in invoice.content.lines) == invoice.total
        check_vat(invoice, Fraction(rates[invoice.booking_no]))
        if invoice.kind is Kind.CREDIT_NOTE:
            original = originals[invoice.booking_no]
            assert original.status is Status.CREDITED
            assert (original.number or 0) < (invoice.number or 0)
            assert (invoice.total, invoice.vat, invoice.content) == (original.total, original.vat, original.content)


def check_vat(invoice: Invoice, rate: Fraction) -> None:
    """Half up: never more than half a minor unit off, and at the half above it."""
    assert invoice.total is not None
    assert invoice.vat is not None
    assert -Fraction(1, 2) < invoice.vat - invoice.total * rate / (100 + rate) <= Fraction(1, 2)
