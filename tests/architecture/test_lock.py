"""The locks pin everything by hash, and name no place to download from."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["dev.txt", "runtime.txt"]
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ;[^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
COMMENT = re.compile(r"^ *#")


def read_lock(name: str) -> dict[str, str]:
    """Name to version of everything the lock pins."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {found["name"]: found["version"] for line in lines if (found := PIN.match(line))}


def project() -> dict[str, Any]:
    """pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements: list[str]) -> set[str]:
    """The packages that requirements such as `pyyaml>=6` ask for."""
    return {re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_pins_and_hashes_only(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    strange = [line for line in text.splitlines() if not (PIN.match(line) or HASH.match(line) or COMMENT.match(line))]
    assert strange == []


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("sign", ["://", "--index", "--extra-index", "--find-links", "file:", " /"])
def test_lock_names_no_address(name: str, sign: str) -> None:
    assert sign not in (ROOT / "requirements" / name).read_text(encoding="utf-8")


def test_lock_has_what_the_project_asks_for() -> None:
    asked = names(project()["project"]["dependencies"])
    assert asked <= read_lock("runtime.txt").keys()
    built_with = names(project()["build-system"]["requires"])
    assert asked | built_with | names(project()["dependency-groups"]["dev"]) <= read_lock("dev.txt").keys()


def test_both_locks_agree() -> None:
    assert read_lock("runtime.txt").items() <= read_lock("dev.txt").items()


def test_every_direct_dependency_has_its_reason() -> None:
    record = (ROOT / "docs/adr/0001-dependencies.md").read_text(encoding="utf-8")
    asked = names(project()["project"]["dependencies"]) | names(project()["dependency-groups"]["dev"])
    assert {name for name in asked if f"| {name} |" not in record} == set()
