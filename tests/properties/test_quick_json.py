"""The quick way to read an event and the slow one: the same event, or the same refusal, whatever the line holds."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.builders import record_fields
from tests.strategies.bookings import bookings, records
from tests.strategies.documents import Document, clinic_documents

from payrules.adapters.booking_files.json_records import LineReader, NumberedLine
from payrules.adapters.booking_files.quick_json import read_booked
from payrules.adapters.zones import load_zone
from payrules.app.event_intake import Arrived, read_event
from payrules.app.records import Refusal

# What a line of JSON is made of, and what must never be taken for it.
PIECES = [
    b'"',
    b":",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b" ",
    b"\t",
    b"\r",
    b"\x00",
    b"\x0b",
    b"\xff",
    b"\xef\xbb\xbf",
]
PIECES += [b"1", b"-0", b"1e999", b"NaN", b"null", b"true", b'\\"', b"\\ud800", b"\\ud83d\\ude00", b"9" * 5_000]
PIECES += [b'"id":"other",', b'"id" : "other",', b'"id":null,', b'"x":' + b"[" * 3_000, b'":', b"\xe2\x80\xae", b"\x7f"]
TEXTS = st.text(max_size=4) | st.sampled_from(['":', '":"', " :", "\\", "\u0000", "\ud800", "\u202e", "1" * 500])


def read(content: bytes, *, quickly: bool) -> Arrived | Refusal:
    record = LineReader(read_booked if quickly else None).read(NumberedLine(3, 5, content))
    return record if isinstance(record, Refusal) else read_event(record, load_zone)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A `booked` event without a fault."""
    document: Document = draw(clinic_documents(most_rules=0))
    fields = draw(records(document, draw(bookings(document))))
    if fields.get("price") is not None:
        fields["price"] = {**fields["price"], "currency": document["currency"]}
    more = st.fixed_dictionaries(
        {}, optional={"occurred_at": st.sampled_from([None, "2026-11-25T10:00:00Z"]), "replaces": st.just("bk-0")}
    )
    return {"type": "booked", "event_id": "e-1", "booking": fields} | draw(more)


@st.composite
def written(draw: st.DrawFn, fields: st.SearchStrategy[dict[str, Any]]) -> bytes:
    """An object as somebody may write it."""
    spaces = st.sampled_from(["", " ", "\t", "\r"])
    separators = (f"{draw(spaces)},{draw(spaces)}", f"{draw(spaces)}:{draw(spaces)}")
    text = json.dumps(draw(fields), ensure_ascii=draw(st.booleans()), separators=separators)
    return draw(spaces).encode() + text.encode("utf-8", "surrogatepass") + draw(spaces).encode()


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """An event with pieces put in, put in place of others, or left out."""
    content = draw(written(events()))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        content = content[:start] + draw(st.sampled_from([b"", *PIECES])) + content[end:]
    return content


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """An event with other values in it."""
    event = draw(events())
    part: dict[str, Any] = draw(st.sampled_from([event, *(p for p in _parts(event["booking"]))]))
    key = draw(st.sampled_from([*part, "x", "name"]))
    part[key] = draw(TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(TEXTS, max_size=2))
    return event


def _parts(booking: dict[str, Any]) -> list[dict[str, Any]]:
    return [booking, *(part for part in booking.values() if isinstance(part, dict))]


@given(written(events()))
def test_an_event_without_a_fault_is_read_the_quick_way(content: bytes) -> None:
    assert read_booked(content) is not None
    found = read(content, quickly=True)
    assert isinstance(found, Arrived)
    assert found == read(content, quickly=False)


TWICE = json.dumps({"type": "booked", "event_id": "e-1", "booking": record_fields()}).encode()


@given(spoilt() | written(changed()))
@example(TWICE.replace(b'"event_id":', b'"event_id" : "e-0", "event_id":'))
@example(TWICE.replace(b'"booking": {', b'"booking": {"clinic" \t: "nobody", '))
@example(TWICE.replace(b'"name": "', b'"name": ":", "name": "'))
@example(TWICE.replace(b'"type"', b'"\\u0074ype"'))
@example(TWICE + b" {}")
@example(b"\xef\xbb\xbf" + TWICE)
@example(b'"booked"')
@example(b"[" * 100_000 + b'"booked"')
def test_both_ways_read_the_same(content: bytes) -> None:
    assert read(content, quickly=True) == read(content, quickly=False)
