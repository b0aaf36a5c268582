"""From a record to an event, or to the faults that keep it from being one."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import CLINIC, at, record_fields

from payrules.adapters.zones import load_zone
from payrules.app.event_intake import Arrived, read_event
from payrules.app.event_shape import EVENT_FIELDS, NEEDED
from payrules.app.records import Fault, Record, Refusal
from payrules.domain.events import EventType

SCHEMAS = {path.name: json.loads(path.read_bytes()) for path in (Path(__file__).parents[3] / "schema").glob("*.json")}
SCHEMA = SCHEMAS["event.v1.schema.json"]
REGISTRY = jsonschema_rs.Registry([(schema["$id"], schema) for schema in SCHEMAS.values()])
accepted_by_schema = jsonschema_rs.validator_for(SCHEMA, registry=REGISTRY).is_valid

ENVELOPE = {"event_id": "e-1", "occurred_at": "2026-11-25T10:00:00Z", "clinic": CLINIC, "booking_id": "bk-1"}
MONEY = {"amount": "1250.00", "currency": "NOK"}
FACTS = {
    "practitioner": "p-1",
    "client": {"id": "client-1", "name": "Zebulon", "email": "z@mail.example", "phone": " ", "tags": []},
    "session_type": "individual-50",
    "starts_at": "2026-12-01T10:00:00+01:00",
    "ends_at": "2026-12-01T11:00:00+01:00",
    "location": "online",
    "payer": {"kind": "guardian", "phone": "+47 990 00 124"},
    "first_visit": False,
}
NOTES = {"by": "practitioner-1", "reason": "as agreed"}
CONTENT: dict[str, dict[str, Any]] = {
    "rescheduled": {"starts_at": "2026-12-01T10:00:00+01:00", "ends_at": "2026-12-01T10:50:00+01:00"},
    "cancelled": NOTES | {"charge": True},
    "price_changed": {"price": MONEY},
    "updated": {"facts": FACTS},
    "no_show": {},
    "override": NOTES | {"process": "manual"},
    "paid": {"amount": MONEY, "method": "cash", "paid_at": "2026-11-25T09:00:00Z"},
    "refunded": {"amount": MONEY},
    "credited": NOTES,
}
FULL: dict[str, dict[str, Any]] = {kind: {"type": kind, **ENVELOPE, **content} for kind, content in CONTENT.items()}
FULL["booked"] = {
    "type": "booked",
    "event_id": "e-1",
    "occurred_at": "2026-11-25T10:00:00Z",
    "booking": record_fields(),
    "replaces": "bk-0",
}
kinds = pytest.mark.parametrize("kind", FULL)


def read(fields: dict[str, Any]) -> Arrived | Refusal:
    return read_event(Record(3, 5, fields), load_zone)


def arrived(kind: str, **changes: Any) -> Arrived:
    found = read(deepcopy(FULL[kind]) | changes)
    assert isinstance(found, Arrived), found
    return found


def faults(kind: str, **changes: Any) -> tuple[Fault, ...]:
    found = read(deepcopy(FULL[kind]) | changes)
    assert isinstance(found, Refusal)
    return found.faults


def places(kind: str, **changes: Any) -> list[tuple[str, str]]:
    return [(fault.field, fault.problem) for fault in faults(kind, **changes)]


@kinds
def test_each_kind_is_read_with_every_field(kind: str) -> None:
    found = arrived(kind)
    assert (found.type, found.event_id, found.clinic, found.booking_id) == (EventType(kind), "e-1", CLINIC, "bk-1")
    assert (found.number, found.line, found.occurred_at) == (3, 5, at("2026-11-25T10:00Z"))
    assert set(FULL[kind]) == set(EVENT_FIELDS[kind])


@kinds
def test_each_kind_without_a_field_it_needs_is_refused(kind: str) -> None:
    for field in NEEDED[kind]:
        for changed in ({key: value for key, value in FULL[kind].items() if key != field}, FULL[kind] | {field: None}):
            found = read(changed)
            assert isinstance(found, Refusal)
            assert (found.faults[0].field, found.faults[0].problem) == (field, "is missing")
            assert not accepted_by_schema(changed)


@kinds
def test_each_kind_may_do_without_the_others(kind: str) -> None:
    others = set(EVENT_FIELDS[kind]) - set(NEEDED[kind])
    arrived(kind, **dict.fromkeys(others))
    assert isinstance(read({key: FULL[kind][key] for key in NEEDED[kind]}), Arrived)


@kinds
def test_a_field_that_is_not_known_is_refused(kind: str) -> None:
    assert places(kind, event_idd="x") == [("event_idd", f"is not a field of `{kind}`")]
    assert "Zebulon Quist" not in str(faults(kind, **{"Zebulon Quist": 1}))


def test_the_booking_of_a_booked_event_is_read_as_any_booking() -> None:
    found = arrived("booked", occurred_at=None)
    assert found.booking is not None
    assert found.occurred_at == found.booking.booked_at == at("2026-11-24T08:00Z")
    wrong = record_fields(price={"amount": "1,50", "currency": "NOK"}, starts_at="2026-12-01")
    assert [fault.field for fault in faults("booked", booking=wrong)] == ["booking.starts_at", "booking.price.amount"]
    assert faults("booked", booking=record_fields(price={"amount": "1", "currency": "XQQ"}))[0] == Fault(
        "booking.price.currency", "is not a currency in use", "use three capital letters, such as `NOK`"
    )
    (fault,) = faults("booked", booking=record_fields(price={"amount": "1", "currency": "nok"}))
    assert fault.field == "booking.price.currency"


@pytest.mark.parametrize("field", ["name", "email", "phone"])
def test_half_a_character_is_refused_where_any_text_would_do(field: str) -> None:
    half = {"client": {"id": "client-1", field: "\ud800"}}
    found = places("booked", booking=record_fields(**half)) + places("updated", facts=half)
    assert [place for place, _ in found] == [f"booking.client.{field}", f"facts.client.{field}"]
    assert all("half a character" in problem for _, problem in found)


def test_the_clinic_of_a_booked_event_stands_inside_the_booking() -> None:
    assert faults("booked", clinic=CLINIC)[0].help == "write it inside `booking`"


@pytest.mark.parametrize(
    ("kind", "changes", "field", "problem"),
    [
        ("no_show", {"type": "noshow"}, "type", "`noshow` is not allowed here"),
        ("no_show", {"type": "Zebulon Quist"}, "type", "is not one of the allowed words"),
        ("no_show", {"type": 1}, "type", "must be text, not a number"),
        ("no_show", {"event_id": "a b"}, "event_id", "is not an event id"),
        ("no_show", {"booking_id": "-"}, "booking_id", "is not a booking id"),
        ("no_show", {"occurred_at": "2026-02-30T10:00Z"}, "occurred_at", "`2026-02-30T10:00Z` is not in the calendar"),
        ("no_show", {"occurred_at": "2026-11-25T10:00"}, "occurred_at", "`2026-11-25T10:00` has no offset from UTC"),
        ("no_show", {"clinic": 7}, "clinic", "must be text, not a number"),
        ("booked", {"replaces": "bk-1"}, "replaces", "is the id of the booking itself"),
        ("cancelled", {"charge": "yes"}, "charge", "must be true or false, not text"),
        ("cancelled", {"reason": "x" * 501}, "reason", "is longer than 500 characters"),
        ("cancelled", {"reason": "a\nb"}, "reason", "holds a control character or a line break"),
        ("cancelled", {"reason": "\ud800"}, "reason", "holds half a character (an unpaired surrogate)"),
        ("override", {"process": "automatik"}, "process", "`automatik` is not allowed here"),
        ("override", {"by": ""}, "by", "is empty"),
        ("paid", {"amount": "1250.00"}, "amount", "must be an object, not text"),
        ("paid", {"amount": {"amount": 5, "currency": "NOK"}}, "amount.amount", "must be text, not a number"),
        ("paid", {"amount": MONEY | {"amount": "1.234"}}, "amount.amount", "`1.234` has more decimals than NOK has"),
        ("paid", {"paid_at": "soon"}, "paid_at", "the text is not a date and time of ISO 8601 with an offset"),
        ("updated", {"facts": {}}, "facts", "names no fact"),
        ("updated", {"facts": {"price": MONEY}}, "facts.price", "cannot be changed by `updated`"),
        ("updated", {"facts": {"id": "x"}}, "facts.id", "cannot be changed by `updated`"),
        ("updated", {"facts": {"client": None}}, "facts.client", "must be an object, not null"),
        ("updated", {"facts": {"client": {"tags": "x"}}}, "facts.client.tags", "must be a list, not text"),
        ("updated", {"facts": {"frist_visit": True}}, "facts.frist_visit", "is not a field of a booking"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(kind: str, changes: Any, field: str, problem: str) -> None:
    assert places(kind, **changes) == [(field, problem)]


def test_times_in_the_wrong_order_are_refused() -> None:
    (fault,) = faults("rescheduled", ends_at=CONTENT["rescheduled"]["starts_at"])
    assert fault.field == "ends_at"
    assert "is not after `starts_at`" in fault.problem


def test_what_is_kept_of_a_change_tells_no_contact() -> None:
    found = arrived("updated")
    assert found.body["facts"]["client"] == {"id": "client-1", "name": True, "email": True, "phone": None, "tags": []}
    assert found.contacts[0] is not None
    assert found.contacts[0].email == "z@mail.example"


@kinds
def test_the_fingerprint_follows_the_content_and_not_its_writing(kind: str) -> None:
    fingerprint = arrived(kind).fingerprint
    turned = read(dict(reversed(FULL[kind].items())))
    assert isinstance(turned, Arrived)
    assert turned.fingerprint == arrived(kind, event_id="e-2").fingerprint == fingerprint
    changes: dict[str, Any] = {"booked": {"replaces": "bk-9"}, "no_show": {"booking_id": "bk-2"}}
    other = CONTENT.get(kind, {}) and {"occurred_at": "2026-11-25T10:00:01Z"}
    assert arrived(kind, **(changes.get(kind) or other)).fingerprint != fingerprint


def test_the_fingerprint_of_a_booking_knows_its_contacts() -> None:
    client = record_fields()["client"]
    fingerprints = {
        arrived("booked", booking=record_fields(client=client | {"phone": phone})).fingerprint for phone in "12"
    }
    assert len(fingerprints) == 2


def test_the_schema_is_valid_and_its_examples_are_events() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    for kind in EVENT_FIELDS:
        (example,) = SCHEMA["$defs"][kind]["examples"]
        assert accepted_by_schema(example)
        assert isinstance(read(example), Arrived)


VALUES: list[Any] = [
    None,
    True,
    0,
    "",
    "x",
    "a b",
    "\n",
    "2026-12-01T10:00:00Z",
    "2026-12-01",
    [],
    {},
    MONEY,
    "manual",
    "é",
]


@given(st.sampled_from(list(FULL)), st.data())
def test_schema_and_reading_agree_on_every_shape(kind: str, data: st.DataObject) -> None:
    fields = deepcopy(FULL[kind])
    part = fields
    if kind == "updated" and data.draw(st.booleans()):
        part = fields["facts"]
        part = data.draw(st.sampled_from([part, part["client"], part["payer"]]))
    # A clinic that no schema would take is unknown, which only the ledger can tell.
    key = data.draw(st.sampled_from([*(name for name in part if name != "clinic"), "other"]))
    if key != "other" and data.draw(st.booleans()):
        del part[key]
    else:
        part[key] = data.draw(st.sampled_from(VALUES))
    found = read(fields)
    # Beyond its shape an event may contradict itself: which the schema cannot see.
    beyond = isinstance(found, Refusal) and all("is not after" in fault.problem for fault in found.faults)
    assert accepted_by_schema(fields) == (isinstance(found, Arrived) or beyond)


@given(
    st.dictionaries(
        st.text(max_size=12), st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
    )
)
def test_nothing_makes_reading_raise(fields: dict[str, Any]) -> None:
    for kind in ("booked", "updated", "other"):
        assert isinstance(read({"type": kind, "booking": fields, "facts": fields, **ENVELOPE, **fields}), Refusal)
