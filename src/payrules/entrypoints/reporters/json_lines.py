"""Diagnostics for programs: one JSON object a line, after schema/diagnostic.v1.schema.json."""

import json
from collections.abc import Iterator, Sequence

from payrules.domain.diagnostics import Diagnostic
from payrules.entrypoints.reporters.text import Sources


def report_json(diagnostics: Sequence[Diagnostic], _sources: Sources, /, *, color: bool = False) -> Iterator[str]:
    """One object a line, in plain ASCII, so that no line can hold a line end or an unencodable character."""
    for diagnostic in diagnostics:
        place = diagnostic.location
        yield json.dumps(
            {
                "code": diagnostic.code,
                "severity": diagnostic.severity.value,
                "message": diagnostic.message,
                "help": diagnostic.help,
                "file": place.file,
                "line": place.line,
                "column": place.column,
                "end_column": place.end_column,
                "pointer": place.pointer,
                "related": [
                    {"file": at.file, "line": at.line, "column": at.column, "message": message}
                    for at, message in diagnostic.related
                ],
            }
        )
