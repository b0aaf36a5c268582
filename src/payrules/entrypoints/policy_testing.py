"""The command `payrules test`: reading, running and reporting, joined."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from payrules.adapters.clinic_files import is_tests_file
from payrules.adapters.zones import load_zone
from payrules.app.catalogue import Catalogue
from payrules.app.policy_tests import ClinicTests, run_policy_tests
from payrules.app.short_form import as_yaml
from payrules.app.touched import touched_by
from payrules.bootstrap import build
from payrules.compiler.compile import Version
from payrules.compiler.findings import diagnose
from payrules.compiler.policy_tests import clinic_file_of, path_of_tests
from payrules.domain.diagnostics import Diagnostic, Location, Severity, has_errors, position_key
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.policy_test_objects import clinic_objects, diagnostic_object, summary_object
from payrules.entrypoints.policy_test_pages import MOST_GAPS, clinic_lines, summary_lines
from payrules.entrypoints.policy_test_words import gap_words, mismatch_words
from payrules.entrypoints.reporters import REPORTERS, in_repository, report_text
from payrules.entrypoints.terminal import in_colour


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `payrules test`."""

    form: str
    min_coverage: int | None
    changed: str | None
    uncovered: bool


def run_tests(paths: tuple[str, ...], options: Options) -> ExitCode:
    """Run and report. Raises PayrulesError where what `changed` names cannot be read."""
    application = build()
    # Of a tests file that is named, the clinic file beside it; where that is missing, reading the tests tells it.
    clinic_paths = tuple(dict.fromkeys(clinic_file_of(path) if is_tests_file(path) else path for path in paths))
    present = tuple(path for path in clinic_paths if path in paths or os.path.lexists(path))
    catalogue = application.catalogue(present, analysis=False)
    files = application.policy_tests(paths, catalogue)
    sources = catalogue.sources | files.sources
    # The warnings of a clinic file are for `validate`, which does not read tests files.
    errors = [d for d in catalogue.diagnostics if d.severity is Severity.ERROR]
    found = sorted((*errors, *files.diagnostics), key=position_key)
    before = None if options.changed is None else application.catalogue_at(options.changed, clinic_paths)
    results = [
        run_policy_tests(version, files.suites.get(clinic), load_zone, _touched(clinic, version, before))
        for clinic, version in sorted(catalogue.versions.items())
        if clinic not in files.broken
    ]
    minimum = options.min_coverage
    below = [result for result in results if minimum is not None and result.coverage.percent < minimum]
    if options.form == "github":
        annotations = sorted(_annotations(results, below), key=position_key)
        for line in REPORTERS["github"](in_repository([*found, *annotations]), sources.get):
            click.echo(line)
    elif options.form == "json":
        for diagnostic in found:
            click.echo(json.dumps(diagnostic_object(diagnostic)))
    else:
        for line in report_text(found, sources.get, color=in_colour(sys.stderr)):
            click.echo(line, err=True)
    some = any(result.tested for result in results)
    if some or options.uncovered:
        _report(results, below, options)
    if has_errors(found):
        return ExitCode.DIAGNOSTICS
    if not some:
        click.echo(_no_tests(results), err=True)
        return ExitCode.FAILURE
    return ExitCode.UNMET if below or any(result.failed for result in results) else ExitCode.OK


def _touched(clinic: str, version: Version, before: Catalogue | None) -> frozenset[int | None] | None:
    """What changed since `before`; a file that had errors then is a new one."""
    return None if before is None else touched_by(before.versions.get(clinic), version)


def _report(results: Sequence[ClinicTests], below: Sequence[ClinicTests], options: Options) -> None:
    if options.form == "json":
        for result in results:
            for written in clinic_objects(result):
                click.echo(json.dumps(written))
        click.echo(json.dumps(summary_object(results, below)))
    elif options.form == "text":
        colour = in_colour(sys.stdout)
        for result in results:
            gaps = None if options.uncovered else MOST_GAPS if result in below else 0
            if result.tested or gaps != 0:
                for line in clinic_lines(result, gaps=gaps, colour=colour):
                    click.echo(line)
        for line in summary_lines(results, below, options.min_coverage):
            click.echo(line)


def _annotations(results: Sequence[ClinicTests], below: Sequence[ClinicTests]) -> Iterator[Diagnostic]:
    """Failed tests, and what is not covered where more was asked for, at their lines."""
    for result in results:
        for test, rendered, mismatches in result.tested:
            if mismatches:
                said = "; ".join(map(mismatch_words, mismatches))
                message = f"`{test.name}`: {said}, because {'; '.join(rendered['reasons'])}"
                yield diagnose("PR510", Location(result.tests_file or "", test.line), message)
    for result in below:
        for gap in result.coverage.gaps:
            message = gap_words(gap.point, result.version)
            help = "" if gap.suggestion is None else f"for example the booking `{as_yaml(gap.suggestion.booking)}`"
            yield diagnose("PR511", Location(result.version.positions.file, gap.line), message, help)


def _no_tests(results: Sequence[ClinicTests]) -> str:
    file = path_of_tests(results[0].version.positions.file) if results else "clinics/<clinic>.tests.yaml"
    return f"error: there are no tests: write `{file}`; `payrules test --uncovered` shows tests to begin with"
