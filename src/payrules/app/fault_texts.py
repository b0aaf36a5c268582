"""What a person is told about a field that cannot be read: the problem and what to do.

A problem is a predicate, to be read after the field's path: ``price.amount: must be text, not a number``.
With columns mixed up, a name, a phone number or an email may stand in any field. So a value is repeated only where it
has the form of what belongs there and of no contact, or is close to a word that is known.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from payrules.app.booking_shape import ANY_YEAR_INSTANT, FIELD_PATHS, FIELDS
from payrules.app.records import Fault, kind_of
from payrules.compiler.findings import did_you_mean, listed
from payrules.domain.money import MINOR_UNITS
from payrules.domain.policy import PayerKind, Place

_REQUIRED = "a booking needs `id`, `clinic`, `starts_at`, `ends_at`, `booked_at` and `client.id`"
_INSTANT_HELP = "write it such as `2026-12-01T09:00:00+01:00`, or `2026-12-01T08:00:00Z` in UTC"
_AMOUNT_HELP = 'write it as text with a dot for the decimals and no other sign, such as "1250.00"'
_TEXT_HELP = "it is one line of at most 100 characters without spaces around it; leave the field out if it is unknown"
_CLIENT_ID_HELP = "it is one line of at most 200 characters without spaces around it"
_TIMEZONE_HELP = "use an IANA name such as `Europe/Oslo`; leave the field out if it is unknown"

_ANY_YEAR_INSTANT = re.compile(ANY_YEAR_INSTANT)
_NAIVE_INSTANT = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMMA_AMOUNT = re.compile(r"[0-9]{1,6},[0-9]{1,2}")
# What may be repeated. No date alone: it may be one of birth. No more digits than a price needs: phones have more.
_INSTANT_LIKE = re.compile(r"[23][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-9]{2}:[0-9:.,Z+-]{2,22}")
_AMOUNT_LIKE = re.compile(r"-?[0-9]{1,6}([.,][0-9]{1,3})?")
_ZONE_LIKE = re.compile(
    r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)/[A-Za-z0-9_+/-]{1,30}",
    re.IGNORECASE,
)
_KEY_LIKE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
# Nothing longer is like a known word, and comparing takes its time.
_LONGEST_WORD = 64
_MOST_TOLD = 100
_COUNTED = Fault("", "is one fault more")

_WORDS: dict[str, tuple[str, ...]] = {"location": tuple(Place), "payer.kind": tuple(PayerKind)}
_INNER = {path.partition(".")[2]: path for path in reversed(FIELD_PATHS) if "." in path}
# A part stands where its first field does.
_ORDER = {name: place for place, path in reversed([*enumerate(FIELD_PATHS)]) for name in (path, path.partition(".")[0])}


def explain_shape(error: ValidationError, fields: dict[str, Any]) -> tuple[list[Fault], dict[str, Any]]:
    """The faults of a record's shape, and a copy of its fields without those at fault."""
    faults: list[Fault] = []
    sound = {key: dict(value) if isinstance(value, dict) else value for key, value in fields.items()}
    for found in error.errors(include_url=False, include_context=False):
        place = found["loc"]
        if not place:
            # A key that is not Unicode: there is no field to name.
            return [Fault("", "holds half a character (an unpaired surrogate)", "write it as UTF-8 text")], {}
        # More are only counted: finding words for a hundred thousand would take minutes.
        faults.append(_explain(found["type"], place, found["input"], fields) if len(faults) < _MOST_TOLD else _COUNTED)
        part = sound.get(str(place[0])) if len(place) > 1 else None
        if isinstance(part, dict):
            part.pop(str(place[1]), None)
        else:
            sound.pop(str(place[0]), None)
    return faults, sound


def in_field_order(faults: Iterable[Fault]) -> list[Fault]:
    """Faults in the order of a booking's fields; unknown fields come last."""
    return sorted(faults, key=lambda fault: _ORDER.get(fault.field.partition("[")[0], len(_ORDER)))


def nearest_field(key: str, known: Sequence[str] = FIELDS[""]) -> str:
    """Help that names the field somebody may have meant, one of the record itself unless others are `known`.

    Empty where there is none: then the key may be a client's name, and no message repeats it.
    """
    if not _KEY_LIKE.fullmatch(key):
        return ""
    near = did_you_mean(key, known)
    if near or known is not FIELDS[""]:
        return near
    inner = get_close_matches(key.lower(), _INNER, 1)
    return f"did you mean `{_INNER[inner[0]]}`?" if inner else ""


def unknown_clinic(clinic: str, known: Collection[str]) -> Fault:
    """No clinic file of that name was read."""
    # Comparing with ten thousand names would take longer than the record is worth.
    like = [name for name in known if abs(len(name) - len(clinic)) <= 4 and name[:1] == clinic[:1].lower()]
    near = did_you_mean(clinic, like) if like else ""
    written = f"`{clinic}`" if near and clinic.isprintable() else _unquoted(clinic)
    return Fault(
        "clinic",
        f"{written} is not a clinic that is known here",
        near or "write the name of its clinic file without .yaml",
    )


def clinic_without_file(clinic: str, known: Collection[str]) -> Fault:
    """No file of that clinic was ever applied to the ledger."""
    fault = unknown_clinic(clinic, known)
    return fault if fault.help.startswith("did") else fault._replace(help="apply its file first: `payrules activate`")


def unknown_timezone(path: str, name: str) -> Fault:
    """The time zone database has no such name."""
    return Fault(path, f"{_quoted(name, _ZONE_LIKE)} is not a time zone", _TIMEZONE_HELP)


def no_such_instant(path: str, text: str) -> Fault:
    """An instant of the right form whose date the calendar does not have."""
    return Fault(path, f"{_quoted(text, _INSTANT_LIKE)} is not in the calendar", "check the day of the month")


def not_after_start(ends_at: str, starts_at: str) -> Fault:
    """An appointment that ends when it starts, or earlier."""
    problem = f"{_quoted(ends_at, _INSTANT_LIKE)} is not after `starts_at`, {_quoted(starts_at, _INSTANT_LIKE)}"
    return Fault("ends_at", problem, "check both times and their offsets")


def other_currency(currency: str, expected: str) -> Fault:
    """A price in a currency that is not the clinic's."""
    written = f"`{currency}`" if currency in MINOR_UNITS else _unquoted(currency)
    problem = f"{written} is not the clinic's currency, `{expected}`"
    return Fault("price.currency", problem, "all prices of a clinic are in its currency")


def too_many_decimals(amount: str, currency: str) -> Fault:
    """An amount that the currency's smallest unit cannot express."""
    digits = MINOR_UNITS[currency]
    most = {0: "no decimals", 1: "one decimal"}.get(digits, f"{digits} decimals")
    problem = f"{_quoted(amount, _AMOUNT_LIKE)} has more decimals than {currency} has"
    return Fault("price.amount", problem, f"{currency} has {most}")


def _unknown_field(path: str, key: str, fields: dict[str, Any]) -> Fault:
    """A field that no booking has, in the record itself (an empty path) or in a part of it."""
    near = nearest_field(key, FIELDS[path])
    if near:
        return Fault(f"{path}.{key}" if path else key, "is not a field of a booking", near)
    number = 1 + list(fields[path] if path else fields).index(key)
    known = listed(FIELDS[path] if path else FIELD_PATHS)
    return Fault(path, f"field number {number} is not a field of a booking", f"known here: {known}")


def _explain(kind: str, place: tuple[int | str, ...], value: object, fields: dict[str, Any]) -> Fault:
    """The fault behind one of pydantic's error types."""
    if kind == "extra_forbidden":
        return _unknown_field(str(place[0]) if len(place) > 1 else "", str(place[-1]), fields)
    in_list = isinstance(place[-1], int)
    field = ".".join(str(step) for step in place if isinstance(step, str))
    path = f"{field}[{place[-1]}]" if in_list else field
    if kind == "missing" or (value is None and not in_list):
        # A missing part is told by the field inside it that cannot be done without.
        return Fault({"client": "client.id"}.get(path, path), "is missing", _MISSING_HELP.get(path, _REQUIRED))
    expected = _EXPECTED.get(kind) or ("" if isinstance(value, str) else "text")
    if expected:
        return Fault(path, f"must be {expected}, not {kind_of(value)}", _type_help(field, value))
    text = str(value)
    match kind:
        case "string_unicode":
            return Fault(path, "holds half a character (an unpaired surrogate)", "write it as UTF-8 text")
        case "string_too_long":
            longest = 200 if field == "client.id" else 100
            return Fault(path, f"is longer than {longest} characters", "")
        case "enum":
            return _word_fault(path, text)
    return _FORMS.get(field, _text_fault)(path, text)


def _type_help(field: str, value: object) -> str:
    if field == "price.amount":
        return _AMOUNT_HELP
    if field.endswith("_at"):
        return _INSTANT_HELP
    if field in _PART_HELP:
        return _PART_HELP[field]
    if field == "first_visit":
        return "write true or false without quotes; leave the field out if it is unknown"
    return "put it in quotes" if isinstance(value, bool | int | float) else ""


def _word_fault(path: str, text: str) -> Fault:
    """Not one of a closed list of words. Only what is like one of them is repeated."""
    words = _WORDS[path]
    hint = did_you_mean(text, words) if len(text) <= _LONGEST_WORD and text.isprintable() else ""
    if hint:
        return Fault(path, f"`{text}` is not allowed here", f"{hint} allowed: {listed(words)}")
    return Fault(path, "is not one of the allowed words", f"allowed: {listed(words)}")


def _id_fault(path: str, text: str) -> Fault:
    help = "use letters, digits, `.`, `_`, `:` and `-`, beginning with a letter or digit, at most 128 characters"
    return Fault(path, "is not a booking id" if text else "is empty", help)


def _text_fault(path: str, text: str) -> Fault:
    help = _CLIENT_ID_HELP if path == "client.id" else _TEXT_HELP
    if not text:
        return Fault(path, "is empty", help)
    if text != text.strip():
        return Fault(path, "begins or ends with white space", help)
    return Fault(path, "holds a control character or a line break", help)


def _instant_fault(path: str, text: str) -> Fault:
    if _NAIVE_INSTANT.fullmatch(text):
        help = f"it needs an offset, such as `{text}+01:00`, or `{text}Z` in UTC"
        return Fault(path, f"`{text}` has no offset from UTC", help)
    if _DATE.fullmatch(text):
        return Fault(path, "is a date without a time", _INSTANT_HELP)
    written = _quoted(text, _INSTANT_LIKE)
    if _ANY_YEAR_INSTANT.fullmatch(text):
        return Fault(path, f"{written} is not in the years 2000 to 2999", "check the year")
    return Fault(path, f"{written} is not a date and time of ISO 8601 with an offset", _INSTANT_HELP)


def _amount_fault(path: str, text: str) -> Fault:
    written = _quoted(text, _AMOUNT_LIKE)
    if text.startswith("-"):
        return Fault(path, f"{written} is negative", "a price is zero or more")
    help = f'write it with a dot: "{text.replace(",", ".")}"' if _COMMA_AMOUNT.fullmatch(text) else _AMOUNT_HELP
    return Fault(path, f"{written} is not an amount", help)


def _currency_fault(path: str, _text: str) -> Fault:
    return Fault(path, "is not a currency code", "use three capital letters, such as `NOK`")


def _language_fault(path: str, _text: str) -> Fault:
    return Fault(path, "is not a language code", "use a code such as `nb` or `en-GB`")


def _quoted(text: str, form: re.Pattern[str]) -> str:
    """A value in backticks if it has the form of what belongs there."""
    return f"`{text}`" if form.fullmatch(text) else _unquoted(text)


def _unquoted(text: str) -> str:
    """What stands for a value that may be a name or a contact."""
    return "the text" if text else "an empty text"


_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
}
_PART_HELP = {part: f"write an object with the fields {listed(FIELDS[part])}" for part in FIELDS if part} | {
    "client.tags": 'write a list such as ["student"]; [] means that the client has no tags'
}
_MISSING_HELP = {
    "price.amount": "a price needs `amount` and `currency`",
    "price.currency": "a price needs `amount` and `currency`",
    "payer.kind": f"say who pays: one of {listed(PayerKind)}",
}
_FORMS: dict[str, Callable[[str, str], Fault]] = {
    "id": _id_fault,
    "starts_at": _instant_fault,
    "ends_at": _instant_fault,
    "booked_at": _instant_fault,
    "price.amount": _amount_fault,
    "price.currency": _currency_fault,
    "client.timezone": unknown_timezone,
    "payer.timezone": unknown_timezone,
    "payer.language": _language_fault,
}
