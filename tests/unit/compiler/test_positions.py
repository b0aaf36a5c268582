"""Where things stand in a clinic file."""

import pytest

from payrules.compiler.positions import Path, Positions, pointer_of
from payrules.domain.diagnostics import Location

TEXT = """\
name: Ærlig 🦷 klinikk
contact: {email: post@a.example}
rules:
  - id: a
    when: {weekday: [sat, "sun"]}
    why: >
      first
      second
  - id: b
    set:
empty:
"""


def positions(text: str = TEXT) -> Positions:
    return Positions(text.encode(), "clinics/a.yaml")


def place(location: Location) -> tuple[int, int, int]:
    return location.line, location.column, location.end_column


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((), ""),
        (("rules", 0, "when"), "/rules/0/when"),
        (("session_types", "50/60"), "/session_types/50~160"),
        (("session_types", "a~b"), "/session_types/a~0b"),
        (("session_types", "~1"), "/session_types/~01"),
        (("session_types", ""), "/session_types/"),
    ],
)
def test_pointer_of_rfc_6901(path: Path, pointer: str) -> None:
    assert pointer_of(path) == pointer


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        # Columns count characters: the tooth is one, whatever its bytes.
        (("name",), (1, 7, 22), (1, 1, 5)),
        (("contact", "email"), (2, 18, 32), (2, 11, 16)),
        # What goes on over the line is marked to its end.
        (("rules",), (4, 3, 0), (3, 1, 6)),
        (("rules", 0), (4, 5, 0), (4, 5, 0)),
        (("rules", 0, "id"), (4, 9, 10), (4, 5, 7)),
        (("rules", 0, "when", "weekday"), (5, 21, 33), (5, 12, 19)),
        (("rules", 0, "when", "weekday", 1), (5, 27, 32), (5, 27, 32)),
        (("rules", 0, "why"), (6, 10, 0), (6, 5, 8)),
        (("rules", 1, "id"), (9, 9, 10), (9, 5, 7)),
        # A key without a value stands for it.
        (("rules", 1, "set"), (10, 5, 8), (10, 5, 8)),
        (("empty",), (11, 1, 6), (11, 1, 6)),
        ((), (1, 1, 0), (1, 1, 0)),
    ],
)
def test_places_of_values_and_keys(path: Path, value: tuple[int, int, int], key: tuple[int, int, int]) -> None:
    assert place(positions().value(path)) == value
    assert place(positions().key(path)) == key
    assert positions().value(path).file == "clinics/a.yaml"
    assert positions().key(path).pointer == pointer_of(path)


def test_paths_that_the_file_does_not_have() -> None:
    assert ("rules", 0, "id") in positions()
    assert ("rules", 2) not in positions()
    assert positions().line(("rules", 2)) == 0
    with pytest.raises(KeyError):
        positions().value(("rules", 2))


@pytest.mark.parametrize(("path", "line"), [(("rules", 1, "id"), 9), (("rules", 1), 9), (("empty",), 11)])
def test_line_is_that_of_the_key(path: Path, line: int) -> None:
    assert positions().line(path) == line


@pytest.mark.parametrize(
    ("text", "written"),
    [("a: 500.00\n", "500.00"), ('a: "500.00"\n', "500.00"), ("a: .nan\n", ".nan"), ("a: True\n", "True")],
)
def test_scalar_as_it_was_written(text: str, written: str) -> None:
    assert positions(text).written(("a",)) == written


def test_a_byte_order_mark_moves_nothing() -> None:
    assert place(positions("\ufeffa: b\n").value(("a",))) == (1, 4, 5)


def test_lines_that_end_in_crlf_have_the_same_places() -> None:
    with_crlf = positions(TEXT.replace("\n", "\r\n"))
    for path in [("name",), ("rules", 0, "when", "weekday", 1), ("rules", 1, "id")]:
        assert with_crlf.value(path) == positions().value(path)


def test_duplicates_point_at_the_first() -> None:
    found = list(positions("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n").duplicates())
    assert sorted((key, first.line, other.line) for key, first, other in found) == [
        ("a", 1, 3),
        ("a", 1, 4),
        ("c", 2, 2),
    ]
