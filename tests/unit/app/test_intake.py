"""From a record to a booking, or to all the faults that keep it from being one."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payrules.app.booking_shape import FIELD_PATHS, FIELDS
from payrules.app.intake import read_booking
from payrules.app.records import MOST_FAULTS, Fault, Record, Refusal
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import Money
from payrules.domain.policy import Channel, PayerKind, Place

SCHEMA = json.loads((Path(__file__).parents[3] / "schema/booking.v1.schema.json").read_bytes())
accepted_by_schema = jsonschema_rs.validator_for(SCHEMA).is_valid
CURRENCIES = {"nordlys-psykologi": "NOK", "aoba-kokoro": "JPY", "gulf-pearl-dental": "KWD"}
ZONES: dict[str, tzinfo] = {"Europe/Oslo": ZoneInfo("Europe/Oslo"), "Asia/Tokyo": ZoneInfo("Asia/Tokyo")}

FULL: dict[str, Any] = {
    "id": "bk-1001",
    "clinic": "nordlys-psykologi",
    "practitioner": "practitioner-1",
    "client": {
        "id": "client-77",
        "name": "Zebulon Quist",
        "email": "zq77@mail.example",
        "phone": "+47 990 00 123",
        "timezone": "Europe/Oslo",
        "tags": ["student", "new"],
    },
    "session_type": "individual-50",
    "starts_at": "2026-12-03T14:00:00+01:00",
    "ends_at": "2026-12-03T14:50:00+01:00",
    "booked_at": "2026-12-01T09:00:00Z",
    "price": {"amount": "1250.00", "currency": "NOK"},
    "location": "in_person",
    "payer": {
        "kind": "guardian",
        "name": "Yrsa Quist",
        "email": "yq78@mail.example",
        "phone": "+47 990 00 124",
        "timezone": "Asia/Tokyo",
        "language": "nb",
    },
    "first_visit": True,
}
REMOVED: Any = object()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The full record with the values at some paths replaced, or removed."""
    fields = deepcopy(FULL)
    for path, value in changes.items():
        *parts, last = path.split(".")
        part = fields
        for name in parts:
            part = part[name]
        if value is REMOVED:
            del part[last]
        else:
            part[last] = value
    return fields


def read(fields: dict[str, Any], zones: Callable[[str], tzinfo | None] = ZONES.get) -> Booking | Refusal:
    return read_booking(Record(7, 12, fields), CURRENCIES, zones)


def faults_of(**changes: Any) -> tuple[Fault, ...]:
    """The faults of the full record with changes; `__` in a name stands for a dot."""
    found = read(changed({path.replace("__", "."): value for path, value in changes.items()}))
    assert isinstance(found, Refusal)
    return found.faults


def booking_of(**changes: Any) -> Booking:
    found = read(changed({path.replace("__", "."): value for path, value in changes.items()}))
    assert isinstance(found, Booking), found
    return found


def test_a_full_record_becomes_a_booking() -> None:
    assert booking_of() == Booking(
        id="bk-1001",
        clinic="nordlys-psykologi",
        starts_at=datetime(2026, 12, 3, 13, tzinfo=UTC),
        ends_at=datetime(2026, 12, 3, 13, 50, tzinfo=UTC),
        booked_at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        client=Person(frozenset(Channel), ZONES["Europe/Oslo"]),
        tags=frozenset({"student", "new"}),
        practitioner="practitioner-1",
        session_type="individual-50",
        price=Money(125_000, "NOK"),
        location=Place.IN_PERSON,
        payer=Payer(PayerKind.GUARDIAN, Person(frozenset(Channel), ZONES["Asia/Tokyo"])),
        first_visit=True,
    )


def test_every_instant_of_a_booking_is_in_utc() -> None:
    booking = booking_of()
    assert {booking.starts_at.tzinfo, booking.ends_at.tzinfo, booking.booked_at.tzinfo} == {UTC}


def test_a_record_of_required_fields_alone_has_unknown_facts() -> None:
    required = ("id", "clinic", "starts_at", "ends_at", "booked_at")
    found = read({name: FULL[name] for name in required} | {"client": {"id": "client-77"}})
    assert isinstance(found, Booking)
    assert found == Booking(found.id, found.clinic, found.starts_at, found.ends_at, found.booked_at)


def test_null_is_the_same_as_absent() -> None:
    optional = [
        path
        for path in FIELD_PATHS
        if path not in {"id", "clinic", "starts_at", "ends_at", "booked_at", "client.id", "payer.kind"}
        and not path.startswith("price.")
    ]
    absent = changed(dict.fromkeys([*optional, "price"], REMOVED))
    null = changed(dict.fromkeys([*optional, "price"]))
    assert read(absent) == read(null)
    assert booking_of(payer=None, client__tags=None) == booking_of(payer=REMOVED, client__tags=REMOVED)


@pytest.mark.parametrize(("tags", "expected"), [(None, None), (REMOVED, None), ([], frozenset()), (["a", "a"], {"a"})])
def test_unknown_tags_differ_from_none(tags: Any, expected: frozenset[str] | None) -> None:
    assert booking_of(client__tags=tags).tags == expected


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0", None, REMOVED])
def test_a_blank_contact_is_an_absent_one(blank: Any) -> None:
    assert booking_of(client__phone=blank).client.contacts == {Channel.EMAIL}
    assert booking_of(client__email=blank).client.contacts == {Channel.SMS}
    assert booking_of(client__phone=blank, client__email=blank).client.contacts == frozenset()


@pytest.mark.parametrize(
    ("clinic", "amount", "minor"),
    [
        ("nordlys-psykologi", "1250", 125_000),
        ("nordlys-psykologi", "1250.5", 125_050),
        ("nordlys-psykologi", "0.00", 0),
        ("aoba-kokoro", "8000", 8_000),
        ("gulf-pearl-dental", "12.345", 12_345),
    ],
)
def test_amounts_are_read_in_the_clinics_currency(clinic: str, amount: str, minor: int) -> None:
    price = {"amount": amount, "currency": CURRENCIES[clinic]}
    assert booking_of(clinic=clinic, price=price).price == Money(minor, CURRENCIES[clinic])


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T10:30+01:00",
        "2026-12-01T10:30:00+01:00",
        "2026-12-01T09:30:00Z",
        "2026-12-01T09:30:00.000000000Z",
        "2026-12-01T00:00:00-09:30",
    ],
)
def test_an_instant_may_be_written_in_several_ways(text: str) -> None:
    assert booking_of(booked_at=text).booked_at == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "value", "problem", "help"),
    [
        ("id", REMOVED, "is missing", "a booking needs `id`"),
        ("id", None, "is missing", "a booking needs `id`"),
        ("id", 1001, "must be text, not a number", "put it in quotes"),
        ("id", "", "is empty", "letters, digits"),
        ("id", "-1", "is not a booking id", "letters, digits"),
        ("id", "a\n", "is not a booking id", "letters, digits"),
        ("clinic", "nordlys-psykolog", "is not a clinic that is known here", "did you mean `nordlys-psykologi`?"),
        ("clinic", "Nordlys-Psykologi", "is not a clinic that is known here", "did you mean `nordlys-psykologi`?"),
        ("clinic", "elsewhere", "the text is not a clinic that is known here", "its clinic file without .yaml"),
        ("practitioner", "", "is empty", "leave the field out"),
        ("practitioner", " p", "begins or ends with white space", "without spaces"),
        ("practitioner", "p\x00p", "holds a control character or a line break", "one line"),
        ("practitioner", "p" * 101, "is longer than 100 characters", ""),
        ("practitioner", "\ud800", "holds half a character (an unpaired surrogate)", "UTF-8"),
        ("client.id", REMOVED, "is missing", "`client.id`"),
        ("client.id", "", "is empty", ""),
        ("client.id", "c" * 201, "is longer than 200 characters", ""),
        ("client.id", " ", "begins or ends with white space", "200 characters"),
        ("client.id", "c\u202ec", "holds a control character or a line break", "200 characters"),
        ("client.email", ["x"], "must be text, not a list", ""),
        ("client.phone", 4799000123, "must be text, not a number", "put it in quotes"),
        ("client.timezone", "Europe/Osl0", "`Europe/Osl0` is not a time zone", "`Europe/Oslo`"),
        ("client.timezone", "Oslo", "the text is not a time zone", "`Europe/Oslo`"),
        ("client.tags", "student", "must be a list, not text", '["student"]'),
        ("starts_at", "2026-12-03T14:00:00", "`2026-12-03T14:00:00` has no offset from UTC", "`2026-12-03T14:00:00Z`"),
        ("starts_at", "2026-12-03", "is a date without a time", "+01:00"),
        ("starts_at", "2026-12-03 14:00:00Z", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("starts_at", "20261203T140000Z", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("starts_at", "1999-12-31T23:00:00Z", "is not in the years 2000 to 2999", "year"),
        ("starts_at", "3000-01-01T00:00:00Z", "is not in the years 2000 to 2999", "year"),
        ("starts_at", 1796303600, "must be text, not a number", "+01:00"),
        ("starts_at", 1796303600.5, "must be text, not a number", "+01:00"),
        ("starts_at", "1796303600", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("starts_at", "2026-02-29T14:00:00Z", "`2026-02-29T14:00:00Z` is not in the calendar", "day"),
        ("starts_at", "2026-12-03T24:00:00Z", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("starts_at", "2026-12-03T14:00:00+25:00", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("starts_at", "\uff12026-12-03T14:00:00Z", "is not a date and time of ISO 8601 with an offset", "+01:00"),
        ("ends_at", "2026-12-03T14:00:00+01:00", "is not after `starts_at`", "offsets"),
        ("ends_at", "2026-12-03T12:59:59Z", "is not after `starts_at`, `2026-12-03T14:00:00+01:00`", "offsets"),
        ("price", "1250.00", "must be an object, not text", "`amount`, `currency`"),
        ("price.amount", REMOVED, "is missing", "`amount` and `currency`"),
        ("price.amount", 1250.0, "must be text, not a number", '"1250.00"'),
        ("price.amount", 1250, "must be text, not a number", '"1250.00"'),
        ("price.amount", float("nan"), "must be text, not a number", '"1250.00"'),
        ("price.amount", "NaN", "the text is not an amount", '"1250.00"'),
        ("price.amount", "1.250,00", "the text is not an amount", '"1250.00"'),
        ("price.amount", "1250,5", "`1250,5` is not an amount", '"1250.5"'),
        ("price.amount", "", "an empty text is not an amount", '"1250.00"'),
        ("price.amount", "-5", "`-5` is negative", "zero or more"),
        ("price.amount", "1e3", "the text is not an amount", '"1250.00"'),
        ("price.amount", "1250.005", "`1250.005` has more decimals than NOK has", "2 decimals"),
        ("price.currency", "SEK", "`SEK` is not the clinic's currency, `NOK`", "all prices"),
        ("price.currency", "nok", "is not a currency code", "`NOK`"),
        ("price.currency", None, "is missing", "`amount` and `currency`"),
        ("price.amuont", "25", "is not a field of a booking", "did you mean `amount`?"),
        ("location", "in person", "`in person` is not allowed here", "did you mean `in_person`?"),
        ("location", ["online"], "must be text, not a list", ""),
        ("location", "garden", "is not one of the allowed words", "`online`"),
        ("payer.kind", REMOVED, "is missing", "`insurer`"),
        ("payer.kind", "insurance", "`insurance` is not allowed here", "did you mean `insurer`?"),
        ("payer.language", "Norwegian", "is not a language code", "`nb`"),
        ("payer", [], "must be an object, not a list", "`kind`"),
        ("first_visit", "true", "must be true or false, not text", "without quotes"),
        ("first_visit", 1, "must be true or false, not a number", "without quotes"),
        ("emial", "x", "is not a field of a booking", "did you mean `client.email`?"),
        ("startsat", "x", "is not a field of a booking", "did you mean `starts_at`?"),
        ("client.emial", "x", "is not a field of a booking", "did you mean `email`?"),
    ],
)
def test_a_fault_names_its_field_the_problem_and_what_to_do(path: str, value: Any, problem: str, help: str) -> None:
    (fault,) = faults_of(**{path: value})
    assert fault.field == path
    assert problem in fault.problem
    assert help in fault.help


def test_a_currency_without_decimals_says_so() -> None:
    (fault,) = faults_of(clinic="aoba-kokoro", price={"amount": "80.50", "currency": "JPY"})
    assert fault == Fault("price.amount", "`80.50` has more decimals than JPY has", "JPY has no decimals")


@pytest.mark.parametrize(
    ("tag", "problem"), [("", "is empty"), (3, "must be text, not a number"), (None, "must be text, not null")]
)
def test_a_fault_in_a_list_names_its_item(tag: Any, problem: str) -> None:
    (fault,) = faults_of(client__tags=["a", "b", tag])
    assert (fault.field, fault.problem) == ("client.tags[2]", problem)


@pytest.mark.parametrize("client", [REMOVED, None, {}])
def test_a_missing_client_is_a_missing_client_id(client: Any) -> None:
    assert [(fault.field, fault.problem) for fault in faults_of(client=client)] == [("client.id", "is missing")]


def test_all_faults_of_a_record_come_together_in_the_order_of_the_fields() -> None:
    faults = faults_of(
        first_visit="yes",
        price={"amount": "1.999", "currency": "NOK"},
        booked_at="2026-02-30T09:00:00Z",
        starts_at="2026-12-03T15:00:00+01:00",
        client={"tags": [" a"], "timezone": "Mars/Base"},
        colour="red",
        id=5,
    )
    assert [fault.field for fault in faults] == [
        "id", "client.id", "client.timezone", "client.tags[0]", "ends_at", "booked_at", "price.amount", "first_visit",
        "",
    ]  # fmt: skip


def test_a_part_at_fault_stands_in_its_fields_place() -> None:
    faults = faults_of(first_visit="yes", payer=5, price=5, starts_at=5, client__timezone=5)
    assert [fault.field for fault in faults] == ["client.timezone", "starts_at", "price", "payer", "first_visit"]


def test_an_unknown_clinic_is_not_also_a_wrong_currency() -> None:
    assert [fault.field for fault in faults_of(clinic="elsewhere")] == ["clinic"]


def test_a_refusal_names_its_record() -> None:
    found = read(changed({"location": "nowhere"}))
    assert isinstance(found, Refusal)
    assert (found.number, found.line, found.booking_id) == (7, 12, "bk-1001")


@pytest.mark.parametrize(
    ("path", "known"), [("", FIELD_PATHS), ("client", FIELDS["client"]), ("price", FIELDS["price"])]
)
def test_a_field_like_no_other_is_told_by_its_number(path: str, known: tuple[str, ...]) -> None:
    number = len(FULL[path] if path else FULL) + 1
    (fault,) = faults_of(**{f"{path}.Zoe" if path else "Zoe": 1})
    assert fault[:2] == (path, f"field number {number} is not a field of a booking")
    assert fault.help == f"known here: {', '.join(f'`{name}`' for name in known)}"


def test_of_many_faults_the_first_are_told_and_the_others_counted() -> None:
    faults = faults_of(first_visit="yes", **{f"emial{number}": 1 for number in range(1_500)})
    assert len(faults) == MOST_FAULTS + 1
    assert [fault.field for fault in faults[:3]] == ["first_visit", "emial0", "emial1"]
    assert faults[-1].problem == f"and {1_501 - MOST_FAULTS:,} more faults"


def test_a_list_that_is_wrong_throughout_is_told_once() -> None:
    assert [fault.field for fault in faults_of(client__tags=[1] * 50_000)] == ["client.tags[0]"]


@given(st.dictionaries(st.sampled_from([*FULL, "x"]) | st.text(max_size=5), json_values))
def test_whatever_a_record_holds_is_a_booking_or_a_refusal(fields: dict[str, Any]) -> None:
    found = read(fields)
    assert isinstance(found, Booking) or found.faults


@given(st.dictionaries(st.sampled_from([*FIELD_PATHS, "client.x", "price.x", "payer.x", "x"]), json_values))
def test_whatever_a_field_holds_is_a_booking_or_one_line_of_text(changes: dict[str, Any]) -> None:
    found = read(changed(changes))
    if isinstance(found, Refusal):
        assert all(text.isprintable() for fault in found.faults for text in fault)


# Instants are tried as `booked_at`, where any will do; clinics, amounts and zones that only their form can fault.
TURNED = [f"{before}{mark}b" for mark in "\u202a\u202e\u2066\u2069" for before in ("", "a")] + ["a\u200eb", "a\u202fb"]
AGREED: list[tuple[str, list[Any]]] = [
    ("id", ["a", "a" * 128, "a" * 129, "", ".a", "a.b_c:d-e", "a b", "å", "a\n"]),
    ("clinic", ["", "Nordlys", "a b", "-a", 5]),
    ("practitioner", ["a", "a b", " a", "a ", "a\tb", "a\n", "\u00a0a", "a\u2028b", "\ufeffa", "a" * 100, "a" * 101]),
    ("session_type", ["å", "🙂", "x\x7f", "", *TURNED]),
    ("client", [{}, {"id": "c"}, {"id": ""}, {"id": " c"}, {"id": "c" * 200}, {"id": "c" * 201}, [], "c"]),
    ("client.id", [" ", "\u3000", "c c", "c ", "c\x00", "c\x85c", "\x7f", "c\u2028c", "å", *TURNED]),
    ("client.tags", [[], ["a"], ["a", "a"], [""], [" a"], [None], [1], {}, "a", *([text] for text in TURNED)]),
    ("client.timezone", ["Europe/Oslo", "", "Europe Oslo", "/Oslo", "Etc/GMT+1", "A/B/C", "A/B/C/D"]),
    ("client.name", ["", "x" * 500, "a\nb", 5]),
    ("client.phone", ["", "x", 5, True]),
    ("booked_at", [
        "2026-12-01T09:00Z", "2026-12-01T09:00:00.1Z", "2026-12-01T09:00:00.1234567890Z", "2026-12-01T09:00:60Z",
        "2026-12-01T09:00:00+14:59", "2026-12-01T09:00:00+15:00", "2026-12-01T09:00:00+0100", "2026-12-01t09:00:00z",
        "2026-13-01T09:00:00Z", "2026-12-32T09:00:00Z", "2026-00-01T09:00:00Z", "1999-12-01T09:00:00Z",
        "2000-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00", "2026-12-01T09:00:00Z\n", "2026-W49-1T09:00:00Z",
    ]),
    ("price", [{}, {"amount": "1"}, {"currency": "NOK"}, "1 NOK", 1]),
    ("price.amount", ["0", "00", "01", "1.", ".5", "1.5", "9999999999", "10000000000", "+1", "-0", " 1", "\u0661"]),
    ("price.currency", ["nok", "NO", "NOKK", "", "kr"]),
    ("location", ["online", "Online", "", "phone", 1, []]),
    ("payer", [{}, {"kind": "client"}, {"kind": "public", "name": ""}, {"kind": "x"}, [], "client"]),
    ("payer.language", ["nb", "en-GB", "en-gb", "english", "NB", "", "nob"]),
    ("payer.tags", [[]]),
    ("first_visit", [True, False, 0, 1, "true", "", []]),
    ("unknown", [None, 1, ""]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "values"), AGREED, ids=[path for path, _ in AGREED])
def test_the_published_schema_and_the_intake_agree(path: str, values: list[Any]) -> None:
    for value in [*values, None]:
        fields = changed({path: value})
        assert isinstance(read(fields, lambda name: UTC), Booking) == accepted_by_schema(fields), value


@pytest.mark.parametrize("path", [*FIELD_PATHS, "client", "price", "payer"])
def test_the_published_schema_and_the_intake_require_the_same(path: str) -> None:
    fields = changed({path: REMOVED})
    assert isinstance(read(fields), Booking) == accepted_by_schema(fields)


@given(
    st.sampled_from([path for path in FIELD_PATHS if path not in {"clinic", "price.amount"}]),
    json_values,
)
def test_the_published_schema_and_the_intake_agree_on_anything(path: str, value: Any) -> None:
    fields = changed({path: value})
    assert isinstance(read(fields, lambda name: UTC), Booking) == accepted_by_schema(fields)


def test_the_schemas_examples_are_bookings() -> None:
    for example in SCHEMA["examples"]:
        assert isinstance(read(example), Booking)
