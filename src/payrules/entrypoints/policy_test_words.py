"""What is said of policy tests: values as a tests file writes them, places that no test covers, tests to paste."""

import json
from collections.abc import Iterator
from typing import Any

from payrules.app.expected import Mismatch
from payrules.app.policy_tests import ClinicTests, Gap, Suggestion
from payrules.app.short_form import as_yaml
from payrules.compiler.compile import Version
from payrules.domain.coverage import Point, PointKind


def value_lines(key: str, value: Any) -> list[str]:
    """A value of an expectation, one line for each message of a list."""
    if key in ("links", "reminders"):
        return [_message(message) for message in value] or ["none"]
    if value is None:
        return ["none: the defaults" if key == "rule" else "none"]
    return [", ".join(value) or "nothing" if isinstance(value, list) else str(value) or "nothing"]


def _message(message: dict[str, Any]) -> str:
    by = f" by {' + '.join(message['channels'])}" if "channels" in message else ""
    return str(message["at"]) + by + (f" ({message['shifted_by'] or 'not shifted'})" if "shifted_by" in message else "")


def mismatch_words(mismatch: Mismatch) -> str:
    """`outcome: expected draft, got automatic`."""
    expected, got = (", ".join(value_lines(mismatch.key, value)) for value in mismatch[1:])
    return f"{mismatch.key}: expected {expected}, got {got}"


def gap_words(point: Point, version: Version) -> str:
    """What is not covered: ``the rule `x`: no test just inside `price.at_least` (2000.00)``."""
    match point.kind:
        case PointKind.DEFAULTS:
            return "no test is left to the defaults"
        case PointKind.RULE:
            return f"no test is decided by the rule `{_id(point, version)}`"
    side = "inside" if point.inside else "outside"
    where = f"on a day {side}" if point.kind is PointKind.WEEKDAY else f"just {side}"
    key = ".".join(filter(None, (point.condition, point.bound)))
    return f"the rule `{_id(point, version)}`: no test {where} `{key}` ({_written(point, version)})"


def file_to_begin(version: Version) -> Iterator[str]:
    """The lines with which a tests file of a clinic begins."""
    yield "payrules_tests: 1"
    yield f"clinic: {version.policy.clinic}"
    yield "tests:"


def pasted_test(gap: Gap, suggestion: Suggestion, version: Version) -> Iterator[str]:
    """The lines of a test that would cover a gap, and that expects what comes out today."""
    point = gap.point
    side = "inside" if point.inside else "outside"
    rule, written = _id(point, version), _written(point, version)
    name = {
        PointKind.DEFAULTS: "no rule decides",
        PointKind.RULE: f"{rule} decides",
        PointKind.EDGE: f"{rule}, just {side} {point.condition} {point.bound} {written}",
        PointKind.WEEKDAY: f"{rule}, on a day {side} {written}",
    }[point.kind]
    yield f"- name: {as_yaml(name)}"
    if suggestion.booking:
        yield f"  booking: {as_yaml(suggestion.booking)}"
    yield f"  expect: {as_yaml({'outcome': suggestion.outcome, 'rule': suggestion.rule})}"


def coverage_words(result: ClinicTests) -> str:
    """`100 % covered: 2 of 2 rules, the defaults, 6 of 6 boundaries`."""
    asked, covered = result.coverage.asked, result.coverage.covered
    if not asked.total():
        return "nothing to cover"
    edges = (PointKind.EDGE, PointKind.WEEKDAY)
    parts = [
        _of(covered[PointKind.RULE], asked[PointKind.RULE], "rule"),
        "the defaults" if covered[PointKind.DEFAULTS] else "not the defaults" if asked[PointKind.DEFAULTS] else "",
        _of(sum(covered[kind] for kind in edges), sum(asked[kind] for kind in edges), "boundary side"),
    ]
    return f"{result.coverage.percent} % covered: {', '.join(filter(None, parts))}"


def _of(covered: int, asked: int, noun: str) -> str:
    return f"{covered} of {asked} {noun if asked == 1 else f'{noun}s'}" if asked else ""


def _id(point: Point, version: Version) -> str:
    return "" if point.rule is None else version.policy.rules[point.rule].id


def _written(point: Point, version: Version) -> str:
    """A bound or a set of weekdays as the clinic file has it."""
    if point.rule is None or not point.condition:
        return ""
    if point.bound:
        return version.positions.written(("rules", point.rule, "when", point.condition, point.bound))
    days = json.loads(version.canonical)["rules"][point.rule]["when"][point.condition]
    return days if isinstance(days, str) else ", ".join(days)
