"""Activations, clinics and verifications as JSON objects: instants are ISO 8601 in UTC."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from payrules.app.activate import FileResult, Reconciled
from payrules.app.diagnostic_lines import diagnostic_line
from payrules.app.rows import ActivationRow, FileRow, HoldRow, VerificationRow
from payrules.app.status import ClinicStatus
from payrules.app.verification import Verified
from payrules.domain.timeline import Activation
from payrules.entrypoints.activation_words import state_of


def instant_text(instant: datetime | None) -> str | None:
    """`2026-12-01T09:00:00Z`, with microseconds where there are any."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def result_object(result: FileResult, status: ClinicStatus | None, reconciled: Reconciled) -> dict[str, Any]:
    """What came of one file; of an unchanged one, the activation that carries it already."""
    activation = result.activation
    if activation is None and result.problem is None and status is not None and status.latest is not None:
        activation = status.latest.activation
    own = [d for d in reconciled.diagnostics if d.location.file == result.file]
    return {
        "file": result.file,
        "clinic": result.clinic,
        "outcome": result.outcome.value,
        "problem": result.problem,
        "activation": _activation_object(activation),
        "dropped": _activation_object(result.dropped),
        "diagnostics": [json.loads(diagnostic_line(d)) for d in own],
    }


def _activation_object(activation: Activation | None) -> dict[str, Any] | None:
    if activation is None:
        return None
    return {
        "sequence": activation.sequence,
        "digest": activation.digest,
        "effective_at": instant_text(activation.effective_at),
        "effective_from": instant_text(activation.effective_from),
        "recorded_at": instant_text(activation.recorded_at),
        "late_by_seconds": int(activation.late_by.total_seconds()),
    }


def history_object(clinic: str, row: ActivationRow, rows: Sequence[ActivationRow], now: datetime) -> dict[str, Any]:
    """An entry of a timeline."""
    return {"kind": "activation", "clinic": clinic, "state": state_of(row.activation, rows, now)} | _row_object(row)


def past_hold_object(clinic: str, hold: HoldRow) -> dict[str, Any]:
    """A hold beside a timeline, whether it was released or not."""
    return {"kind": "hold", "clinic": clinic} | hold_object(hold)


def _row_object(row: ActivationRow) -> dict[str, Any]:
    origin = {
        "actor": row.actor,
        "file": row.source,
        "revision": row.revision,
        "content_hash": row.content_hash,
    }
    return (_activation_object(row.activation) or {}) | origin


def status_object(status: ClinicStatus) -> dict[str, Any]:
    """A clinic as it stands."""
    return {
        "clinic": status.clinic,
        "name": status.name,
        "timezone": status.timezone,
        "payments": None if status.in_force is None else "active" if status.active else "inactive",
        "in_force": None if status.in_force is None else _row_object(status.in_force),
        "pending": None if status.pending is None else _row_object(status.pending),
        "awaiting": None if status.awaiting is None else _row_object(status.awaiting),
        "verification": None if status.verification is None else verification_object(status.verification),
        "holds": [hold_object(hold) for hold in status.holds],
        "held_actions": status.held,
        "files": [_file_object(file) for file in status.files],
    }


def stray_object(file: FileRow) -> dict[str, Any]:
    """A file with a problem whose clinic is not known."""
    return {"clinic": None, "files": [_file_object(file)]}


def verification_object(row: VerificationRow) -> dict[str, Any]:
    """What the payment side says of a clinic."""
    return {
        "verified": row.verified,
        "legal_form": None if row.legal_form is None else row.legal_form.value,
        "legal_name": row.legal_name,
        "organisation_number": row.organisation_number,
        "recorded_at": instant_text(row.recorded_at),
        "actor": row.actor,
    }


def verified_object(done: Verified) -> dict[str, Any]:
    """What telling of a verification did; `bookings` counts those whose actions were held, or let go."""
    return {
        "clinic": done.clinic,
        "outcome": done.outcome.value,
        "verification": None if done.row is None else verification_object(done.row),
        "activation": _activation_object(done.activation),
        "bookings": done.bookings,
    }


def hold_object(hold: HoldRow) -> dict[str, Any]:
    """A hold of a clinic, or of what was booked under one activation; what came of its release is null before."""
    return {
        "activation": hold.sequence,
        "reason": hold.reason,
        "actor": hold.actor,
        "held_at": instant_text(hold.held_at),
        "released_at": instant_text(hold.released_at),
        "released_by": hold.released_by,
        "release_reason": hold.release_reason,
    }


def _file_object(file: FileRow) -> dict[str, Any]:
    return {
        "path": file.path,
        "problem": file.problem,
        "seen_at": instant_text(file.seen_at),
        "diagnostics": [json.loads(line) for line in file.diagnostics],
    }
