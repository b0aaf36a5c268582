"""`payrules demo`: the whole product on three sample clinics."""

from pathlib import Path

import click

from payrules.entrypoints.commanding import Command, reported
from payrules.entrypoints.exit_codes import ExitCode


@click.command(cls=Command, examples=("payrules demo", "payrules demo --keep demo"))
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path),
    show_default="a new temporary folder",
    help="The folder that everything is written to: a new one, or one that is empty.",
)
@reported
def demo(keep: Path | None) -> ExitCode:
    """Play four weeks of three clinics that do not exist, and tell what happened and why.

    Nothing leaves this machine: emails, SMS and invoices are files, and the clock is set instead of waited for.
    """
    from payrules.entrypoints.demo.folder import folder_for
    from payrules.entrypoints.demo.page import print_page
    from payrules.entrypoints.demo.running import played

    folder = folder_for(keep)
    with played(folder) as state:
        print_page(state, folder)
    return ExitCode.OK


COMMANDS: tuple[click.Command, ...] = (demo,)
"""What the command line gets from here."""
