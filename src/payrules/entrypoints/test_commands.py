"""The command `test`."""

from typing import Any

import click

from payrules.entrypoints.commanding import Command, reported
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules test",
        "payrules test clinics/nordlys-psykologi.yaml --uncovered",
        "payrules test --min-coverage 80",
        "payrules test --changed origin/main --min-coverage 100",
    ),
    codes=(ExitCode.DIAGNOSTICS, ExitCode.UNMET),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people; json, one object a line; github for annotations of a workflow.",
)
@click.option(
    "--min-coverage",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="Exit code 4 where the tests of a clinic cover less of its rules, defaults and boundaries.",
)
@click.option(
    "--changed",
    metavar="REV|DIR",
    help="Ask coverage only for what changed since a git revision (where HEAD left it), or from a folder.",
)
@click.option("--uncovered", is_flag=True, help="List everything that no test covers, with tests to paste.")
@reported
def test(paths: tuple[str, ...], **options: Any) -> ExitCode:
    """Run the policy tests beside the clinic files, and tell what they cover.

    The tests of `clinics/NAME.yaml` stand in `clinics/NAME.tests.yaml`. PATH is a clinic file, a tests file or a folder
    of them; without one, the folder `clinics`. A clinic file counts as in force, whatever its `effective_from`.
    """
    from payrules.entrypoints.policy_testing import Options, run_tests

    return run_tests(paths or ("clinics",), Options(**options))


COMMANDS: tuple[click.Command, ...] = (test,)
"""What the command line gets from here."""
