"""What an invoice shows beside its amounts and dates: kept as JSON with the draft, and frozen when it is issued."""

import json
from datetime import datetime
from typing import NamedTuple

from payrules.adapters.documents.document import Line
from payrules.app.ports import InvoiceRequest


class Seller(NamedTuple):
    """Who invoices, as verified; None where it never was."""

    legal_name: str | None = None
    organisation_number: str | None = None


UNVERIFIED = Seller()
"""Nobody has verified the clinic."""


class Content(NamedTuple):
    """What the document shows. It names no client."""

    lines: tuple[Line, ...]
    vat_rate: str
    clinic_name: str
    language: str
    country: str
    timezone: str
    seller: Seller = UNVERIFIED

    def text(self) -> str:
        """The content as it is kept."""
        lines = [(line.session_name, line.starts_at and line.starts_at.isoformat(), line.total) for line in self.lines]
        fields = self._asdict() | {"lines": lines, "seller": self.seller._asdict()}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> "Content":
        """The content that `text()` wrote."""
        fields = json.loads(text)
        fields["lines"] = tuple(
            Line(name, start and datetime.fromisoformat(start), total) for name, start, total in fields["lines"]
        )
        return cls(**fields | {"seller": Seller(**fields["seller"])})


def content_of(request: InvoiceRequest, seller: Seller = UNVERIFIED) -> Content:
    """What an invoice shows by what is asked for now."""
    line = Line(request.session_name, request.starts_at, request.total)
    return Content(
        (line,),
        request.vat_rate,
        request.clinic_name or request.clinic,
        request.language,
        request.country,
        request.timezone,
        seller,
    )
