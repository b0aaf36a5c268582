"""Diagnostics as workflow commands of GitHub Actions, which shows them beside the lines of a pull request."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Severity
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.reporters.text import MOST_NOTES, Sources

SHOWN: Final = 10
"""How many errors, and how many warnings, GitHub shows of one step; further ones stand in its log only."""


def report_github(diagnostics: Sequence[Diagnostic], _sources: Sources, /, *, color: bool = False) -> Iterator[str]:
    """One command a line: `::error file=…,line=…,col=…,endColumn=…,title=…::message`.

    Help and related places follow the message on lines of their own. Columns of the command are those of
    the diagnostic. The log shows messages alone, so those that only the log shows begin with their place, and
    the last one beside a line tells how many these are.
    """
    totals = Counter(diagnostic.severity for diagnostic in diagnostics)
    so_far: Counter[Severity] = Counter()
    for diagnostic in diagnostics:
        severity = diagnostic.severity
        so_far[severity] += 1
        lines = list(_message(diagnostic))
        if so_far[severity] > SHOWN:
            lines[0] = f"{_written(diagnostic.location)}: {lines[0]}"
        elif so_far[severity] == SHOWN and (left := totals[severity] - SHOWN):
            lines.append(f"note: and {left} more {severity}{'' if left == 1 else 's'}, in the log of this step")
        title = f"{diagnostic.code} {CODES[diagnostic.code].title}"
        properties = {**_properties(diagnostic.location), "title": title}
        written = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
        message = "\n".join(map(visible, lines))
        yield f"::{severity} {written}::{_escape(message)}"


def _properties(location: Location) -> dict[str, str]:
    numbers = {"line": location.line, "col": location.column, "endColumn": location.end_column}
    return {"file": PurePath(location.file).as_posix(), **{name: str(n) for name, n in numbers.items() if n}}


def _message(diagnostic: Diagnostic) -> Iterator[str]:
    yield diagnostic.message
    if diagnostic.help:
        yield f"help: {diagnostic.help}"
    for place, message in diagnostic.related[:MOST_NOTES]:
        yield f"note: {message} ({_written(place)})"
    if (left := len(diagnostic.related) - MOST_NOTES) > 0:
        yield f"note: and {left} more {'place' if left == 1 else 'places'}"


def _written(place: Location) -> str:
    return ":".join([place.file, *(str(n) for n in (place.line, place.column) if n)])


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
