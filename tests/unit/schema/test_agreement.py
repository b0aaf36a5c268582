"""The two validators of the compiler agree: the quick one decides and the other explains, so they must."""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from payrules.compiler.document import read_document

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests/cases"
VALID = sorted((CASES / "valid").glob("*.yaml"))
# Codes 2xx are the schema's; what the checks find (3xx) the schema has accepted before.
REFUSED = sorted((CASES / "invalid").glob("PR2*/*.yaml"))
ACCEPTED = sorted((CASES / "invalid").glob("PR3*/*.yaml"))

Schema = dict[str, Any]
LoadSchema = Callable[[str], Schema]
Faults = Callable[[Any], set[tuple[str | int, ...]] | None]
MakeFaults = Callable[[Schema], Faults]

LEFT_OUT: Any = object()
ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    1,
    1.0,
    1.5,
    -1,
    10**30,
    "",
    " ",
    "none",
    "0",
    "15m",
    "٣m",
    "15m\n",
    "\u00a0x",
    "x\u2028y",
    "\ufeff",
    "a\tb",
    "🧠",
    "x" * 600,
    [],
    [[]],
    ["sms", "sms"],
    ["sms", None],
    ["7d"] * 21,
    {},
    {" ": {}},
    {"from": "21:00"},
    {"id": 1},
]
ENDINGS = [
    "",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\u0000",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\ufeff",
    "\uffff",
    "é",
    "٣",
    "🧠",
]


def place_of(path: Path) -> str:
    """A case's id: its folder and name."""
    return path.relative_to(CASES).as_posix()


def read(path: Path) -> dict[str, Any]:
    """The document of a case that can be read."""
    document, _ = read_document(path.read_bytes(), path.name)
    assert document is not None
    return document


def altered(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Single changes of a document: a path and what to put there, `LEFT_OUT` to take the value away."""
    if isinstance(value, dict):
        yield (*path, "surprise"), 1
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key), LEFT_OUT
            for odd in ODD_VALUES:
                yield (*path, key), odd
            yield from altered(below, (*path, key))


def with_change(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of the document with a change made."""
    changed = copy.deepcopy(document)
    holder: Any = changed
    for part in path[:-1]:
        holder = holder[part]
    if value is LEFT_OUT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


@pytest.fixture(scope="module")
def explaining(load_schema: LoadSchema, faults_by_jsonschema: MakeFaults) -> Faults:
    return faults_by_jsonschema(load_schema("clinic"))


@pytest.fixture(scope="module")
def deciding(load_schema: LoadSchema, faults_by_jsonschema_rs: MakeFaults) -> Faults:
    return faults_by_jsonschema_rs(load_schema("clinic"))


def test_there_are_cases() -> None:
    assert len(VALID) >= 12
    assert REFUSED
    assert ACCEPTED


@pytest.mark.parametrize("path", [*VALID, *ACCEPTED], ids=place_of)
def test_both_accept(path: Path, explaining: Faults, deciding: Faults) -> None:
    document = read(path)
    assert explaining(document) == set()
    assert deciding(document) == set()


@pytest.mark.parametrize("path", REFUSED, ids=place_of)
def test_both_refuse_at_the_same_places(path: Path, explaining: Faults, deciding: Faults) -> None:
    document = read(path)
    faults = explaining(document)
    assert faults
    assert deciding(document) in (None, faults)


@pytest.mark.parametrize("name", ["nordlys-psykologi", "every-condition"])
def test_both_agree_on_altered_documents(name: str, explaining: Faults, deciding: Faults) -> None:
    document = read(CASES / f"valid/{name}.yaml")
    # The first rules have every condition; each further one would only cost time.
    del document["rules"][2:]
    changes = list(altered(document))
    assert len(changes) > 1_000
    for path, value in changes:
        other = with_change(document, path, value)
        assert explaining(other) == deciding(other), (path, value)


def test_both_read_every_pattern_alike(load_schema: LoadSchema) -> None:
    for name in ("booking", "clinic", "diagnostic", "simulation", "tests", "test-result"):
        schema = load_schema(name)
        parts = list(patterned(schema))
        examples = {text for _, texts in parts for text in texts}
        texts = {text + ending for text in examples | {""} for ending in ENDINGS} | {" " + text for text in examples}
        for pattern, _ in parts:
            by_python = re.compile(pattern.removesuffix("$") + r"\Z")
            by_rust = jsonschema_rs.validator_for({"type": "string", "pattern": pattern})
            differing = [text for text in texts if by_rust.is_valid(text) != bool(by_python.search(text))]
            assert differing == [], pattern


def patterned(part: Any) -> Iterator[tuple[str, list[str]]]:
    """Every pattern of a schema, with the examples beside it."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"], [text for text in part["examples"] if isinstance(text, str)]
        for below in part.values():
            yield from patterned(below)


@pytest.mark.parametrize(
    "character", [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u2028\u2029\ufeff\ufffe\uffff"], ids=ascii
)
@pytest.mark.parametrize("text", ["a{}b", "{}a", "a{}", "{}"])
def test_texts_hold_no_character_that_cannot_be_written(
    text: str, character: str, explaining: Faults, deciding: Faults
) -> None:
    document = read(CASES / "valid/minimal.yaml") | {"name": text.format(character)}
    assert explaining(document) == deciding(document) == {("name",)}


@pytest.mark.parametrize("space", list(" \u00a0\u1680\u2000\u200a\u202f\u205f\u3000"), ids=ascii)
def test_texts_have_spaces_only_inside(space: str, explaining: Faults, deciding: Faults) -> None:
    document = read(CASES / "valid/minimal.yaml")
    for text in (space, space + "a", "a" + space):
        assert explaining(document | {"name": text}) == deciding(document | {"name": text}) == {("name",)}
    assert explaining(document | {"name": f"a{space}b"}) == deciding(document | {"name": f"a{space}b"}) == set()
