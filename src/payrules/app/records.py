"""Records: what a file of bookings holds before anybody knows whether it is a booking.

A record that cannot become a booking is a `Refusal`: a value, never an exception, so that one bad record
never stops the others. Its texts quote ids, closed words and times; never a name, an email or a phone number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

BOOKING_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
"""The form of a booking's id."""

_BOOKING_ID = re.compile(BOOKING_ID)
_CLINIC_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


class Record(NamedTuple):
    """One record as it was read.

    `number` counts records from 1, `line` is the line it begins on, 0 where that is unknown.
    """

    number: int
    line: int
    fields: dict[str, Any]


class Fault(NamedTuple):
    """What is wrong with a field, and what to do about it.

    `field` is a path such as `client.tags[2]`, empty where the fault is the whole record's.
    """

    field: str
    problem: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that is not a booking, with all its faults.

    `number` is 0 where the file as a whole is at fault. `booking_id` and `clinic` are None where they
    could not be read.
    """

    number: int
    line: int
    faults: tuple[Fault, ...]
    booking_id: str | None = None
    clinic: str | None = None


def refuse(number: int, line: int, faults: Iterable[Fault], fields: object = None) -> Refusal:
    """A refusal that names the booking and its clinic where `fields` can tell them."""
    booking_id = clinic = None
    if isinstance(fields, dict):
        booking_id, clinic = fields.get("id"), fields.get("clinic")
    return Refusal(number, line, tuple(faults), _whole(_BOOKING_ID, booking_id), _whole(_CLINIC_ID, clinic))


def is_field_name(key: object) -> bool:
    """Whether a key looks like the name of a field, so that a message may quote it.

    What else stands in a key's place may be a client's name or address.
    """
    return isinstance(key, str) and _FIELD_NAME.fullmatch(key) is not None


def kind_of(value: object) -> str:
    """What a value of JSON is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _whole(form: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None
