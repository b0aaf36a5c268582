"""Recorded facts: the same booking again, canonical, and nobody's names and addresses."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.strategies.bookings import bookings, records
from tests.strategies.documents import Document, clinic_documents

from payrules.adapters.zones import load_zone
from payrules.app.facts import booking_of, canonical, change_of, contacts_of, facts_of, merge, merge_client
from payrules.app.intake import read_booking
from payrules.app.records import Record
from payrules.domain.booking import Booking

PARTS = ("client", "payer")


@st.composite
def record_of(draw: st.DrawFn) -> tuple[dict[str, Any], Booking]:
    """A record that is right, with its booking."""
    document: Document = draw(clinic_documents(most_rules=0))
    fields = draw(records(document, draw(bookings(document))))
    booking = read_booking(Record(1, 1, fields), {document["clinic"]: document["currency"]}, load_zone)
    assert isinstance(booking, Booking)
    return fields, booking


@given(record_of())
def test_facts_give_the_booking_of_their_record(case: tuple[dict[str, Any], Booking]) -> None:
    fields, booking = case
    assert booking_of(facts_of(fields), booking.clinic, booking.id, load_zone) == booking


@given(record_of())
def test_facts_are_canonical_and_tell_no_contact(case: tuple[dict[str, Any], Booking]) -> None:
    fields, _ = case
    facts = facts_of(fields)
    assert facts == canonical(json.loads(facts)) == facts_of(dict(reversed(fields.items())))
    for part in PARTS:
        person = json.loads(facts).get(part) or {}
        assert {person[key] for key in ("name", "email", "phone") if key in person} <= {True}


@given(record_of())
def test_contacts_and_facts_agree_on_what_there_is(case: tuple[dict[str, Any], Booking]) -> None:
    fields, _ = case
    facts = json.loads(facts_of(fields))
    for part, contact in zip(PARTS, contacts_of(fields), strict=True):
        assert (contact is None) == (part not in facts)
        if contact is not None:
            told = {key for key, value in contact._asdict().items() if value is not None}
            assert told == facts[part].keys() & {"name", "email", "phone"}


@given(record_of(), record_of())
def test_a_change_of_every_fact_gives_the_facts_of_the_other_record(
    one: tuple[dict[str, Any], Booking], other: tuple[dict[str, Any], Booking]
) -> None:
    before, after = one[0], other[0]
    absent = dict.fromkeys(before.keys() - after.keys())
    wholly = {"client": {**dict.fromkeys(before["client"]), **after["client"]}}
    change = change_of({**absent, **after, **wholly})
    del change["id"], change["clinic"]
    assert merge(facts_of(before), change) == facts_of(after)
    told = contacts_of(after)[0]
    assert told is not None
    assert merge_client(facts_of(before), change, contacts_of(before)[0], told) == told


@given(record_of())
def test_no_change_changes_nothing(case: tuple[dict[str, Any], Booking]) -> None:
    facts = facts_of(case[0])
    assert merge(facts, {}) == merge(facts, {"client": {}}) == facts
