"""Sample bookings as records: what a file of bookings would hold for a booking that was made up."""

from datetime import UTC, tzinfo
from typing import Any

from payrules.domain.booking import Booking, Person
from payrules.domain.policy import Channel

_PHONE, _EMAIL = "+47 990 00 001", "client-1@client.example"


def record_of(booking: Booking, zone: tzinfo = UTC) -> dict[str, Any]:
    """The record of a booking, valid against the booking schema and read back as the same booking.

    Times are written as they are in `zone`. Facts that are unknown are left out. A contact that is there gets a made-up
    address. Raises ValueError for a person whose time zone has no name.
    """
    fields: dict[str, Any] = {
        "id": booking.id,
        "clinic": booking.clinic,
        "practitioner": booking.practitioner,
        "client": {"id": "client-1", **_person(booking.client)},
        "session_type": booking.session_type,
        "starts_at": booking.starts_at.astimezone(zone).isoformat(),
        "ends_at": booking.ends_at.astimezone(zone).isoformat(),
        "booked_at": booking.booked_at.astimezone(zone).isoformat(),
        "location": None if booking.location is None else booking.location.value,
        "first_visit": booking.first_visit,
    }
    if booking.tags is not None:
        fields["client"]["tags"] = sorted(booking.tags)
    if booking.price is not None:
        fields["price"] = {"amount": booking.price.amount, "currency": booking.price.currency}
    if booking.payer is not None:
        fields["payer"] = {"kind": booking.payer.kind.value, **_person(booking.payer.person)}
    return {key: value for key, value in fields.items() if value is not None}


def _person(person: Person) -> dict[str, str]:
    told = {"email": _EMAIL} if Channel.EMAIL in person.contacts else {}
    if Channel.SMS in person.contacts:
        told["phone"] = _PHONE
    if person.zone is not None:
        name = getattr(person.zone, "key", None)
        if name is None:
            raise ValueError("the time zone of a person has no name")
        told["timezone"] = name
    return told
