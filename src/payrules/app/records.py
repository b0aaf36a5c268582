"""Records: what a file of bookings holds before anybody knows whether it is a booking.

A record that cannot become a booking is a `Refusal`: a value, never an exception, so that one bad record
never stops the others. Its texts quote ids, closed words and times; never a name, an email or a phone number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

BOOKING_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
"""The form of a booking's id."""

# With columns mixed up a name or a phone number may stand for the id: an id that may be one is not repeated.
_TELLING_ID = re.compile(r"(?=.*[0-9])(?![0-9.:_-]{7,}$)" + BOOKING_ID.removeprefix("^"))
MOST_FAULTS = 20
"""How many faults of a record are told; more help nobody."""


class Record(NamedTuple):
    """One record as it was read.

    `number` counts records from 1, `line` is the line it begins on, 0 where that is unknown.
    """

    number: int
    line: int
    fields: dict[str, Any]


class SoundRecord(Record):
    """A record whose fields were found right in their shape while its JSON was read: nobody looks at that again."""

    __slots__ = ()


class Fault(NamedTuple):
    """What is wrong with a field, and what to do about it.

    `field` is a path such as `client.tags[2]`, empty where the fault is the whole record's.
    """

    field: str
    problem: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that is not a booking, with its faults.

    `number` is 0 where the file as a whole is at fault. `booking_id` is None where it could not be read.
    """

    number: int
    line: int
    faults: tuple[Fault, ...]
    booking_id: str | None = None


def refuse(number: int, line: int, faults: Sequence[Fault], fields: object = None) -> Refusal:
    """A refusal that names the booking where `fields` can tell it; of many faults it keeps the first."""
    booking_id = fields.get("id") if isinstance(fields, dict) else None
    if not isinstance(booking_id, str) or not _TELLING_ID.fullmatch(booking_id):
        booking_id = None
    told = tuple(faults[:MOST_FAULTS])
    if len(faults) > MOST_FAULTS:
        told += (Fault("", f"and {len(faults) - MOST_FAULTS:,} more faults", "correct these first"),)
    return Refusal(number, line, told, booking_id)


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
