"""The command `payrules simulate`: reading, deciding and reporting, joined."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from payrules.adapters.booking_files import (
    STANDARD_INPUT,
    BookingFileError,
    UnknownBookingFormatError,
    format_of,
    open_bookings,
    read_records,
)
from payrules.adapters.zones import load_zone
from payrules.app.expectation import ExpectationError, Expectations, read_expectations
from payrules.app.records import Refusal
from payrules.app.repeats import refuse_repeats
from payrules.app.simulate import Changed, Simulated, Simulation, compare
from payrules.bootstrap import build
from payrules.domain.decision import Outcome
from payrules.domain.diagnostics import has_errors
from payrules.entrypoints.decisions import Reporter, reporter
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.terminal import in_colour, print_errors, width_of


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `payrules simulate`; paths as they were given."""

    bookings: str
    form: str | None
    against: str | None
    expect: str | None
    explain: bool
    fail_undecided: bool


@dataclass(slots=True)
class _Tally:
    """What was seen, for the exit code."""

    records: int = 0
    refused: int = 0
    undecided: int = 0
    unmet: int = 0


def run_simulation(paths: tuple[str, ...], options: Options) -> ExitCode:
    """Simulate and report. Raises PayrulesError where a file of bookings or expectations cannot be used."""
    if options.expect is not None and options.against is not None:
        raise click.UsageError("--expect and --against do not go together")
    if options.explain and options.form == "csv":
        raise click.UsageError("--explain does not go with --format csv; use --format json")
    try:
        form = format_of(options.bookings)
    except UnknownBookingFormatError as error:
        raise click.UsageError(str(error)) from error
    expectations = None if options.expect is None else _expectations(options.expect)
    application = build()
    catalogue = application.catalogue(paths, analysis=False)
    print_errors(catalogue)
    broken = has_errors(catalogue.diagnostics)
    if not catalogue.versions:
        return ExitCode.DIAGNOSTICS
    simulation = Simulation(catalogue, load_zone)
    other = None
    if options.against is not None:
        before = application.catalogue_at(options.against, paths)
        if has_errors(before.diagnostics):
            broken = True
            # The same file may be right by now.
            click.echo(f"at {visible(options.against)}:", err=True)
            print_errors(before)
            if not before.versions:
                return ExitCode.DIAGNOSTICS
        other = Simulation(before, load_zone)

    tally = _Tally()
    report = _report(options)
    with ExitStack() as stack:
        source = (
            standard_input()
            if options.bookings == STANDARD_INPUT
            else stack.enter_context(open_bookings(options.bookings))
        )
        streams = options.form in ("json", "csv") and sys.stdout.isatty()
        source = stack.enter_context(progress(source, options.bookings, "simulating", streams=streams))
        records = refuse_repeats(read_records(source, form))
        results = simulation.run(records) if other is None else compare(other, simulation, records)
        for result in results:
            _take(result, tally, options, report, expectations)
    if tally.records == 0:
        click.echo(f"error: {options.bookings}: holds no bookings", err=True)
        return ExitCode.FAILURE
    if report is not None:
        report.finish(refused=tally.refused)
    if expectations is not None:
        _finish_expectations(expectations, tally)
    return _exit_code(tally, options, broken=broken)


def _take(
    result: Simulated | Changed | Refusal,
    tally: _Tally,
    options: Options,
    report: Reporter | None,
    expectations: Expectations | None,
) -> None:
    tally.records += 1
    if isinstance(result, Refusal):
        tally.refused += 1
        print_refusal(result, options.bookings)
        return
    decided = result.after if isinstance(result, Changed) else result
    tally.undecided += decided.decision.outcome is Outcome.UNDECIDED
    if report is not None:
        report.add(result)
    if expectations is not None and isinstance(result, Simulated):
        for difference in expectations.check(result.rendered(explain=options.explain)):
            tally.unmet += 1
            click.echo(f"unmet: {visible(difference)}", err=True)


def _report(options: Options) -> Reporter | None:
    """The reporter; none where decisions are only compared with expectations."""
    if options.expect is not None and options.form is None:
        return None
    return reporter(
        options.form or "table",
        sys.stdout.write,
        explain=options.explain,
        colour=in_colour(sys.stdout),
        width=width_of(sys.stdout),
    )


def _expectations(path: str) -> Expectations:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "is not UTF-8"
        raise ExpectationError(path, f"cannot be read: {problem}") from error
    return Expectations(read_expectations(text, path))


def _finish_expectations(expectations: Expectations, tally: _Tally) -> None:
    for name in expectations.unused():
        tally.unmet += 1
        click.echo(f"unmet: {visible(name)}", err=True)
    click.echo(f"{expectations.met} of {expectations.count} expectations met", err=True)


def print_refusal(refusal: Refusal, file: str) -> None:
    """Say on standard error what is wrong with a record of a file."""
    place = f"{file}:{refusal.line}" if refusal.line else file
    record = f"record {refusal.number}" if refusal.number else "the file"
    name = f" ({refusal.booking_id})" if refusal.booking_id else ""
    for fault in refusal.faults:
        field = f"`{fault.field}`: " if fault.field else ""
        help = f"; {fault.help}" if fault.help else ""
        # Not click's echo: the progress bar moves aside for what is printed.
        print(f"{place}: refused {record}{name}: {field}{fault.problem}{help}", file=sys.stderr)  # noqa: T201  # see above


def _exit_code(tally: _Tally, options: Options, *, broken: bool) -> ExitCode:
    if broken:
        return ExitCode.DIAGNOSTICS
    if tally.refused:
        return ExitCode.REFUSED
    if tally.unmet:
        return ExitCode.UNMET
    if options.fail_undecided and tally.undecided:
        return ExitCode.UNDECIDED
    return ExitCode.OK


@contextmanager
def progress(source: BinaryIO, path: str, doing: str, *, streams: bool) -> Iterator[BinaryIO]:
    """Show how far reading is, on standard error, where a person waits and no output `streams` through the terminal."""
    if not sys.stderr.isatty() or streams or path == STANDARD_INPUT:
        yield source
        return
    from rich.console import Console
    from rich.progress import wrap_file

    size = Path(path).stat().st_size
    console = Console(stderr=True)
    with wrap_file(source, size, description=doing, console=console, transient=True) as wrapped:
        yield wrapped


def standard_input() -> BinaryIO:
    """Standard input as bytes. Raises BookingFileError where it is closed."""
    if sys.stdin is None:
        raise BookingFileError(STANDARD_INPUT, "standard input is closed")
    return sys.stdin.buffer
