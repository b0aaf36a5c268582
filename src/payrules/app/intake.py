"""From a record to a booking: everything a decision may take for granted is checked here.

All faults of a record are reported together: those of its shape and, for the fields whose shape is sound,
those that only the clinic, the time zones or a second field can tell.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from payrules.app import fault_texts
from payrules.app.booking_shape import validate_shape
from payrules.app.records import Fault, Record, Refusal, SoundRecord, refuse
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import MINOR_UNITS, Money, to_minor
from payrules.domain.policy import Channel

Zones = Callable[[str], tzinfo | None]
"""Gives the time zone of an IANA name, None where there is none."""

# By whether there is a phone number, then by whether there is an email address.
_CONTACTS = (
    (frozenset[Channel](), frozenset({Channel.EMAIL})),
    (frozenset({Channel.SMS}), frozenset({Channel.SMS, Channel.EMAIL})),
)
# Stand in for times that could not be read, so that no start is later than its end.
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def read_booking(record: Record, currencies: Mapping[str, str], zones: Zones) -> Booking | Refusal:
    """The booking of a record, or a refusal with all its faults. Never raises, whatever the record holds.

    `currencies` maps each known clinic to its currency (ISO 4217). Of contacts only the presence is kept;
    blank ones count as absent.
    """
    faults: list[Fault] = []
    values = record.fields
    if not isinstance(record, SoundRecord):
        try:
            values = validate_shape(values)
        except ValidationError as error:
            faults, values = fault_texts.explain_shape(error, record.fields)
    booking = _convert(values, currencies, zones, faults)
    if faults:
        return refuse(record.number, record.line, fault_texts.in_field_order(faults), record.fields)
    return booking


def _convert(values: dict[str, Any], currencies: Mapping[str, str], zones: Zones, faults: list[Fault]) -> Booking:
    """The booking of fields that are sound each by itself; of no use where faults are found.

    Fields whose shape is at fault are absent, even required ones.
    """
    clinic = values.get("clinic", "")
    currency = currencies.get(clinic)
    if currency is None and "clinic" in values:
        faults.append(fault_texts.unknown_clinic(clinic, currencies))
    starts_at = _instant("starts_at", values, _FIRST, faults)
    ends_at = _instant("ends_at", values, _LAST, faults)
    if ends_at <= starts_at:
        faults.append(fault_texts.not_after_start(values["ends_at"], values["starts_at"]))
    client = values.get("client") or {}
    tags = client.get("tags")
    payer = values.get("payer")
    return Booking(
        values.get("id", ""),
        clinic,
        starts_at,
        ends_at,
        _instant("booked_at", values, _FIRST, faults),
        _person("client", client, zones, faults),
        None if tags is None else frozenset(tags),
        values.get("practitioner"),
        values.get("session_type"),
        _price(values.get("price"), currency, faults),
        values.get("location"),
        None if payer is None else Payer(payer.get("kind"), _person("payer", payer, zones, faults)),
        values.get("first_visit"),
    )


def _instant(field: str, values: dict[str, Any], absent: datetime, faults: list[Fault]) -> datetime:
    text = values.get(field)
    if text is None:
        return absent
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        faults.append(fault_texts.no_such_instant(field, text))
        return absent


def _person(path: str, person: dict[str, Any], zones: Zones, faults: list[Fault]) -> Person:
    phone, email, timezone = person.get("phone"), person.get("email"), person.get("timezone")
    contacts = _CONTACTS[bool(phone and not phone.isspace())][bool(email and not email.isspace())]
    if timezone is None:
        return Person(contacts)
    zone = zones(timezone)
    if zone is None:
        faults.append(fault_texts.unknown_timezone(f"{path}.timezone", timezone))
    return Person(contacts, zone)


def _price(price: dict[str, Any] | None, currency: str | None, faults: list[Fault]) -> Money | None:
    """The price, checked against the clinic's currency; without one, an unknown clinic is fault enough."""
    if price is None or currency is None:
        return None
    written = price.get("currency", currency)
    if written != currency:
        faults.append(fault_texts.other_currency(written, currency))
        return None
    amount = price.get("amount")
    # No currency is known where that of an event is at fault itself.
    if amount is None or not currency:
        return None
    minor = _minor(amount, currency)
    if minor is None:
        faults.append(fault_texts.too_many_decimals(amount, currency))
        return None
    return Money(minor, currency)


@lru_cache(maxsize=4096)
def _minor(amount: str, currency: str) -> int | None:
    """An amount of the right form in minor units; few prices make up most bookings."""
    return to_minor(amount, MINOR_UNITS[currency])
