"""The shape of a booking event: its fields by kind. The contract is schema/event.v1.schema.json.

Only the envelope and what no booking record has are checked here. Times, amounts and facts are those of a booking
record, and are checked as such by `event_intake`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Discriminator, Field, TypeAdapter, with_config
from pydantic_core import CoreConfig, SchemaValidator

# Before Python 3.12 pydantic reads this TypedDict only; it depends on typing_extensions itself.
from typing_extensions import TypedDict

from payrules.app.booking_shape import AnyText, BookingFields
from payrules.app.records import BOOKING_ID
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.policy import PaymentMethod

EVENT_ID = r"^[!-~]{1,200}$"
"""The form of an event's id: what its system makes, in visible ASCII."""

LONGEST_NOTE = 500
"""The most characters of a reason or of who acted."""

# As in a booking's texts: control characters, line ends, and what turns the direction of writing.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{fffe}\u{ffff}"

_EventId = Annotated[str, Field(pattern=EVENT_ID)]
_BookingId = Annotated[str, Field(pattern=BOOKING_ID)]
_Note = Annotated[str, Field(max_length=LONGEST_NOTE, pattern=f"^[^{_CONTROL}]*$")]
_Said = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=f"^[^{_CONTROL}]*$")]
# Strictly, only members of an enum would pass, and records hold their texts.
_Process = Annotated[OverrideProcess, Field(strict=False)]
_Method = Annotated[PaymentMethod, Field(strict=False)]
# What is inside is that of a booking record.
_Part = dict[str, Any]

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class _Booked(TypedDict):
    type: Literal["booked"]
    event_id: _EventId
    occurred_at: NotRequired[str | None]
    booking: _Part
    replaces: NotRequired[_BookingId | None]


@with_config(_STRICT)
class _BookedWhole(_Booked):
    booking: BookingFields  # type: ignore[misc]  # the same field, looked at whole


@with_config(_STRICT)
class _NoShow(TypedDict):
    type: Literal["no_show"]
    event_id: _EventId
    occurred_at: str
    # Its form needs no check of its own: only a clinic that is known will do.
    clinic: AnyText
    booking_id: _BookingId


@with_config(_STRICT)
class _Rescheduled(_NoShow):
    type: Literal["rescheduled"]  # type: ignore[misc]  # each kind narrows the word
    starts_at: str
    ends_at: str


@with_config(_STRICT)
class _Cancelled(_NoShow):
    type: Literal["cancelled"]  # type: ignore[misc]  # each kind narrows the word
    by: NotRequired[_Note | None]
    reason: NotRequired[_Note | None]
    charge: NotRequired[bool | None]


@with_config(_STRICT)
class _PriceChanged(_NoShow):
    type: Literal["price_changed"]  # type: ignore[misc]  # each kind narrows the word
    price: _Part


@with_config(_STRICT)
class _Updated(_NoShow):
    type: Literal["updated"]  # type: ignore[misc]  # each kind narrows the word
    facts: _Part


@with_config(_STRICT)
class _Override(_NoShow):
    type: Literal["override"]  # type: ignore[misc]  # each kind narrows the word
    process: _Process
    by: _Said
    reason: _Said


@with_config(_STRICT)
class _Paid(_NoShow):
    type: Literal["paid"]  # type: ignore[misc]  # each kind narrows the word
    amount: _Part
    method: NotRequired[_Method | None]
    paid_at: NotRequired[str | None]


@with_config(_STRICT)
class _Refunded(_NoShow):
    type: Literal["refunded"]  # type: ignore[misc]  # each kind narrows the word
    amount: _Part


@with_config(_STRICT)
class _Credited(_NoShow):
    type: Literal["credited"]  # type: ignore[misc]  # each kind narrows the word
    by: _Said
    reason: _Said


_SHAPES: dict[EventType, Any] = {
    EventType.BOOKED: _Booked,
    EventType.RESCHEDULED: _Rescheduled,
    EventType.CANCELLED: _Cancelled,
    EventType.PRICE_CHANGED: _PriceChanged,
    EventType.UPDATED: _Updated,
    EventType.NO_SHOW: _NoShow,
    EventType.OVERRIDE: _Override,
    EventType.PAID: _Paid,
    EventType.REFUNDED: _Refunded,
    EventType.CREDITED: _Credited,
}

EVENT_FIELDS: dict[str, tuple[str, ...]] = {kind.value: tuple(shape.__annotations__) for kind, shape in _SHAPES.items()}
"""The fields of each kind of event from outside, by its word."""

NEEDED: dict[str, tuple[str, ...]] = {
    kind.value: tuple(field for field in shape.__annotations__ if field in shape.__required_keys__)
    for kind, shape in _SHAPES.items()
}
"""Those of them that must be there."""

_Event = Annotated[
    _Booked
    | _Rescheduled
    | _Cancelled
    | _PriceChanged
    | _Updated
    | _NoShow
    | _Override
    | _Paid
    | _Refunded
    | _Credited,
    Discriminator("type"),
]

# The adapter's own validator would tell the values in the text of an error, and takes no setting against that.
_VALIDATOR = SchemaValidator(TypeAdapter[Any](_Event).core_schema, CoreConfig(hide_input_in_errors=True))

validate_event: Callable[[object], dict[str, Any]] = _VALIDATOR.validate_python
"""Check the shape of an event; raises pydantic's ValidationError with every fault."""

_WHOLE = SchemaValidator(TypeAdapter(_BookedWhole).core_schema, CoreConfig(hide_input_in_errors=True))

read_booked_json: Callable[[bytes], dict[str, Any]] = _WHOLE.validate_json
"""Read the JSON of a `booked` event and check its shape, that of its booking included, in one step.

Raises pydantic's ValidationError for anything else. Of keys that stand twice it takes the last.
"""
