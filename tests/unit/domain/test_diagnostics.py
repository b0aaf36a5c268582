"""Diagnostics as values."""

import pytest

from payrules.domain.diagnostics import Diagnostic, Location, Severity, has_errors, position_key


def diagnostic(
    file: str = "a.yaml",
    line: int = 1,
    column: int = 1,
    code: str = "PR201",
    message: str = "m",
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    return Diagnostic(code, severity, Location(file, line, column), message)


def test_sorted_by_file_then_place_then_code_then_message() -> None:
    ordered = [
        # What is said of a whole file comes before what is said of its lines.
        diagnostic("a.yaml", 0, 0, "PR301"),
        diagnostic("a.yaml", 2, 9),
        # By number, not by text: line 10 comes after line 2.
        diagnostic("a.yaml", 10, 1, "PR201"),
        diagnostic("a.yaml", 10, 1, "PR202", "a"),
        diagnostic("a.yaml", 10, 1, "PR202", "b"),
        diagnostic("a.yaml", 10, 11),
        diagnostic("b.yaml", 1, 1),
    ]
    shuffled = [ordered[n] for n in (4, 6, 0, 5, 2, 1, 3)]
    assert sorted(shuffled, key=position_key) == ordered


WARNING = diagnostic(severity=Severity.WARNING)


@pytest.mark.parametrize(
    ("found", "errors"), [((), False), ((WARNING,), False), ((WARNING, diagnostic()), True), ((diagnostic(),), True)]
)
def test_warnings_are_no_errors(found: tuple[Diagnostic, ...], errors: bool) -> None:
    assert has_errors(found) is errors
    assert has_errors(list(found)) is errors
