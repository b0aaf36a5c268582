"""The command line. Commands import what they need when they run, so that `--version` and help are quick."""

import os
import sys
from typing import Any

import click

from payrules import __version__
from payrules.entrypoints import (
    activation_commands,
    daemon_commands,
    demo_commands,
    dispatch_commands,
    init_commands,
    invoice_commands,
    ledger_commands,
    plan_commands,
    practice_commands,
    practice_commands_bookings,
    processing_commands,
    store_commands,
    test_commands,
)
from payrules.entrypoints.commanding import Group, reported
from payrules.entrypoints.exit_codes import ExitCode

_PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...")
_DEFAULT_PATHS = ("clinics",)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="payrules", message="%(prog)s %(version)s")
def main() -> None:
    """Payment rules of clinics as files: validated, reviewed, simulated, explained.

    A clinic's payment set-up is one YAML file. It is checked with `validate`, tried on sample bookings with
    `simulate`, and named by the digest that `compile` prints.
    """


@main.command(
    examples=(
        "payrules validate",
        "payrules validate clinics/nordlys-psykologi.yaml",
        "payrules validate --strict --format github clinics",
    ),
    codes=(ExitCode.DIAGNOSTICS,),
)
@_PATHS
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="text for people; json, one object a line; sarif for code scanning; github for annotations of a workflow.",
)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@reported
def validate(paths: tuple[str, ...], form: str, *, strict: bool) -> ExitCode:
    """Check clinic files and say what is wrong, where, and what to do.

    PATH is a clinic file or a folder of them; without one, the folder `clinics`.
    """
    from payrules.bootstrap import build, now
    from payrules.domain.diagnostics import as_errors, has_errors
    from payrules.entrypoints.reporters import AT_HOSTS, REPORTERS, in_repository, summary
    from payrules.entrypoints.terminal import in_colour

    catalogue = build().catalogue(paths or _DEFAULT_PATHS, now=now())
    diagnostics = as_errors(catalogue.diagnostics) if strict else catalogue.diagnostics
    if form in AT_HOSTS:
        diagnostics = in_repository(diagnostics)
    for line in REPORTERS[form](diagnostics, catalogue.sources.get, color=in_colour(sys.stdout)):
        click.echo(line)
    if form == "text":
        if diagnostics:
            click.echo()
        click.echo(summary(catalogue.files, diagnostics))
    return ExitCode.DIAGNOSTICS if has_errors(diagnostics) else ExitCode.OK


@main.command(
    "compile",
    examples=(
        "payrules compile clinics/nordlys-psykologi.yaml",
        "payrules compile clinics/nordlys-psykologi.yaml --format canonical | sha256sum",
    ),
    codes=(ExitCode.DIAGNOSTICS,),
)
@click.argument("path", metavar="FILE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "canonical"]),
    default="text",
    show_default=True,
    help="text for people; json, one object; canonical, the exact bytes whose SHA-256 is the digest.",
)
@reported
def compile_(path: str, form: str) -> ExitCode:
    """Print what a clinic file means: its canonical form, and the digest that names the version.

    Comments, the order of keys, quoting and `effective_from` do not change the digest; a change of meaning does.
    """
    from payrules.bootstrap import build
    from payrules.entrypoints.compiled import print_version
    from payrules.entrypoints.terminal import print_errors

    if os.path.isdir(path) or not path.endswith(".yaml"):  # noqa: PTH112  # pathlib would be imported for `--version` too
        raise click.UsageError(f"`{path}` is not a clinic file: its name must end in .yaml")
    catalogue = build().catalogue((path,), analysis=False)
    print_errors(catalogue)
    for version in catalogue.versions.values():
        print_version(version, form)
        return ExitCode.OK
    return ExitCode.DIAGNOSTICS


@main.command(
    examples=(
        "payrules simulate --bookings bookings.jsonl",
        "payrules simulate clinics --bookings bookings.csv --explain",
        "payrules simulate clinics --bookings bookings.jsonl --against main",
        "payrules simulate clinics --bookings bookings.jsonl --expect expected.json",
    ),
    codes=(ExitCode.DIAGNOSTICS, ExitCode.UNMET, ExitCode.UNDECIDED, ExitCode.REFUSED),
)
@_PATHS
@click.option(
    "--bookings",
    required=True,
    metavar="FILE",
    help="Sample bookings: .jsonl, .json, .yaml or .csv, or - for standard input (JSONL or a JSON list).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    help="table for people (the default); json, one object a line; csv, one row an action; markdown for pull requests.",
)
@click.option(
    "--against",
    metavar="PATH|REV",
    help="Clinic files to compare with, a path or a git revision (where HEAD left it): show only what would change.",
)
@click.option("--expect", metavar="FILE", help="Compare with expected decisions (JSON); exit code 4 where one differs.")
@click.option("--explain", is_flag=True, help="Add why, and why not for every other rule.")
@click.option("--fail-undecided", is_flag=True, help="Exit code 5 where a booking stays undecided.")
@reported
def simulate(paths: tuple[str, ...], **options: Any) -> ExitCode:
    """Show what would happen to bookings: which invoice, when the payment link goes out, and why.

    Nothing is sent and nothing is stored. A file counts from its `effective_from`, or always if it has none.
    PATH is a clinic file or a folder of them; without one, the folder `clinics`.
    """
    from payrules.entrypoints.simulating import Options, run_simulation

    return run_simulation(paths or _DEFAULT_PATHS, Options(**options))


@main.command(
    examples=(
        "payrules explain PR204",
        "payrules explain",
    )
)
@click.argument("code", required=False)
@reported
def explain(code: str | None) -> ExitCode:
    """Print the page of a diagnostic: what it means and what to do. Without CODE, list all of them."""
    from payrules.domain.codes import CODES
    from payrules.entrypoints.reporters import explain as page_of
    from payrules.entrypoints.reporters import similar_codes

    if code is None:
        for row in CODES.values():
            click.echo(f"{row.code}  {row.severity:<7}  {row.title}")
        return ExitCode.OK
    page = page_of(code)
    if page is None:
        close = " or ".join(f"`{name}`" for name in similar_codes(code))
        meant = f"; did you mean {close}?" if close else "; `payrules explain` lists them all"
        raise click.UsageError(f"there is no diagnostic `{code}`{meant}")
    click.echo(page)
    return ExitCode.OK


for _commands in (
    init_commands,
    activation_commands,
    processing_commands,
    plan_commands,
    test_commands,
    dispatch_commands,
    daemon_commands,
    practice_commands,
    practice_commands_bookings,
    invoice_commands,
    ledger_commands,
    store_commands,
    demo_commands,
):
    for _command in _commands.COMMANDS:
        main.add_command(_command)
