"""Diagnostics as SARIF 2.1.0, which code hosts and editors read: one log with one run."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from payrules import __version__
from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Severity
from payrules.entrypoints.reporters.text import Sources

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
MOST_RESULTS: Final = 25_000
"""How many results of a run code hosts take; with more they refuse the whole log."""
# Where the YAML parser ends a line; SARIF's default knows the first two.
_LINE_ENDS: Final = ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"]


def report_sarif(diagnostics: Sequence[Diagnostic], _sources: Sources, /, *, color: bool = False) -> Iterator[str]:
    """The lines of one SARIF log. Its rules are the codes that were found, in the order of their numbers.

    Where there are more results than a host takes, warnings are left out first, and the log says how many were.
    """
    left = len(diagnostics) - MOST_RESULTS
    if left > 0:
        diagnostics = sorted(diagnostics, key=lambda one: one.severity is not Severity.ERROR)[:MOST_RESULTS]
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    seen: Counter[tuple[str, ...]] = Counter()
    driver = {"name": "payrules", "version": __version__, "rules": [_rule(code) for code in codes]}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        # The columns of diagnostics count characters, not the UTF-16 units that are SARIF's default.
        "columnKind": "unicodeCodePoints",
        "newlineSequences": _LINE_ENDS,
        # Without a URI: where the repository lies differs from machine to machine.
        "originalUriBaseIds": {_ROOT: {"description": _text("The top of the repository.")}},
        "results": [_result(diagnostic, codes.index(diagnostic.code), seen) for diagnostic in diagnostics],
    }
    if left > 0:
        note = {"level": "warning", "message": _text(f"{left} more findings were left out.")}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    yield from json.dumps(log, indent=2).split("\n")


def _rule(code: str) -> dict[str, Any]:
    row = CODES[code]
    return {
        "id": code,
        "shortDescription": _text(row.title),
        "fullDescription": _text(row.page.split("\n\n", 1)[0].replace("\n", " ")),
        "help": {**_text(row.page), "markdown": row.page},
        "defaultConfiguration": {"level": row.severity.value},
    }


def _result(diagnostic: Diagnostic, rule: int, seen: Counter[tuple[str, ...]]) -> dict[str, Any]:
    help = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
    result = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": _text(_literal(diagnostic.message + help)),
        "locations": [_location(diagnostic.location)],
        "partialFingerprints": {"codeFileMessage/v1": _fingerprint(diagnostic, seen)},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(place), "message": _text(_literal(message))}
            for number, (place, message) in enumerate(diagnostic.related, 1)
        ]
    return result


def _fingerprint(diagnostic: Diagnostic, seen: Counter[tuple[str, ...]]) -> str:
    """The same for the same finding after the lines of the file have moved; `seen` tells equal ones apart."""
    key = (diagnostic.code, diagnostic.location.file, diagnostic.message)
    seen[key] += 1
    return sha256(json.dumps([*key, seen[key]]).encode()).hexdigest()[:32]


def _location(location: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(location.file)}
    region = {"startLine": location.line, "startColumn": location.column, "endColumn": location.end_column}
    if location.line:
        physical["region"] = {name: number for name, number in region.items() if number}
    if not location.pointer:
        return {"physicalLocation": physical}
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": location.pointer}]}


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": _ROOT}


def _text(text: str) -> dict[str, str]:
    return {"text": text}


def _literal(text: str) -> str:
    """The text with the braces doubled that would stand for an argument of the message."""
    return text.replace("{", "{{").replace("}", "}}")
