"""Records from JSONL and from a JSON list, with one strict reading of JSON for both.

A list is read element by element with the standard library's scanner, so that each record has its line, its
size is bounded, and what is refused is the same as in JSONL.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple, Never

from payrules.adapters.booking_files.chunks import (
    MAX_RECORD,
    NOT_UTF8,
    TOO_LONG,
    Line,
    decoded,
    holds_escaped_byte,
    not_read_on,
)
from payrules.adapters.booking_files.quick_json import QuickWay
from payrules.app.booking_shape import FIELD_NAMES
from payrules.app.records import Fault, Record, Refusal, SoundRecord, kind_of, refuse

_LONGEST_INT = 400
_NUMBER_HELP = "amounts are text in quotes; leave a field out if it is unknown"
_JSONL_HELP = "write one JSON object a line; a JSON list belongs in a file whose name ends in .json"
_JSON_HELP = "check the quotes, commas and brackets here and in the record before"
_LIST = Fault("", "begins with a JSON list: this looks like a .json file", "let its name end in .json")
_TOO_DEEP = Fault("", "is nested too deep", "a booking needs two levels")

_BLANK = re.compile(r"[ \t\n\r]*")
# No error of incomplete JSON lies further before the end of the text than the longest word, `-Infinity`.
_LONGEST_WORD = 12


class _Decoder:
    """The standard decoder, which also notes what it lets pass: `faults` are those of the last value."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        decoder = JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant, parse_int=self._int)
        self.decode = decoder.decode
        self.raw_decode = decoder.raw_decode

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.faults += [duplicate_key(key) for key, count in counts.items() if count > 1]
        return fields

    def _constant(self, word: str) -> None:
        self.faults.append(Fault("", f"holds `{word}`, which is no value of JSON", _NUMBER_HELP))

    def _int(self, digits: str) -> int:
        # Python refuses to read integers of thousands of digits, and no field takes one.
        if len(digits) > _LONGEST_INT:
            self.faults.append(Fault("", f"holds a number of more than {_LONGEST_INT} digits", _NUMBER_HELP))
            return 0
        return int(digits)


def duplicate_key(key: str, path: str = "") -> Fault:
    """A key that stands twice in one object; which of the two was meant nobody can tell."""
    name = f"`{key}`" if key in FIELD_NAMES else "a key"
    return Fault(path, f"{name} stands twice in one object", "keep one of the two")


def not_an_object(value: object) -> Fault:
    """A record that has no fields."""
    help = "a booking has fields such as `id` and `clinic`"
    if isinstance(value, list):
        help += "; a list of bookings belongs in a file whose name ends in .json"
    return Fault("", f"must be an object, not {kind_of(value)}", help)


class NumberedLine(NamedTuple):
    """The line of a record; `number` counts records from 1. `content` is None where it is too long to be one."""

    number: int
    line: int
    content: bytes | None


def numbered(lines: Iterable[Line]) -> Iterator[NumberedLine]:
    """The lines that hold a record: blank ones are passed over."""
    number = 0
    for line, content in lines:
        if content is None or (content and not content.isspace()):
            number += 1
            yield NumberedLine(number, line, content)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Record | Refusal]:
    """A record a line; blank lines are passed over. A line that cannot be read costs no other."""
    read = LineReader().read
    for line in numbered(lines):
        record = read(line)
        yield record
        if record.number == 0:
            return


class LineReader:
    """Reads the record of a line. With a quick way it is tried first, and what that reads is a `SoundRecord`."""

    def __init__(self, quick: QuickWay | None = None) -> None:
        self._quick = quick
        self._decoder = _Decoder()

    def read(self, written: NumberedLine) -> Record | Refusal:
        """The record, or a refusal; its number is 0 where the line shows that this is no file of lines."""
        number, line, content = written
        if content is None:
            return refuse(number, line, [TOO_LONG])
        if self._quick is not None and (sound := self._quick(content)) is not None:
            return SoundRecord(number, line, sound)
        faults = self._decoder.faults
        faults.clear()
        try:
            fields = self._decoder.decode(content.decode())
        except UnicodeDecodeError:
            return refuse(number, line, [NOT_UTF8])
        except JSONDecodeError as error:
            if number == 1 and content.lstrip().startswith(b"["):
                return refuse(0, line, [not_read_on(_LIST)])
            return refuse(
                number, line, [Fault("", f"is not JSON: {_problem(error)}, column {error.colno}", _JSONL_HELP)]
            )
        except RecursionError:
            return refuse(number, line, [_TOO_DEEP])
        if faults or type(fields) is not dict:
            return _record(number, line, fields, faults)
        return Record(number, line, fields)


def read_json(chunks: Iterable[bytes]) -> Iterator[Record | Refusal]:
    """The records of a JSON list, or the one of a JSON object. A syntax error ends the stream."""
    text = _Text(decoded(chunks))
    first = text.peek()
    if not first:
        return
    number = 0
    try:
        if first != "[":
            number += 1
            yield text.record(number)
        else:
            text.skip()
            while (char := text.peek()) != "]":
                number += 1
                if number > 1 and not char:
                    text.fail("the list does not end: a `]` is missing")
                elif number > 1 and char != ",":
                    text.fail("a comma is missing before this record")
                elif number > 1:
                    text.skip()
                yield text.record(number)
            text.skip()
        number += 1
        if text.peek():
            text.fail("there is more after the end of the bookings")
    except _CutShortError as error:
        yield refuse(number, text.line, [error.fault])


class _CutShortError(Exception):
    """The rest of a JSON text cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


class _Text:
    """A JSON text that is read as far as the next record needs. `line` is that of the next character."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.line = 1
        self._pieces = pieces
        self._decoder = _Decoder()
        self._buffer = ""
        self._position = 0

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            found = _BLANK.match(self._buffer, self._position)
            if found:
                self._advance(found.end())
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._grow():
                return ""

    def skip(self) -> None:
        """Pass over the character that was peeked at."""
        self._advance(self._position + 1)

    def fail(self, problem: str) -> Never:
        """Nothing after this place can be read. Raises _CutShortError."""
        fault = Fault("", problem, _JSON_HELP)
        raise _CutShortError(not_read_on(fault) if self.peek() else fault)

    def record(self, number: int) -> Record | Refusal:
        """The value that comes next, as the record of this number."""
        self.peek()
        line, faults = self.line, self._decoder.faults
        value, end = self._value()
        text = self._buffer[self._position : end]
        if len(text) > MAX_RECORD:
            faults.append(TOO_LONG)
        if holds_escaped_byte(text):
            faults.append(NOT_UTF8)
        self._advance(end)
        return _record(number, line, value, faults)

    def _value(self) -> tuple[Any, int]:
        """The next value and where it ends. Raises _CutShortError."""
        while True:
            self._decoder.faults.clear()
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._position)
            except RecursionError:
                raise _CutShortError(not_read_on(_TOO_DEEP)) from None
            except JSONDecodeError as error:
                self._wait_for_more(error)
            else:
                # A number near the end of the text may go on in the next piece.
                if len(self._buffer) - end >= _LONGEST_WORD or not self._grow():
                    return value, end

    def _wait_for_more(self, error: JSONDecodeError) -> None:
        """Go on where the text was only incomplete. Raises _CutShortError where it is wrong."""
        incomplete = error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - _LONGEST_WORD
        if incomplete and len(self._buffer) - self._position > MAX_RECORD:
            raise _CutShortError(not_read_on(TOO_LONG))
        if not incomplete or not self._grow():
            self._advance(error.pos)
            self.fail(f"is not JSON: {_problem(error)}" if self.peek() else "the file ends within this record")

    def _grow(self) -> bool:
        """Read on, dropping what was passed over; false at the end."""
        for piece in self._pieces:
            if piece:
                self._buffer = self._buffer[self._position :] + piece
                self._position = 0
                return True
        return False

    def _advance(self, to: int) -> None:
        self.line += self._buffer.count("\n", self._position, to)
        self._position = to


def _record(number: int, line: int, value: object, faults: list[Fault]) -> Record | Refusal:
    if not isinstance(value, dict):
        return refuse(number, line, [*faults, not_an_object(value)])
    return refuse(number, line, faults, value) if faults else Record(number, line, value)


def _problem(error: JSONDecodeError) -> str:
    """The standard library's words without its capital and without what was to follow."""
    words = error.msg.rstrip(": ").removesuffix(" at").removesuffix(" starting")
    return words[:1].lower() + words[1:]
