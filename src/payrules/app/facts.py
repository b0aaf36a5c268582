"""The facts of a booking as the ledger keeps them: the booking record's JSON without names and addresses.

A contact is `true` where there is one, so that a decision can be computed again from its facts for ever, whatever
is erased. The contacts themselves are kept apart.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from payrules.app.booking_shape import FIELDS
from payrules.app.intake import Zones
from payrules.app.rows import Contact
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import MINOR_UNITS, Money, to_minor
from payrules.domain.policy import Channel, PayerKind, Place

canonical: Any = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Compact JSON with sorted keys: equal values give equal texts."""

_decode = json.JSONDecoder().decode
_PERSONAL = frozenset({"name", "email", "phone"})
# The envelope's: a booking may come to go by another id.
_ENVELOPE = frozenset({"id", "clinic"})
# In the order of canonical JSON.
_FACTS = sorted(set(FIELDS[""]) - _ENVELOPE)
_CLIENT, _PAYER, _PRICE = sorted(FIELDS["client"]), sorted(FIELDS["payer"]), sorted(FIELDS["price"])
_CONTACTS = {
    (phone, email): frozenset(c for c, told in ((Channel.SMS, phone), (Channel.EMAIL, email)) if told)
    for phone in (False, True)
    for email in (False, True)
}
# Members of an enum, which records hold that were read the quick way, take it longer than all the rest.
_WORDS = {word.value: word.value for word in (*Place, *PayerKind)}
_PLACES = {place.value: place for place in Place}
_KINDS = {kind.value: kind for kind in PayerKind}


def facts_of(fields: Mapping[str, Any]) -> str:
    """The facts of a booking record whose shape is right, without its id and clinic."""
    facts = {key: value for key in _FACTS if (value := fields.get(key)) is not None}
    facts["client"] = _without_contacts(_CLIENT, facts["client"])
    if "payer" in facts:
        facts["payer"] = _without_contacts(_PAYER, facts["payer"])
        facts["payer"]["kind"] = _WORDS[facts["payer"]["kind"]]
    if "price" in facts:
        facts["price"] = {key: facts["price"][key] for key in _PRICE}
    if "location" in facts:
        facts["location"] = _WORDS[facts["location"]]
    # Pydantic writes in a fourth of the time what `canonical` does, in the order in which it finds the keys.
    return to_json(facts).decode()


def contacts_of(fields: Mapping[str, Any]) -> tuple[Contact | None, Contact | None]:
    """How the client and the payer of a record are reached; None where a record tells nothing of one."""
    client, payer = fields.get("client"), fields.get("payer")
    return None if client is None else _contact(client), None if payer is None else _contact(payer)


def booking_of(facts: str, clinic: str, booking_id: str, zones: Zones) -> Booking:
    """The booking of recorded facts: what `intake.read_booking` made of the record."""
    values = _decode(facts)
    client, payer, price = values["client"], values.get("payer"), values.get("price")
    tags = client.get("tags")
    return Booking(
        booking_id,
        clinic,
        _instant(values["starts_at"]),
        _instant(values["ends_at"]),
        _instant(values["booked_at"]),
        _person(client, zones),
        None if tags is None else frozenset(tags),
        values.get("practitioner"),
        values.get("session_type"),
        None if price is None else money_of(price),
        _PLACES.get(values.get("location")),
        None if payer is None else Payer(_KINDS[payer["kind"]], _person(payer, zones)),
        values.get("first_visit"),
    )


def money_of(price: Mapping[str, str]) -> Money:
    """An amount of a record that was found right."""
    currency = price["currency"]
    minor = to_minor(price["amount"], MINOR_UNITS[currency])
    if minor is None:
        raise ValueError("an amount that was never accepted")
    return Money(minor, currency)


def change_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The changed fields of a record without names and addresses; null where a fact is unknown from now on."""
    change = dict(fields)
    for part in ("client", "payer"):
        if change.get(part) is not None:
            change[part] = {
                key: (True if _told(value) else None) if key in _PERSONAL else value
                for key, value in change[part].items()
            }
    return change


def merge(facts: str, change: Mapping[str, Any]) -> str:
    """The facts after a change: each field that is named takes the place of the former one, null removes it.

    Of the client the fields inside change one by one, as long as it is the same client. A payer is another one as
    a whole.
    """
    before = _decode(facts)
    after = before | change
    if "client" in change and not _is_another(before["client"], change["client"]):
        after["client"] = before["client"] | change["client"]
    for part in ("client", "payer"):
        if after.get(part) is not None:
            after[part] = {key: value for key, value in after[part].items() if value is not None}
    text: str = canonical({key: value for key, value in after.items() if value is not None})
    return text


def with_persons_of(facts: str, before: str) -> str:
    """The facts with client and payer as they were before: an issued invoice keeps whom it is for."""
    kept = {key: value for key, value in _decode(before).items() if key in ("client", "payer")}
    changed = {key: value for key, value in _decode(facts).items() if key not in ("client", "payer")}
    text: str = canonical(changed | kept)
    return text


def merge_client(facts: str, change: Mapping[str, Any], before: Contact | None, told: Contact) -> Contact:
    """How the client is reached after a change of `facts` that tells `told`; what it does not name stays."""
    if before is None or _is_another(_decode(facts)["client"], change["client"]):
        return told
    return before._replace(**{key: getattr(told, key) for key in _PERSONAL & change["client"].keys()})


def _is_another(client: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    return bool(change.get("id", client["id"]) != client["id"])


def _without_contacts(keys: Iterable[str], person: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key in keys if (value := person.get(key)) is not None}
    for key in _PERSONAL & kept.keys():
        if not kept[key] or kept[key].isspace():
            del kept[key]
        else:
            kept[key] = True
    return kept


def _contact(person: Mapping[str, Any]) -> Contact:
    name, email, phone = person.get("name"), person.get("email"), person.get("phone")
    return Contact(
        name if name and not name.isspace() else None,
        email if email and not email.isspace() else None,
        phone if phone and not phone.isspace() else None,
    )


def _told(value: str | None) -> bool:
    return bool(value) and not str(value).isspace()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _person(person: Mapping[str, Any], zones: Zones) -> Person:
    timezone = person.get("timezone")
    contacts = _CONTACTS["phone" in person, "email" in person]
    return Person(contacts, None if timezone is None else zones(timezone))
