"""What is the memory ledger's own, and the invoices in memory."""

from datetime import date
from typing import Any

import pytest
from tests.builders import at

from payrules.adapters.memory import Invoice, MemoryInvoices, MemoryLedger
from payrules.adapters.memory.invoices import Status
from payrules.app.ports import InvoiceRequest, LedgerError, Transaction
from payrules.domain.action import Answer, Delivered, Rejected
from payrules.domain.decision import ActionType

NEW_YEAR = at("2026-12-31T23:30:00+01:00")


def request(kind: ActionType, booking_no: int = 1, **changes: Any) -> InvoiceRequest:
    """A request of the clinic nordlys for 1250.00 with a quarter of VAT on top of the net price."""
    asked = InvoiceRequest(
        key=f"nordlys/bk-{booking_no}/{changes.get('ordinal', 1)}/{kind}",
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
        number_prefix="NL-",
        timezone="Europe/Oslo",
        now=NEW_YEAR,
    )
    return asked._replace(**changes)


def issue(invoices: MemoryInvoices, booking_no: int, **changes: Any) -> Answer:
    """Draft and issue."""
    invoices.carry_out(request(ActionType.CREATE_INVOICE, booking_no, **changes))
    return invoices.carry_out(request(ActionType.ISSUE_INVOICE, booking_no, **changes))


# ---- the ledger


def test_a_thread_writes_in_one_transaction_at_a_time() -> None:
    ledger = MemoryLedger()
    with ledger.writing() as tx:
        tx.add_clinic("nordlys")
        with pytest.raises(LedgerError), ledger.writing():
            pass

    with ledger.writing() as tx:
        assert tx.clinics(["nordlys"]).keys() == {"nordlys"}


def test_nothing_is_written_after_the_end() -> None:
    ledger = MemoryLedger()
    kept: list[Transaction] = []
    with ledger.writing() as tx:
        kept.append(tx)
    with pytest.raises(LedgerError):
        kept[0].add_clinic("nordlys")

    with ledger.reading() as tx:
        assert tx.all_clinics() == []


def test_a_reader_that_writes_is_told() -> None:
    with pytest.raises(LedgerError), MemoryLedger().reading() as tx:
        tx.add_clinic("nordlys")


# ---- invoices


def issued(number: str) -> Delivered:
    """The answer to an issue on new year's eve."""
    return Delivered(number, total=125_000, due_on=date(2027, 1, 14))


def test_a_draft_has_no_number_and_an_invoice_has_everything() -> None:
    invoices = MemoryInvoices()
    assert invoices.carry_out(request(ActionType.CREATE_INVOICE)) == Delivered("draft-1-1-1")
    assert invoices.invoices() == [Invoice("nordlys", "bk-1", 1, Status.DRAFT, 125_000, "NOK")]

    assert invoices.carry_out(request(ActionType.ISSUE_INVOICE)) == issued("NL-1")
    made = Invoice(
        "nordlys", "bk-1", 1, Status.ISSUED, 125_000, "NOK", 25_000, "NL-1", date(2026, 12, 31), date(2027, 1, 14)
    )
    assert invoices.invoices() == [made]


def test_numbers_have_no_gaps_and_are_the_clinics() -> None:
    invoices = MemoryInvoices()
    assert issue(invoices, 1) == issued("NL-1")
    invoices.carry_out(request(ActionType.CREATE_INVOICE, 2))
    invoices.carry_out(request(ActionType.DELETE_DRAFT, 2))
    assert issue(invoices, 3, number_prefix="2027-") == issued("2027-2")
    assert invoices.carry_out(request(ActionType.CREDIT_INVOICE, 1)) == Delivered("NL-3")
    assert issue(invoices, 4) == issued("NL-4")
    assert issue(invoices, 5, clinic_no=2, key="vika/bk-5") == Delivered("draft-2-5-1")
    assert invoices.carry_out(request(ActionType.ISSUE_INVOICE, 5, clinic_no=2)) == issued("NL-1")


def test_dates_are_the_clinics_and_never_go_back() -> None:
    invoices = MemoryInvoices()
    issue(invoices, 1, timezone="Asia/Tokyo")
    issue(invoices, 2)
    invoices.carry_out(request(ActionType.CREDIT_INVOICE, 2))

    # Half past eleven on new year's eve in Oslo is next year in Tokyo.
    assert [(i.issued_on, i.due_on, i.credited_on) for i in invoices.invoices()] == [
        (date(2027, 1, 1), date(2027, 1, 15), None),
        (date(2027, 1, 1), date(2027, 1, 15), date(2027, 1, 1)),
    ]


def test_a_key_has_its_effect_once() -> None:
    invoices = MemoryInvoices()
    for _ in range(2):
        assert issue(invoices, 1) == issued("NL-1")
        assert invoices.carry_out(request(ActionType.CREDIT_INVOICE, 1)) == Delivered("NL-2")
    assert issue(invoices, 2) == issued("NL-3")
    assert [(i.number, i.credit_number) for i in invoices.invoices()] == [("NL-1", "NL-2"), ("NL-3", None)]


def test_a_draft_follows_its_price_and_the_last_one_is_issued() -> None:
    invoices = MemoryInvoices()
    invoices.carry_out(request(ActionType.CREATE_INVOICE, total=None))
    invoices.carry_out(request(ActionType.UPDATE_DRAFT, total=99_900))
    assert [i.total for i in invoices.invoices()] == [99_900]
    invoices.carry_out(request(ActionType.ISSUE_INVOICE, total=99_900, vat_rate="0"))
    assert [(i.total, i.vat) for i in invoices.invoices()] == [(99_900, 0)]


def test_after_a_credit_the_next_ordinal_is_another_invoice() -> None:
    invoices = MemoryInvoices()
    issue(invoices, 1)
    invoices.carry_out(request(ActionType.CREDIT_INVOICE))
    assert issue(invoices, 1, ordinal=2, key="nordlys/bk-1/2/create") == Delivered("draft-1-1-2")
    assert [(i.ordinal, i.status) for i in invoices.invoices()] == [(1, Status.CREDITED), (2, Status.DRAFT)]


@pytest.mark.parametrize(
    ("before", "then", "cause"),
    [
        ([], ActionType.ISSUE_INVOICE, "no_draft"),
        ([], ActionType.UPDATE_DRAFT, "no_draft"),
        ([], ActionType.CREDIT_INVOICE, "not_issued"),
        ([ActionType.CREATE_INVOICE], ActionType.CREATE_INVOICE, "already_there"),
        ([ActionType.CREATE_INVOICE], ActionType.CREDIT_INVOICE, "not_issued"),
        ([ActionType.CREATE_INVOICE, ActionType.DELETE_DRAFT], ActionType.ISSUE_INVOICE, "no_draft"),
        ([ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE], ActionType.DELETE_DRAFT, "no_draft"),
        ([ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE], ActionType.ISSUE_INVOICE, "no_draft"),
    ],
)
def test_what_cannot_be_is_rejected_and_gives_no_number(before: list[ActionType], then: ActionType, cause: str) -> None:
    invoices = MemoryInvoices()
    for kind in before:
        assert isinstance(invoices.carry_out(request(kind)), Delivered)
    kept = invoices.invoices()
    assert invoices.carry_out(request(then, key="another key")) == Rejected(cause)
    assert invoices.invoices() == kept


def test_an_invoice_without_a_total_is_rejected_and_can_be_issued_later() -> None:
    invoices = MemoryInvoices()
    invoices.carry_out(request(ActionType.CREATE_INVOICE, total=None))
    assert invoices.carry_out(request(ActionType.ISSUE_INVOICE, total=None)) == Rejected("no_total")
    assert invoices.carry_out(request(ActionType.ISSUE_INVOICE)) == issued("NL-1")


@pytest.mark.parametrize("wrong", [{"vat_rate": "a quarter"}, {"timezone": "Europe/Olso"}])
def test_a_request_that_makes_no_sense_raises_and_gives_no_number(wrong: dict[str, Any]) -> None:
    invoices = MemoryInvoices()
    invoices.carry_out(request(ActionType.CREATE_INVOICE))
    with pytest.raises(ValueError, match="is no"):
        invoices.carry_out(request(ActionType.ISSUE_INVOICE, **wrong))
    assert invoices.carry_out(request(ActionType.ISSUE_INVOICE)) == issued("NL-1")
