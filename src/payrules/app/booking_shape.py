"""The shape of a booking record: fields, types and forms. The contract is schema/booking.v1.schema.json.

Pydantic checks the shape alone, because that is what it reports whole, with every fault's path, in a few
microseconds. What needs the clinic, a time zone or a second field is checked in `intake`.
"""

from collections.abc import Callable
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config

# Before Python 3.12 pydantic reads this TypedDict only; it depends on typing_extensions itself.
from typing_extensions import TypedDict

from payrules.app.records import BOOKING_ID
from payrules.domain.policy import PayerKind, Place

# White space, control characters and what else nobody can see at the edge of a word; inside a text spaces may stand.
_BLANK = r"\x00-\x20\x7f-\xa0\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}\u{fffe}\u{ffff}"
_CONTROL = r"\x00-\x1f\x7f-\x9f\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}"
_YEAR_TO_MINUTE = r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]"
_SECOND_TO_OFFSET = r"(:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"

ANY_YEAR_INSTANT = r"^[0-9]{4}" + _YEAR_TO_MINUTE + _SECOND_TO_OFFSET
"""The form of an instant, whatever its year."""

_Id = Annotated[str, Field(pattern=BOOKING_ID)]
_Text = Annotated[str, Field(max_length=100, pattern=f"^[^{_BLANK}]([^{_CONTROL}]*[^{_BLANK}])?$")]
_ClientId = Annotated[str, Field(min_length=1, max_length=200)]
_Instant = Annotated[str, Field(pattern=r"^2[0-9]{3}" + _YEAR_TO_MINUTE + _SECOND_TO_OFFSET)]
_Amount = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$")]
_Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
_Timezone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
# Strictly, only members of an enum would pass, and records hold their texts.
_Place = Annotated[Place, Field(strict=False)]
_PayerKind = Annotated[PayerKind, Field(strict=False)]

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class _Client(TypedDict):
    id: _ClientId
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    timezone: NotRequired[_Timezone | None]
    tags: NotRequired[list[_Text] | None]


@with_config(_STRICT)
class _Price(TypedDict):
    amount: _Amount
    currency: _Currency


@with_config(_STRICT)
class _Payer(TypedDict):
    kind: _PayerKind
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    timezone: NotRequired[_Timezone | None]
    language: NotRequired[_Language | None]


@with_config(_STRICT)
class _Booking(TypedDict):
    id: _Id
    # Its form needs no check of its own: only a clinic that is known will do.
    clinic: str
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

FIELDS: dict[str, tuple[str, ...]] = {"": tuple(_Booking.__annotations__)} | {
    part: tuple(shape.__annotations__) for part, shape in _PARTS.items()
}
"""The fields of a booking (under the empty name) and of each of its parts."""

FIELD_PATHS: tuple[str, ...] = tuple(
    path
    for field in FIELDS[""]
    for path in ([f"{field}.{inner}" for inner in FIELDS[field]] if field in FIELDS else [field])
)
"""The paths of all fields that hold a value: `id`, `client.email`, `price.amount` …"""

validate_shape: Callable[[object], dict[str, Any]] = TypeAdapter(_Booking).validator.validate_python
"""Check the shape of a record's fields; raises pydantic's ValidationError with every fault."""
