"""What `payrules process` does: reading events, taking them in, and saying what became of them."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click

from payrules import __version__, bootstrap
from payrules.adapters.booking_files import STANDARD_INPUT, BookingFileError, open_bookings
from payrules.adapters.event_files import read_events
from payrules.adapters.intake_folder import SETTLED, IntakeFolder, IntakeFolderError
from payrules.adapters.store import open_store
from payrules.adapters.zones import load_zone, tzdata_version
from payrules.app.batch import Tools
from payrules.app.fates import Fate, Report, Treated
from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger
from payrules.app.process import Processor
from payrules.app.records import Refusal
from payrules.app.versions import Versions
from payrules.entrypoints.exit_codes import ExitCode


def processor_of(ledger: Ledger) -> Processor:
    """A processor as it runs on this machine."""
    tools = Tools(Versions(bootstrap.build().compiler), load_zone, __version__, tzdata_version(), InForceCache())
    return Processor(ledger, tools, bootstrap.now)


def process_file(path: str, store: str, batch: int, form: str) -> ExitCode:
    """Take one file in. Raises PayrulesError where it cannot be read, or the ledger cannot be used."""
    total = Report()
    source = nullcontext(_standard_input()) if path == STANDARD_INPUT else open_bookings(path)
    with source as opened, closing(open_store(store)) as ledger, _progress(opened, path) as watched:
        processor = processor_of(ledger)
        events = read_events(watched)
        while chunk := list(islice(events, batch)):
            report = processor.process(chunk)
            _print_records(report, path, form)
            total.merge(report)
    if total.records == 0:
        click.echo(f"error: {path}: holds no events", err=True)
        return ExitCode.FAILURE
    _print_summary(total, form)
    return ExitCode.REFUSED if total.counts[Fate.REFUSED] else ExitCode.OK


def process_folder(path: str, store: str, batch: int, form: str) -> ExitCode:
    """Take in what stands in an intake folder. That nothing does is how it is most of the time, and no error."""
    if not Path(path).is_dir():
        raise IntakeFolderError(Path(path), "there is no such folder")
    total, failed, files = Report(), False, 0
    with closing(open_store(store)) as ledger:
        processor = processor_of(ledger)
        folder = IntakeFolder(Path(path), processor.process, batch=batch)
        for taken in _looks(folder):
            files += 1
            for line in _folder_lines(taken.name, taken.report, form):
                click.echo(line)
            if taken.problem:
                click.echo(f"error: {taken.name}: {taken.problem}", err=True)
                failed = True
            total.merge(taken.report)
    if not files and form == "text":
        click.echo(f"{path}: nothing waits there")
        return ExitCode.OK
    if files and total.records == 0:
        click.echo(f"error: {path}: holds no events", err=True)
        return ExitCode.FAILURE
    _print_summary(total, form)
    if failed:
        return ExitCode.FAILURE
    return ExitCode.REFUSED if total.counts[Fate.REFUSED] else ExitCode.OK


def _looks(folder: IntakeFolder) -> Iterator[Any]:
    """Look twice: a file is only taken when it did not change in between."""
    yield from folder.once()
    time.sleep(SETTLED)
    yield from folder.once()


# ---- what is said


def _say(line: str, stream: TextIO | None = None) -> None:
    # Not click's echo: the progress bar moves aside for what is printed.
    print(line, file=stream)


def _print_records(report: Report, path: str, form: str) -> None:
    if form == "json":
        for refusal in report.refused:
            _say(json.dumps(_refusal_object(refusal)))
        for treated in report.told:
            _say(json.dumps(_told_object(treated)))
        return
    for refusal in report.refused:
        for line in refusal_lines(refusal, path):
            _say(line, sys.stderr)
    for treated in report.told:
        _say(_told_line(treated, path))


def refusal_lines(refusal: Refusal, path: str) -> Iterator[str]:
    """A refusal for people: where, which booking, what is wrong, what to do."""
    place = f"{path}:{refusal.line}" if refusal.line else path
    record = f"record {refusal.number}" if refusal.number else "an event that had waited for its booking"
    name = f" ({refusal.booking_id})" if refusal.booking_id else ""
    for fault in refusal.faults:
        field = f"`{fault.field}`: " if fault.field else ""
        help = f"; {fault.help}" if fault.help else ""
        yield f"{place}: refused {record}{name}: {field}{fault.problem}{help}"


def _told_line(treated: Treated, path: str) -> str:
    event = treated.event
    what = f"{path}:{event.line}: `{event.type}` of {event.booking_id}"
    match treated.fate:
        case Fate.EARLY:
            return f"{what} came early: it waits for its booking"
        case Fate.STALE:
            return f"{what} is stale: {treated.reason}"
        case _:
            return f"{what}: {'; '.join(treated.notes)}"


def _folder_lines(name: str, report: Report, form: str) -> Iterable[str]:
    counts = {fate.value: report.counts[fate] for fate in Fate}
    if form == "json":
        return (json.dumps({"kind": "file", "file": name, "records": report.records, **counts}),)
    return (f"{name}: {_counted(report)}",)


def _print_summary(total: Report, form: str) -> None:
    if form == "json":
        counts = {fate.value: total.counts[fate] for fate in Fate}
        outcomes = {outcome.value: count for outcome, count in sorted(total.outcomes.items())}
        _say(json.dumps({"kind": "summary", "records": total.records, **counts, "outcomes": outcomes}))
        return
    _say(_counted(total))
    if total.outcomes:
        _say("decisions: " + ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(total.outcomes.items())))


def _counted(report: Report) -> str:
    parts = [f"{report.counts[fate]:,} {fate}" for fate in Fate if report.counts[fate]]
    return f"{report.records:,} event{'' if report.records == 1 else 's'}: {', '.join(parts)}"


def _refusal_object(refusal: Refusal) -> dict[str, Any]:
    faults = [fault._asdict() for fault in refusal.faults]
    return {
        "kind": "record",
        "record": refusal.number,
        "line": refusal.line,
        "fate": Fate.REFUSED.value,
        "booking_id": refusal.booking_id,
        "faults": faults,
    }


def _told_object(treated: Treated) -> dict[str, Any]:
    event = treated.event
    return {
        "kind": "record",
        "record": event.number,
        "line": event.line,
        "fate": treated.fate.value,
        "booking_id": event.booking_id,
        "clinic": event.clinic,
        "type": event.type.value,
        "reason": treated.reason,
        "notes": list(treated.notes),
    }


@contextmanager
def _progress(source: BinaryIO, path: str) -> Iterator[BinaryIO]:
    """Show how far reading is, on standard error, where a person waits."""
    if not sys.stderr.isatty() or path == STANDARD_INPUT:
        yield source
        return
    from rich.console import Console
    from rich.progress import wrap_file

    size = Path(path).stat().st_size
    console = Console(stderr=True)
    with wrap_file(source, size, description="processing", console=console, transient=True) as wrapped:
        yield wrapped


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise BookingFileError(STANDARD_INPUT, "standard input is closed")
    return sys.stdin.buffer
