"""What the ledger is filled with: clinics in force, and bookings as lines of JSON, taken in as the product does."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.bookings import booking_record
from benchmarks.ledger_stores import Store
from benchmarks.texts import CLINIC, clinic_file
from payrules import __version__, bootstrap
from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.event_files import read_events
from payrules.adapters.zones import load_zone, tzdata_version
from payrules.app.activate import Activator, Reconciled
from payrules.app.batch import Tools
from payrules.app.catalogue import ClinicFile
from payrules.app.event_intake import Arrived
from payrules.app.fates import Fate
from payrules.app.in_force import InForceCache
from payrules.app.process import Processor
from payrules.app.records import Record, Refusal
from payrules.app.rows import LegalForm, VerificationRow
from payrules.app.versions import Versions

BATCH = 2_000
NOW = datetime(2027, 6, 1, tzinfo=UTC)
"""When the bookings are taken in: later than each was booked. What they lead to at once is due."""

_BEFORE = datetime(2026, 9, 1, tzinfo=UTC)
_RULES = 10
_STEP = 40_000
# The numbers of bookings that are not there lie beyond.
_STRIDE = 1_000_000_000
_THERE = f"state = 1 AND booking_no < {_STRIDE}"
_LATER = 100 * 365 * 86_400 * 1_000_000


def clinic_name(number: int) -> str:
    """The id of a clinic."""
    return f"{CLINIC}-{number}"


def write_files(folder: Path, clinics: int) -> None:
    """A file a clinic."""
    for number in range(clinics):
        name = clinic_name(number)
        (folder / f"{name}.yaml").write_bytes(clinic_file(_RULES, name))


def verify(store: Store, clinics: int) -> None:
    """The payment side knows them all: what their files say takes effect at once."""
    row = VerificationRow(
        1,
        verified=True,
        legal_form=LegalForm.COMPANY,
        legal_name="Nordlys AS",
        organisation_number="923609016",
        recorded_at=_BEFORE,
        actor="benchmark",
    )
    with store.ledger.writing() as tx:
        for number in range(clinics):
            tx.add_verification(tx.add_clinic(clinic_name(number)).clinic_no, row)


def activator(store: Store) -> Activator:
    """Applies files before anything was booked."""
    return Activator(store.ledger, lambda: _BEFORE)


def reconcile(found: Activator, folder: Path) -> Reconciled:
    """One look at a folder."""
    roots = (str(folder),)
    return found.reconcile(
        read_clinic_files(roots), bootstrap.build().compiler, actor="benchmark", revision_of=lambda _: None, roots=roots
    )


def activate(store: Store, clinics: int) -> None:
    """So many clinics in force, without a folder."""
    verify(store, clinics)
    names = map(clinic_name, range(clinics))
    files = (ClinicFile(f"clinics/{name}.yaml", clinic_file(_RULES, name)) for name in names)
    activator(store).reconcile(files, bootstrap.build().compiler, actor="benchmark", revision_of=lambda _: None)


def processor(store: Store) -> Processor:
    """As `payrules process` has it, at a time that stands still."""
    tools = Tools(Versions(bootstrap.build().compiler), load_zone, __version__, tzdata_version(), InForceCache())
    return Processor(store.ledger, tools, lambda: NOW)


def lines(first: int, count: int, clinics: int) -> bytes:
    """Events of new bookings as JSONL."""
    return b"".join(map(_line, range(first, first + count), [clinics] * count))


def _line(number: int, clinics: int) -> bytes:
    # A fraction that wanders evenly through 0 to 1: neighbours are of clinics far apart.
    clinic = clinic_name(int(clinics * (number * 0.618033988749895 % 1)))
    event = {"type": "booked", "event_id": f"e-{number}", "booking": booking_record(number) | {"clinic": clinic}}
    return json.dumps(event).encode() + b"\n"


def take_in(found: Processor, content: bytes) -> int:
    """Text in, and everything that follows from it committed. The number of bookings."""
    return take(found, read_events(BytesIO(content)))


def take(found: Processor, events: Iterator[Record | Arrived | Refusal]) -> int:
    """What is measured, of events that are read as it asks for them."""
    taken = 0
    while batch := list(islice(events, BATCH)):
        report = found.process(batch)
        assert report.counts[Fate.NEW] == len(batch), report.refused[:1]
        taken += len(batch)
    return taken


def waiting(store: Store) -> int:
    """How many actions the outbox will look at one day."""
    return int(store.rows("SELECT count(*) FROM actions WHERE next_at IS NOT NULL")[0][0])


def last_event(store: Store) -> int:
    """The number of the event that was taken in last."""
    return int(store.rows(f"SELECT max(event_no) FROM events WHERE event_no < {_AWAY}")[0][0])  # noqa: S608  # our own


def put_off(store: Store) -> None:
    """All drafts are made, and everything else waits for a time that is far off."""
    store.run(
        "UPDATE actions SET state = 3, next_at = NULL, attempt = 1, receipt = 'draft', settled_at = due_at"
        " WHERE type = 1 AND state = 1",
        f"UPDATE actions SET next_at = due_at + {_LATER} WHERE state = 1 AND next_at IS NULL",  # noqa: S608  # our own numbers
    )


def fill(store: Store, found: Processor, clinics: int, actions: int, first: int = 0) -> int:
    """Take bookings in until so many actions wait for a time that is far off; the number of the next booking."""
    while (missing := actions - waiting(store)) > 0:
        # Three actions of an everyday booking wait.
        count = min(_STEP, max(BATCH, missing // 3 // BATCH * BATCH))
        take_in(found, lines(first, count, clinics))
        put_off(store)
        first += count
    return first


def taken_in(store: Store) -> int:
    """How many of the waiting actions are of bookings that are there, so that `multiply` counts them."""
    return int(store.rows(f"SELECT count(*) FROM actions WHERE {_THERE}")[0][0])  # noqa: S608  # our own numbers


def multiply(store: Store, times: int, before: int = 1) -> None:
    """So many times the same waiting actions (`before`: as many as there are), for bookings that are not there.

    No claim looks at them.
    """
    columns = "clinic_no, {0}, ordinal, type, channel, occurrence, lane, due_at, shifted_by, state, next_at"
    names, values = columns.format("booking_no"), columns.format("booking_no + {0}")
    for number in range(before, times):
        store.run(
            f"INSERT INTO actions ({names}) SELECT {values.format(number * _STRIDE)} FROM actions WHERE {_THERE}"  # noqa: S608  # own
        )


def written_since(store: Store, before: int) -> list[tuple[str, Sequence[tuple[Any, ...]]]]:
    """The rows of the bookings after a number, by table, as they would be of other bookings of the same kind."""
    found: list[tuple[str, Sequence[tuple[Any, ...]]]] = []
    for name, key in _NUMBERED.items():
        rows = store.rows(f"SELECT * FROM {name} WHERE {key} > {before} AND {key} < {_AWAY}")  # noqa: S608  # our own names
        found.append((name, [_other(name, row) for row in rows]))
    return found


# The column that tells whose row it is; it is the second one of each, but of `booking_ids` the third.
_NUMBERED = {
    "events": "event_no",
    "booking_ids": "booking_no",
    "bookings": "booking_no",
    "stamps": "booking_no",
    "decisions": "booking_no",
    "contacts": "event_no",
    "actions": "booking_no",
}
# What makes the ids unique once more, the last to come out in the order of the former.
_AWAY = 1_000_000_000_000


def _other(table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    values = list(row)
    place = 2 if table == "booking_ids" else 1
    values[place] += _AWAY
    if table == "events":
        values[2] = f"x{values[2]}"
        values[4], values[5] = f"x{values[4]}", values[5] + _AWAY
    elif table == "booking_ids":
        values[1] = f"x{values[1]}"
    elif table == "bookings":
        values[2] = f"x{values[2]}"
    return tuple(values)
