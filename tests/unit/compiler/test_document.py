"""Text to plain data: what scalars mean, and what is refused before anything is made of it."""

import math
from typing import Any

import pytest

from payrules.compiler.document import MAX_BYTES, MAX_DEPTH, read_document
from payrules.domain.diagnostics import Diagnostic, Severity


def read(text: str | bytes) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    return read_document(text.encode() if isinstance(text, str) else text, "a.yaml")


def data_of(text: str | bytes) -> dict[str, Any]:
    """The data of a text that must be right."""
    data, found = read(text)
    assert found == []
    assert data is not None
    return data


def only(text: str | bytes) -> Diagnostic:
    """The one diagnostic of a text that is refused."""
    data, found = read(text)
    assert data is None
    [diagnostic] = found
    return diagnostic


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.code, diagnostic.location.line, diagnostic.location.column


@pytest.mark.parametrize(
    ("written", "value"),
    [
        # Traps of YAML 1.1, which stay text here.
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("22:00", "22:00"),
        ("09:30", "09:30"),
        ("1:30:00", "1:30:00"),
        ("2026-03-01", "2026-03-01"),
        ("2026-12-01T00:00", "2026-12-01T00:00"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("<<", "<<"),
        ("=", "="),
        # A leading zero is kept: 010 is a session type, not 8 and not 10.
        ("010", "010"),
        ("-010", "-010"),
        ("007.5", "007.5"),
        # The core schema of YAML 1.2.
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        # Near misses are text.
        ("tRUE", "tRUE"),
        ("nULL", "nULL"),
        (".Nan", ".Nan"),
        ("1.2.3", "1.2.3"),
        ("1e", "1e"),
        ("0x", "0x"),
        ("1 2", "1 2"),
        ("+", "+"),
        ("-.", "-."),
        ("15m", "15m"),
        ("٣", "٣"),
        # Quotes and blocks are text, whatever stands in them.
        ('"12"', "12"),
        ("'true'", "true"),
        ("'null'", "null"),
        ('""', ""),
        ('"\\u00e6"', "æ"),
        ("|\n  12\n", "12\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
def test_scalar(written: str, value: Any) -> None:
    found = data_of(f"key: {written}\n")["key"]
    assert (found, type(found)) == (value, type(value))


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(data_of("key: .nan\n")["key"])


def test_a_number_of_thousands_of_digits_is_read_without_harm() -> None:
    assert data_of(f"key: {'9' * 5_000}\n")["key"] == math.inf


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("1: a\n", ["1"]),
        ("true: a\n", ["true"]),
        ("NO: a\n", ["NO"]),
        ("010: a\n10: b\n", ["010", "10"]),
        ("~: a\n", ["~"]),
        ('"quoted": a\n', ["quoted"]),
        ("? asked\n: a\n", ["asked"]),
    ],
)
def test_keys_are_always_text(text: str, keys: list[str]) -> None:
    assert list(data_of(text)) == keys


def test_lists_and_mappings_in_both_styles() -> None:
    block = "a:\n  - 1\n  - {b: [2, []]}\n  -\n    - 3\n  - c: {}\n    d: x\ne: y\n"
    assert data_of(block) == {"a": [1, {"b": [2, []]}, [3], {"c": {}, "d": "x"}], "e": "y"}


def test_json_is_yaml() -> None:
    assert data_of('{"a": [1, "2", null, true], "b": {"c": "d"}}') == {"a": [1, "2", None, True], "b": {"c": "d"}}


@pytest.mark.parametrize("mark", ["---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "a: 1\n...\n", "--- {a: 1}\n...\n# end\n"])
def test_the_marks_of_one_document_are_fine(mark: str) -> None:
    assert data_of(mark) == {"a": 1}


def test_an_anchor_that_nobody_uses_is_fine() -> None:
    assert data_of("a: &x 1\n") == {"a": 1}


@pytest.mark.parametrize("text", ["", " ", "\n\n", "# nothing\n", "---\n", "---\n...\n", "\ufeff"])
def test_an_empty_file(text: str) -> None:
    data, found = read(text)
    assert data is None
    assert [d.code for d in found if d.severity is Severity.ERROR] == ["PR002"]


@pytest.mark.parametrize(
    ("text", "what"), [("null\n", "a single value"), ("~\n", "a single value"), ('""\n', "a single value")]
)
def test_a_value_that_is_nothing_is_not_an_empty_file(text: str, what: str) -> None:
    found = only(text)
    assert place(found) == ("PR107", 1, 1)
    assert what in found.message


@pytest.mark.parametrize(
    ("text", "what"), [("- a\n", "a list"), ("[]\n", "a list"), ("some text\n", "a single value"), ("12\n", "a single")]
)
def test_what_is_no_mapping(text: str, what: str) -> None:
    found = only(text)
    assert place(found) == ("PR107", 1, 1)
    assert what in found.message


def test_the_largest_file_that_is_read() -> None:
    text = b"a: 1\n#"
    fits = text + b"x" * (MAX_BYTES - len(text))
    assert MAX_BYTES == 1_048_576
    assert data_of(fits) == {"a": 1}
    found = only(fits + b"x")
    assert place(found) == ("PR005", 0, 0)
    assert "1,048,576" in found.message


def test_size_is_asked_before_anything_is_read() -> None:
    assert only(b"\0" * (MAX_BYTES + 1)).code == "PR005"


@pytest.mark.parametrize(
    "text",
    [
        # The top counts as the first level.
        "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1),
        "".join(" " * n + "a:\n" for n in range(MAX_DEPTH)) + " " * MAX_DEPTH + "b",
    ],
)
def test_the_deepest_nesting_that_is_read(text: str) -> None:
    data_of(text)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, 1, 3 + MAX_DEPTH),
        ("".join(" " * n + "a:\n" for n in range(MAX_DEPTH + 1)) + " " * 40 + "b", MAX_DEPTH + 1, MAX_DEPTH + 1),
        # Never the interpreter's stack, never a crash of the parser.
        ("a: " + "[" * 10_000, 1, 3 + MAX_DEPTH),
        ("a: " + "[" * 200_000 + "]" * 200_000, 1, 3 + MAX_DEPTH),
        ("a: " + '{"b":' * 100_000, 1, 3 + 5 * (MAX_DEPTH - 1) + 1),
        ("- " * 10_000, 1, 1),
    ],
)
def test_deeper_nesting_is_refused_where_it_begins(text: str, line: int, column: int) -> None:
    found = only(text)
    assert place(found) == ("PR107" if text.startswith("-") else "PR105", line, column)


def test_a_bomb_of_aliases_is_refused_without_being_expanded() -> None:
    bomb = 'a: &a ["x","x","x","x","x","x","x","x","x"]\n' + "".join(
        f"{chr(n + 1)}: &{chr(n + 1)} [{','.join([f'*{chr(n)}'] * 9)}]\n" for n in range(97, 105)
    )
    data, found = read(bomb)
    assert data is None
    assert {d.code for d in found} == {"PR104"}
    assert len(found) == 72
    assert place(found[0]) == ("PR104", 2, 8)
    assert found[0].message == "`*a` is an alias"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: &x 1\nb: *x\n", 2, 4),
        ("a: &x [1]\nb: [2, *x]\n", 2, 8),
        ("a: &x 1\n*x : 2\n", 2, 1),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, 7),
        ("*x\n", 1, 1),
    ],
)
def test_an_alias_anywhere(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("PR104", line, column)


@pytest.mark.parametrize(
    ("text", "first", "other", "key"),
    [
        ("a: 1\na: 1\n", (1, 1), (2, 1), "a"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", (2, 3), (4, 3), "b"),
        ("a: [{b: 1, b: 2}]\n", (1, 6), (1, 12), "b"),
        # Quoted and plain are one key, and so are a word and its escape.
        ("1: x\n'1': y\n", (1, 1), (2, 1), "1"),
        ('a: 1\n"\\x61": 2\n', (1, 1), (2, 1), "a"),
    ],
)
def test_a_key_that_is_set_twice_is_shown_with_the_first(
    text: str, first: tuple[int, int], other: tuple[int, int], key: str
) -> None:
    found = only(text)
    assert place(found) == ("PR103", *other)
    assert found.message == f"`{key}` is set twice"
    [related] = found.related
    assert (related.location.line, related.location.column) == first
    assert related.message == "first set here"


def test_duplicates_are_told_beside_aliases_even_of_what_holds_them() -> None:
    _, found = read("x: &a {b: *a, b: 1}\nx: *a\n")
    assert sorted(place(d) for d in found) == [("PR103", 1, 15), ("PR103", 2, 1), ("PR104", 1, 11), ("PR104", 2, 4)]


def test_equal_keys_of_two_mappings_are_fine() -> None:
    assert data_of("a: {x: 1}\nb: {x: 2}\n") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\n---\nb: 2\n", 2, 1),
        ("a: 1\n...\n---\nb: 2\n", 3, 1),
        ("a: 1\n---\n", 2, 1),
    ],
)
def test_a_second_document(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("PR106", line, column)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: !!str 1\n", 1, 4),
        ("a: !mine {b: 1}\n", 1, 4),
        ("a: !<tag:x> [1]\n", 1, 4),
        ("!!map {a: 1}\n", 1, 1),
        ("!!str a: 1\n", 1, 1),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4),
        ("a: ! 12\n", 1, 4),
    ],
)
def test_a_tag_anywhere(text: str, line: int, column: int) -> None:
    data, found = read(text)
    assert data is None
    assert place(found[0]) == ("PR108", line, column)


@pytest.mark.parametrize("written", ["!!str", "!mine", "!<tag:x>", "!!python/name:os.getcwd"])
def test_a_tag_is_named_as_its_author_wrote_it(written: str) -> None:
    assert f"`{written}`" in only(f"a: {written} x\n").message


@pytest.mark.parametrize(
    ("text", "line", "column"), [("? [a]\n: 1\n", 1, 3), ("a: {{b: 1}: 2}\n", 1, 5), ("[a, b]: 1\n", 1, 1)]
)
def test_a_key_that_is_no_text(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("PR109", line, column)


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"a: 1\nb: \xff\n", "PR004", 2, 4),
        (b"a: \xe6\n", "PR004", 1, 4),
        # The column counts characters, not bytes: before the fault stand two letters of two bytes.
        ("a: æø".encode() + b"\xe6", "PR004", 1, 6),
        # Half of a surrogate pair, an overlong form, a sequence that is cut short.
        (b"a: \xed\xa0\x80\n", "PR004", 1, 4),
        (b"a: \xc0\xaf\n", "PR004", 1, 4),
        (b"a: \xe2\x82", "PR004", 1, 4),
        ("a: 1\n".encode("utf-16"), "PR004", 1, 1),
        ("a: 1\n".encode("utf-16-be"), "PR003", 1, 1),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PR003", 3, 1),
        (b"a: 1\n\0", "PR003", 2, 1),
        (b"a: \x07\n", "PR110", 1, 4),
        (b"a: b\n# \x1b[31m\n", "PR110", 2, 3),
        ("a: \x80\n".encode(), "PR110", 1, 4),
        ("a: \ufffe\n".encode(), "PR110", 1, 4),
    ],
)
def test_bytes_that_are_no_yaml(content: bytes, code: str, line: int, column: int) -> None:
    _, found = read(content)
    errors = [d for d in found if d.severity is Severity.ERROR]
    assert [place(d) for d in errors] == [(code, line, column)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a:\n\tb: 1\n", 2, 1),
        ("a:\n  b: 1\n\tc: 2\n", 3, 1),
        ("a:\n  - b\n \t- c\n", 3, 2),
    ],
)
def test_a_tab_in_the_indentation(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("PR102", line, column)


def test_a_tab_elsewhere_is_fine() -> None:
    assert data_of("a:\tb\t# remark\nc: [1,\t2]\n") == {"a": "b", "c": [1, 2]}


@pytest.mark.parametrize(
    ("text", "line", "column", "help"),
    [
        ("name: Fjord: Fysio\n", 1, 12, "quotes"),
        ("a: @x\n", 1, 4, "quotes"),
        ("a: `x`\n", 1, 4, "quotes"),
        ("a: %x\n", 1, 4, "quotes"),
        ("a: [1, 2\nb: 3\n", 2, 2, "bracket"),
        ('a: "x" y\n', 1, 8, "indentation"),
        ("a: 1\n b: 2\n", 2, 3, "indentation"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"),
    ],
)
def test_other_faults_of_syntax_say_where_and_what_to_do(text: str, line: int, column: int, help: str) -> None:
    found = only(text)
    assert place(found) == ("PR101", line, column)
    assert help in found.help
    assert "\n" not in found.message


@pytest.mark.parametrize(
    "text",
    ['name: "Fjord\npayments: active\nprocess: manual\n', "name: [Fjord\npayments: active\n", "name: {a: 1\nb: 2\n"],
)
def test_what_is_not_closed_is_shown_where_it_was_opened(text: str) -> None:
    # A quote forgotten on line 7 must not send its author to the end of the file.
    found = only(text)
    opened = [(r.location.line, r.location.column) for r in found.related]
    assert (1, 7) in [*opened, (found.location.line, found.location.column)]


def test_a_byte_order_mark_is_a_warning_and_moves_no_column() -> None:
    data, found = read(b"\xef\xbb\xbfa: 1\n")
    assert data == {"a": 1}
    assert [(place(d), d.severity) for d in found] == [(("PR006", 1, 1), Severity.WARNING)]
    _, found = read(b"\xef\xbb\xbfa: [*x]\n")
    assert place(found[-1]) == ("PR104", 1, 5)


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\r\nb: 2\r\n", 1), ("a: 1\nb: 2\r\nc: 3\n", 2), ("a: 1\nb: 2\r\n", 2)]
)
def test_crlf_is_a_warning_on_its_first_line(text: str, line: int) -> None:
    data, found = read(text)
    assert data is not None
    assert [(d.code, d.location.line, d.severity) for d in found] == [("PR007", line, Severity.WARNING)]


def test_all_faults_of_a_readable_document_are_told() -> None:
    _, found = read("a: &x 1\nb: !!str 2\nc: *x\nd: *x\n")
    assert [place(d) for d in found] == [("PR108", 2, 4), ("PR104", 3, 4), ("PR104", 4, 4)]


@pytest.mark.parametrize("cut", range(1, 45))
def test_a_file_cut_short_anywhere_is_read_or_refused(cut: int) -> None:
    text = 'a: {b: [1, "é"]}\nc:\n  - d: |\n      e\n'.encode()
    data, found = read(text[:cut])
    assert (data is None) == any(d.severity is Severity.ERROR for d in found)


@pytest.mark.parametrize("text", ["a: &x 1\nb: &x 2\n", "a: &x 1\nb: &x {c: 2}\nb: 3\n", "a: &x [1]\nb: [&x [2]]\n"])
def test_an_anchor_that_stands_twice_is_a_fault_and_no_traceback(text: str) -> None:
    # PyYAML's composer, which finds positions, refuses it.
    found = only(text)
    assert found.code == "PR104"
    assert "`&x` stands twice" in found.message
