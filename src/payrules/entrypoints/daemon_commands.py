"""The commands that stay: `watch` and `run`."""

from typing import Any

import click

from payrules.entrypoints.commanding import Command, out_option, reported
from payrules.entrypoints.daemon_options import daemon_options, workers_option
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules watch",
        "payrules watch clinics --store payrules.db --ready-file ready.json --metrics-port 9464",
        "payrules watch /etc/clinics --store postgresql://payrules@db.example/payrules",
    ),
)
@daemon_options
@reported
def watch(paths: tuple[str, ...], **options: Any) -> ExitCode:
    """Keep the store in step with the clinic files, until SIGTERM or Ctrl-C.

    A file that is broken, empty or gone changes nothing: what was in force stays in force, and `status` says so.
    PATH is a clinic file or a folder of them; without one, the folder `clinics`.
    """
    from payrules.entrypoints.daemons import DaemonOptions, run_watch

    return run_watch(DaemonOptions(paths or ("clinics",), **options))


@click.command(
    cls=Command,
    examples=(
        "payrules run --intake intake",
        "payrules run clinics --intake intake --out outbox --store payrules.db --ready-file ready.json",
    ),
)
@daemon_options
@click.option("--intake", metavar="DIR", help="Take in booking events from files that are moved into this folder.")
@out_option
@workers_option
@reported
def run(paths: tuple[str, ...], intake: str | None, out: str, workers: int, **options: Any) -> ExitCode:
    """Do everything in one process, until SIGTERM or Ctrl-C: `watch`, an intake folder, and `dispatch`.

    PATH is a clinic file or a folder of them; without one, the folder `clinics`.
    """
    from payrules.entrypoints.daemons import DaemonOptions, RunOptions, run_all

    return run_all(DaemonOptions(paths or ("clinics",), **options), RunOptions(intake, out, workers))


COMMANDS: tuple[click.Command, ...] = (watch, run)
