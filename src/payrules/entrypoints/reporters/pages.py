"""The page of a code for the terminal: `payrules explain PR204`."""

from collections.abc import Iterator
from difflib import get_close_matches
from textwrap import fill, indent
from typing import Final

from payrules.domain.codes import CODES

_WIDTH: Final = 80
_MOST: Final = 5


def explain(code: str) -> str | None:
    """The page of a code, fit for a terminal of 80 columns; None for a code that does not exist.

    A code may be written in small letters, and without `PR`.
    """
    row = CODES.get(_normal(code))
    if row is None:
        return None
    return "\n\n".join([f"{row.severity}[{row.code}]: {row.title}", *_blocks(row.page)])


def similar_codes(written: str) -> list[str]:
    """At most five codes that may be meant by what was written: close ones, or those whose page has its words."""
    close = get_close_matches(_normal(written), CODES, _MOST, cutoff=0.7)
    words = written.lower().split()
    if close or not words:
        return close
    titled = [code for code, row in CODES.items() if all(word in row.title.lower() for word in words)]
    paged = [code for code, row in CODES.items() if all(word in row.page.lower() for word in words)]
    return list(dict.fromkeys([*titled, *paged]))[:_MOST]


def _normal(code: str) -> str:
    # The letter O is the figure that is mistyped most.
    bare = code.strip().upper().removeprefix("PR").replace("O", "0")
    return f"PR{bare}"


def _blocks(page: str) -> Iterator[str]:
    """The paragraphs of a page, filled, and its examples, indented and without their fences."""
    for number, part in enumerate(page.split("```")):
        if number % 2:
            _, _, example = part.partition("\n")
            yield indent(example.rstrip("\n"), "    ")
        else:
            yield from (_filled(paragraph) for paragraph in part.strip().split("\n\n") if paragraph)


def _filled(paragraph: str) -> str:
    if not paragraph.startswith("- "):
        return _wrap(paragraph)
    return "\n".join(_wrap(item, initial_indent="- ", subsequent_indent="  ") for item in _items(paragraph))


def _items(paragraph: str) -> list[str]:
    return f"\n{paragraph}".split("\n- ")[1:]


def _wrap(text: str, initial_indent: str = "", subsequent_indent: str = "") -> str:
    return fill(
        " ".join(text.split()),
        width=_WIDTH,
        initial_indent=initial_indent,
        subsequent_indent=subsequent_indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
