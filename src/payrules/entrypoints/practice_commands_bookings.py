"""The commands `bookings list`, `bookings show` and `bookings set`."""

import json
from typing import TYPE_CHECKING

import click

from payrules.entrypoints.commanding import Group, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.practice_options import asking, booking_argument, clinic_option, of_clinic_option

if TYPE_CHECKING:
    from payrules.entrypoints.practising import Who

# Written out, since naming the enum would import the domain for `payrules --version` too.
STATES = (
    "undecided",
    "externally_billed",
    "no_charge",
    "scheduled",
    "draft",
    "stopped",
    "issued",
    "paid",
    "cancelled",
)
"""Where a booking may be."""


@click.group(cls=Group)
def bookings() -> None:
    """Bookings: list them, look at one, supply a fact that is missing."""


@bookings.command(
    "list",
    examples=(
        "payrules bookings list",
        "payrules bookings list --clinic nordlys-psykologi --state undecided",
        "payrules bookings list --state issued --format json",
    ),
)
@clinic_option
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be given again.")
@store_option
@format_option("text", "json")
@reported
def list_bookings(clinic: str | None, states: tuple[str, ...], store: str, form: str) -> ExitCode:
    """List bookings with what each costs, what is left to pay, and what comes next."""
    from payrules import bootstrap
    from payrules.domain.record import BookingState
    from payrules.entrypoints.practice_objects import booking_object
    from payrules.entrypoints.practice_pages import print_bookings
    from payrules.entrypoints.practising import found

    with found(store, clinic, *map(BookingState, states)) as bookings:
        if form == "text":
            print_bookings(bookings, bootstrap.now())
            return ExitCode.OK
        for seen in bookings:
            click.echo(json.dumps(booking_object(seen)))
    return ExitCode.OK


@bookings.command("show", examples=("payrules bookings show bk-1001", "payrules bookings show bk-1001 --format json"))
@booking_argument
@of_clinic_option
@click.option("--contacts", is_flag=True, help="With names, email addresses and phone numbers.")
@store_option
@format_option("text", "json")
@reported
def show_booking(booking_id: str, clinic: str | None, store: str, form: str, *, contacts: bool) -> ExitCode:
    """Show all that is known of a booking: what happened, who did it, what was decided and why, and every action."""
    from payrules import bootstrap
    from payrules.entrypoints.practice_objects import story_object
    from payrules.entrypoints.practice_story import print_story
    from payrules.entrypoints.practising import story

    told = story(store, booking_id, clinic, contacts=contacts)
    if form == "json":
        click.echo(json.dumps(story_object(told)))
    else:
        print_story(told, bootstrap.now())
    return ExitCode.OK


@bookings.command(
    "set",
    examples=(
        "payrules bookings set bk-1001 session_type=individual-50 first_visit=true",
        "payrules bookings set bk-1001 client.email=a@client.example",
        "payrules bookings set bk-1001 location=",
    ),
)
@asking
@click.argument("facts", nargs=-1, required=True, metavar="FACT=VALUE...")
def set_facts(who: "Who", facts: tuple[str, ...]) -> ExitCode:
    """Supply or correct facts of a booking, as its record names them; an empty VALUE makes one unknown."""
    from payrules.entrypoints.practising import run

    names = ", ".join(fact.partition("=")[0] for fact in facts)
    return run(who, lambda practice, asked: practice.set_facts(asked, facts), lambda _: f"recorded {names}")


COMMANDS: tuple[click.Command, ...] = (bookings,)
"""What the command line gets from here."""
