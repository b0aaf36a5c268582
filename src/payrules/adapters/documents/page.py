"""The words of a document, ready to be set: what its HTML page and its PDF both say."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from babel.numbers import format_decimal

from payrules.adapters.documents.document import Document, DocumentKind, Line
from payrules.adapters.texts.characters import one_line
from payrules.adapters.texts.wording import amount_words, day_words, locale_for, time_words
from payrules.adapters.zones import load_zone
from payrules.domain.languages import BUILT_IN, languages_for

_FOLDER = Path(__file__).parent / "words"
_MOST_ADDRESS_LINES = 6
_LONGEST = 200
_SCHEMES = ("https://", "http://")


class Row(NamedTuple):
    """One line of the table: what, when (empty where nobody knows), how much."""

    what: str
    when: str
    amount: str


class Labelled(NamedTuple):
    """A value and what it is called."""

    label: str
    value: str


class Page(NamedTuple):
    """All texts of a document, each of them on one line. `total` is said largest; `link` is None or http(s).

    `unprintable` explains the sign that stands for a character without a glyph.
    """

    language: str
    title: str
    number: str
    seller: str
    seller_lines: tuple[str, ...]
    to: str
    addressee: tuple[str, ...]
    is_known: bool
    facts: tuple[Labelled, ...]
    heads: tuple[str, str]
    rows: tuple[Row, ...]
    sums: tuple[Labelled, ...]
    total: Labelled
    link: str | None
    pay: str
    unprintable: str


def page_of(document: Document) -> Page:
    """The texts of a document, in its language where payrules has words in it, else in English."""
    language = next((tag for tag in languages_for(document.language) if tag in BUILT_IN), "en")
    words = _words(language)
    # A country that the clinic's language names counts; a language without words of its own is not written by halves.
    is_own = document.language.partition("-")[0] == language
    locale = locale_for(document.language if is_own else language, document.country)
    is_credit = document.kind is DocumentKind.CREDIT_NOTE
    addressee = [] if document.addressee is None else _lines(document.addressee)
    facts = [
        Labelled(words["number"], document.number),
        Labelled(words["issued_on"], day_words(document.issued_on, locale, sms=False)),
    ]
    if document.due_on is not None:
        facts.append(Labelled(words["due_on"], day_words(document.due_on, locale, sms=False)))
    if document.credits is not None:
        facts.append(Labelled(words["credits"], document.credits))
    # A credit note takes back: its amounts are below zero.
    sign = -1 if is_credit else 1

    def money(minor: int) -> str:
        return amount_words(sign * minor, document.currency, locale, sms=False)

    clinic_name = one_line(document.clinic_name)
    return Page(
        language=language,
        title=words[document.kind],
        number=document.number,
        seller=clinic_name,
        seller_lines=_seller_lines(document, clinic_name, words),
        to=words["to"],
        addressee=tuple(addressee) or (words["erased" if document.addressee is None else "nobody"],),
        is_known=bool(addressee),
        facts=tuple(facts),
        heads=(words["description"], words["amount"]),
        rows=tuple(
            Row(
                _short(one_line(line.session_name or "")) or words["appointment"],
                _when(line, document.timezone, locale),
                "" if line.total is None else money(line.total),
            )
            for line in document.lines
        ),
        sums=(
            Labelled(words["net"], money(document.total - document.vat)),
            Labelled(words["vat"].format(rate=_rate(document.vat_rate, locale)), money(document.vat)),
        ),
        total=Labelled(words["credited" if is_credit else "total"], money(document.total)),
        # Another scheme might be a script.
        link=document.link if document.link and document.link.startswith(_SCHEMES) else None,
        pay=words["pay"],
        unprintable=words["unprintable"],
    )


def _seller_lines(document: Document, clinic_name: str, words: dict[str, str]) -> tuple[str, ...]:
    lines = []
    if document.legal_name and one_line(document.legal_name) != clinic_name:
        lines.append(one_line(document.legal_name))
    if document.organisation_number:
        number = one_line(document.organisation_number)
        # Who charges VAT in Norway is registered for it, and has to say so behind the number.
        if document.country == "NO" and document.vat and "MVA" not in number:
            number += " MVA"
        lines.append(f"{words['organisation_number']} {number}")
    return tuple(lines)


def _when(line: Line, timezone: str, locale: Locale) -> str:
    zone = load_zone(timezone)
    if line.starts_at is None or zone is None:
        return ""
    return time_words(line.starts_at.astimezone(zone), locale, sms=False)


def _lines(told: tuple[str, ...]) -> list[str]:
    lines = (one_line(part) for text in told for part in text.splitlines())
    return [_short(line) for line in lines if line][:_MOST_ADDRESS_LINES]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _rate(rate: str, locale: Locale) -> str:
    return str(format_decimal(Decimal(rate), "#,##0.######", locale=locale))


@cache
def _words(language: str) -> dict[str, str]:
    words: dict[str, str] = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return words
