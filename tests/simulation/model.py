"""What the simulation knows of a booking by itself: from the events that were applied, without the code it judges."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.properties.plain_reading import Settings, first_rule, price_of, settings_of
from tests.properties.plain_reading import facts_of as plain_facts
from tests.properties.plain_times import allowed, held, moved
from tests.simulation.plan import Document, Input

from payrules.adapters.zones import load_zone
from payrules.domain.action import ActionKey
from payrules.domain.booking import Booking, Person
from payrules.domain.money import Money
from payrules.domain.policy import Channel

_SENDS = {"after_booking": "booked_at", "before_appointment": "starts_at", "after_appointment": "ends_at"}


class Version(NamedTuple):
    """The facts of a booking and what was paid for it, from a moment of the simulation on."""

    moment: int
    booking: Booking
    paid: int
    document: Document | None
    """The file it is stamped with."""


@dataclass
class Known:
    """A booking as its events tell it. `moment` counts the commits of the simulation."""

    versions: list[Version]
    booking_no: int
    cancelled: bool = False
    stopped: bool = False
    kinds: set[str] = field(default_factory=set)
    credits: int = 0
    overrides: list[str] = field(default_factory=list)
    send_at: datetime | None = None
    releases: Counter[ActionKey] = field(default_factory=Counter)
    """How often a person let an action go."""
    found: dict[ActionKey, datetime] = field(default_factory=dict)
    """The messages of which a person said that they had arrived, and when that was at the earliest."""
    dropped: set[ActionKey] = field(default_factory=set)
    was_sent: bool = False

    @property
    def booking(self) -> Booking:
        """The latest facts."""
        return self.versions[-1].booking

    @property
    def document(self) -> Document | None:
        """The file it is stamped with; None where nothing was in force."""
        return self.versions[-1].document

    @property
    def paid(self) -> int:
        """What came in less what went back, in minor units."""
        return self.versions[-1].paid

    def since(self, moment: int) -> list[Version]:
        """The versions that held at a moment or later."""
        later = [n for n, version in enumerate(self.versions) if version.moment > moment]
        first = later[0] if later else len(self.versions)
        return self.versions[max(first - 1, 0) :]

    def apply(self, told: Input, moment: int, *, frozen: bool) -> None:
        """Take in an event that was applied; `frozen` where the invoice is issued."""
        booking, paid, fields = self.booking, self.paid, told.fields
        self.kinds.add(told.kind)
        match told.kind:
            case "booked" if told.booking is not None:
                booking = told.booking._replace(booked_at=booking.booked_at)
                if frozen:
                    booking = booking._replace(client=self.booking.client, payer=self.booking.payer)
                self.cancelled = False
            case "rescheduled":
                starts_at, ends_at = (datetime.fromisoformat(fields[key]) for key in ("starts_at", "ends_at"))
                booking = booking._replace(starts_at=starts_at, ends_at=ends_at)
            case "price_changed":
                booking = booking._replace(price=_money(fields["price"]))
            case "updated":
                booking = _updated(booking, fields["facts"])
            case "cancelled" if not fields.get("charge"):
                self.cancelled, self.send_at = True, None
            case "paid":
                paid += _money(fields["amount"]).minor
            case "refunded":
                paid -= _money(fields["amount"]).minor
            case "credited":
                self.credits += 1
                self.send_at = None
            case "override":
                self.overrides.append(fields["process"])
        self.versions.append(Version(moment, booking, paid, self.document))

    def restamp(self, moment: int, document: Document) -> None:
        """A person has given it another stamp."""
        self.kinds.add("restamped")
        self.versions.append(self.versions[-1]._replace(moment=moment, document=document))


def _money(amount: dict[str, str]) -> Money:
    return Money(int(amount["amount"].replace(".", "")), amount["currency"])


def _updated(booking: Booking, facts: dict[str, Any]) -> Booking:
    if "practitioner" in facts:
        return booking._replace(practitioner=facts["practitioner"])
    told, client = facts["client"], booking.client
    contacts = set(client.contacts)
    for key, channel in (("phone", Channel.SMS), ("email", Channel.EMAIL)):
        contacts = contacts | {channel} if told[key] else contacts - {channel}
    zone = told["timezone"]
    return booking._replace(client=Person(frozenset(contacts), None if zone is None else load_zone(zone)))


# ---- what a file says of a booking, plainly


def settings_for(document: Document, booking: Booking) -> tuple[Settings, bool]:
    """The settings that decide about a booking, and whether it is known that they do."""
    rule, sure = first_rule(document, plain_facts(booking, document))
    return settings_of(document, rule), sure


def total_for(version: Version) -> int | None:
    """The price in minor units; None where nobody knows it."""
    document, booking = version.document, version.booking
    if document is None:
        return None if booking.price is None else booking.price.minor
    price = price_of(booking, document)
    return None if price is None else int(price * 100)


def payer_of(booking: Booking) -> Person:
    """Who is written to."""
    return booking.client if booking.payer is None else booking.payer.person


def link_at(version: Version, channel: str) -> datetime | None:
    """The earliest time of the link by the file alone; None where no file says when."""
    document, booking = version.document, version.booking
    if document is None:
        return None
    settings, sure = settings_for(document, booking)
    if settings.send is None or not sure:
        return None
    zone = load_zone(document["timezone"])
    assert zone is not None
    base = getattr(booking, _SENDS[settings.send])
    at = moved(base, settings.offset, zone, back=settings.send == "before_appointment")
    quiet = settings.quiet_hours
    if quiet is None or channel not in quiet[2]:
        return at
    return allowed(at, quiet[:2], payer_of(booking).zone or zone)


def is_quiet(version: Version, channel: str, at: datetime) -> bool:
    """Whether an instant lies in the quiet hours of a channel."""
    document, booking = version.document, version.booking
    if document is None:
        return False
    settings, _ = settings_for(document, booking)
    quiet = settings.quiet_hours
    zone = payer_of(booking).zone or load_zone(document["timezone"])
    assert zone is not None
    return quiet is not None and channel in quiet[2] and held(at, quiet[:2], zone)


def reminder_at(version: Version, number: int, link_at: datetime) -> datetime | None:
    """The earliest time of a reminder, counted from the first link; None where no file has such a reminder."""
    document, booking = version.document, version.booking
    if document is None:
        return None
    settings, _ = settings_for(document, booking)
    zone = load_zone(document["timezone"])
    assert zone is not None
    if number > len(settings.reminders):
        return None
    return moved(link_at, settings.reminders[number - 1], zone)
