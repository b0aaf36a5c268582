"""The lines of `payrules test --format json` (schema/test-result.v1.schema.json)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from payrules.app.diagnostic_lines import diagnostic_line
from payrules.app.policy_tests import ClinicTests, Gap
from payrules.compiler.compile import Version
from payrules.domain.coverage import PointKind
from payrules.domain.diagnostics import Diagnostic
from payrules.entrypoints.policy_test_words import gap_words


def diagnostic_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """What is wrong with a clinic file or a tests file, as `validate --format json` writes it."""
    return {"type": "diagnostic", "diagnostic": json.loads(diagnostic_line(diagnostic))}


def clinic_objects(result: ClinicTests) -> Iterator[dict[str, Any]]:
    """A line for each test of a clinic, then one for what they cover."""
    version = result.version
    clinic = version.policy.clinic
    for test, rendered, mismatches in result.tested:
        yield {
            "type": "test",
            "clinic": clinic,
            "name": test.name,
            "file": result.tests_file,
            "line": test.line,
            "passed": not mismatches,
            "mismatches": [mismatch._asdict() for mismatch in mismatches],
            "decision": rendered,
        }
    asked, covered = result.coverage.asked, result.coverage.covered
    yield {
        "type": "coverage",
        "clinic": clinic,
        "file": version.positions.file,
        "tests_file": result.tests_file,
        "percent": result.coverage.percent,
        "asked": {kind.value: asked[kind] for kind in PointKind},
        "covered": {kind.value: covered[kind] for kind in PointKind},
        "gaps": [_gap_object(gap, version) for gap in result.coverage.gaps],
        "out_of_reach": [gap_words(point, version) for point in result.coverage.beyond],
    }


def _gap_object(gap: Gap, version: Version) -> dict[str, Any]:
    point, suggestion = gap.point, gap.suggestion
    return {
        "kind": point.kind.value,
        "rule": None if point.rule is None else version.policy.rules[point.rule].id,
        "condition": point.condition or None,
        "bound": point.bound or None,
        "side": ("inside" if point.inside else "outside") if point.condition else None,
        "line": gap.line,
        "message": gap_words(point, version),
        "suggestion": None
        if suggestion is None
        else {"booking": suggestion.booking, "outcome": suggestion.outcome, "rule": suggestion.rule},
    }


def summary_object(results: Sequence[ClinicTests], below: Sequence[ClinicTests]) -> dict[str, Any]:
    """The last line: how many tests passed and failed, which clinics have none, and which cover too little."""
    failed = sum(result.failed for result in results)
    return {
        "type": "summary",
        "passed": sum(len(result.tested) for result in results) - failed,
        "failed": failed,
        "without_tests": [result.version.policy.clinic for result in results if result.tests_file is None],
        "below_minimum": [result.version.policy.clinic for result in below],
    }
