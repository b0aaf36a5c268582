"""Activation: the clinic files of one look are compared with the ledger, and applied in one transaction.

Everything that can fail is done first. What is removed, empty or broken changes nothing: what was in force stays.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from payrules.app.catalogue import Catalogue, ClinicFile, compile_files
from payrules.app.diagnostic_lines import read_diagnostic
from payrules.app.look import Look, Problem, Seen, look, rejections
from payrules.app.ports import Ledger, Lock, Transaction
from payrules.app.rows import ActivationRow, ClinicRow, FileRow, PolicyRow
from payrules.app.timelines import Rewritten, is_verified, timeline_of, write_timelines
from payrules.app.transactions import in_transaction
from payrules.compiler.compile import Compiler, Version
from payrules.domain.diagnostics import Diagnostic, position_key
from payrules.domain.timeline import Activation, Recorded, RecordOutcome

Clock = Callable[[], datetime]
"""Gives the time, as an aware UTC instant."""

RevisionOf = Callable[[str], str | None]
"""Gives the VCS revision a file was read at, None where there is none."""


class FileOutcome(StrEnum):
    """What a look did about a clinic file."""

    ACTIVATED = "activated"
    PENDING = "pending"
    AWAITING_VERIFICATION = "awaiting_verification"
    WITHDREW_PENDING = "withdrew_pending"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    MISSING = "missing"


_OUTCOMES = {
    RecordOutcome.ACTIVATED: FileOutcome.ACTIVATED,
    RecordOutcome.PENDING: FileOutcome.PENDING,
    RecordOutcome.AWAITING_VERIFICATION: FileOutcome.AWAITING_VERIFICATION,
    RecordOutcome.WITHDREW_PENDING: FileOutcome.WITHDREW_PENDING,
    RecordOutcome.UNCHANGED: FileOutcome.UNCHANGED,
}


class FileResult(NamedTuple):
    """What came of one file. `clinic` is None where its name does not tell one.

    `activation` carries the file's version; None where the file is as it was last applied, and where it is not
    applied. `dropped` is the activation, pending or awaiting verification, that it replaced or withdrew. `problem`
    says why it was not applied.
    """

    file: str
    clinic: str | None
    outcome: FileOutcome
    activation: Activation | None = None
    dropped: Activation | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a look did: a result a file, by path, and the diagnostics with the texts they speak of.

    `files` counts those that were there. `recorded_at` is the time of the transaction, None where nothing had to be
    written.
    """

    files: int
    results: tuple[FileResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    recorded_at: datetime | None
    sources: dict[str, str] = field(repr=False)


class _New(NamedTuple):
    """A version of a changed file, ready to be recorded."""

    file: str
    version: Version
    policy: PolicyRow
    content_hash: str | None
    revision: str | None


class Activator:
    """Applies clinic files to a ledger. One for the life of a process: it remembers what it has rejected."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rejected: set[tuple[str, str]] = set()

    def reconcile(
        self,
        files: Iterable[ClinicFile | Diagnostic],
        compiler: Compiler,
        *,
        actor: str,
        revision_of: RevisionOf,
        roots: Sequence[str] = (),
    ) -> Reconciled:
        """Apply the files of one look, all that are right in one transaction, so that nobody sees half of them.

        `roots` are the paths that were looked at: a known file below them that is not among `files` is missing.
        Raises LedgerError where the ledger cannot be used; then nothing was applied.
        """
        with self._ledger.reading() as tx:
            rows = tx.files()
        found = look(files, rows, self._rejected)
        catalogue = compile_files((one.item for one in found.changed), compiler, now=self._clock(), analysis=False)
        new = [_new(found.seen[v.positions.file], v, revision_of) for v in catalogue.versions.values()]
        new.sort(key=lambda one: one.version.policy.clinic)
        accepted = {one.file for one in new}
        rejected = [one for one in found.changed if one.path not in accepted]

        changes = _file_changes(found, catalogue, new, rejected, roots, self._clock())
        touched = {row.clinic for row in changes.put if row.clinic is not None}

        def work(tx: Transaction) -> tuple[list[FileResult], datetime]:
            clinics = _locked(tx, [one.version.policy.clinic for one in new], touched)
            # The clock, and what was applied last, are read where nobody else can change these clinics any more.
            now = self._clock()
            fresh = _file_changes(replace(found, rows=tx.files()), catalogue, new, rejected, roots, now)
            results = _record(tx, clinics, new, actor, now)
            tx.put_files(fresh.put)
            tx.drop_files(fresh.drop)
            return results, now

        results: list[FileResult] = []
        recorded_at = None
        if new or changes.put or changes.drop:
            results, recorded_at = in_transaction(self._ledger, work)
        self._rejected = {(one.path, one.hash) for one in (*rejected, *found.rejected) if one.hash is not None}
        results += _untouched(found, changes, rejected)
        return _reconciled(found, catalogue, results, recorded_at)


def _new(seen: Seen, version: Version, revision_of: RevisionOf) -> _New:
    content = seen.item.content if isinstance(seen.item, ClinicFile) else b""
    policy = PolicyRow(version.digest, version.canonical, seen.path, content)
    return _New(seen.path, version, policy, seen.hash, revision_of(seen.path))


def _locked(tx: Transaction, names: Sequence[str], touched: set[str]) -> dict[str, ClinicRow]:
    """The clinics and those that are `touched`, locked against stamping and other activations.

    Of `names`, those never seen are added.
    """
    clinics = tx.clinics({*names, *touched}, Lock.EXCLUSIVE)
    unknown = [name for name in names if name not in clinics]
    return clinics | tx.add_clinics(unknown) if unknown else clinics


def _record(
    tx: Transaction, clinics: dict[str, ClinicRow], new: Sequence[_New], actor: str, now: datetime
) -> list[FileResult]:
    numbers = [row.clinic_no for row in clinics.values()]
    timelines, verifications = tx.timelines(numbers), tx.verifications(numbers)
    results, policies, rewritten = [], [], []
    for one in new:
        version, clinic_no = one.version, clinics[one.version.policy.clinic].clinic_no
        rows = timelines.get(clinic_no, [])
        before = timeline_of(rows)
        recorded = before.record(
            version.digest,
            version.effective_from,
            now,
            # A clinic whose first file this is has no bookings yet.
            tx.latest_booked_at(clinic_no) if rows else None,
            verified=is_verified(verifications.get(clinic_no, [])),
        )
        if recorded.outcome is not RecordOutcome.UNCHANGED:
            policies.append(one.policy)
            row_of = partial(
                ActivationRow, actor=actor, source=one.file, revision=one.revision, content_hash=one.content_hash
            )
            rewritten.append(Rewritten(clinic_no, before, recorded.timeline, row_of))
        results.append(_result(one, recorded))
    tx.add_policies(policies)
    write_timelines(tx, rewritten)
    return results


def _result(one: _New, recorded: Recorded) -> FileResult:
    outcome = _OUTCOMES[recorded.outcome]
    return FileResult(one.file, one.version.policy.clinic, outcome, recorded.activation, recorded.dropped)


class _Changes(NamedTuple):
    """What the ledger must be told of the files, as far as it does not know it; `missing` are those that are gone."""

    put: list[FileRow]
    drop: list[str]
    missing: list[FileRow]


def _file_changes(
    found: Look,
    catalogue: Catalogue,
    new: Iterable[_New],
    rejected: Iterable[Seen],
    roots: Sequence[str],
    now: datetime,
) -> _Changes:
    applied = [FileRow(one.file, one.version.policy.clinic, now, one.content_hash) for one in new]
    for one in found.applied:
        known = found.rows.get(one.path)
        if known is not None and known.activated_hash == one.hash:
            applied.append(FileRow(one.path, one.clinic, now, one.hash))
    rows = [*applied, *rejections(rejected, found, catalogue, now)]
    # A clinic whose file was moved is not without one.
    elsewhere = {row.clinic for row in applied}
    drop = [path for path, row in found.rows.items() if path not in found.seen and row.clinic in elsewhere]
    missing = []
    for row in found.missing(roots):
        if row.clinic in elsewhere:
            continue
        if row.activated_hash is None:
            # Nothing of it is in force, so nobody misses it.
            drop.append(row.path)
        else:
            missing.append(row._replace(seen_at=now, rejected_hash=None, problem=Problem.MISSING, diagnostics=()))
    put = [row for row in (*rows, *missing) if _differs(row, found.rows.get(row.path), roots)]
    return _Changes(put, drop, missing)


def _differs(row: FileRow, known: FileRow | None, roots: Sequence[str]) -> bool:
    if known is None:
        # A path that somebody named and that never was a file of ours is a slip of the hand.
        named = PurePath(row.path) in map(PurePath, roots)
        return row.activated_hash is not None or row.rejected_hash is not None or not named
    return row._replace(seen_at=known.seen_at) != known


def _untouched(found: Look, changes: _Changes, rejected: Iterable[Seen]) -> list[FileResult]:
    """The results of the files that change nothing."""
    problems = {row.path: row.problem for row in (*found.rows.values(), *changes.put)}
    results = [FileResult(one.path, one.clinic, FileOutcome.UNCHANGED) for one in found.applied]
    results += [
        FileResult(one.path, one.clinic, FileOutcome.REJECTED, problem=problems.get(one.path) or Problem.REJECTED)
        for one in (*rejected, *found.rejected)
    ]
    results += [FileResult(row.path, row.clinic, FileOutcome.MISSING, problem=row.problem) for row in changes.missing]
    return results


def _reconciled(
    found: Look, catalogue: Catalogue, results: list[FileResult], recorded_at: datetime | None
) -> Reconciled:
    results.sort(key=lambda result: result.file)
    at_once = {result.file for result in results if result.outcome is FileOutcome.ACTIVATED}
    # That a time is past matters only where content is new.
    diagnostics = [d for d in catalogue.diagnostics if d.code != "PR350" or d.location.file in at_once]
    sources = dict(catalogue.sources)
    for one in found.rejected:
        diagnostics += map(read_diagnostic, found.rows[one.path].diagnostics)
        if isinstance(one.item, ClinicFile):
            sources[one.path] = one.item.content.decode("utf-8-sig", errors="replace")
    diagnostics.sort(key=position_key)
    return Reconciled(len(found.seen), tuple(results), tuple(diagnostics), recorded_at, sources)
