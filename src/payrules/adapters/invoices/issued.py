"""Issued invoices and credit notes as documents: read from the store, each addressed as its contacts say."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select

from payrules.adapters.documents.document import Document, DocumentKind
from payrules.adapters.invoices.content import Content
from payrules.adapters.invoices.embedded import Kind, link_of
from payrules.adapters.store.ledger import SqlLedger
from payrules.adapters.store.tables import CLINICS, CONTACTS, INVOICES

_ORIGINALS = INVOICES.alias("originals")


class IssuedInvoices:
    """Reads what `EmbeddedInvoices` issued. What an older payrules issued has no document. Raises LedgerError."""

    def __init__(self, ledger: SqlLedger, link_base: str | None = None) -> None:
        self._ledger = ledger
        self._link_base = link_base

    def of_invoice(self, clinic_no: int, booking_no: int, ordinal: int) -> list[Document]:
        """One invoice of a booking, and the credit note that takes it back."""
        rows = INVOICES.c
        where = and_(rows.clinic_no == clinic_no, rows.booking_no == booking_no, rows.ordinal == ordinal)
        return [document for _, document in self._find(where)]

    def numbered(self, number: str, clinic: str | None = None) -> list[tuple[str, Document]]:
        """The documents of a number, each with its clinic: clinics count by themselves."""
        where = INVOICES.c.number_text == number
        return self._find(where if clinic is None else and_(where, CLINICS.c.clinic == clinic))

    def _find(self, where: ColumnElement[bool]) -> list[tuple[str, Document]]:
        rows = INVOICES.c
        found = (
            select(
                INVOICES,
                CLINICS.c.clinic,
                _ORIGINALS.c.number_text.label("original"),
                CONTACTS.c.event_no.label("told_in"),
                *(CONTACTS.c[name] for name in ("name", "email", "phone")),
            )
            .join(CLINICS, CLINICS.c.clinic_no == rows.clinic_no, isouter=True)
            .join(_ORIGINALS, _is_original(), isouter=True)
            .join(CONTACTS, _is_its_contact(), isouter=True)
            .where(where, rows.number.is_not(None), rows.content.is_not(None))
            .order_by(rows.clinic_no, rows.number)
        )
        with self._ledger.reading_session() as session:
            return [(row.clinic, self._document(row)) for row in session.rows(found)]

    def _document(self, row: Any) -> Document:
        content = Content.parse(row.content)
        is_credit = row.kind == Kind.CREDIT_NOTE
        return Document(
            kind=DocumentKind.CREDIT_NOTE if is_credit else DocumentKind.INVOICE,
            number=row.number_text,
            credits=row.original if is_credit else None,
            issued_on=row.issued_on,
            due_on=row.due_on,
            clinic_name=content.clinic_name,
            legal_name=content.seller.legal_name,
            organisation_number=content.seller.organisation_number,
            addressee=_addressee(row),
            lines=content.lines,
            currency=row.currency,
            vat_rate=content.vat_rate,
            vat=row.vat,
            total=row.total,
            language=content.language,
            country=content.country,
            timezone=content.timezone,
            link=link_of(self._link_base, row.token),
        )


def _addressee(row: Any) -> tuple[str, ...] | None:
    if row.contact_event is not None and row.told_in is None:
        return None
    known = row.name or row.email or row.phone
    return (known,) if known else ()


def _is_original() -> ColumnElement[bool]:
    same = (_ORIGINALS.c[name] == INVOICES.c[name] for name in ("clinic_no", "booking_no", "ordinal"))
    return and_(*same, _ORIGINALS.c.kind == Kind.INVOICE)


def _is_its_contact() -> ColumnElement[bool]:
    return and_(
        CONTACTS.c.clinic_no == INVOICES.c.clinic_no,
        CONTACTS.c.event_no == INVOICES.c.contact_event,
        CONTACTS.c.party == INVOICES.c.contact_party,
    )
