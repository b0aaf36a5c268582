"""From a record to a booking event: everything that can be checked without the ledger is checked here.

What an event tells of its booking is read by the rules for booking records: fields of a sound booking are overlaid
with it, so that both take the same values and refuse with the same words.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ValidationError

from payrules.app import event_texts
from payrules.app.booking_shape import ANY_YEAR_INSTANT
from payrules.app.event_shape import validate_event
from payrules.app.facts import booking_of, canonical, change_of, contacts_of, facts_of, merge, money_of
from payrules.app.intake import Zones, read_booking
from payrules.app.records import Fault, Record, Refusal, SoundRecord, refuse
from payrules.app.rows import Contact
from payrules.domain.booking import Booking
from payrules.domain.events import (
    Cancelled,
    Credited,
    DraftSent,
    Event,
    EventType,
    LinkResent,
    NoShow,
    Override,
    OverrideProcess,
    Paid,
    PriceChanged,
    Refunded,
    Rescheduled,
    Updated,
)
from payrules.domain.money import MINOR_UNITS
from payrules.domain.policy import Channel, PaymentMethod

PERSON = "person"
"""The key of a body under which a person's event names who did it. No file may tell it."""

_INSTANT = re.compile("2[0-9]{3}" + ANY_YEAR_INSTANT.removeprefix("^[0-9]{4}"), re.ASCII)
_ENVELOPE = frozenset({"type", "event_id", "occurred_at", "clinic", "booking_id"})
_UNCHANGEABLE = ("id", "clinic", "booked_at", "price")
_SOUND: Mapping[str, Any] = {
    "id": "x",
    "clinic": "x",
    "client": {"id": "x"},
    "starts_at": "2000-01-01T00:00:00Z",
    "ends_at": "2999-12-31T23:59:59Z",
    "booked_at": "2000-01-01T00:00:00Z",
}
_TYPES = {kind.value: kind for kind in EventType}
_METHODS = {method.value: method for method in PaymentMethod}
# The fields of `Booking` that a field of a record tells, where they are not the same.
_TELLS = {"client": ("client", "tags")}
_NO_CONTACTS: tuple[Contact | None, Contact | None] = (None, None)


class Arrived(NamedTuple):
    """An event that was read. `line` is 0 where it is unknown; `occurred_at` is an aware UTC instant.

    `body` is what is kept of its content, without names and addresses: for `booked` empty, since the booking keeps
    its `facts`. `fingerprint` is the SHA-256 of its content, names and addresses included: of `booked` without the
    event's id and time, so that a booking told twice is known again.
    """

    number: int
    line: int
    type: EventType
    event_id: str
    clinic: str
    booking_id: str
    occurred_at: datetime
    fingerprint: bytes
    body: dict[str, Any]
    contacts: tuple[Contact | None, Contact | None]
    booking: Booking | None = None
    facts: str = ""
    replaces: str | None = None


class Content(NamedTuple):
    """What an event means for a booking with the facts it has, and the facts after it."""

    event: Event
    facts: str


def read_event(record: Record, zones: Zones) -> Arrived | Refusal:
    """The event of a record, or a refusal with its faults. Never raises, whatever the record holds."""
    if isinstance(record, SoundRecord):
        return _read_booked(record, record.fields, zones)
    try:
        values = validate_event(record.fields)
    except ValidationError as error:
        return _refuse(record, event_texts.explain_event(error, record.fields))
    if values["type"] == "booked":
        return _read_booked(record, values, zones)
    faults: list[Fault] = []
    occurred_at = _instant("occurred_at", values["occurred_at"], faults)
    contacts = _NO_CONTACTS
    body = {key: value for key, value in values.items() if value is not None and key not in _ENVELOPE}
    match values["type"]:
        case "rescheduled":
            faults += _faults({"starts_at": body["starts_at"], "ends_at": body["ends_at"]}, zones)
        case "price_changed":
            faults += _faults({"price": body["price"]}, zones)
        case "paid" | "refunded":
            faults += _faults({"price": body["amount"]}, zones, price="amount")
            if "paid_at" in body:
                _instant("paid_at", body["paid_at"], faults)
        case "updated":
            facts = body["facts"]
            faults += _fact_faults(facts, zones)
            if not faults:
                body["facts"], contacts = change_of(facts), contacts_of(facts)
    if faults or occurred_at is None:
        return _refuse(record, faults)
    text = canonical([values["type"], values["booking_id"], values["occurred_at"], body, contacts])
    return Arrived(
        record.number,
        record.line,
        _TYPES[values["type"]],
        values["event_id"],
        values["clinic"],
        values["booking_id"],
        occurred_at,
        sha256(text.encode()).digest(),
        body,
        contacts,
    )


def content_of(
    kind: EventType, occurred_at: datetime, body: Mapping[str, Any], booking: Booking, facts: str, zones: Zones
) -> Content:
    """What an event from outside or of a person, other than `booked`, means for a booking that has these facts."""
    match kind:
        case EventType.RESCHEDULED:
            after = merge(facts, {"starts_at": body["starts_at"], "ends_at": body["ends_at"]})
            moved = booking_of(after, booking.clinic, booking.id, zones)
            return Content(Rescheduled(occurred_at, moved.starts_at, moved.ends_at), after)
        case EventType.CANCELLED:
            by, reason, charge = body.get("by", ""), body.get("reason", ""), body.get("charge", False)
            return Content(Cancelled(occurred_at, by, reason, charge), facts)
        case EventType.PRICE_CHANGED:
            by_person = PERSON in body
            after = facts if by_person else merge(facts, {"price": body["price"]})
            return Content(PriceChanged(occurred_at, money_of(body["price"]), by_person), after)
        case EventType.UPDATED:
            return _updated(occurred_at, body["facts"], booking, facts, zones)
        case EventType.NO_SHOW:
            return Content(NoShow(occurred_at), facts)
        case EventType.OVERRIDE:
            process = OverrideProcess(body["process"])
            return Content(Override(occurred_at, process, body["by"], body["reason"]), facts)
        case EventType.PAID:
            method, paid_at = body.get("method"), body.get("paid_at")
            return Content(
                Paid(
                    occurred_at,
                    money_of(body["amount"]),
                    None if method is None else _METHODS[method],
                    None if paid_at is None else _parsed(paid_at),
                ),
                facts,
            )
        case EventType.REFUNDED:
            return Content(Refunded(occurred_at, money_of(body["amount"])), facts)
        case EventType.CREDITED:
            return Content(Credited(occurred_at, body["by"], body["reason"]), facts)
        case EventType.DRAFT_SENT | EventType.LINK_RESENT:
            return Content(_sent(kind, occurred_at, body), facts)
    raise ValueError(f"`{kind}` does not come from outside")


def _sent(kind: EventType, occurred_at: datetime, body: Mapping[str, Any]) -> DraftSent | LinkResent:
    send_at, channel = body.get("send_at"), body.get("channel")
    if kind is EventType.DRAFT_SENT:
        return DraftSent(occurred_at, None if send_at is None else _parsed(send_at))
    return LinkResent(occurred_at, None if channel is None else Channel(channel))


def read_body(text: str | None) -> dict[str, Any]:
    """The body of a recorded event."""
    body: dict[str, Any] = {} if text is None else json.loads(text)
    return body


def _read_booked(record: Record, values: dict[str, Any], zones: Zones) -> Arrived | Refusal:
    fields = values["booking"]
    booking = _read(type(record)(record.number, record.line, fields), zones)
    faults = [] if isinstance(booking, Booking) else [_inside("booking", fault) for fault in booking.faults]
    text, replaces = values.get("occurred_at"), values.get("replaces")
    occurred_at = None if text is None else _instant("occurred_at", text, faults)
    if replaces is not None and replaces == fields.get("id"):
        faults.append(event_texts.same_id())
    if faults or not isinstance(booking, Booking):
        return _refuse(record, faults)
    facts, contacts = facts_of(fields), contacts_of(fields)
    content = canonical([booking.id, replaces, contacts])
    return Arrived(
        record.number,
        record.line,
        EventType.BOOKED,
        values["event_id"],
        booking.clinic,
        booking.id,
        booking.booked_at if occurred_at is None else occurred_at,
        sha256(f"{content}{facts}".encode()).digest(),
        {},
        contacts,
        booking,
        facts,
        replaces,
    )


def _read(record: Record, zones: Zones) -> Booking | Refusal:
    """The booking of a record whose clinic, and so its currency, nobody has asked for yet."""
    clinic, price = record.fields.get("clinic"), record.fields.get("price")
    currency = price.get("currency") if isinstance(price, dict) else None
    used = currency if isinstance(currency, str) and currency in MINOR_UNITS else ""
    found = read_booking(record, {clinic: used} if isinstance(clinic, str) else {}, zones)
    if isinstance(found, Booking) or used:
        return found
    # Without a currency in use the only fault a price can have by itself is that.
    faults = [event_texts.no_currency() if f.field == "price.currency" and currency else f for f in found.faults]
    return refuse(record.number, record.line, faults, record.fields)


def _faults(told: Mapping[str, Any], zones: Zones, **names: str) -> list[Fault]:
    """The faults of what an event tells of its booking. `names` gives fields of a booking the event's names."""
    found = _read(Record(0, 0, {**_SOUND, **told}), zones)
    if isinstance(found, Booking):
        return []
    faults = []
    for fault in found.faults:
        first, dot, rest = fault.field.partition(".")
        faults.append(fault._replace(field=f"{names.get(first, first)}{dot}{rest}"))
    return faults


def _fact_faults(facts: Mapping[str, Any], zones: Zones) -> list[Fault]:
    """The faults of what `updated` tells; of times, the one it does not tell is that of the booking."""
    if not facts:
        return [event_texts.nothing_to_change()]
    fixed = [event_texts.unchangeable(field) for field in _UNCHANGEABLE if field in facts]
    told = {key: value for key, value in facts.items() if key not in _UNCHANGEABLE}
    client = told.get("client")
    if "client" in told and client is None:
        fixed.append(event_texts.no_client())
        del told["client"]
    elif isinstance(client, dict):
        told["client"] = {"id": "x"} | client
    return fixed + [_inside("facts", fault) for fault in _faults(told, zones)]


def _updated(occurred_at: datetime, change: Mapping[str, Any], booking: Booking, facts: str, zones: Zones) -> Content:
    after = merge(facts, change)
    changed = booking_of(after, booking.clinic, booking.id, zones)
    fields = [field for key in change for field in _TELLS.get(key, (key,))]
    return Content(Updated(occurred_at, {field: getattr(changed, field) for field in fields}), after)


def _instant(field: str, text: str, faults: list[Fault]) -> datetime | None:
    if _INSTANT.fullmatch(text):
        try:
            return _parsed(text)
        except ValueError:
            pass
    faults += [fault._replace(field=field) for fault in _faults({"booked_at": text}, lambda _: None)]
    return None


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _inside(part: str, fault: Fault) -> Fault:
    return fault._replace(field=f"{part}.{fault.field}" if fault.field else part)


def _refuse(record: Record, faults: list[Fault]) -> Refusal:
    booking = record.fields.get("booking")
    named = booking if isinstance(booking, dict) else {"id": record.fields.get("booking_id")}
    return refuse(record.number, record.line, faults, named)
