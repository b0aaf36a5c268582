"""`payrules init`: the files of a new repository."""

from typing import Any

import click

from payrules.entrypoints.commanding import Command, reported
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules init",
        "payrules init clinics-of-ours --clinic harbour-physio --country GB",
        "payrules init --clinic lakeside-counseling --country US --timezone America/Chicago",
    ),
)
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--clinic", metavar="NAME", help="The first clinic: small letters, digits and hyphens.")
@click.option("--country", metavar="CODE", default="NO", show_default=True, help="Where it is, as in ISO 3166.")
@click.option("--timezone", metavar="NAME", show_default="that of the country", help="Its time zone.")
@click.option("--currency", metavar="CODE", show_default="that of the country", help="Its currency, as in ISO 4217.")
@click.option("--language", metavar="CODE", show_default="that of the country", help="The language of its messages.")
@reported
def init(folder: str, **options: Any) -> ExitCode:
    """Write what a repository of clinic files needs, into DIR or the folder it runs in.

    A clinic file to begin with and its tests, the schemas for editors, checks before each commit, and a workflow that
    checks each pull request and comments on it. What is there already is kept, and nothing is asked. Where `clinics`
    holds files, only --clinic adds another.
    """
    from payrules.entrypoints.starting import Beginning, begin

    return begin(folder, Beginning(**options))


COMMANDS: tuple[click.Command, ...] = (init,)
"""What the command line gets from here."""
