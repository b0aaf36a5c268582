"""The options and arguments that the practice's commands share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from payrules.entrypoints.commanding import actor_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode

booking_argument = click.argument("booking_id", metavar="BOOKING")
"""The booking by its id."""

of_clinic_option = click.option("--clinic", metavar="CLINIC", help="The booking's clinic, where several have the id.")
"""`--clinic` of a command about one booking."""

clinic_option = click.option("--clinic", metavar="CLINIC", help="Only this clinic.")
"""`--clinic` of a list."""

_event_option = click.option(
    "--event-id",
    metavar="ID",
    help="A name for this doing: with the same one again, nothing more is done. Without it, each time counts.",
)


def asking(command: Callable[..., ExitCode]) -> Callable[..., None]:
    """A command of a person about one booking: BOOKING and who asks come as its first argument, a `Who`."""

    @wraps(command)
    def run(
        booking_id: str, clinic: str | None, actor: str, event_id: str | None, store: str, **options: Any
    ) -> ExitCode:
        from payrules.entrypoints.practising import Who

        who = Who(booking_id, clinic, actor, event_id, store)
        return command(who, **options)

    decorated: Any = reported(run)
    for option in (store_option, _event_option, actor_option, of_clinic_option, booking_argument):
        decorated = option(decorated)
    asked: Callable[..., None] = decorated
    return asked
