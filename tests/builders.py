"""Small things that tests of several parts are made of: policies, bookings, clinic files.

Everything is right as it comes; a test names only what it is about.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone, zone_names
from payrules.app.catalogue import Catalogue, ClinicFile, compile_files
from payrules.app.records import Record
from payrules.app.simulate import Simulated, Simulation
from payrules.compiler.compile import Compiled, Compiler, Version
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.duration import parse_duration
from payrules.domain.money import Money
from payrules.domain.policy import (
    Channel,
    Condition,
    Notification,
    PayerKind,
    Policy,
    Process,
    QuietHours,
    Rule,
    Send,
    SessionType,
    Terms,
)

COMPILER = Compiler(read_schema("clinic.v1.schema.json"), load_zone, zone_names)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The time at which tests compile clinic files."""

CLINIC = "fjord-fysio"
FILE = f"clinics/{CLINIC}.yaml"

BOTH = frozenset(Channel)
AUTOMATIC = Terms(Process.AUTOMATIC, Notification(Send.AFTER_APPOINTMENT, parse_duration("15m")))
MANUAL = Terms(Process.MANUAL)


def at(text: str) -> datetime:
    """An instant in UTC, read from a text with an offset or `Z`."""
    instant = datetime.fromisoformat(text)
    assert instant.tzinfo is not None, f"{text} needs an offset"
    return instant.astimezone(UTC)


def zone(name: str = "Europe/Oslo") -> tzinfo:
    """A time zone that exists."""
    found = load_zone(name)
    assert found is not None
    return found


def clock_minutes(text: str) -> int:
    """A wall time as minutes after midnight."""
    return int(text[:2]) * 60 + int(text[3:])


def quiet(from_: str, to: str, channels: frozenset[Channel] = BOTH) -> QuietHours:
    """Quiet hours between two wall times."""
    return QuietHours(clock_minutes(from_), clock_minutes(to), channels)


def policy(
    *rules: Rule,
    terms: Terms = AUTOMATIC,
    active: bool = True,
    prices: dict[str, int | None] | None = None,
    timezone: str = "Europe/Oslo",
) -> Policy:
    """A policy in NOK. `prices` maps session types to øre."""
    return Policy(
        clinic=CLINIC,
        name="Fjord Fysioterapi",
        country="NO",
        language="nb",
        contact="post@fjord-fysio.example",
        timezone=timezone,
        currency="NOK",
        active=active,
        terms=terms,
        session_types={name: SessionType(name, price) for name, price in (prices or {}).items()},
        rules=rules,
        zone=zone(timezone),
    )


def rule(name: str, terms: Terms = MANUAL, **when: Any) -> Rule:
    """A rule of that id with the conditions that are given."""
    return Rule(name, Condition(**when), terms)


def booking(
    starts_at: str = "2026-12-01T10:00+01:00",
    ends_at: str = "2026-12-01T10:50+01:00",
    booked_at: str = "2026-11-24T09:00+01:00",
    *,
    price: int | None = 125_000,
    contacts: frozenset[Channel] = BOTH,
    client_zone: str | None = None,
    payer: Payer | None = None,
    **facts: Any,
) -> Booking:
    """A booking with a price in øre whose client can be reached everywhere; every other fact is unknown."""
    return Booking(
        "bk-1",
        CLINIC,
        at(starts_at),
        at(ends_at),
        at(booked_at),
        client=Person(contacts, None if client_zone is None else zone(client_zone)),
        price=None if price is None else Money(price, "NOK"),
        payer=payer,
        **facts,
    )


def payer(kind: PayerKind, contacts: frozenset[Channel] = BOTH, timezone: str | None = None) -> Payer:
    """Somebody else who pays."""
    return Payer(kind, Person(contacts, None if timezone is None else zone(timezone)))


_HEAD = {
    "payrules": "1",
    "clinic": CLINIC,
    "name": "Fjord Fysioterapi",
    "country": "NO",
    "language": "nb",
    "contact": "{email: post@fjord-fysio.example}",
    "timezone": "Europe/Oslo",
    "currency": "NOK",
    "payments": "active",
    "process": "automatic",
    "notification": "{send: after_appointment, offset: 15m}",
}


def clinic_text(more: str = "", *, without: Iterable[str] = (), **changes: str) -> str:
    """The text of a clinic file, one key a line and `more` from line 12 on.

    A key that is given replaces that of the head, in its place; `without` leaves keys out.
    """
    left_out = set(without)
    head = {key: value for key, value in (_HEAD | changes).items() if key not in left_out}
    return "".join(f"{key}: {value}\n" for key, value in head.items()) + more


def compile_text(text: str, file: str = FILE, *, now: datetime | None = NOW, analysis: bool = True) -> Compiled:
    """What comes of the text of a clinic file."""
    return COMPILER.compile(text.encode(), file, now=now, analysis=analysis)


def version_of(text: str, file: str = FILE) -> Version:
    """The version of a text that must be right, without even a warning."""
    compiled = compile_text(text, file)
    assert compiled.diagnostics == ()
    assert compiled.version is not None
    return compiled.version


def catalogue_of(*texts: str) -> Catalogue:
    """A catalogue of clinic files, each under the name that its line `clinic:` tells."""
    files = []
    for text in texts:
        clinic = next(line for line in text.splitlines() if line.startswith("clinic:")).split(": ")[1]
        files.append(ClinicFile(f"clinics/{clinic}.yaml", text.encode()))
    return compile_files(files, COMPILER)


def record_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a booking record that is right; a change of None leaves a field out."""
    fields: dict[str, Any] = {
        "id": "bk-1",
        "clinic": CLINIC,
        "client": {"id": "client-1", "name": "Zebulon Quist", "email": "a@client.example", "phone": "+47 990 00 001"},
        "starts_at": "2026-12-01T10:00:00+01:00",
        "ends_at": "2026-12-01T10:50:00+01:00",
        "booked_at": "2026-11-24T09:00:00+01:00",
        "price": {"amount": "1250.00", "currency": "NOK"},
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def simulated(text: str, **changes: Any) -> Simulated:
    """What is decided for a booking record under the text of a clinic file, which may have warnings."""
    found = Simulation(catalogue_of(text), load_zone).decide(Record(1, 1, record_fields(**changes)))
    assert isinstance(found, Simulated), found
    return found
