"""What all commands are made of: help with examples, exit codes, errors in one line, the store's option.

Only click is imported here; commands import what they need when they run.
"""

import os
import sys
from collections.abc import Callable
from errno import EPIPE
from functools import wraps
from io import TextIOWrapper
from typing import Any, TextIO

import click

from payrules.domain.errors import PayrulesError
from payrules.entrypoints.exit_codes import MEANINGS, ExitCode


class Command(click.Command):
    """A command whose help ends in examples, before them the exit codes it has beside those of all commands."""

    def __init__(
        self, *args: Any, examples: tuple[str, ...] = (), codes: tuple[ExitCode, ...] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.examples = examples
        self.codes = codes

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        if self.codes:
            with formatter.section("Exit codes"):
                told = (ExitCode.OK, ExitCode.FAILURE, ExitCode.USAGE, *sorted(self.codes))
                formatter.write_dl([(str(int(code)), MEANINGS[code]) for code in told])
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class Group(click.Group):
    """The commands, with the exit codes under their list."""

    command_class = Command

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), meaning) for code, meaning in MEANINGS.items()])


def reported(command: Callable[..., ExitCode]) -> Callable[..., None]:
    """Turn a command's exit code into the process's, and a PayrulesError into one line."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        # A stream that was closed from outside is None.
        sys.stdout = sys.stdout or _nowhere()
        sys.stderr = sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                # A terminal that cannot show a sign gets another one, never a traceback.
                stream.reconfigure(errors="replace")
        try:
            code = command(*args, **options)
            sys.stdout.flush()
        except PayrulesError as error:
            click.echo(f"error: {error}", err=True)
            code = ExitCode.FAILURE
        except OSError as error:
            if error.errno == EPIPE:
                # Whoever read the output has had enough; click ends quietly.
                raise
            click.echo(f"error: the output cannot be written: {error.strerror}", err=True)
            # What is left in the buffer would fail once more at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = ExitCode.FAILURE
        sys.exit(code)

    return run


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # open as long as the process


def _or_of_settings(name: str) -> Callable[[click.Context, click.Parameter, str | None], str]:
    """An option that the settings tell where nobody gives it."""

    def value(_: click.Context, __: click.Parameter, given: str | None) -> str:
        if given is not None:
            return given
        # Settings are slow to import, and most who try payrules out have none.
        if not os.environ.get("PAYRULES_SETTINGS") and not os.path.exists("payrules.toml"):  # noqa: PTH110  # as above
            return {"store": "payrules.db", "out": "outbox"}[name]
        from payrules.settings import SettingsError, load_settings

        try:
            return str(getattr(load_settings().basics, name))
        except SettingsError as error:
            raise click.UsageError(str(error)) from error

    return value


out_option = click.option(
    "--out",
    metavar="DIR",
    envvar="PAYRULES_OUT",
    callback=_or_of_settings("out"),
    show_default="that of the settings, else outbox",
    show_envvar=True,
    help="Where adapters write files to.",
)
"""`--out DIR`, the same for every command that carries actions out."""

store_option = click.option(
    "--store",
    "store",
    metavar="URL",
    envvar="PAYRULES_STORE",
    callback=_or_of_settings("store"),
    show_default="that of the settings, else payrules.db",
    show_envvar=True,
    help="The store: a file for SQLite, or a postgresql:// URL.",
)
"""`--store URL`, the same for every command that needs the ledger."""


def format_option(*forms: str) -> Callable[[Any], Any]:
    """`--format`, the first form being the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(list(forms)),
        default=forms[0],
        show_default=True,
        help="text for people; json, one object a line.",
    )


def _user() -> str:
    """Who runs this process, for the record."""
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError):
        # A process in a container may have a number and no name.
        return "unknown"


actor_option = click.option(
    "--actor",
    metavar="NAME",
    envvar="PAYRULES_ACTOR",
    default=_user,
    show_default="who runs the command",
    show_envvar=True,
    help="Who does this, for the record.",
)
"""`--actor NAME`, the same for every command that a person answers for."""


reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why, for the record; name no client in it."
)
"""`--reason TEXT`: why a person does it."""
