"""Diagnostics for people and programs: one table of reporters, a summary, and the pages of the codes.

A reporter gets the diagnostics in the order they are to be shown, and yields lines without line ends.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from payrules.domain.diagnostics import Diagnostic, Severity
from payrules.entrypoints.reporters.github import report_github
from payrules.entrypoints.reporters.json_lines import report_json
from payrules.entrypoints.reporters.pages import explain, similar_codes
from payrules.entrypoints.reporters.places import in_repository
from payrules.entrypoints.reporters.sarif import report_sarif
from payrules.entrypoints.reporters.text import Sources, report_text

__all__ = [
    "AT_HOSTS",
    "REPORTERS",
    "Reporter",
    "Sources",
    "explain",
    "in_repository",
    "report_text",
    "similar_codes",
    "summary",
]


class Reporter(Protocol):
    """Lines for the diagnostics. Only text asks `sources` for the files, and only text heeds `color`."""

    def __call__(
        self, diagnostics: Sequence[Diagnostic], sources: Sources, /, *, color: bool = False
    ) -> Iterator[str]: ...


REPORTERS: Final[dict[str, Reporter]] = {
    "text": report_text,
    "json": report_json,
    "sarif": report_sarif,
    "github": report_github,
}
"""Every format of `payrules validate`, by the name that `--format` takes."""

AT_HOSTS: Final = ("sarif", "github")
"""The formats that code hosts read: their files are named `in_repository`."""


def summary(files: int, diagnostics: Sequence[Diagnostic]) -> str:
    """One line that sums up a run over so many clinic files: `12 clinic files: 1 error, 2 warnings`."""
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    warnings = len(diagnostics) - errors
    found = [_count(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    read = _count(files, "clinic file") if files else "no clinic file"
    return f"{read}: {', '.join(found) or 'no errors'}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
