"""The fonts of PDFs, which come with payrules, and which characters they have.

Noto Sans writes Latin, Greek and Cyrillic; Droid Sans Fallback writes Chinese, Japanese and Korean. What neither has
becomes a sign that stands for it: a name is never cut, and no library gets to log it.
"""

from functools import cache
from pathlib import Path
from typing import cast
from unicodedata import normalize

from fpdf import FPDF
from fpdf.fonts import TTFFont

_FOLDER = Path(__file__).parent / "fonts"
REGULAR = _FOLDER / "NotoSans-Regular.ttf"
BOLD = _FOLDER / "NotoSans-Bold.ttf"
FALLBACK = _FOLDER / "DroidSansFallback.ttf"

REPLACEMENT = "\ufffd"
"""Stands for a character that no font has."""


def printable(text: str) -> str:
    """The text in characters that the fonts have."""
    composed = normalize("NFC", text)
    return "".join(
        [char if ord(char) in _characters(REGULAR) or needs_fallback(char) else REPLACEMENT for char in composed]
    )


def needs_fallback(text: str) -> bool:
    """Whether some of the text is in Droid Sans Fallback alone."""
    return any(ord(char) not in _characters(REGULAR) and ord(char) in _characters(FALLBACK) for char in text)


@cache
def _characters(path: Path) -> frozenset[int]:
    reader = FPDF()
    reader.add_font("font", "", path)
    font = cast(TTFFont, reader.fonts["font"])
    # What is written into no PDF stays open.
    font.ttfont.close()
    return frozenset(font.cmap)
