"""Diagnostics: what is wrong with a clinic file, where, and what to do about it.

A diagnostic is a value about the author's file, never an exception. The table `CODES` is the one
source of every text: the terminal, JSON, SARIF, GitHub annotations, `payrules explain` and the
generated page `docs/reference/diagnostics.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is: an error stops the file, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Location(NamedTuple):
    """A place in a file.

    `line` and `column` count from 1, in Unicode characters; 0 means the file as a whole.
    `end_column` is exclusive and on the same line. `pointer` is a JSON pointer (RFC 6901).
    """

    file: str
    line: int = 0
    column: int = 0
    end_column: int = 0
    pointer: str = ""


class Related(NamedTuple):
    """A second place that explains a diagnostic, such as the first of two equal keys."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `message` is one lower-case line with the author's text in backticks."""

    code: str
    severity: Severity
    location: Location
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()


class Code(NamedTuple):
    """A row of the table: a stable code, its title, its severity and its page."""

    code: str
    title: str
    severity: Severity
    page: str


def position_key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """Sort key: file, then position, then code and message, so that output is stable."""
    place = diagnostic.location
    return (place.file, place.line, place.column, diagnostic.code, diagnostic.message)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of the diagnostics is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def as_errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same diagnostics with every warning taken for an error."""
    return tuple(replace(d, severity=Severity.ERROR) for d in diagnostics)
