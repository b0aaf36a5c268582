"""One document in many ways of writing YAML: order of keys, comments, quotes, block and flow style.

Everything is drawn from one `Random`, so that a rendering costs one draw however long the document is.
"""

import json
import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

_COMMENTS = ("#", "# a: b", "# 'not closed", "# - [1, {", "#ø 🧠", "# *a &a !a", "# ---")
# What a text may be without quotes: a careful part of what YAML allows.
_PLAIN = re.compile(r"[A-Za-z0-9_./(À-ÿ]([^\s:#,\[\]{}]| (?=[^\s#:])|:(?=[0-9A-Za-z]))*")
_NOT_TEXT = re.compile(
    r"|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
"""What YAML 1.2's core schema reads as something else than text."""
_LEADING_ZERO = re.compile(r"0[0-9]+")
"""Stays text in a clinic file, unlike in YAML."""
_NUMBERS: dict[int, tuple[str, ...]] = {1: ("1", "+1", "0x1", "0o1"), 0: ("0", "-0", "0x0")}


def random_sources() -> st.SearchStrategy[Random]:
    """Sources of the choices of a rendering."""
    return st.integers(0, 2**32).map(Random)


def shuffled(items: Iterable[T], random: Random) -> list[T]:
    """The items in another order."""
    found = list(items)
    random.shuffle(found)
    return found


class Writer:
    """Writes a document; `plain` writes the same document always in the same way."""

    def __init__(self, random: Random | None = None) -> None:
        self._plain = random is None
        self._random = random or Random(0)  # noqa: S311 - choices of a test, not a secret
        self._after_text = False

    def document(self, value: Any) -> str:
        """The text of a whole file."""
        if not isinstance(value, dict | list) or not value or self._chance(0.05):
            lines = [self._flow(value, "  ") + self._remark()]
        else:
            lines = self._block(value, "")
        if self._chance(0.2):
            lines = [*self._between(""), "---", *lines]
            if self._chance(0.2):
                lines = ["%YAML 1.2", *lines]
        if self._chance(0.1):
            lines.append("...")
        text = "\n".join(lines)
        # The last line of a file may lack its end, but not that of a block text.
        return text if self._chance(0.1) and not lines[-1].startswith(" ") else text + "\n"

    def _chance(self, share: float) -> bool:
        return not self._plain and self._random.random() < share

    def _between(self, pad: str) -> list[str]:
        found: list[str] = []
        if self._after_text:
            # What is as deep as a block text would belong to it.
            self._after_text = False
            return found
        if self._chance(0.1):
            found.append(self._random.choice(["", "  ", pad]))
        if self._chance(0.1):
            found.append(self._random.choice([pad, "", "    "]) + self._random.choice(_COMMENTS))
        return found

    def _remark(self) -> str:
        return "  " + self._random.choice(_COMMENTS) if self._chance(0.1) else ""

    def _ordered(self, mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
        return list(mapping.items()) if self._plain else shuffled(mapping.items(), self._random)

    def _block(self, value: Any, pad: str) -> list[str]:
        """The lines of a mapping or list that is not empty."""
        lines = []
        if isinstance(value, dict):
            for key, below in self._ordered(value):
                lines += self._between(pad)
                if self._chance(0.05):
                    lines.append(f"{pad}? {self._key(key)}")
                    lines += self._entry(f"{pad}:", below, pad)
                else:
                    lines += self._entry(f"{pad}{self._key(key)}:", below, pad)
            return lines
        for item in value:
            lines += self._between(pad)
            if isinstance(item, dict | list) and item and not self._chance(0.4):
                inner = self._block(item, pad + "  ")
                if inner[0].startswith(pad + "  ") and inner[0].strip() and inner[0].lstrip()[0] != "#":
                    inner[0] = pad + "- " + inner[0][len(pad) + 2 :]
                    lines += inner
                else:
                    lines += [pad + "-", *inner]
            else:
                lines += self._entry(f"{pad}-", item, pad)
        return lines

    def _entry(self, opening: str, value: Any, pad: str) -> list[str]:
        """What stands after a key's colon or a list's dash."""
        deeper = pad + self._choice("  ", " ", "    ")
        if isinstance(value, dict | list) and value and not self._chance(0.4):
            # A list may stand as deep as its key, but not as its dash.
            same = isinstance(value, list) and opening.endswith(":") and self._chance(0.5)
            return [opening + self._remark(), *self._block(value, pad if same else deeper)]
        if isinstance(value, str) and value and self._chance(0.1):
            style = self._choice("|-", ">-", "|-  # as it is")
            self._after_text = True
            return [f"{opening} {style}", deeper + value]
        return [f"{opening} {self._flow(value, deeper + ' ', alone=True)}{self._remark()}"]

    def _choice(self, *values: T) -> T:
        return values[0] if self._plain else self._random.choice(values)

    def _flow(self, value: Any, pad: str, *, alone: bool = False) -> str:
        if isinstance(value, dict):
            parts = []
            for key, below in self._ordered(value):
                name = self._key(key)
                colon = ":" if name[0] == '"' and self._chance(0.5) else ": "
                parts.append(name + colon + self._flow(below, pad))
            return self._joined("{", parts, "}", pad)
        if isinstance(value, list):
            return self._joined("[", [self._flow(item, pad) for item in value], "]", pad)
        return self._scalar(value, pad if alone else None)

    def _joined(self, opening: str, parts: list[str], closing: str, pad: str) -> str:
        if not parts:
            return opening + self._choice("", " ") + closing
        space = self._choice("", " ")
        if self._chance(0.2):
            space = f"{self._remark()}\n{pad}"
        return opening + space + f",{space or ' '}".join(parts) + self._choice("", ",") + space + closing

    def _key(self, key: Any) -> str:
        # A key must not be cut in two, nor be longer than what YAML allows on a line.
        return self._scalar(str(key), None)

    def _scalar(self, value: Any, pad: str | None) -> str:
        """One value; with `pad`, a text in quotes may go on in the next line."""
        if value is None:
            return self._choice("null", "~", "Null")
        if isinstance(value, bool):
            word = "true" if value else "false"
            return self._choice(word, word.title(), word.upper())
        if isinstance(value, int | float):
            written = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(value), repr(value))
            return self._choice(written, *_NUMBERS.get(value, ())) if isinstance(value, int) else written
        ways: list[Callable[[str], str]] = [single_quoted, self._double_quoted]
        if is_plain(value):
            ways = [str, *ways]
        written = ways[0](value) if self._plain else self._random.choice(ways)(value)
        if pad is not None and written[0] in "'\"" and self._chance(0.3):
            # A line break between two words of a quoted text is read as the space it stands for.
            written = re.sub(r"(?<=[^ \\]) (?=[^ ])", f"\n{pad}", written, count=1)
        return written

    def _double_quoted(self, text: str) -> str:
        return '"' + "".join(self._escaped(character) for character in text) + '"'

    def _escaped(self, character: str) -> str:
        point = ord(character)
        if self._chance(0.1) and character != " ":
            width = "xx" if point < 0x100 else "uuuu" if point < 0x10000 else "UUUUUUUU"
            return f"\\{width[0]}{point:0{len(width)}x}"
        return json.dumps(character, ensure_ascii=False)[1:-1]


def is_plain(text: str) -> bool:
    """Whether a text can be written without quotes, everywhere, and stays text."""
    if not _PLAIN.fullmatch(text) or text.endswith((" ", ":")) or text.startswith(("...", "---")):
        return False
    return not _NOT_TEXT.fullmatch(text) or _LEADING_ZERO.fullmatch(text) is not None


def single_quoted(text: str) -> str:
    """The text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def plainly(value: Any) -> bytes:
    """A document written in one careful way."""
    return Writer().document(value).encode()


def renderings(value: Any) -> st.SearchStrategy[bytes]:
    """A document written in any way that means the same."""
    return random_sources().map(lambda random: Writer(random).document(value).encode())
