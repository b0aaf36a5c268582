"""A line of somebody's file as a terminal can show it, and where in it a mark goes.

A file may hold tabs, wide and combining characters, control characters that would steer the terminal, and
lines of any length. Columns of a diagnostic count characters; columns here count what a terminal shows.
"""

import re
import unicodedata
from typing import Final, NamedTuple

LONGEST: Final = 100
"""The most columns of a source line that are shown; the rest is cut on both sides of the mark."""
_BEFORE_MARK: Final = 40
_TAB: Final = "    "
_CUT: Final = "…"
# Where the YAML parser ends a line.
_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Excerpt(NamedTuple):
    """A source line made fit to be shown: the mark goes `indent` columns in and is `width` columns wide."""

    text: str
    indent: int
    width: int


def lines_of(text: str) -> list[str]:
    """The lines of a file as the parser counts them, without a byte order mark."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def visible(text: str) -> str:
    """The text with everything made visible that a terminal would obey, hide or show as a mere space."""
    return "".join(map(_shown, text))


def excerpt(line: str, column: int, end_column: int) -> Excerpt:
    """The line around the characters from `column` (counted from 1) to `end_column` (exclusive).

    An `end_column` of 0 means to the end of the line. The mark is at least one column wide.
    """
    start = min(max(column - 1, 0), len(line))
    end = max(start, end_column - 1 if end_column else len(line.rstrip()))
    low, high = _window(line, start)
    cut = _CUT if low else ""
    before = cut + "".join(map(_in_source, line[low:start]))
    after = "".join(map(_in_source, line[start:high])) + (_CUT if high < len(line) else "")
    return Excerpt(before + after, _width(before), max(1, _columns(line[start : min(end, high)])))


def _window(line: str, start: int) -> tuple[int, int]:
    """Which part of the line is shown: all of it if it fits, else what is around `start`."""
    if len(line) <= LONGEST and _columns(line) <= LONGEST:
        return 0, len(line)
    low = _leftwards(line, start, _BEFORE_MARK)
    room = LONGEST - _columns(line[low:start])
    high = start
    while high < len(line) and (room := room - _columns(line[high])) >= 0:
        high += 1
    return (_leftwards(line, low, room) if high == len(line) else low), high


def _leftwards(line: str, end: int, room: int) -> int:
    """Where a part of the line that ends at `end` begins, if it may take up so many columns."""
    low = end
    while low and (room := room - _columns(line[low - 1])) >= 0:
        low -= 1
    return low


def _columns(source: str) -> int:
    return sum(_width(_in_source(character)) for character in source)


def _in_source(character: str) -> str:
    return _TAB if character == "\t" else _shown(character)


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    # Control and format characters (which turn the direction of text), lone surrogates, characters of no
    # meaning, and the spaces and line ends beyond ASCII.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return character


def _width(shown: str) -> int:
    """How many columns of a terminal a text takes up that holds no control characters."""
    if shown.isascii():
        return len(shown)
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(character) in ("W", "F")
        else 1
        for character in shown
    )
