"""All clinic files together: each compiled, and what can only be seen between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from payrules.compiler.compile import Compiler, Version
from payrules.compiler.findings import diagnose, stem_of
from payrules.domain.diagnostics import Diagnostic, Related, position_key


class ClinicFile(NamedTuple):
    """A clinic file as it was read: the path as diagnostics name it, and its bytes."""

    file: str
    content: bytes


# A path where nothing can be read, and a folder without clinic files.
_NO_FILE = ("PR001", "PR009")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The clinics of a set of files.

    `versions` holds the clinics whose file is right, by clinic; `broken` the file names of the others without
    their ending; `sources` the texts of the files that diagnostics speak of.
    """

    files: int
    versions: dict[str, Version]
    broken: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str] = field(repr=False)


def compile_files(
    files: Iterable[ClinicFile | Diagnostic], compiler: Compiler, *, now: datetime | None = None, analysis: bool = True
) -> Catalogue:
    """Compile every file. One clinic in two files is an error of both, since nobody can tell which one holds."""
    count = 0
    versions: dict[str, Version] = {}
    twice: set[str] = set()
    broken: set[str] = set()
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for item in files:
        if isinstance(item, Diagnostic):
            count += item.code not in _NO_FILE
            found.append(item)
            broken.add(stem_of(item.location.file))
            continue
        count += 1
        compiled = compiler.compile(item.content, item.file, now=now, analysis=analysis)
        diagnostics = list(compiled.diagnostics)
        version = compiled.version
        if version is None:
            broken.add(stem_of(item.file))
        else:
            clinic = version.policy.clinic
            earlier = versions.setdefault(clinic, version)
            if earlier is not version:
                twice.add(clinic)
                diagnostics.append(_defined_twice(clinic, earlier, version))
        if diagnostics:
            found += diagnostics
            sources[item.file] = item.content.decode("utf-8-sig", errors="replace")
    for clinic in twice:
        del versions[clinic]
    return Catalogue(count, versions, frozenset(broken | twice), tuple(sorted(found, key=position_key)), sources)


def _defined_twice(clinic: str, earlier: Version, later: Version) -> Diagnostic:
    first, second = (version.positions.value(("clinic",)) for version in (earlier, later))
    help = "keep one of the two files"
    message = f"the clinic `{clinic}` has two files"
    return diagnose("PR012", second, message, help, [Related(first, "the other one")])
