"""No refusal tells a client's name, email address or phone number, in whatever field it stands."""

from copy import deepcopy
from datetime import tzinfo
from io import BytesIO
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from tests.builders import record_fields

from payrules.adapters.booking_files import BookingFormat, read_records
from payrules.app.booking_shape import FIELD_PATHS, validate_shape
from payrules.app.intake import read_booking
from payrules.app.records import Record, Refusal

CURRENCIES = {"nordlys-psykologi": "NOK", "quist": "NOK"}
ZONES: dict[str, tzinfo] = {"Europe/Oslo": ZoneInfo("Europe/Oslo")}

# One person a row: name, email address, phone number, each as people write them.
PEOPLE = {
    "several words": ("Zebulon Quist", "zq77@mail.example", "+47 990 00 123"),
    "one word": ("Zebulon", "zebulon.quist@mail.example", "+4799000123"),
    "capitals": ("ZEB", "ZQ@MAIL.EXAMPLE", "004799000123"),
    "small letters": ("zebulon", "z@q.example", "99000123"),
    "surname first": ("Quist,Zebulon", "zq_77@mail.example", "990-00-123"),
    "hyphens": ("Zebulon-Quist", "z-q@mail.example", "202-555-0142"),
    "dots": ("Z.Quist", "z.q@mail.example", "202.555.0142"),
    "one dot": ("Quist/Zebulon", "zq@xn--mgb.example", "555.0142"),
    "like a date": ("Zebulon_Quist", "zq+1@mail.example", "0701-74-06-05"),
    "like a negative": ("Zébulon", "zq'77@mail.example", "-99000123"),
}


def record_of(person: tuple[str, str, str]) -> dict[str, Any]:
    """A full record; the payer is another person of the same kind."""
    name, email, phone = person
    contacts = {"name": name, "email": email, "phone": phone}
    return record_fields(
        id="bk-1001",
        clinic="nordlys-psykologi",
        practitioner="practitioner-1",
        client={"id": "client-77", "timezone": "Europe/Oslo", "tags": ["student"], **contacts},
        session_type="individual-50",
        price={"amount": "1250.00", "currency": "NOK"},
        location="in_person",
        payer={"kind": "guardian", "timezone": "Europe/Oslo", "language": "nb", **contacts},
        first_visit=True,
    )


def holder_of(fields: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The record or the part that holds the field of a path, and its name there."""
    part, _, name = path.rpartition(".")
    return (fields[part] if part else fields), name


def swapped(fields: dict[str, Any], first: str, second: str) -> dict[str, Any]:
    """A copy of the record with the values of two fields in each other's place."""
    fields = deepcopy(fields)
    (one, name), (other, other_name) = holder_of(fields, first), holder_of(fields, second)
    one[name], other[other_name] = other[other_name], one[name]
    return fields


def read(fields: dict[str, Any]) -> object:
    return read_booking(Record(7, 12, fields), CURRENCIES, ZONES.get)


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
def test_any_two_columns_mixed_up(person: tuple[str, str, str]) -> None:
    fields = record_of(person)
    refused = 0
    for first, second in combinations(FIELD_PATHS, 2):
        found = read(swapped(fields, first, second))
        if isinstance(found, Refusal):
            refused += 1
            told = repr(found)
            assert not [value for value in person if value in told], (first, second, told)
    assert refused > 100


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize("path", [*FIELD_PATHS, "client", "price", "payer"])
def test_a_contact_in_place_of_anything(path: str, person: tuple[str, str, str]) -> None:
    for private in person:
        for value in (private, [private], {private: private}):
            fields = record_of(person) | {"location": "garden", private: private}
            holder, name = holder_of(fields, path)
            holder[name] = value
            found = read(fields)
            assert isinstance(found, Refusal)
            assert not [value for value in person if value in repr(found)]


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize(
    ("form", "template"),
    [
        (BookingFormat.JSONL, '{"%s": 1, "%s": 2}'),
        (BookingFormat.JSONL, '{"client": {"%s" "%s"}}'),
        (BookingFormat.JSON, '[{"%s": 1, "%s": 2}, "%s"'),
        (BookingFormat.YAML, "- {%s: 1, %s: 2}"),
        (BookingFormat.YAML, "- id: *%s\n- !%s x\n- %s: !!int 5"),
        (BookingFormat.YAML, "- %s: [\n%s"),
        (BookingFormat.CSV, "id,%s\n%s,1"),
        (BookingFormat.CSV, '%s,%s\n"1'),
        (BookingFormat.CSV, 'id,clinic\n"%s"%s,1'),
    ],
)
def test_a_contact_where_a_file_breaks(form: BookingFormat, template: str, person: tuple[str, str, str]) -> None:
    for private in person:
        content = template.replace("%s", private).encode()
        refusals = [item for item in read_records(BytesIO(content), form) if isinstance(item, Refusal)]
        assert not [value for value in person if value in repr(refusals)]


def test_an_error_of_the_shape_that_nobody_caught_would_tell_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_shape({"client": {"phone": 4799000123}, "Zebulon": "Quist"})
    assert "4799000123" not in str(caught.value)
    assert "Quist" not in str(caught.value)
