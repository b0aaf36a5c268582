"""One look at the clinic files: what changed since they were last applied or rejected, told by their hashes.

Going back to the file that was applied last must be noticed after a bad one, so the comparison is with what was last
applied, never with what was last seen. A file that is as it was costs its hash only.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import PurePath
from typing import NamedTuple

from payrules.app.catalogue import Catalogue, ClinicFile
from payrules.app.diagnostic_lines import diagnostic_line
from payrules.app.rows import FileRow
from payrules.domain.diagnostics import Diagnostic, Severity


class Problem(StrEnum):
    """Why the last look at a file left what is in force as it was: a closed list, stable for machines."""

    REJECTED = "rejected"
    EMPTY = "empty"
    MISSING = "missing"
    TWICE = "twice"
    POLLED = "polled"
    """Of a folder: it gives no events, so a daemon looks at it every few seconds."""


class Seen(NamedTuple):
    """A file of a look with the hash of its bytes; a diagnostic and no hash where it could not be read.

    `clinic` is whose file it is by its name, None where the name tells none.
    """

    path: str
    clinic: str | None
    item: ClinicFile | Diagnostic
    hash: str | None


Rejected = Collection[tuple[str, str]]
"""Paths and hashes that this process has found wrong itself: another version of payrules may judge otherwise."""


@dataclass(frozen=True, slots=True)
class Look:
    """The files of a look beside what the ledger knows of them (`rows`, by path).

    `changed` must be compiled; `applied` are as they were last applied; `rejected` as they were last rejected.
    """

    rows: Mapping[str, FileRow]
    seen: dict[str, Seen]
    changed: tuple[Seen, ...] = field(repr=False)
    applied: tuple[Seen, ...] = field(repr=False)
    rejected: tuple[Seen, ...] = field(repr=False)

    def missing(self, roots: Sequence[str]) -> Iterator[FileRow]:
        """The rows of files below the paths that were looked at, which are not there any more."""
        for path, row in self.rows.items():
            if path in self.seen or row.problem == Problem.POLLED:
                continue
            if any(PurePath(path).is_relative_to(root) for root in roots):
                yield row


def look(files: Iterable[ClinicFile | Diagnostic], rows: Mapping[str, FileRow], rejected: Rejected) -> Look:
    """Sort the files of one look by what must be done about them."""
    seen = {one.path: one for one in map(_see, files)}
    claims = Counter(one.clinic for one in seen.values() if one.clinic is not None)
    kinds: tuple[list[Seen], list[Seen], list[Seen]] = ([], [], [])
    changed, as_applied, as_rejected = kinds
    for one in seen.values():
        row = rows.get(one.path)
        if one.clinic is not None and claims[one.clinic] > 1:
            # Only together can it be said which of them are right.
            kind = changed
        elif row is None or one.hash is None:
            kind = changed
        elif one.hash == row.activated_hash:
            kind = as_applied
        elif one.hash == row.rejected_hash and row.problem != Problem.TWICE and (one.path, one.hash) in rejected:
            kind = as_rejected
        else:
            kind = changed
        kind.append(one)
    return Look(rows, seen, tuple(changed), tuple(as_applied), tuple(as_rejected))


def _see(item: ClinicFile | Diagnostic) -> Seen:
    if isinstance(item, Diagnostic):
        path, digest = item.location.file, None
    else:
        path, digest = item.file, sha256(item.content).hexdigest()
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return Seen(path, name.removesuffix(".yaml") if name.endswith(".yaml") else None, item, digest)


def rejections(rejected: Iterable[Seen], look: Look, catalogue: Catalogue, now: datetime) -> Iterator[FileRow]:
    """The rows of files that a catalogue has no version of: what was applied last stays."""
    said: dict[str, list[Diagnostic]] = {}
    for diagnostic in catalogue.diagnostics:
        said.setdefault(diagnostic.location.file, []).append(diagnostic)
        if diagnostic.code == "PR012":
            # The first of two files is named in what is said of the second.
            for related in diagnostic.related:
                said.setdefault(related.location.file, []).append(diagnostic)
    for one in rejected:
        own = said.get(one.path, [])
        before = look.rows.get(one.path) or FileRow(one.path, one.clinic, now)
        lines = tuple(map(diagnostic_line, own))
        yield before._replace(seen_at=now, rejected_hash=one.hash, problem=_problem(own), diagnostics=lines)


def _problem(diagnostics: Iterable[Diagnostic]) -> Problem:
    errors = {d.code for d in diagnostics if d.severity is Severity.ERROR}
    if "PR002" in errors:
        return Problem.EMPTY
    return Problem.TWICE if errors == {"PR012"} else Problem.REJECTED
