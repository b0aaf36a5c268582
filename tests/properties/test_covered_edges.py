"""What full coverage promises: whoever moves an edge of a range by one step breaks a test."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.properties.compiling import COMPILER

from payrules.adapters.zones import load_zone
from payrules.app.policy_tests import run_policy_tests
from payrules.compiler.compile import Version
from payrules.compiler.policy_tests import PolicyTest, PolicyTests, booking_of
from payrules.domain.coverage import PointKind
from payrules.domain.duration import parse_seconds
from payrules.domain.money import MINOR_UNITS, format_minor, to_minor

CLINICS = sorted(path for path in (Path(__file__).parents[2] / "clinics").glob("*.yaml") if path.suffixes == [".yaml"])


def compiled(content: bytes, clinic: str) -> Version | None:
    return COMPILER.compile(content, f"clinics/{clinic}.yaml", analysis=False).version


def suggested_tests(version: Version) -> PolicyTests:
    """A test for everything that can be covered, expecting what comes out."""
    gaps = run_policy_tests(version, None, load_zone).coverage.gaps
    suggestions = [gap.suggestion for gap in gaps if gap.suggestion is not None]
    tests = (
        PolicyTest(str(n), n, booking_of(s.booking, str(n), version, load_zone), {"rule": s.rule})
        for n, s in enumerate(suggestions)
    )
    return PolicyTests("a.tests.yaml", version, {}, tuple(tests))


def moved(name: str, written: str, by: int, digits: int) -> str:
    """A bound moved by so many steps."""
    match name:
        case "price":
            minor = to_minor(written, digits)
            assert minor is not None
            return format_minor(max(0, minor + by), digits)
        case "starts_on":
            return (date.fromisoformat(written) + timedelta(days=by)).isoformat()
        case "start_time":
            minute = (int(written[:2]) * 60 + int(written[3:]) + by) % 1_440
            return f"{minute // 60:02d}:{minute % 60:02d}"
        case _:
            return f"{max(0, parse_seconds(written) // 60 + by)}m"


def moves(version: Version) -> Iterator[tuple[int, str, str, bytes]]:
    """Every way to move one edge by one step: the rule, the condition, the bound, and the text that comes of it."""
    digits = MINOR_UNITS[version.policy.currency]
    for number, rule in enumerate(json.loads(version.canonical).get("rules", [])):
        for name in ("price", "duration", "lead_time", "starts_on", "start_time"):
            for bound, written in rule["when"].get(name, {}).items():
                for by in (-1, 1):
                    document: dict[str, Any] = json.loads(version.canonical)
                    document["rules"][number]["when"][name][bound] = moved(name, written, by, digits)
                    yield number, name, bound, json.dumps(document).encode()


@pytest.mark.parametrize("path", CLINICS, ids=lambda path: path.stem)
def test_moving_an_edge_breaks_a_test(path: Path) -> None:
    version = compiled(path.read_bytes(), path.stem)
    assert version is not None
    tests = suggested_tests(version)
    result = run_policy_tests(version, tests, load_zone)
    assert (result.coverage.percent, result.failed) == (100, 0)
    beyond = {(p.rule, p.condition, p.bound) for p in result.coverage.beyond if p.kind is PointKind.EDGE}
    unnoticed = []
    for number, name, bound, text in moves(version):
        other = compiled(text, path.stem)
        if other is None or other.digest == version.digest or (number, name, bound) in beyond:
            continue
        if not run_policy_tests(other, tests, load_zone, frozenset()).failed:
            unnoticed.append((version.policy.rules[number].id, name, bound))
    assert unnoticed == []


def test_there_are_edges_to_move() -> None:
    versions = [compiled(path.read_bytes(), path.stem) for path in CLINICS]
    assert sum(len(list(moves(version))) for version in versions if version is not None) >= 40
