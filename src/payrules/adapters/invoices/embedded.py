"""Invoices in the store itself, for clinics whose invoices no other system keeps.

Numbers are gap-free: a clinic has one counter, for invoices and credit notes, whose row is locked until the number is
committed with its invoice. A new prefix does not restart it. Every call locks it first, so that calls for one clinic
follow each other and one that is made twice at the same time is answered twice and done once.

What an issued invoice shows is frozen with it, but for whom it is addressed to: that is a reference to contacts, which
are written once and may be erased (docs/adr/0013-invoice-documents.md).
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import IntEnum
from secrets import token_urlsafe
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Update, and_, bindparam, insert, select, text, update

from payrules.adapters.invoices.content import Content, Seller, content_of
from payrules.adapters.store.ledger import SqlLedger
from payrules.adapters.store.session import Session
from payrules.adapters.store.tables import INVOICE_ANSWERS, INVOICE_COUNTERS, INVOICES, VERIFICATIONS
from payrules.adapters.zones import load_zone
from payrules.app.ports import InvoiceRequest, Limits
from payrules.app.rows import Party
from payrules.domain.action import Answer, Delivered, Rejected
from payrules.domain.decision import ActionType
from payrules.domain.money import parse_decimal, vat_included

_ADD_COUNTER = text("INSERT INTO invoice_counters VALUES (:clinic_no, 0, :today) ON CONFLICT DO NOTHING").bindparams(
    bindparam("today", type_=Date)
)


class Kind(IntEnum):
    """An invoice, or the credit note that takes it back."""

    INVOICE = 1
    CREDIT_NOTE = 2


class Status(IntEnum):
    """What an invoice is. A credit note is always issued."""

    DRAFTED = 1
    ISSUED = 2
    CREDITED = 3
    DELETED = 4


class Invoice(NamedTuple):
    """An invoice or a credit note. Amounts are in minor units and include VAT; dates are the clinic's.

    What is no draft has a number, `number_text` being that number after its prefix. `content` is None in a row that an
    older payrules wrote. `contact` is the event that told the addressee's contacts, and whose they are; `token` is the
    secret part of the payment link, which an issued invoice has.
    """

    clinic_no: int
    booking_no: int
    ordinal: int
    kind: Kind
    status: Status
    total: int | None
    currency: str
    vat: int | None
    number: int | None
    number_text: str | None
    issued_on: date | None
    due_on: date | None
    content: Content | None = None
    contact: tuple[int, Party] | None = None
    token: str | None = None


class EmbeddedInvoices:
    """A `payrules.app.ports.InvoiceAdapter` over the store's own tables. It honours the key of what it did for ever.

    `link_base` is what payment links begin with, ending with a slash; without it there are none. `make_token` makes
    their ends, which nobody can guess.
    What cannot be is rejected: `already_there`, `no_draft`, `no_total`, `not_issued`. Raises LedgerError where the
    store cannot be used; nothing was done then.
    """

    name = "embedded"

    def __init__(
        self, ledger: SqlLedger, link_base: str | None = None, make_token: Callable[[], str] = lambda: token_urlsafe(32)
    ) -> None:
        # More at once would wait for each other: for the one writer, or for the clinic's counter.
        self.limits = Limits(concurrency=2, key_honoured_for=timedelta(days=36_500).total_seconds())
        self._ledger = ledger
        self._link_base = link_base
        self._make_token = make_token

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Do it once for a key: the same key gets the same answer again, and nothing more is done."""
        with self._ledger.writing_session() as session:
            counter = _locked_counter(session, request)
            is_its = and_(INVOICE_ANSWERS.c.clinic_no == request.clinic_no, INVOICE_ANSWERS.c.key == request.key)
            receipt = session.value(select(INVOICE_ANSWERS.c.receipt).where(is_its))
            if receipt is not None:
                return self._with_issued(session, request, receipt)
            answer = _do(session, request, counter, self._make_token)
            if isinstance(answer, Rejected):
                return answer
            session.insert(INVOICE_ANSWERS, [(request.clinic_no, request.key, answer.receipt)])
            return self._with_issued(session, request, answer.receipt)

    def invoices(self, clinic_no: int) -> list[Invoice]:
        """All invoices and credit notes of a clinic by booking, deleted drafts included."""
        found = select(INVOICES).where(INVOICES.c.clinic_no == clinic_no).order_by(*INVOICES.primary_key)
        with self._ledger.reading_session() as session:
            return [_invoice_of(row) for row in session.rows(found)]

    def of_booking(self, clinic_no: int, booking_no: int) -> list[Invoice]:
        """The invoices and credit notes of one booking, deleted drafts included."""
        its = and_(INVOICES.c.clinic_no == clinic_no, INVOICES.c.booking_no == booking_no)
        with self._ledger.reading_session() as session:
            return [
                _invoice_of(row) for row in session.rows(select(INVOICES).where(its).order_by(*INVOICES.primary_key))
            ]

    def _with_issued(self, session: Session, request: InvoiceRequest, receipt: str) -> Delivered:
        """The answer with what was issued when the key was asked for the first time, where it issued."""
        if request.type is not ActionType.ISSUE_INVOICE:
            return Delivered(receipt)
        wanted = select(INVOICES.c.total, INVOICES.c.token, INVOICES.c.due_on).where(_is_its(request))
        ((total, token, due_on),) = session.rows(wanted)
        return Delivered(receipt, link_of(self._link_base, token), total, due_on)


def link_of(base: str | None, token: str | None) -> str | None:
    """The payment link of an invoice; None where links have no address, and where it never got one."""
    return None if base is None or token is None else base + token


class _Counter(NamedTuple):
    """The clinic's last number, and the earliest date that the next one may have."""

    last: int
    on: date

    def give(self, session: Session, request: InvoiceRequest) -> dict[str, Any]:
        """The columns of the next number, which the clinic's counter says is given."""
        number = self.last + 1
        values = {"last_number": number, "last_issued_on": self.on}
        session.change(update(INVOICE_COUNTERS).where(INVOICE_COUNTERS.c.clinic_no == request.clinic_no).values(values))
        return {"number": number, "number_text": f"{request.number_prefix}{number}", "issued_on": self.on}


def _locked_counter(session: Session, request: InvoiceRequest) -> _Counter:
    zone = load_zone(request.timezone)
    if zone is None:
        raise ValueError(f"{request.timezone!r} is no time zone")
    today = request.now.astimezone(zone).date()
    session.change(_ADD_COUNTER, {"clinic_no": request.clinic_no, "today": today})
    is_its = INVOICE_COUNTERS.c.clinic_no == request.clinic_no
    (row,) = session.rows(select(INVOICE_COUNTERS).where(is_its).with_for_update())
    # A date is never before that of the number before; a clock that was set back makes no difference.
    return _Counter(row.last_number, max(row.last_issued_on, today) if row.last_number else today)


def _do(
    session: Session, request: InvoiceRequest, counter: _Counter, make_token: Callable[[], str]
) -> Delivered | Rejected:
    found = session.rows(select(INVOICES).where(_is_its(request)))
    invoice = _invoice_of(found[0]) if found else None
    status = None if invoice is None else invoice.status
    shown = {"total": request.total, "content": content_of(request).text()}
    if request.type is ActionType.CREATE_INVOICE:
        if status not in (None, Status.DELETED):
            return Rejected("already_there")
        draft = {"state": Status.DRAFTED, "currency": request.currency, **shown}
        if status is None:
            session.change(insert(INVOICES).values(**_key(request, Kind.INVOICE), **draft))
        else:
            session.change(_changed(request, **draft))
        return Delivered("draft")
    if request.type is ActionType.CREDIT_INVOICE:
        if invoice is None or status is not Status.ISSUED:
            return Rejected("not_issued")
        return _credit(session, request, counter, invoice)
    if status is not Status.DRAFTED:
        return Rejected("no_draft")
    if request.type is ActionType.ISSUE_INVOICE:
        if request.total is None:
            return Rejected("no_total")
        return _issue(session, request, counter, request.total, make_token())
    if request.type is ActionType.UPDATE_DRAFT:
        session.change(_changed(request, **shown))
    else:
        session.change(_changed(request, state=Status.DELETED))
    return Delivered("draft")


def _issue(session: Session, request: InvoiceRequest, counter: _Counter, total: int, token: str) -> Delivered:
    rate = parse_decimal(request.vat_rate)
    if rate is None:
        raise ValueError(f"{request.vat_rate!r} is no VAT rate")
    number = counter.give(session, request)
    event, party = request.payer_contact or (None, None)
    issued = {
        "state": Status.ISSUED,
        "total": total,
        "vat": vat_included(total, rate),
        "due_on": counter.on + timedelta(days=request.due_in_days),
        "content": content_of(request, _seller(session, request)).text(),
        "contact_event": event,
        "contact_party": party,
        "token": token,
    }
    session.change(_changed(request, **issued, **number))
    return Delivered(number["number_text"])


def _credit(session: Session, request: InvoiceRequest, counter: _Counter, invoice: Invoice) -> Delivered:
    number = counter.give(session, request)
    event, party = invoice.contact or (None, None)
    # The same but for who it comes from: that is always who the clinic is when it says something.
    own = content_of(request, _seller(session, request))
    content = invoice.content and own._replace(lines=invoice.content.lines, vat_rate=invoice.content.vat_rate)
    note = {
        "state": Status.ISSUED,
        "total": invoice.total,
        "currency": invoice.currency,
        "vat": invoice.vat,
        "content": content and content.text(),
        "contact_event": event,
        "contact_party": party,
    }
    session.change(insert(INVOICES).values(**_key(request, Kind.CREDIT_NOTE), **note, **number))
    session.change(_changed(request, state=Status.CREDITED))
    return Delivered(number["number_text"])


def _seller(session: Session, request: InvoiceRequest) -> Seller:
    """The clinic as it was verified last."""
    rows = VERIFICATIONS.c
    found = (
        select(rows.legal_name, rows.organisation_number)
        .where(rows.clinic_no == request.clinic_no, rows.verified)
        .order_by(rows.number.desc())
        .limit(1)
    )
    return next((Seller(*row) for row in session.rows(found)), Seller())


def _key(request: InvoiceRequest, kind: Kind) -> dict[str, int]:
    key = {"clinic_no": request.clinic_no, "booking_no": request.booking_no, "ordinal": request.ordinal}
    return key | {"kind": kind}


def _is_its(request: InvoiceRequest) -> ColumnElement[bool]:
    return and_(*(INVOICES.c[name] == value for name, value in _key(request, Kind.INVOICE).items()))


def _changed(request: InvoiceRequest, **values: Any) -> Update:
    return update(INVOICES).where(_is_its(request)).values(values)


def _invoice_of(row: Any) -> Invoice:
    fields = row._asdict()
    event, party = fields.pop("contact_event"), fields.pop("contact_party")
    fields["kind"], fields["status"] = Kind(fields["kind"]), Status(fields.pop("state"))
    fields["content"] = fields["content"] and Content.parse(fields["content"])
    return Invoice(**fields, contact=None if event is None else (event, Party(party)))
