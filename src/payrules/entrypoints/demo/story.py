"""The story of the demo: who books what and when, what people do about it, and what goes wrong.

Times are wall times of the booking's clinic, `MM-DD HH:MM` of the year 2026.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from payrules.app.practice import Asked, Done, Practice
from payrules.app.rows import LegalForm
from payrules.app.verification import Verification
from payrules.domain.events import OverrideProcess

OSLO, SODERMALM, LAKESIDE = "nordlys-psykologi", "sodermalm-samtal", "lakeside-counseling"

CLINICS: Mapping[str, Verification] = MappingProxyType(
    {
        OSLO: Verification(LegalForm.COMPANY, "Nordlys Psykologi AS", "123456785"),
        SODERMALM: Verification(LegalForm.COMPANY, "Södermalm Samtal AB", "556123-4567"),
        LAKESIDE: Verification(LegalForm.COMPANY, "Lakeside Counseling PLLC", "12-3456789"),
    }
)
"""The clinics, and what the payment side has found out about them."""

ZONES: Mapping[str, ZoneInfo] = MappingProxyType(
    {
        OSLO: ZoneInfo("Europe/Oslo"),
        SODERMALM: ZoneInfo("Europe/Stockholm"),
        LAKESIDE: ZoneInfo("America/New_York"),
    }
)

BEGIN = datetime(2026, 11, 2, 7, tzinfo=UTC)
END = datetime(2026, 11, 29, 20, tzinfo=UTC)
"""What comes due in between is carried out at its time."""

OUTAGE = (datetime(2026, 11, 18, 9, tzinfo=UTC), datetime(2026, 11, 18, 10, tzinfo=UTC))
"""From when to when nobody can send an email."""

SHOWN = ((OSLO, "NP-4"), (SODERMALM, "SS-7"), (LAKESIDE, "LC-1"))
"""The documents that are written as PDF and HTML: drawing all of them would take longer than the rest of the demo."""


class Booking(NamedTuple):
    """A booking of the story. `told` is true where the page follows it; the others are only counted."""

    id: str
    clinic: str
    booked: str
    starts: str
    session: str
    facts: Mapping[str, Any] = MappingProxyType({})
    reached_by: tuple[str, ...] = ("email", "phone")
    told: bool = False


class Told(NamedTuple):
    """What the booking system or the payment side tells of a booking later."""

    at: str
    booking: str
    type: str
    content: Mapping[str, Any]


class ByHand(NamedTuple):
    """What a person of the clinic does about a booking."""

    at: str
    booking: str
    who: str
    ask: Callable[[Practice, Asked], Done]


class Edited(NamedTuple):
    """A clinic's file is changed: one piece of its text takes the place of another."""

    at: str
    clinic: str
    old: str
    new: str


Later = Told | ByHand | Edited

EMPLOYER = {"payer": {"kind": "employer", "name": "Employer of B", "email": "accounts@employer.example"}}

BOOKINGS: tuple[Booking, ...] = (
    Booking("no-1", OSLO, "11-02 09:10", "11-03 10:00", "individual-50", told=True),
    Booking("no-2", OSLO, "11-02 11:30", "11-04 14:00", "individual-50"),
    Booking("no-3", OSLO, "11-03 15:20", "11-06 09:00", "individual-50"),
    Booking("no-4", OSLO, "11-05 10:00", "11-10 12:00", "individual-50", told=True),
    Booking("no-5", OSLO, "11-10 13:00", "11-13 10:00", "individual-50", told=True),
    Booking("no-6", OSLO, "11-11 15:00", "11-13 12:00", "individual-50", told=True),
    Booking("no-7", OSLO, "11-09 09:00", "11-12 10:00", "individual-50", told=True),
    Booking("no-8", OSLO, "11-16 10:00", "11-19 13:00", "couples-90"),
    Booking("no-9", OSLO, "11-16 12:15", "11-23 11:00", "individual-50"),
    Booking("no-10", OSLO, "11-17 16:40", "11-24 15:00", "individual-50"),
    Booking("no-11", OSLO, "11-20 08:45", "11-26 09:00", "individual-50"),
    Booking("se-1", SODERMALM, "11-03 13:00", "11-06 15:00", "samtal-45", told=True),
    Booking("se-2", SODERMALM, "11-04 16:05", "11-05 11:00", "samtal-45", told=True, reached_by=("phone",)),
    Booking("se-3", SODERMALM, "11-02 10:20", "11-04 09:00", "samtal-45"),
    Booking("se-4", SODERMALM, "11-05 09:30", "11-09 10:00", "par-75"),
    Booking("se-5", SODERMALM, "11-09 14:00", "11-16 13:00", "par-75", told=True),
    Booking("se-6", SODERMALM, "11-10 11:45", "11-12 15:30", "samtal-45"),
    Booking("se-7", SODERMALM, "11-18 10:05", "11-20 10:00", "samtal-45", told=True),
    Booking("se-8", SODERMALM, "11-16 09:00", "11-18 14:00", "samtal-45", told=True, facts=EMPLOYER),
    Booking("se-9", SODERMALM, "11-19 17:25", "11-24 09:00", "samtal-45"),
    Booking("se-10", SODERMALM, "11-23 12:10", "11-26 16:00", "par-75"),
    Booking("us-1", LAKESIDE, "11-02 12:00", "11-05 10:00", "individual-50", told=True),
    Booking("us-2", LAKESIDE, "11-03 09:40", "11-06 13:00", "individual-50"),
    Booking("us-3", LAKESIDE, "11-09 10:30", "11-11 16:00", "couples-75"),
    Booking("us-4", LAKESIDE, "11-10 09:15", "11-12 09:00", "individual-50"),
    Booking("us-5", LAKESIDE, "11-12 14:20", "11-17 11:00", "individual-50"),
    Booking("us-6", LAKESIDE, "11-17 08:50", "11-24 15:00", "individual-50", told=True, facts={"first_visit": True}),
    Booking("us-7", LAKESIDE, "11-18 15:00", "11-20 10:00", "couples-75"),
    Booking("us-8", LAKESIDE, "11-23 10:10", "11-25 14:00", "individual-50"),
    Booking("us-9", LAKESIDE, "11-24 16:30", "11-27 09:00", "individual-50"),
)


def _paid(at: str, booking: str, amount: str, currency: str, method: str = "mobile_payment") -> Told:
    return Told(at, booking, "paid", {"amount": {"amount": amount, "currency": currency}, "method": method})


def _sent(at: str, booking: str) -> ByHand:
    return ByHand(at, booking, "maria", lambda practice, asked: practice.send(asked))


LATER: tuple[Later, ...] = (
    _paid("11-03 18:20", "no-1", "1250.00", "NOK"),
    _paid("11-05 08:00", "no-2", "1250.00", "NOK"),
    _paid("11-08 19:00", "no-3", "1250.00", "NOK"),
    ByHand(
        "11-06 15:30",
        "no-4",
        "kari",
        lambda practice, asked: practice.override(asked, OverrideProcess.MANUAL, "the fee is agreed in the session"),
    ),
    ByHand("11-10 13:00", "no-4", "kari", lambda practice, asked: practice.price(asked, "900")),
    ByHand("11-10 13:01", "no-4", "kari", lambda practice, asked: practice.send(asked)),
    _paid("11-10 20:10", "no-4", "900.00", "NOK"),
    Told(
        "11-10 14:30",
        "no-7",
        "rescheduled",
        {"starts_at": "2026-11-17T10:00:00+01:00", "ends_at": "2026-11-17T10:50:00+01:00"},
    ),
    Edited("11-11 12:00", OSLO, "send: after_appointment\n  offset: 15m", "send: after_booking"),
    _paid("11-12 09:30", "no-6", "1250.00", "NOK"),
    _paid("11-13 17:45", "no-5", "1250.00", "NOK"),
    _paid("11-17 21:15", "no-7", "1250.00", "NOK"),
    ByHand("11-19 14:40", "no-8", "kari", lambda practice, asked: practice.pay(asked, "2100")),
    _paid("11-19 08:10", "no-10", "1250.00", "NOK"),
    _paid("11-24 10:00", "no-9", "1250.00", "NOK"),
    _paid("11-04 18:30", "se-2", "1150", "SEK"),
    _paid("11-02 21:00", "se-3", "1150", "SEK"),
    _paid("11-07 12:00", "se-4", "1895", "SEK"),
    Told("11-12 08:40", "se-5", "cancelled", {"by": "client"}),
    _paid("11-11 07:50", "se-6", "1150", "SEK"),
    _paid("11-18 20:00", "se-7", "1150", "SEK"),
    _paid("11-19 19:10", "se-1", "1150", "SEK"),
    _paid("11-20 12:00", "se-9", "1150", "SEK"),
    ByHand("11-05 11:10", "us-1", "maria", lambda practice, asked: practice.price(asked, "140")),
    _sent("11-05 11:12", "us-1"),
    _paid("11-05 20:45", "us-1", "140.00", "USD"),
    _sent("11-06 14:00", "us-2"),
    _paid("11-07 10:00", "us-2", "165.00", "USD"),
    _sent("11-11 17:20", "us-3"),
    _paid("11-13 09:00", "us-3", "240.00", "USD"),
    _sent("11-12 10:00", "us-4"),
    _paid("11-12 18:00", "us-4", "165.00", "USD"),
    _sent("11-17 12:00", "us-5"),
    _paid("11-17 22:00", "us-6", "165.00", "USD"),
    _paid("11-18 09:00", "us-5", "165.00", "USD"),
    _sent("11-20 11:20", "us-7"),
    _sent("11-25 15:00", "us-8"),
)

_MINUTES = {"45": 45, "50": 50, "75": 75, "90": 90}


def instant(at: str, clinic: str) -> datetime:
    """The instant of a wall time of the story."""
    return datetime.strptime(f"2026-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONES[clinic]).astimezone(UTC)


def record_of(number: int, booking: Booking) -> dict[str, Any]:
    """The booking record that the booking system sends. Nobody of that name, address and number exists."""
    phones = {OSLO: "+47 990 00 {:03}", SODERMALM: "+46 70 174 06 {:02}", LAKESIDE: "+1 202-555-01{:02}"}
    name = f"Client {number:02}"
    reached = {"email": f"client-{number:02}@mail.example", "phone": phones[booking.clinic].format(number)}
    starts = instant(booking.starts, booking.clinic)
    ends = starts + timedelta(minutes=_MINUTES[booking.session.rpartition("-")[2]])
    zone = ZONES[booking.clinic]
    return {
        "id": booking.id,
        "clinic": booking.clinic,
        "client": {"id": f"c-{number:02}", "name": name} | {way: reached[way] for way in booking.reached_by},
        "session_type": booking.session,
        "first_visit": False,
        "starts_at": starts.astimezone(zone).isoformat(),
        "ends_at": ends.astimezone(zone).isoformat(),
        "booked_at": instant(booking.booked, booking.clinic).astimezone(zone).isoformat(),
    } | dict(booking.facts)
