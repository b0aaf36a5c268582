"""What an invoice or a credit note says, apart from how it looks."""

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class DocumentKind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Line(NamedTuple):
    """What is charged: the session type's name (None: an appointment), the aware UTC start, and minor units or None
    while there is no price.
    """

    session_name: str | None
    starts_at: datetime | None
    total: int | None


class Document(NamedTuple):
    """An issued invoice or a credit note. Amounts are in minor units and include VAT; dates are the clinic's.

    `credits` is the number of the invoice that a credit note takes back. `legal_name` and `organisation_number` are
    None where the clinic was never verified. `addressee` has the payer's name and perhaps address, line by line; empty
    where nobody told any, None where they were erased. `timezone` is an IANA name, `vat_rate` a decimal string in
    percent.
    """

    kind: DocumentKind
    number: str
    credits: str | None
    issued_on: date
    due_on: date | None
    clinic_name: str
    legal_name: str | None
    organisation_number: str | None
    addressee: tuple[str, ...] | None
    lines: tuple[Line, ...]
    currency: str
    vat_rate: str
    vat: int
    total: int
    language: str
    country: str
    timezone: str
    link: str | None
