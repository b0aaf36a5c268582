"""Lines and text from the chunks of a stream, never holding more than a record may be long."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from payrules.app.records import Fault

CHUNK_BYTES = 65_536
"""How many bytes are asked for at a time."""

MAX_RECORD = 1_048_576
"""The longest record that is read, in bytes."""

TOO_LONG = Fault(
    "", f"is longer than {MAX_RECORD:,} bytes", "a booking takes a few hundred; check for missing line ends"
)
NOT_UTF8 = Fault("", "is not UTF-8 text", "save the file as UTF-8")

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


class Line(NamedTuple):
    """A line without its line feed; `content` is None where it is longer than a record may be."""

    number: int
    content: bytes | None


def lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a stream, numbered from 1. What is too long is passed over without being held."""
    number = 1
    rest = b""
    too_long = False
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if not too_long:
            rest += first
            too_long = len(rest) > MAX_RECORD
        if too_long:
            rest = b""
        if others:
            yield Line(number, None if too_long else rest)
            rest = others.pop()
            too_long = False
            for content in others:
                number += 1
                yield Line(number, content)
            number += 1
    if rest or too_long:
        yield Line(number, None if too_long else rest)


def decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text of a stream; bytes that are not UTF-8 become what `holds_escaped_byte` finds."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def holds_escaped_byte(text: str) -> bool:
    """Whether a byte that is not UTF-8 stood in the text."""
    return not text.isascii() and _ESCAPED_BYTE.search(text) is not None


def not_read_on(fault: Fault) -> Fault:
    """The same fault where it ends the file."""
    return fault._replace(problem=f"{fault.problem}; the rest of the file was not read")
