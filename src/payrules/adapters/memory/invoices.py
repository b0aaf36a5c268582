"""Invoices in memory: drafts, gap-free numbers, credit notes."""

from collections import defaultdict
from datetime import date, timedelta
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from payrules.adapters.zones import load_zone
from payrules.app.ports import InvoiceRequest, Limits
from payrules.domain.action import Answer, Delivered, Rejected
from payrules.domain.decision import ActionType
from payrules.domain.money import parse_decimal, vat_included


class Status(StrEnum):
    """What an invoice is."""

    DRAFT = "draft"
    DELETED = "deleted"
    ISSUED = "issued"
    CREDITED = "credited"


class Invoice(NamedTuple):
    """An invoice of one booking. Amounts are in minor units and include VAT; dates are the clinic's.

    `number` is given at issue, `credit_number` with the credit note; None before.
    """

    clinic: str
    booking_id: str
    ordinal: int
    status: Status
    total: int | None
    currency: str
    vat: int | None = None
    number: str | None = None
    issued_on: date | None = None
    due_on: date | None = None
    credit_number: str | None = None
    credited_on: date | None = None


class _Counter:
    """The one counter of a clinic, for invoices and credit notes."""

    __slots__ = ("last", "last_on")

    def __init__(self) -> None:
        self.last = 0
        self.last_on = date.min

    def give(self, prefix: str, on: date) -> tuple[str, date]:
        """The next number, and its date: never before that of the number before."""
        self.last += 1
        self.last_on = max(self.last_on, on)
        return f"{prefix}{self.last}", self.last_on


class MemoryInvoices:
    """A `payrules.app.ports.InvoiceAdapter` that keeps invoices in memory, and honours the key of what it did for ever.

    A new prefix does not restart a clinic's counter. What cannot be is rejected: `no_draft`, `no_total`,
    `not_issued`, `already_issued`.
    """

    name = "memory"

    def __init__(self) -> None:
        self.limits = Limits(key_honoured_for=timedelta(days=36_500).total_seconds())
        self._lock = Lock()
        self._invoices: dict[tuple[int, int, int], Invoice] = {}
        self._answers: dict[str, Delivered] = {}
        self._counters: dict[int, _Counter] = defaultdict(_Counter)

    def invoices(self) -> list[Invoice]:
        """All invoices, deleted drafts included, in the order they were made."""
        with self._lock:
            return list(self._invoices.values())

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Do it once for a key: the same key gets the same answer again, and nothing more is done."""
        with self._lock:
            answer: Answer | None = self._answers.get(request.key)
            if answer is None:
                answer = self._do(request)
                if isinstance(answer, Delivered):
                    self._answers[request.key] = answer
            return answer

    def _do(self, request: InvoiceRequest) -> Answer:
        where = (request.clinic_no, request.booking_no, request.ordinal)
        invoice = self._invoices.get(where)
        if request.type is ActionType.CREATE_INVOICE:
            if invoice is not None and invoice.status is not Status.DELETED:
                return Rejected("already_there")
            self._invoices[where] = Invoice(
                request.clinic, request.booking_id, request.ordinal, Status.DRAFT, request.total, request.currency
            )
            return Delivered("draft-{}-{}-{}".format(*where))
        if request.type is ActionType.CREDIT_INVOICE:
            if invoice is None or invoice.status is not Status.ISSUED:
                return Rejected("not_issued")
            self._invoices[where], number = self._credited(invoice, request)
            return Delivered(number)
        if invoice is None or invoice.status is not Status.DRAFT:
            return Rejected("no_draft")
        if request.type is ActionType.ISSUE_INVOICE:
            if request.total is None:
                return Rejected("no_total")
            self._invoices[where] = issued = self._issued(invoice, request, request.total)
            return Delivered(issued.number or "", total=issued.total, due_on=issued.due_on)
        if request.type is ActionType.UPDATE_DRAFT:
            self._invoices[where] = invoice._replace(total=request.total)
        else:
            self._invoices[where] = invoice._replace(status=Status.DELETED)
        return Delivered("draft-{}-{}-{}".format(*where))

    def _issued(self, invoice: Invoice, request: InvoiceRequest, total: int) -> Invoice:
        rate = parse_decimal(request.vat_rate)
        if rate is None:
            raise ValueError(f"{request.vat_rate!r} is no VAT rate")
        number, issued_on = self._counters[request.clinic_no].give(request.number_prefix, _on(request))
        return invoice._replace(
            status=Status.ISSUED,
            total=total,
            vat=vat_included(total, rate),
            number=number,
            issued_on=issued_on,
            due_on=issued_on + timedelta(days=request.due_in_days),
        )

    def _credited(self, invoice: Invoice, request: InvoiceRequest) -> tuple[Invoice, str]:
        number, credited_on = self._counters[request.clinic_no].give(request.number_prefix, _on(request))
        return invoice._replace(status=Status.CREDITED, credit_number=number, credited_on=credited_on), number


def _on(request: InvoiceRequest) -> date:
    """The date of the call in the clinic's zone."""
    zone = load_zone(request.timezone)
    if zone is None:
        raise ValueError(f"{request.timezone!r} is no time zone")
    return request.now.astimezone(zone).date()
