"""Text of others among Markdown for a comment: no markup in it counts, and nobody is mentioned."""

import re
from collections.abc import Sequence
from typing import Final

from payrules.entrypoints.reporters.excerpt import visible

# What a code span can hold as it is, also in a cell of a table.
_PLAIN: Final = re.compile(r"[\w .,:;/()+=-]+")
_ACTIVE: Final = re.compile(r"[\\`*<>|&\[\]~@#]|\b_|_\b|://|www\.", re.IGNORECASE)


def code(text: str, *, html: bool = False) -> str:
    """Text that stands as it is, as code; with `html` where Markdown does not count, as in a summary."""
    text = visible(text)
    if _PLAIN.fullmatch(text) and not html:
        return f"`{text}`"
    return "<code>" + "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) + "</code>"


def inert(text: str) -> str:
    """Text among Markdown. Sites look for mentions in what is shown, so a character without width parts those."""
    return _ACTIVE.sub(_inert, visible(text))


def cells(*texts: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(texts)} |"


def header(columns: Sequence[str]) -> list[str]:
    """The first two lines of a table."""
    return [cells(*columns), cells(*("---" for _ in columns))]


def _inert(found: re.Match[str]) -> str:
    parted = "&#8203;" if found[0] in "@#" else ""
    return "".join(c if c.isalnum() else f"&#{ord(c)};" for c in found[0]) + parted
