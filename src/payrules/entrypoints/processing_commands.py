"""The command `payrules process`."""

import click

from payrules.entrypoints.commanding import Command, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules process events.jsonl",
        "payrules process - --store payrules.db < events.jsonl",
        "payrules process --folder intake",
        "payrules process events.jsonl --format json",
    ),
    codes=(ExitCode.REFUSED,),
)
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--folder", metavar="DIR", help="Take in what stands in an intake folder, if anything, and end.")
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=2_000,
    show_default=True,
    metavar="N",
    help="How many records are written in one transaction.",
)
@store_option
@format_option("text", "json")
@reported
def process(file: str | None, folder: str | None, batch: int, store: str, form: str) -> ExitCode:
    """Take booking events in: stamp and decide new bookings, apply what happened to known ones.

    FILE holds one JSON object a line; - is standard input. The same events again change nothing. What was refused is
    named with its line, and may be sent again when it is corrected.
    """
    from payrules.entrypoints.processing import process_file, process_folder

    if (file is None) == (folder is None):
        raise click.UsageError("name a FILE (or -), or a folder with --folder")
    if folder is not None:
        return process_folder(folder, store, batch, form)
    return process_file(str(file), store, batch, form)


COMMANDS: tuple[click.Command, ...] = (process,)
