"""What happens to a few clinics over some weeks: their files and the events of their bookings, drawn from a seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from payrules.adapters.zones import load_zone
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.money import Money
from payrules.domain.policy import Channel, PayerKind

Document = dict[str, Any]
Fields = dict[str, Any]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STARTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("2027-03-11T09:00", "2027-03-25T20:00", "2027-04-01T06:00", "2027-06-01T12:00", "2027-10-28T15:00")
)
"""When simulations begin: most of them shortly before the clocks change somewhere."""

_NIGHT = {"from": "21:00", "to": "08:00"}
_VARIANTS: tuple[Document, ...] = (
    {"notification": {"send": "after_appointment", "offset": "15m", "quiet_hours": _NIGHT}, "reminders": ["1d", "3d"]},
    {
        "notification": {
            "send": "before_appointment",
            "offset": "1d",
            "delivery": "first_available",
            "quiet_hours": {"from": "22:00", "to": "07:00", "channels": ["sms"]},
        },
        "reminders": ["12h", "2d"],
    },
    {"notification": {"send": "after_booking"}, "reminders": ["30m"], "invoice": {"due_in": "0d"}},
    {"process": "manual"},
    {"process": "manual", "manual": {"create_draft": False}},
    {"payments": "inactive"},
    {
        "notification": {"send": "after_appointment", "delivery": "first_available", "channels": ["email", "sms"]},
        "rules": [
            {"id": "dear", "when": {"price": {"at_least": "1000"}}, "set": {"process": "manual"}},
            {"id": "lone", "when": {"practitioner": "p-1"}, "set": {"notification": {"channels": ["sms"]}}},
        ],
    },
    {
        "notification": {"send": "after_appointment", "offset": "1d", "quiet_hours": {"from": "20:00", "to": "10:00"}},
        "reminders": ["1d", "25h", "2d", "7d"],
        "invoice": {"number_prefix": "B-", "vat_rate": "25"},
    },
)
_BROKEN = b"payrules: 1\nclinic: [\n"


@dataclass(frozen=True)
class Clinic:
    """A clinic whose file changes now and then."""

    name: str
    country: str
    zone: str
    currency: str

    def document(self, variant: int, effective_from: datetime | None = None) -> Document:
        """One of its settings."""
        head: Document = {
            "payrules": 1,
            "clinic": self.name,
            "name": f"Clinic {self.name}",
            "country": self.country,
            "language": "en",
            "contact": {"email": f"post@{self.name}.example"},
            "timezone": self.zone,
            "currency": self.currency,
            "payments": "active",
            "process": "automatic",
            "notification": {"send": "after_booking"},
        }
        if effective_from is not None:
            head["effective_from"] = effective_from.isoformat()
        return head | _VARIANTS[variant]


CLINICS = (
    Clinic("fjord", "NO", "Europe/Oslo", "NOK"),
    Clinic("hudson", "US", "America/New_York", "USD"),
    Clinic("lagoon", "AU", "Australia/Lord_Howe", "AUD"),
)


class Input(NamedTuple):
    """An event as its booking system tells it, and when it arrives. `booking` is what a `booked` event says."""

    arrives_at: datetime
    fields: Fields
    booking: Booking | None = None

    @property
    def event_id(self) -> str:
        """The event's own id."""
        return str(self.fields["event_id"])

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.fields["type"])

    @property
    def clinic(self) -> str:
        """The clinic it names."""
        return str(self.fields["booking"]["clinic"] if self.kind == "booked" else self.fields["clinic"])

    @property
    def booking_id(self) -> str:
        """The booking it names."""
        return str(self.fields["booking"]["id"] if self.kind == "booked" else self.fields["booking_id"])


class Upload(NamedTuple):
    """A clinic's file as it stands from an instant on; None where it is gone."""

    at: datetime
    clinic: Clinic
    content: bytes | None


@dataclass
class Plan:
    """Everything that comes from outside, each in the order of its times."""

    start: datetime
    clinics: tuple[Clinic, ...]
    uploads: list[Upload] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    documents: dict[bytes, Document] = field(default_factory=dict)


def draw_plan(rng: Random) -> Plan:
    """The plan of a seed."""
    plan = Plan(rng.choice(STARTS), tuple(rng.sample(CLINICS, rng.choice((1, 2, 2)))))
    for clinic in plan.clinics:
        _draw_files(rng, plan, clinic)
    for number in range(1, rng.choice((2, 3, 3, 4, 5)) + 1):
        plan.inputs += _Life(rng, plan, rng.choice(plan.clinics), number).draw()
    if rng.random() < 0.1:
        stray = Clinic("nowhere", "NO", "Europe/Oslo", "NOK")
        plan.inputs += _Life(rng, plan, stray, 99).draw()[:1]
    plan.uploads.sort(key=lambda upload: upload.at)
    plan.inputs.sort(key=lambda one: one.arrives_at)
    return plan


def _draw_files(rng: Random, plan: Plan, clinic: Clinic) -> None:
    at, contents = plan.start, list[bytes]()
    for number in range(rng.choice((1, 2, 3, 4))):
        # The first is in force early, and most clinics bill by themselves.
        variant = rng.choice((0, 0, 1, 2, 6, 7)) if number == 0 else rng.randrange(len(_VARIANTS))
        later = None
        if rng.random() < 0.3:
            later = plan.start + rng.choice((-1, 1, 2, 3, 5)) * DAY
        document = clinic.document(variant, later)
        content = json.dumps(document).encode()
        if contents and rng.random() < 0.3:
            content = contents[max(len(contents) - 2, 0)]
        elif number and rng.random() < 0.15:
            content = rng.choice((_BROKEN, b""))
        else:
            plan.documents[content] = document
            contents.append(content)
        gone = number > 0 and rng.random() < 0.08
        plan.uploads.append(Upload(at, clinic, None if gone else content))
        at += rng.choice((HOUR, rng.random() * 2 * DAY))


class _Life:
    """The events of one booking."""

    def __init__(self, rng: Random, plan: Plan, clinic: Clinic, number: int) -> None:
        self.rng, self.clinic, self.number = rng, clinic, number
        self.id = f"bk-{number}"
        self.client = f"client-{number}"
        self.booked_at = plan.start + rng.choice((rng.random() * HOUR, rng.random() * 3 * DAY))
        self.starts_at = self._whole(self.booked_at + rng.choice((2 * HOUR, rng.random() * 3 * DAY)))
        self.count = 0
        self.inputs: list[Input] = []

    def draw(self) -> list[Input]:
        """`booked` first, then whatever follows, with the times at which they arrive."""
        rng = self.rng
        booked_at = self.booked_at
        self._booked(booked_at, rng.choice((0 * MINUTE, 0 * MINUTE, -3 * MINUTE, -7 * MINUTE, 5 * HOUR, DAY)))
        at = booked_at
        for _ in range(rng.choice((0, 1, 2, 3, 4, 6))):
            at += rng.choice((rng.random() * 2 * HOUR, rng.random() * DAY, rng.random() * 3 * DAY))
            tell = rng.choice(_FOLLOWING)
            # Some systems tell what happened late, and not in order.
            told_at = at - rng.random() * DAY if rng.random() < 0.1 else at
            tell(self, max(told_at, booked_at))
        for told in list(self.inputs):
            if rng.random() < 0.2:
                self.inputs.append(told._replace(arrives_at=told.arrives_at + rng.random() * DAY))
            elif rng.random() < 0.06:
                other = told.fields | {"occurred_at": (booked_at + MINUTE).isoformat()}
                if told.kind == "booked":
                    other = told.fields | {"booking": told.fields["booking"] | {"session_type": "other"}}
                self.inputs.append(Input(told.arrives_at + HOUR, other, told.booking))
        return self.inputs

    def _whole(self, at: datetime) -> datetime:
        return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)

    def _tell(self, kind: str, at: datetime, delay: timedelta | None = None, **fields: Any) -> None:
        self.count += 1
        event: Fields = {"type": kind, "event_id": f"{self.id}/{kind}/{self.number}-{self.count}"}
        event |= {"occurred_at": at.isoformat(), "clinic": self.clinic.name, "booking_id": self.id, **fields}
        slow = self.rng.choice((0 * MINUTE, MINUTE, MINUTE, HOUR, DAY)) if delay is None else delay
        self.inputs.append(Input(at + slow, event))

    def _amount(self, minor: int) -> dict[str, str]:
        return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": self.clinic.currency}

    def _booked(self, at: datetime, delay: timedelta, replaces: str | None = None) -> None:
        rng = self.rng
        person, facts = self._person("client")
        fields: Fields = {
            "id": self.id,
            "clinic": self.clinic.name,
            "client": {"id": self.client} | facts,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": (self.starts_at + 50 * MINUTE).isoformat(),
            "booked_at": at.isoformat(),
        }
        price = rng.choice((50_000, 50_000, 125_000, 125_000, 125_000, 0, None))
        if price is not None:
            fields["price"] = self._amount(price)
        practitioner = rng.choice(("p-1", "p-2", None))
        if practitioner is not None:
            fields["practitioner"] = practitioner
        payer = None
        if rng.random() < 0.2:
            paying, told = self._person("payer")
            payer = Payer(PayerKind.EMPLOYER, paying)
            fields["payer"] = {"kind": "employer"} | told
        booking = Booking(
            self.id,
            self.clinic.name,
            self.starts_at,
            self.starts_at + 50 * MINUTE,
            at,
            person,
            practitioner=practitioner,
            price=None if price is None else Money(price, self.clinic.currency),
            payer=payer,
        )
        self.count += 1
        event: Fields = {"type": "booked", "event_id": f"{self.id}/booked/{self.number}-{self.count}"}
        event |= {"booking": fields} if replaces is None else {"booking": fields, "replaces": replaces}
        if replaces is not None:
            event["occurred_at"] = at.isoformat()
        self.inputs.append(Input(at + delay, event, booking))

    def _person(self, who: str) -> tuple[Person, Fields]:
        reached = self.rng.choice((("sms", "email"), ("sms", "email"), ("sms",), ("email",), ()))
        facts: Fields = {}
        if "sms" in reached:
            facts["phone"] = f"+47 990 00 {self.number:03}"
        if "email" in reached:
            facts["email"] = f"{who}-{self.number}@mail.example"
        zone = self.rng.choice((None, None, "America/New_York", "Asia/Tokyo"))
        if zone is not None:
            facts["timezone"] = zone
        return Person(frozenset(map(Channel, reached)), None if zone is None else load_zone(zone)), facts

    # ---- what follows

    def rescheduled(self, at: datetime) -> None:
        self.starts_at = self._whole(at + self.rng.choice((-DAY, HOUR, DAY, 4 * DAY)))
        ends_at = self.starts_at + 50 * MINUTE
        self._tell("rescheduled", at, starts_at=self.starts_at.isoformat(), ends_at=ends_at.isoformat())

    def cancelled(self, at: datetime) -> None:
        self._tell("cancelled", at, charge=self.rng.random() < 0.3)

    def price_changed(self, at: datetime) -> None:
        self._tell("price_changed", at, price=self._amount(self.rng.choice((0, 30_000, 50_000, 125_000))))

    def updated(self, at: datetime) -> None:
        _, facts = self._person("client")
        contacts = {"phone": None, "email": None, "timezone": None} | facts
        self._tell("updated", at, facts={"client": contacts} if self.rng.random() < 0.8 else {"practitioner": "p-1"})

    def no_show(self, at: datetime) -> None:
        self._tell("no_show", at)

    def override(self, at: datetime) -> None:
        process = self.rng.choice(("automatic", "manual", "external"))
        self._tell("override", at, process=process, by="ida", reason="agreed by phone")

    def paid(self, at: datetime) -> None:
        amount = self.rng.choice((20_000, 30_000, 50_000, 125_000, 150_000))
        self._tell("paid", at, amount=self._amount(amount), method="cash")

    def refunded(self, at: datetime) -> None:
        self._tell("refunded", at, amount=self._amount(self.rng.choice((20_000, 50_000))))

    def credited(self, at: datetime) -> None:
        self._tell("credited", at, by="ida", reason="wrong payer")

    def replaced(self, at: datetime) -> None:
        former = self.id
        if self.rng.random() < 0.5:
            self._tell("cancelled", at - MINUTE, self.rng.choice((0 * MINUTE, HOUR)))
        self.id = f"{former.partition('x')[0]}x{self.count}"
        self._booked(at, self.rng.choice((0 * MINUTE, HOUR)), former)


_FOLLOWING: tuple[Callable[[_Life, datetime], None], ...] = (
    _Life.rescheduled,
    _Life.rescheduled,
    _Life.cancelled,
    _Life.cancelled,
    _Life.price_changed,
    _Life.updated,
    _Life.updated,
    _Life.no_show,
    _Life.override,
    _Life.paid,
    _Life.paid,
    _Life.refunded,
    _Life.credited,
    _Life.replaced,
)
