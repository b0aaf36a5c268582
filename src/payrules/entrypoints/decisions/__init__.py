"""Decisions as `payrules simulate` prints them: a table, JSON lines, CSV or Markdown.

JSON and CSV are printed as they come. The table and Markdown keep a bounded number of bookings until the
end, and count the rest, so that any number of bookings takes constant memory.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from payrules.app.simulate import Changed, Simulated

__all__ = ["DecisionFormat", "Reporter", "reporter"]


class DecisionFormat(StrEnum):
    """What `--format` of `payrules simulate` takes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class Reporter(Protocol):
    """Takes one result after the other; `finish` writes what can only be said at the end, once,
    with how many records were refused.
    """

    def add(self, result: "Simulated | Changed", /) -> None: ...

    def finish(self, *, refused: int = 0) -> None: ...


def reporter(
    format: str,  # noqa: A002  # the name of the option, as a person types it
    write: Callable[[str], object],
    *,
    explain: bool = False,
    colour: bool = False,
    width: int = 100,
    limit: int | None = None,
) -> Reporter:
    """The reporter of a format; `write` gets text with its line ends.

    `explain` adds why, and why not for every other rule (not in CSV). `colour` and `width` (columns of the
    terminal) are heeded by the table only. `limit` is the most bookings that the table (default 200) or Markdown
    (default as many as a comment may hold) shows. All results are of one kind, `Simulated` or `Changed`; a
    `Changed` in which nothing changed is counted and not shown. Raises ValueError on an unknown format.
    """
    # Each format is imported by those who ask for it: rich alone takes longer to import than all the rest.
    match DecisionFormat(format):
        case DecisionFormat.JSON:
            from payrules.entrypoints.decisions.lines import JsonReporter

            return JsonReporter(write, explain=explain)
        case DecisionFormat.CSV:
            from payrules.entrypoints.decisions.lines import CsvReporter

            return CsvReporter(write)
        case DecisionFormat.MARKDOWN:
            from payrules.entrypoints.decisions.markdown import MarkdownReporter

            return MarkdownReporter(write, explain=explain, limit=limit)
        case DecisionFormat.TABLE:
            from payrules.entrypoints.decisions.table import TableReporter

            return TableReporter(write, explain=explain, colour=colour, width=width, limit=limit)
