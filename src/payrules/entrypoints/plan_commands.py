"""The command `plan`."""

from typing import Any

import click

from payrules.entrypoints.commanding import Command, reported
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules plan",
        "payrules plan --base origin/main --bookings bookings.jsonl",
        "payrules plan clinics --base origin/main --format markdown > comment.md",
        "payrules plan --store payrules.db --detailed-exitcode",
    ),
    codes=(ExitCode.DIAGNOSTICS, ExitCode.CHANGES, ExitCode.REFUSED),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--base",
    metavar="REV|DIR",
    show_default="where HEAD left origin/HEAD, else HEAD",
    help="What to compare with: a git revision (where HEAD left it, as a pull request does), or a folder.",
)
@click.option(
    "--bookings",
    metavar="FILE",
    help="Known bookings to replay, as `simulate` takes them; - for standard input. Not with --store.",
)
@click.option(
    "--store",
    metavar="URL",
    help="A store: replays its bookings, and tells what is in force and pending there. Not with --bookings.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="text for people; json, one object a clinic; markdown for a comment on a pull request.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit code 6 where something changes.")
@reported
def plan(paths: tuple[str, ...], **options: Any) -> ExitCode:
    """Show what a change of clinic files does: which bookings are treated differently, exactly.

    Every file that differs from the base is compared with it: what is told holds for all bookings there can be, each
    kind with an example. Known bookings are replayed beside that, as numbers. Nothing is stored and nothing is sent.
    PATH is a clinic file or a folder of them; without one, the folder `clinics`.
    """
    from payrules.entrypoints.plan_run import Options, run_plan

    return run_plan(paths or ("clinics",), Options(**options))


COMMANDS: tuple[click.Command, ...] = (plan,)
"""What the command line gets from here."""
