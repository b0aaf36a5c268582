"""Every text is a version or is told what is wrong with it, at a place that the file has."""

import json
import re
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.properties.compiling import COMPILER, compile_text, ending, examples
from tests.strategies.documents import Document, clinic_documents
from tests.strategies.faults import MEANINGLESS, any_content, broken_texts, misshapen_documents
from tests.strategies.writing import plainly, random_sources, renderings

from payrules.compiler.compile import Compiled
from payrules.compiler.document import read_document
from payrules.compiler.schema import FileSchema
from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Severity

SCHEMA = FileSchema(COMPILER.schema)
# Where the YAML parser ends a line, and so every place that shows one.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def check_result(result: Compiled, content: bytes) -> None:
    """What holds of everything that was compiled."""
    errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert (result.version is None) == bool(errors)
    for diagnostic in result.diagnostics:
        check_diagnostic(diagnostic, content, result.file)
    places = [d.location[1:3] for d in result.diagnostics]
    assert places == sorted(places)


def check_diagnostic(diagnostic: Diagnostic, content: bytes, file: str) -> None:
    row, message = CODES[diagnostic.code], diagnostic.message
    assert diagnostic.severity is row.severity
    assert message == message.strip() != ""
    assert message[0] == message[0].lower()
    for text in (message, diagnostic.help, *(related.message for related in diagnostic.related)):
        assert len(_LINE_END.split(text)) == 1
    for location in (diagnostic.location, *(related.location for related in diagnostic.related)):
        assert location.file == file
        check_location(location, content)


def check_location(location: Location, content: bytes) -> None:
    """The place lies in the file, or is the file as a whole."""
    if location.line == 0:
        assert location[1:4] == (0, 0, 0)
        return
    lines = _LINE_END.split(content.decode(errors="replace").removeprefix("\ufeff"))
    assert 1 <= location.line <= len(lines), (location, lines)
    width = len(lines[location.line - 1])
    assert 1 <= location.column <= width + 1, (location, lines[location.line - 1])
    assert location.end_column == 0 or location.column <= location.end_column <= width + 2


@examples(400)
@given(any_content())
def test_any_bytes_are_a_version_or_have_an_error(content: bytes) -> None:
    with ending():
        result = compile_text(content, analysis=True)
    check_result(result, content)


@examples(200)
@given(broken_texts())
def test_a_broken_clinic_file_is_a_version_or_has_an_error(content: bytes) -> None:
    with ending():
        result = compile_text(content, analysis=True)
    check_result(result, content)


def written_twice(value: Any, at: int) -> tuple[str, int]:
    """The document as JSON, with the key number `at` written twice; and how many keys were passed."""
    if isinstance(value, dict):
        parts = []
        for key, below in value.items():
            twice, at = at == 0, at - 1
            text, at = written_twice(below, at)
            entry = f"{json.dumps(key, ensure_ascii=False)}: {text}"
            parts += [entry, f'{json.dumps(key, ensure_ascii=False)}: "again"'] if twice else [entry]
        return "{" + ",\n".join(parts) + "}", at
    if isinstance(value, list):
        texts = []
        for item in value:
            text, at = written_twice(item, at)
            texts.append(text)
        return "[" + ", ".join(texts) + "]", at
    return json.dumps(value, ensure_ascii=False), at


@examples(100)
@given(clinic_documents(2), st.integers(0, 60))
def test_a_key_that_is_written_twice_is_refused_wherever_it_stands(document: Document, at: int) -> None:
    text, left = written_twice(document, at)
    assume(left < 0)
    result = compile_text(text.encode(), document["clinic"])
    (error,) = result.diagnostics
    (related,) = error.related
    assert error.code == "PR103"
    first, second = (text.split("\n")[at.line - 1][at.column - 1 :] for at in (related.location, error.location))
    assert second.endswith(': "again"') or ': "again"' in second
    assert second.startswith(first.split(": ")[0] + ": ")
    assert related.location[1:3] < error.location[1:3]


@pytest.mark.parametrize("content", [b"&a\nk: *a\nk: 1\n", b"a: &x {b: *x, b: 1}\n", b"&a\n*a : 1\n*a : 2\n"])
def test_an_alias_within_what_it_names_is_refused(content: bytes) -> None:
    with ending():
        result = compile_text(content)
    assert "PR104" in [d.code for d in result.diagnostics]
    check_result(result, content)


@pytest.mark.parametrize("content", [b"{a: 1", b"a: 'b", b'a: "b\n', b"a: [\n1", b"a: b\nc", b"\xef\xbb\xbf{a"])
def test_what_the_end_of_the_file_cuts_short_has_a_place_in_the_file(content: bytes) -> None:
    check_result(compile_text(content), content)


@pytest.mark.parametrize("mark", ["\r", "\r\n", "\n", "\x85", "\u2028", "\u2029"], ids=ascii)
@pytest.mark.parametrize("fault", [b"b: \x07", b"b: \xff", b"b: @", b"b: *b"])
def test_every_stage_counts_lines_alike(mark: str, fault: bytes) -> None:
    content = f"a: 1{mark}".encode() + fault
    (error,) = [d for d in compile_text(content).diagnostics if d.severity is Severity.ERROR]
    assert error.location.line == 2
    assert error.location.column == 4


@examples(200)
@given(clinic_documents().flatmap(lambda document: st.tuples(st.just(document), renderings(document))))
def test_a_sound_document_is_a_policy(case: tuple[Document, bytes]) -> None:
    document, content = case
    result = compile_text(content, document["clinic"], analysis=True)
    assert result.version is not None, result.diagnostics
    assert all(d.code >= "PR350" for d in result.diagnostics)
    check_result(result, content)


@examples(400)
@given(clinic_documents(2), st.lists(st.sampled_from(sorted(MEANINGLESS)), min_size=1, max_size=2), random_sources())
def test_what_the_schema_accepts_is_a_policy_or_has_an_error_of_the_checks(
    document: Document, codes: list[str], random: Random
) -> None:
    clinic = document["clinic"]
    for code in codes:
        MEANINGLESS[code](document, random)
    assert SCHEMA.accepts(document)
    content = plainly(document)
    result = compile_text(content, clinic, analysis=True)
    check_result(result, content)
    errors = {d.code for d in result.diagnostics if d.severity is Severity.ERROR}
    assert all("PR301" <= code <= "PR314" for code in errors)
    # The last change stands; what the first one spoilt may have been overwritten.
    # An unknown currency does not tell how many decimals it has.
    assert codes[-1] in errors or (codes[-1] == "PR304" and "PR303" in errors)


@examples(300)
@given(misshapen_documents(), random_sources())
def test_both_validators_agree_and_every_refusal_has_its_reason(document: Document, random: Random) -> None:
    content = plainly(document)
    read, found = read_document(content, "nordlys.yaml")
    if read is None:
        assert found
        return
    accepted = SCHEMA.accepts(read)
    result = compile_text(content, analysis=True)
    check_result(result, content)
    in_schema = [d for d in result.diagnostics if d.code.startswith("PR2")]
    assert accepted == (not in_schema)
    assert not [d for d in in_schema if "please report" in d.message]
    assert all(d.location.line for d in in_schema)
