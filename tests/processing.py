"""What tests of processing share: a ledger in which a clinic is in force, a processor, and events."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from tests.builders import CLINIC, COMPILER, at, clinic_text, record_fields, version_of

from payrules.adapters.zones import load_zone
from payrules.app.batch import Tools
from payrules.app.fates import Fate, Report
from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger
from payrules.app.process import Processor
from payrules.app.records import Record
from payrules.app.rows import ActivationRow, EventRow, PolicyRow, StoredRecord
from payrules.app.versions import Versions
from payrules.domain.timeline import Activation

NOW = at("2026-11-25T12:00Z")
IN_FORCE_AT = at("2026-11-01T00:00Z")
Fields = dict[str, Any]


def activated(ledger: Ledger, *texts: str, effective_at: Iterable[datetime] = (IN_FORCE_AT,)) -> Ledger:
    """The ledger with the clinic in force: a version of each text, or of the usual one, at each time."""
    with ledger.writing() as tx:
        clinic = tx.add_clinic(CLINIC)
        for number, (text, instant) in enumerate(zip(texts or [clinic_text()], effective_at, strict=True), 1):
            version = version_of(text)
            tx.add_policy(PolicyRow(version.digest, version.canonical, f"clinics/{CLINIC}.yaml", text.encode()))
            tx.add_activation(
                clinic.clinic_no, ActivationRow(Activation(number, version.digest, instant, instant), "a")
            )
    return ledger


def processor(ledger: Ledger, now: datetime = NOW) -> Processor:
    """A processor whose clock stands still."""
    return Processor(ledger, Tools(Versions(COMPILER), load_zone, "0.1.0", "2026a", InForceCache()), lambda: now)


def booked(number: int, **changes: Any) -> Fields:
    """The event of booking `bk-number`; an event id may be given, everything else is the booking's."""
    event_id = changes.pop("event_id", f"b-{number}")
    envelope: Fields = {key: changes.pop(key) for key in ("replaces", "occurred_at") if key in changes}
    return {"type": "booked", "event_id": event_id, **envelope, "booking": record_fields(id=f"bk-{number}", **changes)}


def event(kind: str, number: int, event_id: str = "", **content: Any) -> Fields:
    """Something that happened to booking `bk-number`, at ten unless it says otherwise."""
    envelope = {"occurred_at": "2026-11-25T10:00:00Z", "clinic": CLINIC, "booking_id": f"bk-{number}"}
    return {"type": kind, "event_id": event_id or f"{kind}-{number}", **envelope, **content}


def records(*events: Fields) -> list[Record]:
    """Events as the records of a file, one a line."""
    return [Record(number, number, fields) for number, fields in enumerate(events, 1)]


def fates(report: Report) -> dict[Fate, int]:
    """What became of the records, without what did not happen."""
    return {fate: count for fate, count in report.counts.items() if count}


def stored(ledger: Ledger, number: int) -> StoredRecord:
    """The booking that `bk-number` finds."""
    with ledger.reading() as tx:
        clinic = tx.clinics([CLINIC])[CLINIC].clinic_no
        return tx.records([(clinic, f"bk-{number}")], lock=False)[clinic, f"bk-{number}"]


def event_rows(ledger: Ledger, number: int) -> Iterator[EventRow]:
    """The recorded events of `bk-number`, as they came."""
    with ledger.reading() as tx:
        yield from tx.events_of(tx.clinics([CLINIC])[CLINIC].clinic_no, f"bk-{number}")
