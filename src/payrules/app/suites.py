"""All tests files together: each read for the clinic file beside it."""

from collections.abc import Iterable
from typing import NamedTuple

from payrules.app.catalogue import Catalogue, ClinicFile
from payrules.compiler.findings import diagnose, stem_of
from payrules.compiler.policy_tests import LoadZone, PolicyTests, clinic_file_of, read_policy_tests
from payrules.compiler.schema import FileSchema
from payrules.domain.diagnostics import Diagnostic, Location, position_key


class SuiteFiles(NamedTuple):
    """The tests of a set of files, by clinic; `broken` are clinics whose tests file, or whose clinic file, has errors.

    `sources` has the texts of the files that diagnostics speak of.
    """

    suites: dict[str, PolicyTests]
    broken: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def read_suites(
    files: Iterable[ClinicFile | Diagnostic], catalogue: Catalogue, schema: FileSchema, load_zone: LoadZone
) -> SuiteFiles:
    """Read every tests file. Without a clinic file beside it, it is an error; where that has errors, it waits."""
    beside = {version.positions.file: version for version in catalogue.versions.values()}
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    suites: dict[str, PolicyTests] = {}
    broken = set(catalogue.broken)
    for item in files:
        if isinstance(item, Diagnostic):
            # What both readings of a folder came across was told with the clinic files.
            found += [] if item in catalogue.diagnostics else [item]
            continue
        clinic_file = clinic_file_of(item.file)
        clinic, version = stem_of(clinic_file), beside.get(clinic_file)
        tests, diagnostics = read_policy_tests(item.content, item.file, schema, version, load_zone)
        if version is None and clinic not in catalogue.broken:
            help = f"write `{clinic_file}`, or name the tests after the clinic file they are for"
            diagnostics += (diagnose("PR501", Location(item.file), f"there is no `{clinic_file}`", help),)
        if diagnostics:
            found += diagnostics
            sources[item.file] = item.content.decode("utf-8-sig", errors="replace")
        if tests is None:
            broken.add(clinic)
        else:
            suites[clinic] = tests
    return SuiteFiles(suites, frozenset(broken), tuple(sorted(found, key=position_key)), sources)
