"""The command of dispatch: workers that carry out what is due."""

from typing import Any

import click

from payrules.entrypoints.commanding import Command, format_option, out_option, reported, store_option
from payrules.entrypoints.daemon_options import metrics_options, workers_option
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules dispatch --once",
        "payrules dispatch --out /srv/outbox --store postgresql://payrules@db.example/payrules",
    ),
)
@store_option
@out_option
@click.option("--once", is_flag=True, help="Carry out what is due now, say what was done, and end.")
@format_option("text", "json")
@workers_option
@metrics_options
@reported
def dispatch(store: str, out: str, form: str, workers: int, *, once: bool, **metrics: Any) -> ExitCode:
    """Carry out actions that are due: make and issue invoices, send payment links and reminders.

    Without --once it stays, until SIGTERM or Ctrl-C; any number of workers may run on one store. Emails are written
    as .eml files, SMS as lines of JSON, invoices as JSON.
    """
    if once:
        from payrules.entrypoints.dispatching import run_once

        return run_once(store, out, form)
    from payrules.entrypoints.daemons import DaemonOptions, RunOptions, run_dispatch

    return run_dispatch(DaemonOptions((), store, None, resync=0, **metrics), RunOptions(None, out, workers))


COMMANDS: tuple[click.Command, ...] = (dispatch,)
