"""Diagnostics as a compiler shows them: the message, the place, the line with a mark, and what to do."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import click

from payrules.domain.diagnostics import Diagnostic, Location, Severity
from payrules.entrypoints.reporters.excerpt import excerpt, lines_of, visible

Sources = Callable[[str], str | None]
"""Gives the text of a file of a diagnostic, or None where it cannot be read."""

MOST_NOTES: Final = 5
"""How many related places are shown; a rule may be covered by hundreds."""

_Paint = Callable[..., str]
_FRAME: Final[dict[str, Any]] = {"fg": "blue", "bold": True}
_SEVERITIES: Final[dict[Severity, dict[str, Any]]] = {
    Severity.ERROR: {"fg": "red", "bold": True},
    Severity.WARNING: {"fg": "yellow", "bold": True},
}
_NOTE: Final[dict[str, Any]] = {"fg": "cyan", "bold": True}


def report_text(diagnostics: Sequence[Diagnostic], sources: Sources, /, *, color: bool = False) -> Iterator[str]:
    """Lines for a person. Whatever a terminal would obey in a message or a file is made visible."""
    paint: _Paint = click.style if color else _plain

    @lru_cache(maxsize=4)
    def source_lines(file: str) -> list[str]:
        text = sources(file)
        return [] if text is None else lines_of(text)

    for number, diagnostic in enumerate(diagnostics):
        if number:
            yield ""
        yield from _one(diagnostic, source_lines, paint)


def _one(diagnostic: Diagnostic, source_lines: Callable[[str], list[str]], paint: _Paint) -> Iterator[str]:
    notes = diagnostic.related[:MOST_NOTES]
    gutter = len(str(max(place.line for place in (diagnostic.location, *(note.location for note in notes)))))
    style = _SEVERITIES[diagnostic.severity]
    label = paint(f"{diagnostic.severity}[{diagnostic.code}]", **style)
    yield f"{label}: {paint(visible(diagnostic.message), bold=True)}"
    yield from _place(diagnostic.location, gutter, source_lines, paint, style)
    if diagnostic.help:
        yield f"{' ' * gutter} {paint('=', **_FRAME)} help: {visible(diagnostic.help)}"
    for note in notes:
        yield f"{paint('note', **_NOTE)}: {visible(note.message)}"
        yield from _place(note.location, gutter, source_lines, paint, _NOTE)
    if left := len(diagnostic.related) - len(notes):
        yield f"{paint('note', **_NOTE)}: and {left} more {'place' if left == 1 else 'places'}"


def _place(
    location: Location, gutter: int, source_lines: Callable[[str], list[str]], paint: _Paint, style: dict[str, Any]
) -> Iterator[str]:
    """The place, and the line with a mark where the place has one and the file can be read."""
    blank = " " * gutter
    where = ":".join([visible(location.file), *(str(n) for n in (location.line, location.column) if n)])
    yield f"{blank}{paint('-->', **_FRAME)} {where}"
    lines = source_lines(location.file) if location.line else []
    if not 0 < location.line <= len(lines):
        return
    shown = excerpt(lines[location.line - 1], location.column, location.end_column)
    bar = paint("|", **_FRAME)
    yield f"{blank} {bar}"
    yield f"{paint(f'{location.line:>{gutter}}', **_FRAME)} {bar} {shown.text}".rstrip()
    if location.column:
        yield f"{blank} {bar} {' ' * shown.indent}{paint('^' * shown.width, **style)}"


def _plain(text: str, **_style: Any) -> str:
    return text
