"""Bookings: every fact known or unknown, with values that the pools of the documents ask for."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import MINOR_UNITS, Money
from payrules.domain.policy import Channel, PayerKind, Place
from tests.strategies.documents import PRACTITIONERS, SESSION_TYPES, TAGS, Document
from tests.strategies.moments import ZONES, instants, zone_of
from tests.strategies.texts import LENGTHS, seconds_of

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A fact, most often known."""
    return st.none() | values | values | values


@cache
def persons() -> st.SearchStrategy[Person]:
    """People with some contacts, whose time zone may be known."""
    contacts = st.sampled_from([{Channel.SMS, Channel.EMAIL}, {Channel.SMS}, {Channel.EMAIL}, set[Channel]()])
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
    limit = st.sampled_from([0, unit // 2, unit, 500 * unit, 1000 * unit, 2000 * unit])
    minor = st.builds(lambda amount, step: max(0, amount + step), limit, st.sampled_from([0, 0, 1, -1]))
    return (minor | st.integers(0, 9_999_999_999 * unit)).map(lambda amount: Money(amount, currency))


@st.composite
def bookings(draw: st.DrawFn, document: Document) -> Booking:
    """A booking at the clinic of a document."""
    starts_at = draw(instants(document["timezone"]))
    lead = draw(lengths(-3 * 86_400))
    ends_at = min(starts_at + max(draw(lengths(1)), timedelta(microseconds=1)), _LAST + timedelta(days=1))
    session_types = [*document.get("session_types", ()), *SESSION_TYPES, "other"]
    return Booking(
        "bk-1",
        document["clinic"],
        starts_at,
        ends_at,
        min(max(starts_at - lead, _FIRST), _LAST),
        draw(persons()),
        draw(maybe(st.frozensets(st.sampled_from([*TAGS, "other"])))),
        draw(maybe(st.sampled_from([*PRACTITIONERS, "other"]))),
        draw(maybe(st.sampled_from(session_types))),
        draw(maybe(prices(document["currency"]))),
        draw(maybe(st.sampled_from(Place))),
        draw(st.none() | st.builds(Payer, st.sampled_from(PayerKind), persons())),
        draw(maybe(st.booleans())),
    )


def events(booking: Booking) -> st.SearchStrategy[datetime]:
    """Times before which nothing may be due: that of the booking, or of a later event."""
    return st.just(booking.booked_at) | st.sampled_from(
        [booking.booked_at + timedelta(hours=1), booking.starts_at, booking.ends_at, booking.ends_at + timedelta(days=2)]
    )
