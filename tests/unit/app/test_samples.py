"""Sample records are valid against the schema and read back as the booking that they were made of."""

import json
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.builders import booking, zone
from tests.properties.compiling import examples
from tests.strategies.bookings import bookings
from tests.strategies.documents import Document, clinic_documents

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone
from payrules.app.intake import read_booking
from payrules.app.records import Record
from payrules.app.samples import record_of
from payrules.domain.booking import Booking, Person

_SCHEMA = Draft202012Validator(json.loads(read_schema("booking.v1.schema.json")))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, Booking]:
    document = draw(clinic_documents())
    return document, draw(bookings(document))


@examples(150)
@given(cases(), st.sampled_from([UTC, zone(), zone("Asia/Kathmandu")]))
def test_a_record_reads_back_as_its_booking(case: tuple[Document, Booking], place: Any) -> None:
    document, made = case
    # A time just before or after these years is written in another one elsewhere.
    fields = record_of(made, place if 2001 <= made.booked_at.year <= 2998 else UTC)
    _SCHEMA.validate(json.loads(json.dumps(fields)))
    assert read_booking(Record(1, 1, fields), {document["clinic"]: document["currency"]}, load_zone) == made


def test_times_are_written_as_people_see_them() -> None:
    fields = record_of(booking(), zone())
    assert fields["starts_at"] == "2026-12-01T10:00:00+01:00"
    assert "session_type" not in fields
    assert "tags" not in fields["client"]


def test_a_person_in_a_place_without_a_name_has_no_record() -> None:
    with pytest.raises(ValueError, match="time zone"):
        record_of(booking()._replace(client=Person(zone=timezone(timedelta(hours=1)))))
