"""What the commands of activation print for people."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import click

from payrules.adapters.zones import load_zone
from payrules.app.activate import FileOutcome, Reconciled
from payrules.app.diagnostic_lines import read_diagnostic
from payrules.app.look import Problem
from payrules.app.rows import ActivationRow, FileRow, HoldRow
from payrules.app.status import ClinicStatus, History, Status
from payrules.app.verification import Verified
from payrules.domain.timeline import RecordOutcome
from payrules.entrypoints.activation_words import (
    PROBLEMS,
    Local,
    duration_text,
    result_texts,
    short_digest,
    short_revision,
    state_of,
    verification_text,
)
from payrules.entrypoints.reporters import report_text
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.terminal import in_colour

_GAP = "  "


def print_reconciled(reconciled: Reconciled, status: Mapping[str, ClinicStatus]) -> None:
    """The clinics on standard output, the diagnostics on standard error."""
    for line in report_text(reconciled.diagnostics, reconciled.sources.get, color=in_colour(sys.stderr)):
        click.echo(line, err=True)
    shown = [visible(result.clinic or result.file) for result in reconciled.results]
    width = max(map(len, shown), default=0)
    for name, result in zip(shown, reconciled.results, strict=True):
        clinic = status.get(result.clinic or "")
        first, *more = result_texts(result, clinic, _local(clinic.timezone if clinic else "UTC"))
        click.echo(f"{name:<{width}}{_GAP}{first}")
        for text in more:
            click.echo(f"{'':<{width}}{_GAP}{text}")
    counts = {outcome: sum(r.outcome is outcome for r in reconciled.results) for outcome in FileOutcome}
    said = [f"{n} {outcome.value.replace('_', ' ')}" for outcome, n in counts.items() if n]
    click.echo(f"{reconciled.files} clinic file{'' if reconciled.files == 1 else 's'}: {', '.join(said)}")


def print_history(history: History, now: datetime) -> None:
    """A table of the timeline, the first entry first, and the holds below it."""
    local = _local(history.timezone)
    head = ("No.", "State", "Takes effect", "Recorded", "By", "Version", "Commit", "File")
    rows = [head, *(_history_cells(row, history.rows, now, local) for row in history.rows)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(head))]
    click.echo(f"{history.clinic}: times in {local.name}")
    for cells in rows:
        click.echo(_GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
    for hold in history.holds:
        click.echo(f"on hold: {_hold_text(hold, local)}")


def _hold_text(hold: HoldRow, local: Local) -> str:
    which = "everything" if hold.sequence is None else f"activation {hold.sequence}"
    said = f"{which} since {local.told(hold.held_at)} by {visible(hold.actor)}: {visible(hold.reason)}"
    if hold.released_at is None:
        return said
    released = f"released {local.told(hold.released_at)} by {visible(hold.released_by or 'somebody')}"
    return f"{said}; {released}: {visible(hold.release_reason or '')}"


def _history_cells(row: ActivationRow, rows: Sequence[ActivationRow], now: datetime, local: Local) -> tuple[str, ...]:
    activation = row.activation
    late = f" ({duration_text(activation.late_by)} late)" if activation.late_by else ""
    return (
        str(activation.sequence),
        state_of(activation, rows, now).replace("_", " "),
        "-" if activation.effective_at is None else local.text(activation.effective_at) + late,
        local.text(activation.recorded_at),
        visible(row.actor),
        "verification withdrawn" if activation.digest is None else short_digest(activation.digest),
        short_revision(row.revision),
        visible(row.source or "-"),
    )


def print_status(status: Status) -> None:
    """A block of lines a clinic, then the files that belong to none."""
    if not status.clinics and not status.files:
        click.echo("no clinic is known here: apply clinic files with `payrules activate`")
    for number, clinic in enumerate(status.clinics):
        if number:
            click.echo()
        _print_clinic(clinic)
    for file in status.files:
        click.echo()
        _print_problem(file)


def _print_clinic(clinic: ClinicStatus) -> None:
    local = _local(clinic.timezone)
    click.secho(f"{clinic.clinic}{_GAP}{visible(clinic.name)}", bold=in_colour(sys.stdout))
    if clinic.in_force is None:
        _line("in force", "nothing")
    else:
        off = "" if clinic.active else ", payments inactive"
        _line("in force", f"since {_effective(clinic.in_force, local)}{_GAP}{_version(clinic.in_force)}{off}")
    if clinic.pending is not None:
        _line("pending", f"takes effect {_effective(clinic.pending, local)}{_GAP}{_version(clinic.pending)}")
    if clinic.awaiting is not None:
        wanted = clinic.awaiting.activation.effective_from
        earliest = "" if wanted is None else f", not before {local.told(wanted)}"
        _line("awaiting", f"verification{earliest}{_GAP}{_version(clinic.awaiting)}")
    _line("verified", verification_text(clinic.verification, local))
    for hold in clinic.holds:
        _line("on hold", _hold_text(hold, local))
    if clinic.held:
        _line("held", f"{clinic.held} action{' waits' if clinic.held == 1 else 's wait'} for a person")
    for file in clinic.files:
        _print_problem(file)


def _print_problem(file: FileRow) -> None:
    if file.problem == Problem.POLLED:
        _line("watched", f"{visible(file.path.removeprefix('watch:'))}: {PROBLEMS[Problem.POLLED]}")
        return
    _line("file", f"{visible(file.path)} was not applied: {PROBLEMS[Problem(file.problem or Problem.REJECTED)]}")
    diagnostics = [read_diagnostic(line) for line in file.diagnostics]

    def source(path: str) -> str | None:
        """The text that was rejected, while the file still has it."""
        try:
            content = Path(path).read_bytes()
        except OSError:
            return None
        return content.decode("utf-8-sig", "replace") if sha256(content).hexdigest() == file.rejected_hash else None

    for line in report_text(diagnostics, source, color=in_colour(sys.stdout)):
        click.echo(f"    {line}".rstrip())


def print_verified(done: Verified, timezone: str) -> None:
    """What telling of a verification did."""
    local = _local(timezone)
    click.echo(f"{done.clinic}: {verification_text(done.row, local)}")
    activation, bookings = done.activation, f"{done.bookings} booking{'' if done.bookings == 1 else 's'}"
    if done.outcome is RecordOutcome.NOT_VERIFIED:
        click.echo("new bookings are billed elsewhere until the clinic is verified again")
        if done.bookings:
            click.echo(f"what was still to be done for {bookings} is held")
        return
    if done.outcome is RecordOutcome.UNCHANGED:
        click.echo("the timeline stays as it is")
    elif activation is not None and activation.effective_at is not None:
        begins = "takes effect" if done.outcome is RecordOutcome.PENDING else "in force since"
        click.echo(f"{begins} {local.told(activation.effective_at)}{_GAP}{short_digest(activation.digest)}")
    if done.bookings:
        click.echo(f"what was held for {bookings} goes on")


def print_verifications(history: History) -> None:
    """All the payment side has said of a clinic."""
    local = _local(history.timezone)
    for row in history.verifications or (None,):
        click.echo(f"{history.clinic}: {verification_text(row, local)}")


def _line(label: str, text: str) -> None:
    click.echo(f"  {label:<9}{_GAP}{text}")


def _effective(row: ActivationRow, local: Local) -> str:
    return "-" if row.activation.effective_at is None else local.told(row.activation.effective_at)


def _version(row: ActivationRow) -> str:
    commit = "" if row.revision is None else f"{_GAP}commit {short_revision(row.revision)}"
    return f"{short_digest(row.activation.digest)}{commit}"


def _local(timezone: str) -> Local:
    return Local(timezone, load_zone(timezone))
