"""Bookings as a booking system exports them, the same at every run, with all facts known."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.texts import CLINIC, practitioner
from payrules.adapters.zones import load_zone
from payrules.app.intake import read_booking
from payrules.app.records import Record, Refusal
from payrules.domain.booking import Booking

_OSLO = ZoneInfo("Europe/Oslo")
_FIRST = datetime(2026, 12, 1)  # noqa: DTZ001 - a wall time, given its zone below
_SESSIONS = (
    ("individual-50", 50, "1250.00"),
    ("couples-90", 90, "2100.00"),
    ("physio-30", 30, "690.00"),
    ("individual-50", 50, "1100.00"),
    ("physio-60", 60, "1090.00"),
    ("family-120", 120, "3600.00"),
    ("physio-30", 30, None),
)
_TAGS: tuple[list[str], ...] = (
    [],
    ["member"],
    ["student"],
    ["plan-0"],
    ["agreement-0", "member"],
    ["senior", "plan-1"],
)
_PLACES = ("in_person", "online", "in_person", "phone", "in_person")
_PAYERS = {7: "guardian", 11: "insurer", 13: "employer"}


def booking_record(number: int) -> dict[str, Any]:
    """The record of a booking; neighbours differ in most facts, and the pattern is long."""
    session_type, minutes, price = _SESSIONS[number % len(_SESSIONS)]
    starts_at = (_FIRST + timedelta(days=number * 11 % 120, hours=8 + number * 5 % 12)).replace(tzinfo=_OSLO)
    booked_at = starts_at - timedelta(hours=3 + number * 17 % 400)
    client = f"client-{number * 31 % 5_003}"
    record: dict[str, Any] = {
        "id": f"bk-{number}",
        "clinic": CLINIC,
        "practitioner": practitioner(number * 3 % 10),
        "client": {
            "id": client,
            "name": f"Client {number * 31 % 5_003}",
            "email": f"{client}@mail.example",
            "phone": "+44 7700 900123",
            "tags": _TAGS[number % len(_TAGS)],
        },
        "session_type": session_type,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=minutes)).isoformat(),
        "booked_at": booked_at.isoformat(),
        "location": _PLACES[number % len(_PLACES)],
        "first_visit": number % 9 == 0,
    }
    if price is not None:
        record["price"] = {"amount": price, "currency": "NOK"}
    kind = _PAYERS.get(number % 29)
    if kind is not None:
        record["payer"] = {"kind": kind, "name": "Payer", "email": f"{kind}@mail.example", "phone": "+44 7700 900124"}
    return record


def booking(number: int) -> Booking:
    """The booking of a record, read as the product reads it."""
    found = read_booking(Record(number, 0, booking_record(number)), {CLINIC: "NOK"}, load_zone)
    assert not isinstance(found, Refusal), found.faults
    return found
