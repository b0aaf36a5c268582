"""Diagnostics as the ledger keeps them and `validate --format json` prints them: one JSON object a line."""

import json

from payrules.domain.diagnostics import Diagnostic, Location, Related, Severity


def diagnostic_line(diagnostic: Diagnostic) -> str:
    """One line of plain ASCII, so that it can hold no line end, after schema/diagnostic.v1.schema.json."""
    place = diagnostic.location
    return json.dumps(
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


def read_diagnostic(line: str) -> Diagnostic:
    """The diagnostic of a line that `diagnostic_line` wrote."""
    found = json.loads(line)
    return Diagnostic(
        found["code"],
        Severity(found["severity"]),
        Location(*(found[key] for key in ("file", "line", "column", "end_column", "pointer"))),
        found["message"],
        found["help"],
        tuple(Related(Location(at["file"], at["line"], at["column"]), at["message"]) for at in found["related"]),
    )
