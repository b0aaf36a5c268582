"""What `payrules test` shows to people: failures with expected and got side by side, and what is not covered."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

import click

from payrules.app.policy_tests import ClinicTests, Gap, Tested
from payrules.compiler.policy_tests import path_of_tests
from payrules.domain.coverage import PointKind
from payrules.entrypoints.policy_test_words import (
    coverage_words,
    file_to_begin,
    gap_words,
    pasted_test,
    value_lines,
)
from payrules.entrypoints.reporters.excerpt import visible

MOST_GAPS: Final = 5
"""How many gaps of a clinic are shown where nobody asked for all of them."""
# Whose name a test gets that would cover several: the first that there is.
_TELLING: Final = (PointKind.EDGE, PointKind.WEEKDAY, PointKind.RULE, PointKind.DEFAULTS)
_HEADS: Final[tuple[str, ...]] = ("", "expected", "got")


def clinic_lines(result: ClinicTests, *, gaps: int | None, colour: bool) -> Iterator[str]:
    """The tests of a clinic: a line, each failure, and the first gaps (None: all of them)."""

    def paint(text: str, **style: Any) -> str:
        return click.style(text, **style) if colour else text

    passed = len(result.tested) - result.failed
    counts = [paint(f"{passed:,} passed", fg=None if result.failed else "green")]
    counts += [paint(f"{result.failed:,} failed", fg="red", bold=True)] if result.failed else []
    where = visible(result.tests_file or result.version.positions.file)
    said = "no tests" if result.tests_file is None else ", ".join(counts)
    yield f"{paint(where, bold=True)}: {said}; {coverage_words(result)}"
    details = [line for one in result.tested if one.mismatches for line in _failure_lines(one, where, paint)]
    details += [] if gaps == 0 else _gap_lines(result, gaps)
    # What has details stands apart from the next clinic.
    yield from [*details, ""] if details else ()


def _failure_lines(one: Tested, file: str, paint: Any) -> Iterator[str]:
    yield ""
    yield f"  {paint('failed', fg='red', bold=True)}: {paint(visible(one.test.name), bold=True)}"
    yield f"  {paint('-->', fg='blue', bold=True)} {file}:{one.test.line}"
    rows = [_HEADS]
    for key, expected, got in one.mismatches:
        lines = zip_longest(value_lines(key, expected), value_lines(key, got), fillvalue="")
        rows += [(key if number == 0 else "", *map(visible, line)) for number, line in enumerate(lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for key, expected, got in rows:
        yield f"      {key:<{widths[0]}}  {expected:<{widths[1]}}  {got}".rstrip()
    for number, reason in enumerate(one.rendered["reasons"]):
        yield f"  {'because' if number == 0 else '       '} {visible(reason)}"


def _gap_lines(result: ClinicTests, most: int | None) -> Iterator[str]:
    version, gaps = result.version, result.coverage.gaps
    file = visible(version.positions.file)
    shown = gaps if most is None else gaps[:most]
    if shown and result.tests_file is None:
        yield ""
        yield f"  {visible(path_of_tests(version.positions.file))} may begin so:"
        yield from (f"    {line}" for line in file_to_begin(version))
    for alike in _by_suggestion(shown):
        yield ""
        yield from (f"  {file}:{gap.line}: {visible(gap_words(gap.point, version))}" for gap in alike)
        telling = min(alike, key=lambda gap: _TELLING.index(gap.point.kind))
        if (suggestion := telling.suggestion) is not None:
            yield from (f"    {visible(line)}" for line in pasted_test(telling, suggestion, version))
    if left := len(gaps) - len(shown):
        yield ""
        yield f"  and {left:,} more: `--uncovered` lists them all"
    if any(gap.suggestion is not None for gap in shown):
        yield ""
        yield "  These tests expect what comes out today: check that it is what you mean."
    if most is None and result.coverage.beyond:
        yield ""
        yield "  Not asked for, since no booking of a test gets there:"
        for point in result.coverage.beyond:
            yield f"    {visible(gap_words(point, version))}"


def _by_suggestion(gaps: Sequence[Gap]) -> Iterator[list[Gap]]:
    """The gaps that one test would cover, together."""
    groups: dict[int, list[Gap]] = {}
    for gap in gaps:
        groups.setdefault(id(gap.suggestion) if gap.suggestion is not None else id(gap), []).append(gap)
    yield from groups.values()


def summary_lines(results: Sequence[ClinicTests], below: Sequence[ClinicTests], minimum: int | None) -> Iterator[str]:
    """Clinics without tests, those that cover too little, and the numbers."""
    without = [result.version.policy.clinic for result in results if result.tests_file is None]
    failed = sum(result.failed for result in results)
    count = sum(len(result.tested) for result in results)
    if without and count:
        yield f"without tests: {', '.join(without)}"
    if below:
        names = ", ".join(f"{result.version.policy.clinic} ({result.coverage.percent} %)" for result in below)
        yield f"less than {minimum} % covered: {names}"
    if count:
        tested = _counted(len(results) - len(without), "clinic")
        yield f"{_counted(count, 'test')} of {tested}: {f'{failed:,} failed' if failed else 'all passed'}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
