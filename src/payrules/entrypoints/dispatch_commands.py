"""The command of dispatch: workers that carry out what is due."""

import click

from payrules.entrypoints.commanding import Command, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode

out_option = click.option(
    "--out",
    metavar="DIR",
    envvar="PAYRULES_OUT",
    default="outbox",
    show_default=True,
    show_envvar=True,
    help="Where messages and invoices are written as files.",
)
"""`--out DIR`, the same for `dispatch` and `run`."""


@click.command(
    cls=Command,
    examples=(
        "payrules dispatch --once",
        "payrules dispatch --out /srv/outbox --store postgresql://payrules@db.example/payrules",
    ),
)
@store_option
@out_option
@click.option("--once", is_flag=True, help="Carry out what is due now, and end.")
@format_option("text", "json")
@reported
def dispatch(store: str, out: str, form: str, *, once: bool) -> ExitCode:
    """Carry out actions that are due: make and issue invoices, send payment links and reminders.

    Without --once it stays, until SIGTERM or Ctrl-C; any number of workers may run on one store. Emails are written
    as .eml files, SMS as lines of JSON, invoices as JSON.
    """
    from payrules.entrypoints.dispatching import run_dispatch

    return run_dispatch(store, out, form, once=once)


COMMANDS: tuple[click.Command, ...] = (dispatch,)
