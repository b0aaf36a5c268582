"""Bookings: every fact known or unknown, with values that the pools of the documents ask for."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from tests.strategies.documents import PRACTITIONERS, SESSION_TYPES, TAGS, Document
from tests.strategies.moments import ZONES, instants, zone_of
from tests.strategies.texts import LENGTHS, seconds_of

from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import MINOR_UNITS, Money
from payrules.domain.policy import Channel, PayerKind, Place

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A fact, most often known."""
    return st.sampled_from([False, True, True, True, True, True]).flatmap(lambda known: values if known else st.none())


@cache
def persons() -> st.SearchStrategy[Person]:
    """People with some contacts, whose time zone may be known."""
    contacts = st.sampled_from([set(Channel), set(Channel), set(Channel), {Channel.SMS}, {Channel.EMAIL}, set()])
    return st.builds(Person, contacts.map(frozenset), st.none() | st.sampled_from(ZONES).map(zone_of))


@cache
def lengths(least: int) -> st.SearchStrategy[timedelta]:
    """Lengths at the limits that conditions name, and a little beside them."""
    limit = st.sampled_from(LENGTHS).map(seconds_of) | st.integers(least, 40 * 86_400)
    beside = st.sampled_from([0, 0, 0, 1, -1, -0.5])
    return st.builds(lambda whole, more: timedelta(seconds=max(whole + more, least)), limit, beside)


@cache
def prices(currency: str) -> st.SearchStrategy[Money]:
    """Prices in the clinic's currency, at the limits that conditions name and beside them."""
    unit = 10 ** MINOR_UNITS[currency]
    limit = st.sampled_from([0, unit // 2, unit, 500 * unit, 1000 * unit, 2000 * unit, 499 * unit + 1])
    minor = st.builds(lambda amount, step: max(0, amount + step), limit, st.sampled_from([0, 0, 1, -1]))
    return (minor | st.integers(0, 9_999_999_999 * unit)).map(lambda amount: Money(amount, currency))


@cache
def _facts(currency: str, session_types: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """All that is not a time."""
    return st.fixed_dictionaries(
        {
            "client": persons(),
            "tags": maybe(st.frozensets(st.sampled_from([*TAGS, "other"]))),
            "practitioner": maybe(st.sampled_from([*PRACTITIONERS, "other"])),
            "session_type": maybe(st.sampled_from(session_types)),
            "price": maybe(prices(currency)),
            "location": maybe(st.sampled_from(Place)),
            "payer": st.none() | st.builds(Payer, st.sampled_from(PayerKind), persons()),
            "first_visit": maybe(st.booleans()),
        }
    )


@st.composite
def bookings(draw: st.DrawFn, document: Document) -> Booking:
    """A booking at the clinic of a document."""
    starts_at = draw(instants(document["timezone"]))
    booked_at = starts_at - draw(lengths(-3 * 86_400))
    ends_at = starts_at + max(draw(lengths(0)), timedelta(microseconds=1))
    session_types = (*document.get("session_types", ()), *SESSION_TYPES, "other")
    return Booking(
        "bk-1",
        document["clinic"],
        starts_at,
        min(ends_at, _LAST + timedelta(days=1)),
        min(max(booked_at, _FIRST), _LAST),
        **draw(_facts(document["currency"], session_types)),
    )


def events(booking: Booking) -> st.SearchStrategy[datetime]:
    """Times before which nothing may be due: that of the booking, or of a later event."""
    return st.just(booking.booked_at) | st.sampled_from(
        [booking.booked_at + timedelta(hours=1), booking.starts_at, booking.ends_at + timedelta(days=2)]
    )


CONTACTS = {"name": "Zebedee Quux", "email": "zebedee.quux@client.example", "phone": "+47 990 00 123"}
"""What must not be in anything that is written: made up, and found nowhere else."""


@st.composite
def records(draw: st.DrawFn, document: Document, booking: Booking) -> dict[str, Any]:
    """The record of a booking as a booking system writes it; unknown facts are null or left out."""
    places: list[Any] = ["Z", *(zone_of(name) for name in ZONES)]
    fields: dict[str, Any] = {
        "id": booking.id,
        "clinic": booking.clinic,
        "client": {"id": "client-1", **_person(draw, booking.client), "tags": _listed(booking.tags)},
        "starts_at": _instant_text(booking.starts_at, draw(st.sampled_from(places))),
        "ends_at": _instant_text(booking.ends_at, draw(st.sampled_from(places))),
        "booked_at": _instant_text(booking.booked_at, draw(st.sampled_from(places))),
        "practitioner": booking.practitioner,
        "session_type": booking.session_type,
        "location": booking.location and booking.location.value,
        "first_visit": booking.first_visit,
    }
    if booking.price is not None:
        fields["price"] = {"amount": booking.price.amount, "currency": document["currency"]}
    if booking.payer is not None:
        fields["payer"] = {"kind": booking.payer.kind.value, **_person(draw, booking.payer.person), "language": "nb"}
    if draw(st.booleans()):
        fields = {key: value for key, value in fields.items() if value is not None}
    return fields


def _listed(tags: frozenset[str] | None) -> list[str] | None:
    return None if tags is None else sorted(tags)


def _person(draw: st.DrawFn, person: Person) -> dict[str, Any]:
    absent = st.sampled_from([None, "", " "])
    return {
        "name": CONTACTS["name"],
        "phone": CONTACTS["phone"] if Channel.SMS in person.contacts else draw(absent),
        "email": CONTACTS["email"] if Channel.EMAIL in person.contacts else draw(absent),
        "timezone": None if person.zone is None else str(person.zone),
    }


def _instant_text(instant: datetime, place: Any) -> str:
    # A booking's years are those it is written in.
    if place == "Z" or not 2001 <= instant.year <= 2998:
        return instant.isoformat().replace("+00:00", "Z")
    return str(instant.astimezone(place).isoformat())
