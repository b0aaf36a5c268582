"""The PDF of a document: A4, one page unless there is much to say, the same bytes whenever it is made."""

from datetime import UTC, datetime, time
from typing import cast

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from payrules.adapters.documents.document import Document
from payrules.adapters.documents.fonts import BOLD, FALLBACK, REGULAR, REPLACEMENT, needs_fallback, printable
from payrules.adapters.documents.page import Labelled, Page, page_of

# Millimetres.
_MARGIN = 22.0
_RIGHT = 210.0 - _MARGIN
_WIDTH = _RIGHT - _MARGIN
_HALF = _WIDTH / 2
_AMOUNTS = 52.0
_SUMS = 100.0
_BOTTOM = 24.0

_INK, _QUIET, _LINE, _ACCENT, _TINT, _WHITE = "#1c2733", "#5b6875", "#dde3e8", "#17606b", "#eef5f6", "#ffffff"


def pdf_of(document: Document) -> bytes:
    """The document as a PDF, in about a sixth of a second; one in Chinese, Japanese or Korean takes longer.

    A character that no font has is shown as a sign, which a line below explains.
    """
    page = page_of(document)
    sheet = _Sheet(page)
    sheet.set_title(printable(f"{page.title} {page.number}"))
    sheet.set_author(printable(page.seller))
    sheet.set_lang(page.language)
    # An issued document never changes, so neither does its file.
    sheet.set_creation_date(datetime.combine(document.issued_on, time(), UTC))
    sheet.add_page()
    sheet.head()
    sheet.parties()
    sheet.charges()
    sheet.sums()
    sheet.payment()
    sheet.note()
    return bytes(sheet.output())


class _Sheet(FPDF):
    """The parts of the page, from top to bottom."""

    def __init__(self, page: Page) -> None:
        super().__init__(unit="mm", format="A4")
        self._page = page
        self._is_replaced = False
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_BOTTOM)
        self.alias_nb_pages("")
        self.c_margin = 0
        self.add_font("sans", "", REGULAR)
        self.add_font("sans", "B", BOLD)
        if needs_fallback("".join(_texts(page))):
            self.add_font("fallback", "", FALLBACK)
            self.set_fallback_fonts(["fallback"], exact_match=False)

    def header(self) -> None:
        """The coloured edge of every page; from the second on, what it belongs to."""
        self.set_fill_color(_ACCENT)
        self.rect(0, 0, 210, 3, style="F")
        self.set_y(_MARGIN)
        if self.page_no() > 1:
            self._write(f"{self._page.title} {self._page.number} · {self.page_no()}", 9, _QUIET)
            self.ln(6)

    def footer(self) -> None:
        """Who sends it, at the end of every page."""
        self.set_y(-16)
        self.set_draw_color(_LINE)
        self.line(_MARGIN, self.get_y() - 2, _RIGHT, self.get_y() - 2)
        self._write(_cut(" · ".join((self._page.seller, *self._page.seller_lines)), 110), 8, _QUIET, align=Align.C)

    def head(self) -> None:
        """The seller on the left, what it is on the right."""
        top = self.get_y()
        self._write(self._page.title, 24, _ACCENT, bold=True, align=Align.R, x=_MARGIN + _HALF, width=_HALF)
        below = self.get_y()
        self.set_y(top + 1.5)
        self._write(self._page.seller, 13, _INK, bold=True, width=_HALF)
        for line in self._page.seller_lines:
            self._write(line, 9.5, _QUIET, width=_HALF)
        self.set_y(max(self.get_y(), below) + 16)

    def parties(self) -> None:
        """The addressee on the left, number and dates on the right."""
        top = self.get_y()
        self._write(self._page.to, 9, _QUIET, width=_HALF - 10)
        for line in self._page.addressee:
            self._write(line, 11, _INK if self._page.is_known else _QUIET, width=_HALF - 10)
        below = self.get_y()
        self.set_y(top)
        for fact in self._page.facts:
            self._pair(fact, _MARGIN + _HALF, _HALF, 10)
        self.set_y(max(self.get_y(), below) + 16)

    def charges(self) -> None:
        """What is charged."""
        what, amount = self._page.heads
        self._side_by_side(Labelled(what, amount), 9, _QUIET)
        self._rule(_INK, 1.5)
        for row in self._page.rows:
            self._keep_together(30)
            self.ln(3)
            self._side_by_side(Labelled(row.what, row.amount), 11, _INK)
            if row.when:
                self._write(row.when, 9, _QUIET, width=_WIDTH - _AMOUNTS)
            self.ln(2)
            self._rule(_LINE, 1)
        self.ln(4)

    def sums(self) -> None:
        """Without VAT, VAT, and what it comes to."""
        self._keep_together(40)
        left = _RIGHT - _SUMS
        for each in self._page.sums:
            self._pair(each, left, _SUMS, 10)
        self.ln(2)
        self.set_draw_color(_ACCENT)
        self.set_line_width(0.6)
        self.line(left, self.get_y(), _RIGHT, self.get_y())
        self.set_line_width(0.2)
        self.ln(2.5)
        self._pair(self._page.total, left, _SUMS, 14, total=True)

    def payment(self) -> None:
        """The link, on a button and as it is written, for whoever has it on paper."""
        link = self._page.link
        if link is None:
            return
        self.ln(14)
        self._keep_together(40)
        top = self.get_y()
        self.set_font("sans", "", 8.5)
        lines = cast(list[str], self.multi_cell(_WIDTH - 16, 4.5, link, dry_run=True, output="LINES"))
        height = 25 + 4.5 * len(lines)
        self.set_fill_color(_TINT)
        self.rect(_MARGIN, top, _WIDTH, height, style="F", round_corners=True, corner_radius=2)
        self.set_font("sans", "B", 11)
        width = self.get_string_width(self._page.pay) + 14
        self.set_fill_color(_ACCENT)
        self.rect(_MARGIN + 8, top + 7, width, 10, style="F", round_corners=True, corner_radius=1.5)
        self.set_xy(_MARGIN + 8, top + 7)
        self.set_text_color(_WHITE)
        self.cell(width, 10, self._page.pay, align=Align.C, link=link)
        self.set_y(top + 19.5)
        self._write(link, 8.5, _QUIET, x=_MARGIN + 8, width=_WIDTH - 16)
        self.set_y(top + height)

    def note(self) -> None:
        """What the sign for a character without a font means, where it stands."""
        if self._is_replaced:
            self.ln(8)
            self._write(self._page.unprintable, 8, _QUIET)

    def _pair(self, pair: Labelled, x: float, width: float, size: float, *, total: bool = False) -> None:
        top = self.get_y()
        colour = _INK if total else _QUIET
        self._write(pair.label, size, colour, bold=total, x=x, width=width / 2)
        below = self.get_y()
        self.set_y(top)
        self._write(pair.value, size, _INK, bold=total, align=Align.R, x=x + width / 2, width=width / 2)
        self.set_y(max(below, self.get_y()) + 0.6)

    def _side_by_side(self, pair: Labelled, size: float, colour: str) -> None:
        top = self.get_y()
        self._write(pair.label, size, colour, width=_WIDTH - _AMOUNTS - 4)
        below = self.get_y()
        self.set_y(top)
        self._write(pair.value, size, colour, align=Align.R, x=_RIGHT - _AMOUNTS, width=_AMOUNTS)
        self.set_y(max(below, self.get_y()))

    def _keep_together(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def _rule(self, colour: str, gap: float) -> None:
        self.ln(gap)
        self.set_draw_color(colour)
        self.line(_MARGIN, self.get_y(), _RIGHT, self.get_y())

    def _write(
        self,
        text: str,
        size: float,
        colour: str,
        *,
        bold: bool = False,
        align: Align = Align.L,
        x: float = _MARGIN,
        width: float = _WIDTH,
    ) -> None:
        """A text in a column, on as many lines as it needs."""
        shown = printable(text)
        self._is_replaced |= REPLACEMENT in shown
        self.set_font("sans", "B" if bold else "", size)
        self.set_text_color(colour)
        self.set_x(x)
        self.multi_cell(width, size * 0.5, shown, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _texts(page: Page) -> list[str]:
    rows = [text for row in page.rows for text in row]
    return [page.seller, *page.seller_lines, *page.addressee, *rows]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
