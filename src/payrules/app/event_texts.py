"""What a person is told about an event that cannot be taken in: the problem and what to do.

As with bookings, a value is repeated only where it cannot be a name or an address.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from payrules.app.event_shape import EVENT_FIELDS, LONGEST_NOTE, NEEDED
from payrules.app.fault_texts import nearest_field
from payrules.app.records import Fault, kind_of
from payrules.compiler.findings import did_you_mean, listed
from payrules.domain.events import OverrideProcess
from payrules.domain.policy import PaymentMethod

_WORDS: dict[str, tuple[str, ...]] = {"process": tuple(OverrideProcess), "method": tuple(PaymentMethod)}
_EXPECTED = {"string_type": "text", "bool_type": "true or false", "dict_type": "an object", "enum": "text"}
_HALF_CHARACTER = ("holds half a character (an unpaired surrogate)", "write it as UTF-8 text")
_ID_HELP = "use letters, digits, `.`, `_`, `:` and `-`, beginning with a letter or digit, at most 128 characters"
_FORMS = {
    "event_id": Fault("event_id", "is not an event id", "use 1 to 200 visible ASCII characters without spaces"),
    "booking_id": Fault("booking_id", "is not a booking id", _ID_HELP),
    "replaces": Fault("replaces", "is not a booking id", _ID_HELP),
}
_LONGEST_WORD = 40


def explain_event(error: ValidationError, fields: Mapping[str, Any]) -> list[Fault]:
    """The faults of an event's shape."""
    return [
        _explain(found["type"], found["loc"], found["input"], fields)
        for found in error.errors(include_url=False, include_context=False)
    ]


def unchangeable(field: str) -> Fault:
    """A field of the booking that `updated` does not change."""
    help = "send `price_changed`" if field == "price" else "it is fixed when the booking is made; leave it out"
    return Fault(f"facts.{field}", "cannot be changed by `updated`", help)


def nothing_to_change() -> Fault:
    """An `updated` without a fact."""
    return Fault("facts", "names no fact", "name at least one field of the booking")


def no_currency() -> Fault:
    """A price in a currency that does not exist."""
    return Fault("price.currency", "is not a currency in use", "use three capital letters, such as `NOK`")


def same_id() -> Fault:
    """A booking that replaces itself."""
    return Fault("replaces", "is the id of the booking itself", "write the id that the booking had before")


def in_the_future(field: str) -> Fault:
    """An event from a clock that runs ahead."""
    return Fault(field, "lies in the future", "check the clock of the booking system, and send it again later")


def other_content(what: str) -> Fault:
    """An id that came before with other content. `what` is `event_id` or `booking.id`."""
    help = {
        "event_id": "give each event an id of its own",
        "booking.id": "a booking is made once; tell what changed with `rescheduled`, `price_changed` or `updated`",
    }[what]
    return Fault(what, "came before with other content", help)


def contended() -> Fault:
    """A record whose rows others kept changing."""
    return Fault("", "could not be written: its booking is being changed by others", "send it again")


def no_client() -> Fault:
    """A client that is taken away."""
    return Fault("facts.client", "must be an object, not null", "name the fields of the client that changed")


def _explain(kind: str, place: tuple[int | str, ...], value: object, fields: Mapping[str, Any]) -> Fault:
    """The fault behind one of pydantic's error types."""
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _type_fault(fields.get("type"))
    if len(place) < 2:
        return Fault("", *_HALF_CHARACTER)
    event_type, field = str(place[0]), str(place[1])
    if kind == "extra_forbidden":
        return _unknown_field(event_type, field, fields)
    if kind == "missing" or value is None:
        return Fault(field, "is missing", f"`{event_type}` needs {listed(NEEDED[event_type])}")
    if kind in _EXPECTED and not (kind == "enum" and isinstance(value, str)):
        return Fault(field, f"must be {_EXPECTED[kind]}, not {kind_of(value)}", "")
    match kind:
        case "string_unicode":
            return Fault(field, *_HALF_CHARACTER)
        case "enum":
            return _word_fault(field, str(value), _WORDS[field])
        case "string_too_short":
            return Fault(field, "is empty", "say who it was and why")
        case "string_too_long":
            return Fault(field, f"is longer than {LONGEST_NOTE} characters", "")
    return _FORMS.get(field, Fault(field, "holds a control character or a line break", "write it on one line"))


def _type_fault(value: object) -> Fault:
    if value is None:
        return Fault("type", "is missing", f"it is one of {listed(EVENT_FIELDS)}")
    if not isinstance(value, str):
        return Fault("type", f"must be text, not {kind_of(value)}", "")
    return _word_fault("type", value, tuple(EVENT_FIELDS))


def _word_fault(field: str, text: str, words: tuple[str, ...]) -> Fault:
    """Not one of a closed list of words. Only what is like one of them is repeated."""
    hint = did_you_mean(text, words) if len(text) <= _LONGEST_WORD and text.isprintable() else ""
    if hint:
        return Fault(field, f"`{text}` is not allowed here", f"{hint} allowed: {listed(words)}")
    return Fault(field, "is not one of the allowed words", f"allowed: {listed(words)}")


def _unknown_field(event_type: str, key: str, fields: Mapping[str, Any]) -> Fault:
    if event_type == "booked" and key in ("clinic", "booking_id", "id"):
        return Fault(key, "is not a field of `booked`", "write it inside `booking`")
    near = nearest_field(key, EVENT_FIELDS[event_type])
    if near:
        return Fault(key, f"is not a field of `{event_type}`", near)
    number = 1 + list(fields).index(key)
    return Fault(
        "", f"field number {number} is not a field of `{event_type}`", f"known here: {listed(EVENT_FIELDS[event_type])}"
    )
