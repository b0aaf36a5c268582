"""The shape of a booking record: fields, types and forms. The contract is schema/booking.v1.schema.json.

Pydantic checks the shape alone, because that is what it reports whole, with every fault's path, in a few
microseconds. What needs the clinic, a time zone or a second field is checked in `intake`.
"""

from collections.abc import Callable
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from pydantic_core import CoreConfig, SchemaValidator

# Before Python 3.12 pydantic reads this TypedDict only; it depends on typing_extensions itself.
from typing_extensions import TypedDict

from payrules.app.records import BOOKING_ID
from payrules.domain.policy import PayerKind, Place

# Control characters, what turns the direction of text, and what else nobody can see; at the edge of a word spaces too.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{fffe}\u{ffff}"
_BLANK = _CONTROL + r"\x20\xa0\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}"
_ONE_LINE = f"^[^{_BLANK}]([^{_CONTROL}]*[^{_BLANK}])?$"
_YEAR_TO_MINUTE = r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]"
_SECOND_TO_OFFSET = r"(:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"

ANY_YEAR_INSTANT = r"^[0-9]{4}" + _YEAR_TO_MINUTE + _SECOND_TO_OFFSET
"""The form of an instant, whatever its year."""

_Id = Annotated[str, Field(pattern=BOOKING_ID)]
_Text = Annotated[str, Field(max_length=100, pattern=_ONE_LINE)]
_ClientId = Annotated[str, Field(max_length=200, pattern=_ONE_LINE)]
_Instant = Annotated[str, Field(pattern=r"^2[0-9]{3}" + _YEAR_TO_MINUTE + _SECOND_TO_OFFSET)]
_Amount = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$")]
_Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
_Timezone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
# Of any form, but of whole characters: pydantic looks at them only for a pattern.
AnyText = Annotated[str, Field(pattern="^")]
# Strictly, only members of an enum would pass, and records hold their texts.
_Place = Annotated[Place, Field(strict=False)]
_PayerKind = Annotated[PayerKind, Field(strict=False)]

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class _Client(TypedDict):
    id: _ClientId
    name: NotRequired[AnyText | None]
    email: NotRequired[AnyText | None]
    phone: NotRequired[AnyText | None]
    timezone: NotRequired[_Timezone | None]
    # The first fault is enough: a list may hold half a million.
    tags: NotRequired[Annotated[list[_Text], Field(fail_fast=True)] | None]


@with_config(_STRICT)
class _Price(TypedDict):
    amount: _Amount
    currency: _Currency


@with_config(_STRICT)
class _Payer(TypedDict):
    kind: _PayerKind
    name: NotRequired[AnyText | None]
    email: NotRequired[AnyText | None]
    phone: NotRequired[AnyText | None]
    timezone: NotRequired[_Timezone | None]
    language: NotRequired[_Language | None]


@with_config(_STRICT)
class BookingFields(TypedDict):
    """The fields of a booking record."""

    id: _Id
    # Its form needs no check of its own: only a clinic that is known will do.
    clinic: AnyText
    practitioner: NotRequired[_Text | None]
    client: _Client
    session_type: NotRequired[_Text | None]
    starts_at: _Instant
    ends_at: _Instant
    booked_at: _Instant
    price: NotRequired[_Price | None]
    location: NotRequired[_Place | None]
    payer: NotRequired[_Payer | None]
    first_visit: NotRequired[bool | None]


_PARTS: dict[str, Any] = {"client": _Client, "price": _Price, "payer": _Payer}

FIELDS: dict[str, tuple[str, ...]] = {"": tuple(BookingFields.__annotations__)} | {
    part: tuple(shape.__annotations__) for part, shape in _PARTS.items()
}
"""The fields of a booking (under the empty name) and of each of its parts."""

FIELD_NAMES = frozenset(name for names in FIELDS.values() for name in names)
"""The names of all fields of a booking and of its parts: keys that a message may repeat whatever they stand for."""

FIELD_PATHS: tuple[str, ...] = tuple(
    path
    for field in FIELDS[""]
    for path in ([f"{field}.{inner}" for inner in FIELDS[field]] if field in FIELDS else [field])
)
"""The paths of all fields that hold a value: `id`, `client.email`, `price.amount` …"""

# The adapter's own validator would tell the values in the text of an error, and takes no setting against that.
_VALIDATOR = SchemaValidator(TypeAdapter(BookingFields).core_schema, CoreConfig(hide_input_in_errors=True))

validate_shape: Callable[[object], dict[str, Any]] = _VALIDATOR.validate_python
"""Check the shape of a record's fields; raises pydantic's ValidationError with every fault."""
