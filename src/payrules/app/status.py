"""What is in force, pending, awaiting verification, held and wrong: questions to the ledger that change nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from payrules.app.ports import Transaction
from payrules.app.rows import ActivationRow, ClinicRow, FileRow, HoldRow, VerificationRow
from payrules.app.timelines import UnknownClinicError, timeline_of
from payrules.domain.action import ActionState
from payrules.domain.timeline import Activation

MOST_HELD = 10_000
"""Held actions that are counted."""


class ClinicStatus(NamedTuple):
    """A clinic at an instant. `name` and `timezone` are those of its latest file.

    `in_force` is the version in force, None before the first and after a withdrawal; `active` whether it says that
    payments are. `verification` is the latest
    word of the payment side. `held` counts actions that wait for a person; `files` are those with a problem.
    """

    clinic: str
    name: str
    timezone: str
    in_force: ActivationRow | None
    active: bool
    pending: ActivationRow | None
    awaiting: ActivationRow | None
    verification: VerificationRow | None
    holds: tuple[HoldRow, ...]
    held: int
    files: tuple[FileRow, ...]

    @property
    def verified(self) -> bool:
        """Whether the payment side says that the clinic is verified."""
        return self.verification is not None and self.verification.verified

    @property
    def latest(self) -> ActivationRow | None:
        """What carries the version of the clinic's latest file, as far as it has taken effect or will."""
        return self.awaiting or self.pending or self.in_force


class Status(NamedTuple):
    """All clinics, by name, and the files with a problem whose clinic is not known."""

    clinics: tuple[ClinicStatus, ...]
    files: tuple[FileRow, ...]


class History(NamedTuple):
    """The timeline of a clinic, what the payment side said of it and when it was on hold, as they were recorded.

    `timezone` is that of the clinic's latest file.
    """

    clinic: str
    timezone: str
    rows: tuple[ActivationRow, ...]
    verifications: tuple[VerificationRow, ...]
    holds: tuple[HoldRow, ...]


def status_of(tx: Transaction, now: datetime, names: Iterable[str] | None = None) -> Status:
    """How everything stands at `now`, or how the clinics of these names do."""
    known = tx.all_clinics() if names is None else list(tx.clinics(names).values())
    numbers = [row.clinic_no for row in known]
    timelines, verifications, holds = tx.timelines(numbers), tx.verifications(numbers), tx.holds(numbers)
    standing = {clinic_no: _digests(rows, now) for clinic_no, rows in timelines.items()}
    settings = _settings(tx, (digest for pair in standing.values() for digest in pair))
    held = Counter(clinic_no for clinic_no, _, _ in tx.actions_in(ActionState.HELD.value, limit=MOST_HELD))
    wrong: dict[str | None, list[FileRow]] = {}
    for file in tx.files().values():
        if file.problem is not None:
            wrong.setdefault(file.clinic, []).append(file)
    clinics = []
    for row in sorted(known, key=_by_name):
        rows, told = timelines.get(row.clinic_no, []), verifications.get(row.clinic_no, [])
        timeline = timeline_of(rows)
        digest, latest = standing.get(row.clinic_no, (None, None))
        facts = {"name": row.clinic, "timezone": "UTC"} if latest is None else settings[latest]
        clinics.append(
            ClinicStatus(
                clinic=row.clinic,
                name=facts["name"],
                timezone=facts["timezone"],
                in_force=None if digest is None else _row_of(timeline.in_force(now), rows),
                active=digest is not None and settings[digest]["payments"] == "active",
                pending=_row_of(timeline.pending(now), rows),
                awaiting=_row_of(timeline.awaiting, rows),
                verification=told[-1] if told else None,
                holds=tuple(hold for hold in holds.get(row.clinic_no, []) if hold.released_at is None),
                held=held[row.clinic_no],
                files=tuple(wrong.pop(row.clinic, ())),
            )
        )
    left = [file for files in wrong.values() for file in files] if names is None else []
    return Status(tuple(clinics), tuple(sorted(left, key=lambda file: file.path)))


def history_of(tx: Transaction, clinic: str) -> History:
    """The timeline of a clinic. Raises UnknownClinicError."""
    row = tx.clinics([clinic]).get(clinic)
    if row is None:
        raise UnknownClinicError(clinic)
    rows = tx.timelines([row.clinic_no]).get(row.clinic_no, [])
    latest = _latest(rows)
    timezone = "UTC" if latest is None else _settings(tx, [latest])[latest]["timezone"]
    verifications = tx.verifications([row.clinic_no]).get(row.clinic_no, [])
    holds = tx.holds([row.clinic_no]).get(row.clinic_no, [])
    return History(clinic, timezone, tuple(rows), tuple(verifications), tuple(holds))


def _settings(tx: Transaction, digests: Iterable[str | None]) -> dict[str, dict[str, str]]:
    """The canonical forms of versions, by digest: enough for a name, without compiling."""
    found = tx.policies({digest for digest in digests if digest is not None})
    return {digest: json.loads(row.canonical) for digest, row in found.items()}


def _digests(rows: Sequence[ActivationRow], now: datetime) -> tuple[str | None, str | None]:
    """The version in force, and that of the latest file."""
    in_force = timeline_of(rows).in_force(now)
    return None if in_force is None else in_force.digest, _latest(rows)


def _latest(rows: Sequence[ActivationRow]) -> str | None:
    return next((row.activation.digest for row in reversed(rows) if row.activation.digest is not None), None)


def _row_of(activation: Activation | None, rows: Sequence[ActivationRow]) -> ActivationRow | None:
    return None if activation is None else rows[activation.sequence - 1]


def _by_name(row: ClinicRow) -> str:
    return row.clinic
