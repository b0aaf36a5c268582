"""The clinic files of tests/cases: the valid ones compile, the invalid ones give exactly what is expected.

A valid file may have a sibling `<clinic>.expected.json` with the warnings it gives. An invalid one stands in a folder
named after its code; every diagnostic is compared, by code and place.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.builders import COMPILER, NOW

from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Severity
from payrules.entrypoints.reporters import REPORTERS

CASES = Path(__file__).parents[1] / "cases"
VALID = sorted((CASES / "valid").glob("*.yaml"))
INVALID = sorted(path for path in (CASES / "invalid").iterdir() if path.is_dir())

invalid = pytest.mark.parametrize("folder", INVALID, ids=lambda folder: folder.name)


def compiled(path: Path) -> tuple[Diagnostic, ...]:
    """The diagnostics of a stored file, under its own name."""
    return COMPILER.compile(path.read_bytes(), path.name, now=NOW).diagnostics


def file_of(folder: Path) -> Path:
    [path] = folder.glob("*.yaml")
    return path


def places(diagnostics: tuple[Diagnostic, ...], keys: list[set[str]]) -> list[dict[str, Any]]:
    """The diagnostics as rows of an expectation, each cut to the keys that are expected in its place."""
    rows = [
        {"code": d.code, "line": d.location.line, "column": d.location.column, "pointer": d.location.pointer}
        for d in diagnostics
    ]
    wanted = keys + [{"code", "line", "column"}] * (len(rows) - len(keys))
    return [{key: row[key] for key in row if key in kept} for row, kept in zip(rows, wanted, strict=False)]


def test_there_are_cases() -> None:
    assert len(VALID) >= 10
    assert len(INVALID) >= 100


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_compiles_without_a_word(path: Path) -> None:
    sibling = path.with_suffix(".expected.json")
    expected = json.loads(sibling.read_text(encoding="utf-8")) if sibling.exists() else []
    found = compiled(path)
    assert places(found, [set(row) for row in expected]) == expected
    assert not any(d.severity is Severity.ERROR for d in found)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_canonical_form_of_a_valid_file_compiles_to_the_same_version(path: Path) -> None:
    version = COMPILER.compile(path.read_bytes(), path.name).version
    assert version is not None
    again = COMPILER.compile(version.canonical, path.name).version
    assert again is not None
    assert (again.digest, again.policy) == (version.digest, version.policy)


@invalid
def test_an_invalid_file_gives_exactly_what_is_expected(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert places(compiled(file_of(folder)), [set(row) for row in expected]) == expected


@invalid
def test_a_file_with_an_error_has_no_version_and_one_with_warnings_has(folder: Path) -> None:
    path = file_of(folder)
    result = COMPILER.compile(path.read_bytes(), path.name, now=NOW)
    errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert (result.version is None) is bool(errors)


# Words of the libraries underneath, which mean nothing to an author.
FOREIGN = re.compile(
    r"validation error|additional propert|does not match|is not of type|enum|traceback|could not be found|"
    r"expecting|NoneType|<class|\bdict\b|ScalarNode|MappingNode|yaml\.|scanner|parser|jsonschema",
    re.IGNORECASE,
)


@invalid
def test_every_message_is_one_line_and_says_what_to_do(folder: Path) -> None:
    for found in compiled(file_of(folder)):
        assert found.severity is CODES[found.code].severity
        for text in (found.message, found.help, *(related.message for related in found.related)):
            assert text
            assert text.isprintable(), "no line break and nothing that a terminal obeys"
            assert not FOREIGN.search(text)
            assert not text.endswith((".", ":", " "))
            assert text.count("`") % 2 == 0
        # A message begins with a small letter or with the author's own text, unless a name like NOK leads it.
        assert re.match(r"[a-z`]", found.message)
        assert len(found.message) < 200


@invalid
def test_every_place_is_in_the_file(folder: Path) -> None:
    path = file_of(folder)
    lines = re.split(r"\r\n|\n|\r", path.read_bytes().decode("utf-8-sig", errors="replace"))
    for found in compiled(path):
        for place in (found.location, *(related.location for related in found.related)):
            if place.line:
                assert 1 <= place.line <= len(lines)
                assert 1 <= place.column <= len(lines[place.line - 1]) + 1
                assert place.end_column == 0 or place.column <= place.end_column


@invalid
def test_every_format_can_show_it(folder: Path) -> None:
    path = file_of(folder)
    found = compiled(path)
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    for report in REPORTERS.values():
        shown = "\n".join(report(found, lambda _: text))
        assert all(d.code in shown for d in found)
        assert "\x1b" not in shown
