"""Files of bookings: the same records from every format, and every bad one refused by itself."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from payrules.adapters.booking_files import (
    BookingFileError,
    BookingFormat,
    UnknownBookingFormatError,
    format_of,
    open_bookings,
    read_records,
)
from payrules.app.booking_shape import FIELD_PATHS
from payrules.app.intake import read_booking
from payrules.app.records import Record, Refusal
from payrules.domain.booking import Booking

JSONL, JSON, YAML, CSV, JSON_STREAM = BookingFormat
CURRENCIES = {"nordlys-psykologi": "NOK"}
MIB = 1_048_576
NOT_READ_ON = "; the rest of the file was not read"


def read(content: bytes, form: BookingFormat) -> list[Record | Refusal]:
    return list(read_records(io.BytesIO(content), form))


def read_file(path: Path) -> list[Record | Refusal]:
    with open_bookings(str(path)) as source:
        return list(read_records(source, format_of(str(path))))


def ids(found: list[Record | Refusal]) -> list[str | None]:
    """The id of each record, None for a refusal."""
    return [item.fields.get("id") if isinstance(item, Record) else None for item in found]


def refusals(found: list[Record | Refusal]) -> list[tuple[int, int, str]]:
    """Number, line and first problem of each refusal."""
    return [(item.number, item.line, item.faults[0].problem) for item in found if isinstance(item, Refusal)]


def booking(number: int) -> dict[str, Any]:
    """A booking that differs from the next in every kind of fact."""
    known: dict[str, Any] = {
        "id": f"bk-{number}",
        "clinic": "nordlys-psykologi",
        "client": {"id": f"client-{number}", "name": 'Client, "the first"', "email": "client@mail.example"},
        "starts_at": "2026-12-03T14:00:00+01:00",
        "ends_at": "2026-12-03T14:50:00+01:00",
        "booked_at": "2026-12-01T09:00:00Z",
    }
    if number % 2:
        known["client"] |= {"phone": "+47 990 00 123", "timezone": "Europe/Oslo", "tags": ["student", "new"]}
        known |= {"price": {"amount": "1250.00", "currency": "NOK"}, "location": "online", "first_visit": True}
    elif number % 4:
        known["client"]["tags"] = []
        known["payer"] = {"kind": "insurer", "email": "claims@insurer.example", "language": "en-GB"}
        known |= {"practitioner": "NO", "session_type": "010", "first_visit": False}
    return known


def as_csv(records: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(FIELD_PATHS)
    for fields in records:
        row = []
        for path in FIELD_PATHS:
            part, _, field = path.rpartition(".")
            value = (fields.get(part, {}) if part else fields).get(field)
            if path == "client.tags" and value is not None:
                value = ";".join(value) or ";"
            row.append("" if value is None else str(value))
        writer.writerow(row)
    return text.getvalue()


BOOKINGS = [booking(number) for number in range(1, 5)]
RENDERINGS = {
    "bookings.jsonl": "".join(json.dumps(fields) + "\n" for fields in BOOKINGS),
    "bookings.ndjson": "\r\n\r\n".join(json.dumps(fields, ensure_ascii=False) for fields in BOOKINGS),
    "bookings.json": json.dumps(BOOKINGS, indent=2),
    "small.JSON": json.dumps(BOOKINGS, separators=(",", ":")),
    "bookings.yaml": yaml.safe_dump(BOOKINGS, sort_keys=False),
    "bookings.yml": json.dumps(BOOKINGS),
    "bookings.csv": as_csv(BOOKINGS),
}


@pytest.mark.parametrize("name", RENDERINGS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_every_format_gives_the_same_bookings(name: str, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(mark + RENDERINGS[name].encode())
    found = read_file(path)
    assert [item.number for item in found] == [1, 2, 3, 4]
    bookings = [read_booking(item, CURRENCIES, ZoneInfo) for item in found if isinstance(item, Record)]
    expected = [read_booking(Record(0, 0, fields), CURRENCIES, ZoneInfo) for fields in BOOKINGS]
    assert bookings == expected
    assert all(isinstance(item, Booking) for item in bookings)


@pytest.mark.parametrize("content", [RENDERINGS["bookings.jsonl"], RENDERINGS["bookings.json"]])
def test_standard_input_is_jsonl_or_a_json_list(content: str) -> None:
    found = read(b" \n" + content.encode(), format_of("-"))
    assert [item.fields for item in found if isinstance(item, Record)] == BOOKINGS


def test_the_line_of_a_record_is_the_one_it_begins_on() -> None:
    assert [item.line for item in read(b'\n{"id": "a"}\n\n\n{"id": "b"}', JSONL)] == [2, 5]
    assert [item.line for item in read(b'[\n{"id":\n"a"}, {"id": "b"},\n\n{"id": "c"}\n]', JSON)] == [2, 3, 5]
    assert [item.line for item in read(b"# first\n- id: a\n\n- {id: b}\n-\n  id: c\n", YAML)] == [2, 4, 6]
    assert [item.line for item in read(b"\nid\na\n\nb\n", CSV)] == [3, 5]


@pytest.mark.parametrize("name", ["bookings.txt", "bookings", "bookings.jsonl.gz", ".json", ""])
def test_another_name_is_an_error_of_usage(name: str) -> None:
    with pytest.raises(UnknownBookingFormatError, match=r"must end in \.jsonl"):
        format_of(name)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.json", "nul\0.json"):
        with pytest.raises(BookingFileError, match="cannot be read"):
            open_bookings(str(path))


@pytest.mark.parametrize("form", BookingFormat)
@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"], ids=["empty", "blank", "only a mark"])
def test_a_file_without_records_yields_nothing(content: bytes, form: BookingFormat) -> None:
    assert read(content, form) == []


@pytest.mark.parametrize(
    ("content", "form"),
    [(b"[]", JSON), (b"[ ]\n", JSON_STREAM), (b"# none\n", YAML), (b"--- []\n", YAML), (b"id\n", CSV)],
)
def test_an_empty_list_yields_nothing(content: bytes, form: BookingFormat) -> None:
    assert read(content, form) == []


@pytest.mark.parametrize("form", BookingFormat)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_utf16_is_named(form: BookingFormat, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("be") else ""
    (found,) = read((mark + "id,clinic").encode(encoding), form)
    assert refusals([found]) == [(0, 1, "the file is UTF-16, not UTF-8")]


def test_one_object_is_one_record() -> None:
    assert ids(read(b'{\n"id": "a"}\n', JSON)) == ["a"]
    assert ids(read(b"id: a\nclinic: b\n", YAML)) == ["a"]


@pytest.mark.parametrize("content", [b'[\n{"id": "a"},\n{"id": "b"}\n]\n', b'\n [{"id": "a"},\n{"id": "b"}]\n'])
def test_a_json_list_that_is_named_jsonl_is_told_once(content: bytes) -> None:
    found = read(content, JSONL)
    line = 1 + content.startswith(b"\n")
    problem = "begins with a JSON list: this looks like a .json file; the rest of the file was not read"
    assert refusals(found) == [(0, line, problem)]


def test_a_whole_json_list_in_a_line_of_jsonl_is_one_record_that_is_none() -> None:
    first, second = read(b'[{"id": "a"}]\n{"id": "b"}\n', JSONL)
    assert isinstance(first, Refusal)
    assert "a list of bookings belongs in a file whose name ends in .json" in first.faults[0].help
    assert ids([second]) == ["b"]


# Each between two good records: what is wrong, and the problem that is told.
BROKEN_LINES = {
    "broken": (b'{"id": "x", "clinic": }', "is not JSON: expecting value, column 23"),
    "cut off": (b'{"id": "x', "is not JSON: unterminated string, column 8"),
    "two objects": (b'{"id": "x"} {"id": "y"}', "is not JSON: extra data, column 13"),
    "a list": (b'[{"id": "x"}]', "must be an object, not a list"),
    "text": (b'"x"', "must be an object, not text"),
    "null": (b"null", "must be an object, not null"),
    "NaN": (b'{"price": {"amount": NaN}}', "holds `NaN`, which is no value of JSON"),
    "infinity": (b'{"price": -Infinity}', "holds `-Infinity`, which is no value of JSON"),
    "duplicate key": (b'{"client": {"id": "x", "id": "x"}}', "`id` stands twice in one object"),
    "secret duplicate": (b'{"Zoe Q": 1, "Zoe Q": 2}', "a key stands twice in one object"),
    "not UTF-8": (b'{"id": "\xe5"}', "is not UTF-8 text"),
    "half a character": (b'{"id": "\xc3', "is not UTF-8 text"),
    "long number": (b'{"price": ' + b"9" * 10_000 + b"}", "holds a number of more than 400 digits"),
    "lists": (b"[" * 100_000, "is nested too deep"),
    "objects": (b'{"id":' * 100_000, "is nested too deep"),
    "huge": (b'{"id": "' + b"x" * MIB + b'"}', "is longer than 1,048,576 bytes"),
    "control character": (b'{"id": "\x01"}', "is not JSON: invalid control character, column 9"),
    "NUL": (b"\x00", "is not JSON: expecting value, column 1"),
}


@pytest.mark.parametrize("broken", BROKEN_LINES)
def test_a_bad_line_of_jsonl_costs_no_other(broken: str, tmp_path: Path) -> None:
    content, problem = BROKEN_LINES[broken]
    path = tmp_path / "bookings.jsonl"
    path.write_bytes(b'{"id": "a"}\n' + content + b'\n{"id": "b"}\n')
    found = read_file(path)
    assert ids(found) == ["a", None, "b"]
    assert refusals(found) == [(2, 2, problem)]


@pytest.mark.parametrize(
    "broken",
    ["a list", "text", "null", "NaN", "infinity", "duplicate key", "secret duplicate", "not UTF-8", "long number"],
)
def test_a_bad_record_of_a_json_list_costs_no_other(broken: str) -> None:
    content, problem = BROKEN_LINES[broken]
    found = read(b'[{"id": "a"},\n' + content + b',\n{"id": "b"}]', JSON)
    assert ids(found) == ["a", None, "b"]
    assert refusals(found) == [(2, 2, problem)]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b',\n{"id": "b",},\n{"id": "c"}]', 2, "is not JSON: "),
        (b',\n{"id": }, {"id": "c"}]', 2, "is not JSON: expecting value" + NOT_READ_ON),
        (b'\n{"id": "b"}]', 2, "a comma is missing before this record" + NOT_READ_ON),
        (b",\n]", 2, "is not JSON: expecting value" + NOT_READ_ON),
        (b',\n{"id": "b"', 2, "the file ends within this record"),
        (b',\n{"id": "b', 2, "is not JSON: unterminated string" + NOT_READ_ON),
        (b",\n", 2, "the file ends within this record"),
        (b"\n", 2, "the list does not end: a `]` is missing"),
        (b']\n{"id": "b"}', 2, "there is more after the end of the bookings" + NOT_READ_ON),
        (b",\n" + b"[" * 100_000 + b"]" * 100_000 + b"]", 2, "is nested too deep" + NOT_READ_ON),
        (b',\n{"id": "' + b"x" * 3 * MIB + b'"}]', 2, "is longer than 1,048,576 bytes" + NOT_READ_ON),
        (b",\n\xff]", 2, "is not JSON: expecting value" + NOT_READ_ON),
    ],
)
def test_a_syntax_error_in_a_json_list_keeps_what_was_read(content: bytes, line: int, problem: str) -> None:
    found = read(b'[{"id": "a"}' + content, JSON)
    assert ids(found) == ["a", None]
    ((number, found_line, found_problem),) = refusals(found)
    assert (number, found_line) == (2, line)
    assert found_problem.startswith(problem)


@pytest.mark.parametrize("size", range(1, 9))
def test_json_may_be_cut_anywhere_into_pieces(size: int) -> None:
    content = '[{"id": "å🙂", "n": [-12.5e3, 7, true, null, "\\u00e5\\n"]}, 12, 34.5, [ ], {"id":"b"}]'.encode()

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(size)

    found = list(read_records(Slow(content), JSON))
    assert ids(found) == ["å🙂", None, None, None, "b"]
    assert isinstance(found[0], Record)
    assert found[0].fields["n"] == [-12500.0, 7, True, None, "å\n"]


@pytest.mark.parametrize(
    ("item", "field", "problem"),
    [
        (b"- {id: x, id: y}", "", "`id` stands twice in one object"),
        (b"- client: {id: x, id: y}", "client", "`id` stands twice in one object"),
        (b"- client: {tags: [a, *x]}", "client.tags[1]", "is an alias"),
        (b"- *x", "", "is an alias"),
        (b"- id: !!str 5", "id", "has a tag"),
        (b"- ? [id, clinic]\n  : x", "", "has a key that is not text"),
        (b"- x", "", "must be an object, not text"),
        (b"- 5", "", "must be an object, not a number"),
        (b"- [x]", "", "must be an object, not a list"),
        (b"-", "", "must be an object, not null"),
        (b"- id: \xff\n", "id", "holds a control character or bytes that are not UTF-8"),
        (b'- id: "\x00"', "id", "holds a control character or bytes that are not UTF-8"),
    ],
)
def test_a_bad_item_of_a_yaml_list_costs_no_other(item: bytes, field: str, problem: str) -> None:
    found = read(b"- &x {id: a}\n" + item + b"\n- id: b\n", YAML)
    assert ids(found) == ["a", None, "b"]
    assert refusals(found) == [(2, 2, problem)]
    assert isinstance(found[1], Refusal)
    assert found[1].faults[0].field == field


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b'- id: "b\n', 3, "is not YAML: "),
        (b"- id: b: c\n- id: d", 2, "is not YAML: "),
        (b"- @b\n", 2, "is not YAML: "),
        (b"---\n- id: b\n", 2, "a second document begins here"),
        (b"- " + b"[" * 10_000, 2, "is nested more than 32 levels deep"),
        (b"- " * 10_000 + b"x", 2, "is nested more than 32 levels deep"),
        (b"- id: " + b"x" * 3 * MIB + b"\n- id: c", 2, "is longer than 1,048,576 bytes"),
        (b"- id: '" + b"x\n\n" * MIB + b"'\n- id: c", 2, "is longer than 1,048,576 bytes"),
    ],
)
def test_a_syntax_error_in_yaml_keeps_what_was_read(content: bytes, line: int, problem: str) -> None:
    found = read(b"- id: a\n" + content, YAML)
    assert ids(found) == ["a", None]
    ((number, found_line, found_problem),) = refusals(found)
    assert number == 2
    assert found_line >= line
    assert found_problem.startswith(problem)
    assert found_problem.endswith(NOT_READ_ON)


def test_a_record_that_wrong_indentation_ends_too_early_is_refused() -> None:
    found = read(b"- id: a\n- id: b\n first_visit: true\n- id: c\n", YAML)
    assert ids(found) == ["a", None]
    assert refusals(found)[0][:2] == (2, 3)


@pytest.mark.parametrize("content", [b"bookings", b"5", b"*x", b"'x'"])
def test_a_single_value_in_yaml_is_refused(content: bytes) -> None:
    assert refusals(read(content, YAML)) == [(1, 1, "must be a list of bookings, not a single value" + NOT_READ_ON)]


def test_yaml_scalars_follow_the_core_schema() -> None:
    content = (
        b"- {a: NO, b: on, c: 22:00, d: 2026-03-01, e: 010, f: 1_000, g: '5', h: \"true\", i: 2026-12-01T09:00:00Z,\n"
        b"   j: true, k: False, l: ~, m: null, n: , o: 5, p: -1.5, q: .nan, r: 0x1F, s: 1e3, t: <<}\n"
    )
    (record,) = read(content, YAML)
    assert isinstance(record, Record)
    texts = {
        "a": "NO", "b": "on", "c": "22:00", "d": "2026-03-01", "e": "010", "f": "1_000", "g": "5", "h": "true",
        "i": "2026-12-01T09:00:00Z", "t": "<<",
    }  # fmt: skip
    others = {"j": True, "k": False, "l": None, "m": None, "n": None}
    numbers = {"o": 5, "p": -1.5, "r": 31, "s": 1000.0}
    assert str(record.fields.pop("q")) == "nan"
    assert record.fields == texts | others | numbers


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"x,clinic", "has 2 cells where the first row names 4 columns"),
        (b"x,clinic,,,", "has 5 cells where the first row names 4 columns"),
        (b'x,"clinic,,', "is not a row of CSV: a quoted cell does not end"),
        (b'x,"clinic"s,,', "is not a row of CSV: "),
        (b"x,\xff,,", "is not UTF-8 text"),
        (b"x," + b"y" * MIB + b",,", "is longer than 1,048,576 bytes"),
    ],
)
def test_a_bad_row_of_csv_costs_no_other(row: bytes, problem: str) -> None:
    found = read(b"id,clinic,client.tags,first_visit\na,,,\n" + row + b"\nb,,,\n", CSV)
    assert ids(found) == ["a", None, "b"]
    assert refusals(found)[0][:2] == (2, 3)
    assert refusals(found)[0][2].startswith(problem)


@pytest.mark.parametrize(
    ("names", "problem", "help"),
    [
        (b"id,clinik", "column `clinik` is not a field of a booking", "did you mean `clinic`?"),
        (b"id,email", "column `email` is not a field of a booking", "did you mean `client.email`?"),
        (b"id,Zoe Q", "column number 2 is not a field of a booking", "known here"),
        (b"id,,clinic", "column number 2 is not a field of a booking", "known here"),
        (b"id,clinic,id", "stands in two columns", "keep one"),
        (b"id;clinic", "the first row does not name the columns of a booking", "not semicolons"),
        (b"id\tclinic", "the first row does not name the columns of a booking", "not tabs"),
        (b"Zoe,Q", "the first row does not name the columns of a booking", "`id,clinic,client.id"),
        (b'id,"clinic', "is not a row of CSV: a quoted cell does not end", "double quotes"),
        (b"\xff", "is not UTF-8 text", "UTF-8"),
    ],
)
def test_a_bad_first_row_refuses_the_file(names: bytes, problem: str, help: str) -> None:
    found = read(names + b"\nx,y\n", CSV)
    assert refusals(found) == [(0, 1, problem)]
    assert isinstance(found[0], Refusal)
    assert help in found[0].faults[0].help


def test_cells_of_csv_are_read_as_facts() -> None:
    found = read(
        b"id, client.id ,client.tags,first_visit,price.amount\n"
        b'a, c ,vip; new ,TRUE,"1250.00"\n,,,,\nb,,;,false,\nc,,[],nei,\nd,,,,\n"e,""e""",,vip;,,\n',
        CSV,
    )
    assert [item.fields for item in found if isinstance(item, Record)] == [
        {"id": "a", "client": {"id": "c", "tags": ["vip", "new"]}, "first_visit": True, "price": {"amount": "1250.00"}},
        {"id": "b", "client": {"tags": []}, "first_visit": False},
        {"id": "c", "client": {"tags": []}, "first_visit": "nei"},
        {"id": "d"},
        {"id": 'e,"e"', "client": {"tags": ["vip"]}},
    ]


class Endless(io.RawIOBase):
    """A stream that repeats a piece a number of times, after a beginning and before an end."""

    def __init__(self, begin: bytes, piece: bytes, times: int, end: bytes) -> None:
        self._pieces: Iterator[bytes] = iter([begin, *[piece] * times, end])

    def read(self, _size: int = -1) -> bytes:
        return next(self._pieces, b"")


PIECE = b"x" * 65_536
ROW = b'{"id": "a", "clinic": "b", "client": {"id": "c"}}'
STREAMS: dict[str, tuple[BookingFormat, Endless]] = {
    "many lines": (JSONL, Endless(b"", (ROW + b"\n") * 100, 300, b"")),
    "many elements": (JSON, Endless(b"[" + ROW, (b"," + ROW) * 100, 300, b"]")),
    "many items": (YAML, Endless(b"", (b"- " + ROW + b"\n") * 100, 50, b"")),
    "many rows": (CSV, Endless(b"id,clinic\n", b"a,b\n" * 1000, 40, b"")),
    "long line": (JSONL, Endless(b'{"id": "', PIECE, 1000, b'"}\n' + ROW)),
    "long row": (CSV, Endless(b"id\n", PIECE, 1000, b"\na\n")),
    "long element": (JSON, Endless(b'[{"id": "', PIECE, 1000, b'"}]')),
    "long item": (YAML, Endless(b"- id: ", PIECE, 1000, b"\n- id: a\n")),
    "blank": (JSON_STREAM, Endless(b"", b" " * 65_536, 1000, b"")),
    "comments": (YAML, Endless(b"", b"# x\n" * 10_000, 1000, b"")),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_memory_does_not_grow_with_the_file(stream: str) -> None:
    form, source = STREAMS[stream]
    tracemalloc.start()
    try:
        for _ in read_records(source, form):  # type: ignore[arg-type] # only `read` is asked of a source
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


def test_a_long_line_is_passed_over_and_the_next_one_read() -> None:
    found = read(b'{"id": "' + b"x" * 5 * MIB + b'"}\n{"id": "b"}\n', JSONL)
    assert ids(found) == [None, "b"]
    assert refusals(found) == [(1, 1, "is longer than 1,048,576 bytes")]


def test_reading_asks_for_pieces_so_that_progress_shows() -> None:
    class Counting(io.BytesIO):
        asked: list[int]

        def read(self, size: int | None = -1) -> bytes:
            self.asked.append(size or -1)
            return super().read(size)

    source: BinaryIO = Counting(RENDERINGS["bookings.jsonl"].encode() * 1000)
    source.asked = []  # type: ignore[attr-defined] # the class above has it
    places = [source.tell() for _ in read_records(source, JSONL)]
    assert set(source.asked) == {65_536}  # type: ignore[attr-defined] # as above
    assert all(before <= after for before, after in pairwise(places))


WORDS = ('{"id":"a"}', '"id"', "- id: a\n", "id,clinic\n", "NaN", "1e999", "true", "---\n")
TOKENS = st.sampled_from([*'{}[]",:;-\n\r\t #&*!|>%@`~?\\', *"\ufeff\x00\x85\u2028å", *WORDS])
CONTENTS = st.binary(max_size=200) | st.lists(TOKENS, max_size=60).map(lambda tokens: "".join(tokens).encode())


@pytest.mark.parametrize("form", BookingFormat)
@given(
    content=CONTENTS,
    head=st.sampled_from([b"", b"id,client.id,client.tags\n", b'[{"id":"a"},', b"- id: a\n", b"\xef\xbb\xbf"]),
)
def test_whatever_the_bytes_there_are_records_and_refusals(form: BookingFormat, content: bytes, head: bytes) -> None:
    found = read(head + content, form)
    for item in found:
        if isinstance(item, Record):
            read_booking(item, CURRENCIES, lambda name: None)
        else:
            assert item.faults
            assert all(text.isprintable() for fault in item.faults for text in fault)
    assert [item.number for item in found] in (list(range(1, len(found) + 1)), [0])
    lines = [item.line for item in found]
    assert lines == sorted(lines)
    assert all(line >= 1 for line in lines)
