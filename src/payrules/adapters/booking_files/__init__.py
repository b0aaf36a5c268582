"""Files of bookings: a stream of records from JSONL, JSON, YAML or CSV, in constant memory.

What cannot be read becomes a refusal with its line, and the rest is read on. Where that is impossible (a syntax
error in a JSON list or a YAML file) the last refusal says that the rest was not read.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path, PurePath
from typing import BinaryIO, TypeVar

from payrules.adapters.booking_files.chunks import CHUNK_BYTES, MAX_RECORD, Line, lines
from payrules.adapters.booking_files.csv_records import read_csv
from payrules.adapters.booking_files.json_records import read_json, read_jsonl
from payrules.adapters.booking_files.yaml_records import read_yaml
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.domain.errors import PayrulesError

T = TypeVar("T")

STANDARD_INPUT = "-"
"""What is written in place of a path for standard input."""

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class BookingFormat(StrEnum):
    """How a file holds its bookings. `JSON_STREAM` is JSONL, or a JSON list if it begins with `[`."""

    JSONL = "jsonl"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"
    JSON_STREAM = "json_stream"


_FORMATS = {
    ".jsonl": BookingFormat.JSONL,
    ".ndjson": BookingFormat.JSONL,
    ".json": BookingFormat.JSON,
    ".yaml": BookingFormat.YAML,
    ".yml": BookingFormat.YAML,
    ".csv": BookingFormat.CSV,
}


class UnknownBookingFormatError(PayrulesError):
    """The name of a file does not tell how it holds its bookings: an error of usage."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: the name must end in {', '.join(_FORMATS)}, or be - for standard input")


class BookingFileError(PayrulesError):
    """A file of bookings cannot be opened."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: cannot be read: {problem}")


def format_of(path: str) -> BookingFormat:
    """The format that a path's ending names. Raises UnknownBookingFormatError."""
    if path == STANDARD_INPUT:
        return BookingFormat.JSON_STREAM
    try:
        return _FORMATS[PurePath(path).suffix.lower()]
    except KeyError:
        raise UnknownBookingFormatError(path) from None


def open_bookings(path: str) -> BinaryIO:
    """Open a file of bookings for reading. Raises BookingFileError."""
    try:
        return Path(path).open("rb")
    except (OSError, ValueError) as error:
        raise BookingFileError(path, getattr(error, "strerror", None) or str(error)) from error


def read_records(source: BinaryIO, form: BookingFormat) -> Iterator[Record | Refusal]:
    """Records and refusals in the order of the file. Nothing at all where there are no records.

    Only `source.read(size)` is called, so a wrapper that counts bytes shows the progress. Never raises on
    what the file holds; OSError passes through.
    """
    return read_stream(source, form, read_jsonl)


def read_stream(
    source: BinaryIO, form: BookingFormat, jsonl: Callable[[Iterable[Line]], Iterator[T]]
) -> Iterator[Record | Refusal | T]:
    """The same, with what `jsonl` makes of the lines of JSONL."""
    first = b""
    # A mark at the beginning, and whether a list begins, show in the first bytes that are not blank.
    while len(first.lstrip()) < len(_UTF8_MARK) and len(first) < MAX_RECORD and (more := source.read(CHUNK_BYTES)):
        first += more
    if first.startswith(_UTF16_MARKS):
        yield refuse(0, 1, [Fault("", "the file is UTF-16, not UTF-8", "save it as UTF-8")])
        return
    first = first.removeprefix(_UTF8_MARK)
    chunks = chain([first], iter(lambda: source.read(CHUNK_BYTES), b""))
    if form is BookingFormat.JSON_STREAM:
        form = BookingFormat.JSON if first.lstrip().startswith(b"[") else BookingFormat.JSONL
    match form:
        case BookingFormat.JSONL:
            yield from jsonl(lines(chunks))
        case BookingFormat.CSV:
            yield from read_csv(lines(chunks))
        case BookingFormat.YAML:
            yield from read_yaml(chunks)
        case _:
            yield from read_json(chunks)
