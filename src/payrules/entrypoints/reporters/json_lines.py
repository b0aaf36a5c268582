"""Diagnostics for programs: one JSON object a line, after schema/diagnostic.v1.schema.json."""

from collections.abc import Iterator, Sequence

from payrules.app.diagnostic_lines import diagnostic_line
from payrules.domain.diagnostics import Diagnostic
from payrules.entrypoints.reporters.text import Sources


def report_json(diagnostics: Sequence[Diagnostic], _sources: Sources, /, *, color: bool = False) -> Iterator[str]:
    """One object a line, in plain ASCII, so that no line can hold a line end or an unencodable character."""
    return map(diagnostic_line, diagnostics)
