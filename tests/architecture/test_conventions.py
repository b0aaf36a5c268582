"""Conventions of CONTRIBUTING.md that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src/payrules").rglob("*.py"))
SCRIPTS = [path for folder in ("benchmarks", "tests", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]

EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "handler", "service", "data", "info"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
IGNORE = re.compile(r"#\s*(?:type:\s*ignore|noqa)(?P<rules>\[[\w, -]+\]|:\s*[\w, ]+?)?(?P<reason>\s*#\s*\S.*)?$")


def relative(path: Path) -> str:
    """The path as a test's id."""
    return path.relative_to(ROOT).as_posix()


def names_defined(path: Path) -> Iterator[str]:
    """The module's own name and that of every class and function in it."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_names_say_what_a_thing_is(path: Path) -> None:
    empty = [name for name in names_defined(path) if EMPTY_WORDS & {word.lower() for word in WORD.findall(name)}]
    assert empty == []


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=relative)
def test_every_ignore_has_its_rule_and_its_reason(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    ignores = [(number, found) for number, line in enumerate(lines, 1) if (found := IGNORE.search(line))]
    bare = [number for number, found in ignores if not (found["rules"] and found["reason"])]
    assert bare == []
