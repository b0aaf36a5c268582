"""Invoices and credit notes as people get them: the words, the page and the PDF."""

import re
import zlib
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import examples

from payrules.adapters.documents.document import Document, DocumentKind, Line
from payrules.adapters.documents.fonts import printable
from payrules.adapters.documents.html import html_of
from payrules.adapters.documents.page import Labelled, Row, page_of
from payrules.adapters.documents.pdf import pdf_of
from payrules.domain.money import MINOR_UNITS

LINK = "https://pay.nordlys.example/CGV7k4XVGIRuoNcuuFx4WQGYUyQxUiuv6YPMcq7gBoA"


def document(**changes: Any) -> Document:
    return Document(
        kind=DocumentKind.INVOICE,
        number="NP-1042",
        credits=None,
        issued_on=date(2026, 12, 1),
        due_on=date(2026, 12, 15),
        clinic_name="Nordlys Psykologi",
        legal_name="Nordlys Psykologi AS",
        organisation_number="974760673",
        addressee=("Kari Prøve Åsgård",),
        lines=(Line("Individuell terapi 50 min", datetime(2026, 11, 30, 13, tzinfo=UTC), 125_000),),
        currency="NOK",
        vat_rate="25",
        vat=25_000,
        total=125_000,
        language="nb",
        country="NO",
        timezone="Europe/Oslo",
        link=LINK,
    )._replace(**changes)


def credit_note(**changes: Any) -> Document:
    return document(
        kind=DocumentKind.CREDIT_NOTE, number="NP-1043", credits="NP-1042", due_on=None, link=None, **changes
    )


class _Texts(HTMLParser):
    """The texts of a page, and the names of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read_html(html: str) -> _Texts:
    parser = _Texts()
    parser.feed(html)
    return parser


def plain(text: str) -> str:
    """A text with spaces of one kind."""
    return " ".join(text.split())


# ---- the words


def test_an_invoice_in_norwegian() -> None:
    page = page_of(document())
    assert (page.language, page.title, page.number, page.to) == ("nb", "Faktura", "NP-1042", "Til")
    assert (page.seller, page.seller_lines) == (
        "Nordlys Psykologi",
        ("Nordlys Psykologi AS", "Org.nr. 974760673 MVA"),
    )
    assert page.addressee == ("Kari Prøve Åsgård",)
    assert page.facts == (
        Labelled("Nummer", "NP-1042"),
        Labelled("Dato", "1. desember 2026"),
        Labelled("Forfallsdato", "15. desember 2026"),
    )
    (row,) = page.rows
    assert row._replace(amount=plain(row.amount)) == Row(
        "Individuell terapi 50 min", "mandag 30. november 2026 kl. 14:00", "1 250,00 kr"
    )
    assert [(plain(label), plain(value)) for label, value in (*page.sums, page.total)] == [
        ("Sum uten mva.", "1 000,00 kr"),
        ("Mva. 25 %", "250,00 kr"),
        ("Å betale", "1 250,00 kr"),
    ]
    assert (page.link, page.pay) == (LINK, "Betal fakturaen")


def test_a_credit_note_in_swedish_names_its_invoice_and_takes_back() -> None:
    page = page_of(credit_note(language="sv", country="SE", currency="SEK", vat_rate="12.5", vat=13_889))
    assert (page.language, page.title) == ("sv", "Kreditfaktura")
    assert page.seller_lines[-1] == "Org.nr 974760673"
    assert page.facts[1:] == (Labelled("Datum", "1 december 2026"), Labelled("Avser faktura", "NP-1042"))
    assert [(plain(label), plain(value).replace("\u2212", "-")) for label, value in (*page.sums, page.total)] == [
        ("Summa exkl. moms", "-1 111,11 kr"),
        ("Moms 12,5 %", "-138,89 kr"),
        ("Krediterat belopp", "-1 250,00 kr"),
    ]
    assert page.link is None


def test_an_invoice_in_english_without_vat_or_session_type() -> None:
    lines = (Line(None, None, 125_000),)
    page = page_of(document(language="en", country="GB", currency="GBP", vat_rate="0", vat=0, lines=lines))
    assert (page.language, page.title) == ("en", "Invoice")
    assert page.rows == (Row("Appointment", "", "£1,250.00"),)
    assert page.sums == (Labelled("Total without VAT", "£1,250.00"), Labelled("VAT 0%", "£0.00"))
    assert page.total == Labelled("Total to pay", "£1,250.00")


@pytest.mark.parametrize(
    ("asked", "given"), [("nn", "Faktura"), ("no", "Faktura"), ("sv-FI", "Faktura"), ("de", "Invoice")]
)
def test_other_languages_read_the_closest_words(asked: str, given: str) -> None:
    page = page_of(document(language=asked))
    assert page.title == given
    # Words and dates are of one language.
    assert (page.language == "en") == ("December" in page.facts[1].value)


def test_a_clinic_that_charges_no_vat_does_not_say_it_is_registered_for_it() -> None:
    assert page_of(document(vat_rate="0", vat=0)).seller_lines[-1] == "Org.nr. 974760673"


def test_a_name_that_is_the_legal_name_is_said_once() -> None:
    assert page_of(document(clinic_name="Nordlys Psykologi AS")).seller_lines == ("Org.nr. 974760673 MVA",)
    assert page_of(document(legal_name=None, organisation_number=None)).seller_lines == ()


def test_who_was_erased_is_told_from_who_was_never_named() -> None:
    assert (page_of(document(addressee=None)).addressee, page_of(document(addressee=())).addressee) == (
        ("Slettet etter ønske fra personen",),
        ("Navn ikke oppgitt",),
    )


def test_an_address_has_its_lines_and_no_control_characters() -> None:
    told = ("Kari\u202e Prøve\r\n\nStorgata 1\x00\n0155 Oslo\n" + "x\n" * 20,)
    assert page_of(document(addressee=told)).addressee == ("Kari Prøve", "Storgata 1", "0155 Oslo", "x", "x", "x")


def test_yen_have_no_decimals() -> None:
    page = page_of(document(currency="JPY", total=1250, vat=250, language="en", country="GB"))
    assert page.total.value.endswith("1,250")


def test_only_the_web_is_linked_to() -> None:
    html = html_of(document(link="javascript:alert(1)"))
    assert "javascript" not in html
    assert "<a " not in html


# ---- the page


def test_nothing_in_a_name_is_read_as_html() -> None:
    evil = "<script>alert(1)</script>\"'&"
    lines = (Line(evil, None, 1),)
    made = read_html(html_of(document(addressee=(evil,), clinic_name=evil, legal_name=f"{evil} AS", lines=lines)))
    assert "script" not in made.tags
    assert made.texts.count(evil) >= 3


class _Outline(HTMLParser):
    """Whether elements are closed in the order they were opened in, and what stands in which."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.paths: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.paths.append("/".join([*self.open, tag]))
        self.attributes[tag] = dict(attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("made", [document(), credit_note(language="sv"), document(language="en", addressee=None)])
def test_the_page_is_whole(made: Document) -> None:
    html, outline = html_of(made), _Outline()
    outline.feed(html)
    assert html.startswith("<!DOCTYPE html>\n<html lang=")
    assert outline.open == []
    assert outline.attributes["html"] == {"lang": page_of(made).language}
    assert f"<title>{page_of(made).title} {made.number} · Nordlys Psykologi</title>" in html
    assert html.index('<meta charset="utf-8">') < 1024
    ids = [path.rpartition("/")[2] for path in outline.paths]
    assert ids.count("dt") == ids.count("dd") == len(page_of(made).facts) + 3
    assert [ids.count(one) for one in ("main", "h1", "title", "table", "address")] == [1] * 5
    assert all(path.endswith(("dl/div/dt", "dl/div/dd")) for path in outline.paths if path[-2:] in ("dt", "dd"))
    # An email may carry it, and a phone on a slow line opens it.
    assert len(html.encode()) < 10_000


def test_the_page_is_laid_out_for_paper_and_phones() -> None:
    css = html_of(document()).partition("<style>")[2].partition("</style>")[0]
    assert css.count("{") == css.count("}")
    for part in ("@page { size: A4;", "@media print {", "@media (max-width: 34rem) {", "tr { break-inside: avoid; }"):
        assert part in css
    used = set(re.findall(r"var\((--\w+)\)", css))
    assert used == set(re.findall(r"(--\w+):", css))


def test_a_name_from_right_to_left_does_not_turn_the_page() -> None:
    assert '<p dir="auto">علي</p>' in html_of(document(addressee=("علي",)))


def test_the_page_loads_nothing() -> None:
    html = html_of(document())
    assert set(re.findall(r"(?:https?:)?//[^\s\"'<)]+", html)) == {LINK}
    assert {"img", "script", "link", "iframe"}.isdisjoint(read_html(html).tags)


# ---- the PDF


def pdf_texts(pdf: bytes) -> str:
    """All texts of a PDF of fpdf2's, by its fonts' own tables from glyphs to characters."""
    streams = [_unpacked(found[1]) for found in re.finditer(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)]
    # Every font has a table of its own; the glyphs of all three are told apart by the name of the font in use.
    tables = [
        {int(a, 16): bytes.fromhex(b.decode()).decode("utf-16-be") for a, b in re.findall(rb"<(\w{4})> <(\w+)>\n", s)}
        for s in streams
        if b"beginbfchar" in s
    ]
    names = sorted({int(name) for s in streams for name in re.findall(rb"/F(\d+) [\d.]+ Tf", s)})
    fonts = dict(zip(names, tables, strict=True))
    texts = []
    for stream in streams:
        font: dict[int, str] = {}
        for name, text in re.findall(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", stream, re.DOTALL):
            if name:
                font = fonts[int(name)]
            else:
                raw = re.sub(
                    rb"\\(.)", lambda found: {b"r": b"\r", b"n": b"\n"}.get(found[1], found[1]), text, flags=re.DOTALL
                )
                texts.append("".join(font[glyph] for (glyph,) in _pairs(raw)))
    return "\n".join(texts)


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _pairs(raw: bytes) -> list[tuple[int]]:
    return [(int.from_bytes(raw[i : i + 2]),) for i in range(0, len(raw), 2)]


def test_the_pdf_says_what_the_page_says() -> None:
    for made in (document(), credit_note(language="sv", country="SE"), document(language="en", addressee=None)):
        page, texts = page_of(made), pdf_texts(pdf_of(made))
        said = [page.title, page.seller, *page.seller_lines, page.to, *page.addressee, *page.heads]
        said += [text for pair in (*page.facts, *page.sums, page.total) for text in pair]
        said += [text for row in page.rows for text in row]
        said += [] if page.link is None else [page.link, page.pay]
        assert [text for text in said if plain(text) not in plain(texts)] == []


def test_a_document_is_the_same_bytes_every_time() -> None:
    assert pdf_of(document()) == pdf_of(document())
    assert html_of(document()) == html_of(document())


def test_names_in_japanese_and_korean_are_there() -> None:
    texts = pdf_texts(pdf_of(document(addressee=("山田 太郎", "김철수"))))
    # Their space is the other font's.
    assert "山田太郎김철수" in "".join(texts.split())
    assert "�" not in texts


def test_what_no_font_has_is_a_sign_that_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    made = document(addressee=("علي Prøve 😀",))
    texts = plain(pdf_texts(pdf_of(made)))
    assert "��� Prøve �" in texts
    assert "� står for et tegn som denne PDF-en ikke har skrift til" in texts
    assert "علي Prøve 😀" in html_of(made)
    assert caplog.text == ""


def test_letters_with_loose_accents_are_put_together() -> None:
    assert printable("Åsgård") == "Åsgård"


def test_many_lines_take_more_pages_and_none_is_lost() -> None:
    lines = tuple(Line(f"Samtale {n}", None, 100) for n in range(1, 61))
    texts = pdf_texts(pdf_of(document(lines=lines))).splitlines()
    assert [text for text in texts if text.startswith("Samtale ")] == [f"Samtale {n}" for n in range(1, 61)]
    assert "Faktura NP-1042 · 2" in texts


@examples(100)
@given(
    st.text(max_size=300),
    st.text(max_size=300),
    st.sampled_from(sorted(MINOR_UNITS)),
    st.integers(1, 10**12),
    st.sampled_from(["en", "nb", "sv", "nn-NO", "de", "x-unknown", ""]),
)
def test_whatever_somebody_is_called_there_is_a_page(
    name: str, clinic: str, currency: str, total: int, language: str
) -> None:
    lines = (Line(clinic, datetime(2026, 3, 29, 1, tzinfo=UTC), total),)
    made = document(
        addressee=(name,), clinic_name=clinic, lines=lines, currency=currency, total=total, vat=0, language=language
    )
    read = read_html(html_of(made))
    assert "script" not in read.tags
    said = {plain(text) for text in read.texts}
    assert all(plain(line) in said for line in page_of(made).addressee)


@examples(10)
@given(st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=250), st.integers(1, 10**12))
def test_whatever_somebody_is_called_there_is_a_pdf(name: str, total: int) -> None:
    assert pdf_of(document(addressee=(name,), clinic_name=name, total=total)).startswith(b"%PDF-")
