"""What `payrules plan` does: reading both sides, comparing, replaying and reporting, joined."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import NamedTuple

import click

from payrules import bootstrap
from payrules.adapters.booking_files import (
    STANDARD_INPUT,
    UnknownBookingFormatError,
    format_of,
    open_bookings,
    read_records,
)
from payrules.adapters.git_trees import find_base, mistyped, read_both
from payrules.adapters.zones import load_zone
from payrules.app.catalogue import ClinicFile, compile_files
from payrules.app.landing import Landing, Standing, land_in, not_in_force
from payrules.app.planning import Plan, plan_files
from payrules.app.records import Refusal
from payrules.app.repeats import refuse_repeats
from payrules.app.replay import Replay, replay_records, replay_stored
from payrules.compiler.compile import Version
from payrules.compiler.findings import stem_of
from payrules.domain.diagnostics import has_errors
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.plans.told import Told
from payrules.entrypoints.simulating import print_refusal, progress, standard_input
from payrules.entrypoints.terminal import in_colour, print_errors, width_of


class Options(NamedTuple):
    """The options of `payrules plan`, as they were given."""

    base: str | None
    bookings: str | None
    store: str | None
    form: str
    detailed_exitcode: bool


def run_plan(paths: tuple[str, ...], options: Options) -> ExitCode:
    """Plan and report. Raises PayrulesError where a base, a file of bookings or a store cannot be used."""
    if options.bookings is not None and options.store is not None:
        raise click.UsageError("--bookings and --store do not go together")
    now = bootstrap.now()
    base = find_base(options.base, paths)
    before, after = read_both(base, paths)
    compiler = bootstrap.build().compiler
    if faults := mistyped(before, after, paths):
        print_errors(compile_files(faults, compiler))
        return ExitCode.DIAGNOSTICS
    plan = plan_files(before, after, compiler)
    print_errors(plan.catalogue)
    replays: dict[str, Replay] = {}
    standings: dict[str, tuple[Landing | None, Standing]] = {}
    otherwise: dict[str, str | None] = {}
    records = refused = 0
    if options.bookings is not None:
        for refusal in _replay_file(plan, options.bookings, replays):
            records += 1
            if refusal is not None:
                refused += 1
                print_refusal(refusal, options.bookings)
        if not records:
            click.echo(f"error: {options.bookings}: holds no bookings", err=True)
            return ExitCode.FAILURE
    elif options.store is not None:
        unchanged = (file for file in after if isinstance(file, ClinicFile) and stem_of(file.file) in plan.unchanged)
        versions = compile_files(unchanged, compiler, analysis=False).versions
        standings, otherwise = _replay_store(plan, versions, options.store, now, replays)
    _report(Told(plan, base, now, replays, standings, refused, options.store is not None, otherwise), options.form)
    if has_errors(plan.catalogue.diagnostics):
        return ExitCode.DIAGNOSTICS
    if refused:
        return ExitCode.REFUSED
    return ExitCode.CHANGES if options.detailed_exitcode and plan.changes else ExitCode.OK


def _replay_file(plan: Plan, path: str, replays: dict[str, Replay]) -> Iterator[Refusal | None]:
    """Replay a file of bookings: a refusal, or None, for each."""
    try:
        form = format_of(path)
    except UnknownBookingFormatError as error:
        raise click.UsageError(str(error)) from error
    with ExitStack() as stack:
        source = standard_input() if path == STANDARD_INPUT else stack.enter_context(open_bookings(path))
        source = stack.enter_context(progress(source, path, "replaying", streams=False))
        yield from replay_records(plan, refuse_repeats(read_records(source, form)), load_zone, replays)


def _replay_store(
    plan: Plan, unchanged: dict[str, Version], store: str, now: datetime, replays: dict[str, Replay]
) -> tuple[dict[str, tuple[Landing | None, Standing]], dict[str, str | None]]:
    """Replay what a store holds, page by page; how the clinics stand in it, and which others run by another version.

    The store is neither made nor upgraded.
    """
    from payrules.adapters.store import open_store

    with closing(open_store(store, create=False, migrate=False)) as ledger:
        with ledger.reading() as tx:
            standings = land_in(tx, plan.clinics, now)
            otherwise = not_in_force(tx, unchanged, now)
        numbers = {clinic: standing.clinic_no for clinic, (_, standing) in standings.items()}
        with _counting() as count:
            for clinic, replay in replay_stored(plan, ledger, numbers):
                replays[clinic] = replay
                count(f"{clinic}: {replay.bookings:,} bookings")
    return standings, otherwise


@contextmanager
def _counting() -> Iterator[Callable[[str], None]]:
    """Show how far the replay of a store is, on standard error, where a person waits."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("replaying") as status:
        yield lambda said: status.update(f"replaying {said}")


def _report(told: Told, form: str) -> None:
    # Each format is imported by those who ask for it: rich alone takes longer to import than all the rest.
    match form:
        case "json":
            from payrules.entrypoints.plans.objects import clinic_object

            for plan in told.plan.clinics:
                click.echo(json.dumps(clinic_object(plan, told), ensure_ascii=False))
        case "markdown":
            from payrules.entrypoints.plans.markdown import markdown_of

            click.echo(markdown_of(told), nl=False)
        case _:
            from payrules.entrypoints.plans.text import print_text

            print_text(told, sys.stdout.write, colour=in_colour(sys.stdout), width=width_of(sys.stdout))
