"""Options that several commands share which stay."""

from collections.abc import Callable
from typing import Any

import click

from payrules.entrypoints.commanding import store_option

workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="How many workers carry out what is due, each with a thread for invoices, SMS and emails.",
)
"""`--workers N`."""


def metrics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--metrics-port` and `--metrics-host`."""
    host = click.option(
        "--metrics-host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="The address that metrics are offered on.",
    )
    port = click.option(
        "--metrics-port",
        type=click.IntRange(0, 65535),
        help="Offer metrics to Prometheus; 0 takes a free port.",
    )
    return port(host(command))


def daemon_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `watch` and `run` can be told."""
    paths = click.argument("paths", nargs=-1, metavar="[PATH]...")
    ready_file = click.option(
        "--ready-file",
        metavar="PATH",
        type=click.Path(dir_okay=False),
        help="A file that is there while the store is known to hold what the clinic files say.",
    )
    resync = click.option(
        "--resync",
        type=click.FloatRange(0.1, 3600.0),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="Look at all files this often, whether or not something seems to have changed.",
    )
    return paths(store_option(ready_file(metrics_options(resync(command)))))
