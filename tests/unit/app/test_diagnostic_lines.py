"""Diagnostics kept by the ledger come back as they were."""

from dataclasses import replace

from tests.builders import FILE, compile_text

from payrules.app.diagnostic_lines import diagnostic_line, read_diagnostic
from payrules.domain.diagnostics import Diagnostic, Location, Related, Severity


def test_what_was_written_is_read() -> None:
    found = compile_text("payrules: 1\ncolour: rød\ncolour: blå\n").diagnostics
    assert found
    assert any(d.related for d in found)
    for diagnostic in found:
        line = diagnostic_line(diagnostic)
        read = read_diagnostic(line)
        assert diagnostic_line(read) == line
        # How far a related place reaches is not written.
        assert replace(read, related=()) == replace(diagnostic, related=())


def test_a_line_is_plain_and_one() -> None:
    at = Location(FILE, 1, 2, 3, "/a")
    diagnostic = Diagnostic("PR201", Severity.ERROR, at, "rød\nblå", "hjelp", (Related(Location(FILE, 4, 5), "her"),))
    line = diagnostic_line(diagnostic)
    assert line.isascii()
    assert "\n" not in line
    assert read_diagnostic(line) == diagnostic
