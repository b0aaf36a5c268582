"""Audit: computes again what a ledger holds, from what it rests on, and names every difference.

Policies from the files they came from, first stamps from the timeline, later ones from their record, decisions from
their facts. A page of bookings is read at a time, in a transaction of its own: the ledger may be as large as it likes,
and others go on writing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from payrules.app.audit_checks import (
    Difference,
    Part,
    action_differences,
    decision_differences,
    number_differences,
    stamp_differences,
)
from payrules.app.facts import booking_of
from payrules.app.intake import Zones
from payrules.app.ports import Ledger, Transaction
from payrules.app.rows import ActivationRow, ClinicRow, HoldRow, Past, PolicyRow, StoredRecord
from payrules.app.timelines import UnknownClinicError, timeline_of
from payrules.app.versions import VersionError, load_version
from payrules.compiler.canonical import digest_of
from payrules.compiler.compile import Compiler
from payrules.domain.decision import Uncovered
from payrules.domain.lifecycle import Cover
from payrules.domain.policy import Policy
from payrules.domain.record import Stamp
from payrules.domain.timeline import Timeline, TimelineError

PAGE = 500
"""Bookings a transaction."""

# What reading a row raises that somebody has tampered with.
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)


class Engine(NamedTuple):
    """What decides here: the versions of payrules and of the time zones."""

    engine: str
    tzdata: str


class _Clinic(NamedTuple):
    """What all bookings of a clinic are held against. `policies` has None for a version that cannot be read."""

    row: ClinicRow
    timeline: Timeline | None
    holds: Sequence[HoldRow]
    policies: dict[str, Policy | None]


class Auditor:
    """Computes a ledger again. `counts` tells what it has looked at so far; `observe` is told after every page."""

    def __init__(
        self,
        ledger: Ledger,
        compiler: Compiler,
        zones: Zones,
        engine: Engine,
        clock: Callable[[], datetime],
        observe: Callable[[Counter[str]], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._compiler = compiler
        self._zones = zones
        self._engine = engine
        self._clock = clock
        self._observe = observe
        self.counts: Counter[str] = Counter()

    def audit(self, names: Sequence[str] = ()) -> Iterator[Difference]:
        """Every difference, clinic by clinic; of all clinics where none is named. Raises UnknownClinicError."""
        with self._ledger.reading() as tx:
            rows = sorted(tx.clinics(names).values()) if names else tx.all_clinics()
        for unknown in set(names) - {row.clinic for row in rows}:
            raise UnknownClinicError(unknown)
        for row in rows:
            for difference in self._clinic(row):
                self.counts["errors" if difference.is_error else "otherwise"] += 1
                yield difference._replace(clinic=row.clinic)

    def _clinic(self, row: ClinicRow) -> Iterator[Difference]:
        self.counts["clinics"] += 1
        # Versions are kept while their clinic is looked at, never those of all clinics.
        policies: dict[str, Policy | None] = {}
        after, is_first = (row.clinic_no, 0), True
        while is_first or after[1]:
            with self._ledger.reading() as tx:
                found, after = self._page(tx, row, policies, after, is_first=is_first)
            is_first = False
            self._observe(self.counts)
            yield from found

    def _page(
        self,
        tx: Transaction,
        row: ClinicRow,
        policies: dict[str, Policy | None],
        after: tuple[int, int],
        *,
        is_first: bool,
    ) -> tuple[list[Difference], tuple[int, int]]:
        """The differences of a page, and where the next one begins; booking_no 0 where there is none."""
        activations = tx.timelines([row.clinic_no]).get(row.clinic_no, [])
        found = list(self._policies(tx, row, activations, policies))
        timeline = None
        try:
            timeline = timeline_of(activations)
        except TimelineError as error:
            if is_first:
                found.append(Difference(Part.TIMELINE, "activations that can have come so", str(error)))
        if is_first:
            self.counts["activations"] += len(activations)
        holds = [hold for hold in tx.holds([row.clinic_no]).get(row.clinic_no, []) if hold.released_at is None]
        clinic = _Clinic(row, timeline, holds, policies)
        numbers = tx.booking_numbers(row.clinic_no, after=after, limit=PAGE)
        for number, stored, past in _read(tx, numbers):
            self.counts["bookings"] += 1
            if stored is None or past is None:
                rows = "a booking with its stamp and its decision"
                found.append(Difference(Part.BOOKING, rows, f"booking number {number[1]}, which cannot be read"))
                continue
            of = stored.record.booking.id
            found += [difference._replace(booking_id=of) for difference in self._booking(clinic, stored, past)]
        return found, numbers[-1] if len(numbers) == PAGE else (row.clinic_no, 0)

    # ---- policies

    def _policies(
        self, tx: Transaction, row: ClinicRow, activations: Sequence[ActivationRow], known: dict[str, Policy | None]
    ) -> Iterator[Difference]:
        """Check the versions of the timeline that were not seen yet, and keep them."""
        digests = {a.activation.digest for a in activations if a.activation.digest is not None} - known.keys()
        rows = tx.policies(digests) if digests else {}
        for digest in sorted(digests):
            self.counts["policies"] += 1
            known[digest] = None
            if digest not in rows:
                yield Difference(Part.POLICY, digest, "no such version")
                continue
            hashes = {a.content_hash for a in activations if a.activation.digest == digest} - {None}
            try:
                yield from self._policy(rows[digest], hashes, row.clinic, known)
            except _UNREADABLE:
                yield Difference(Part.POLICY, digest, "a version that cannot be read")

    def _policy(
        self, row: PolicyRow, hashes: set[str | None], clinic: str, known: dict[str, Policy | None]
    ) -> Iterator[Difference]:
        digest, content_hash = row.digest, sha256(row.content).hexdigest()
        if digest_of(row.canonical) != digest:
            yield Difference(Part.POLICY, digest, digest_of(row.canonical), "canonical")
        if hashes and content_hash not in hashes:
            yield Difference(Part.POLICY, " or ".join(sorted(map(str, hashes))), content_hash, "content")
        version = self._compiler.compile(row.content, row.source, analysis=False).version
        if version is None or version.digest != digest:
            # The very file that was activated, and read in another way: that is another payrules, not another file.
            found = "a file with errors" if version is None else version.digest
            yield Difference(Part.POLICY, digest, found, "compiled", is_error=content_hash not in hashes)
            try:
                version = load_version(row, self._compiler)
            except VersionError:
                return
        if version.policy.clinic != clinic:
            yield Difference(Part.POLICY, f"a version of {clinic}", f"a version of {version.policy.clinic}", "clinic")
        else:
            known[digest] = version.policy

    # ---- bookings

    def _booking(self, clinic: _Clinic, stored: StoredRecord, past: Past) -> Iterator[Difference]:
        record = stored.record
        self.counts["stamps"] += len(past.stamps)
        self.counts["actions"] += len(record.actions)
        yield from number_differences(record, past)
        if clinic.timeline is not None:
            yield from stamp_differences(past.stamps, clinic.timeline, record.booking.booked_at)
        yield from self._decisions(clinic, stored, past)
        yield from action_differences(record, self._clock(), clinic.holds)

    def _decisions(self, clinic: _Clinic, stored: StoredRecord, past: Past) -> Iterator[Difference]:
        stamps, earliest, latest = {stamp.number: stamp for stamp in past.stamps}, None, 1
        for row, decided in past.decisions:
            self.counts["decisions"] += 1
            stamp = stamps.get(row.stamp)
            if stamp is None or row.stamp < latest:
                expected = f"a stamp of the booking, {latest} or later"
                yield Difference(Part.DECISION, expected, f"stamp {row.stamp}", "stamp", row.number, row.stamp)
                continue
            latest = row.stamp
            cover = _cover(clinic, stamp)
            if cover is None:
                # What is wrong with its version is said once.
                self.counts["not_computed"] += 1
                continue
            try:
                booking = booking_of(row.facts, clinic.row.clinic, stored.record.booking.id, self._zones)
            except _UNREADABLE:
                found = "facts that cannot be read"
                yield Difference(Part.DECISION, "facts of a booking", found, "facts", row.number, row.stamp)
                continue
            same = (stamp.engine, stamp.tzdata) == self._engine
            for difference in decision_differences(row, decided, cover, booking, earliest):
                yield difference._replace(is_error=same)
            earliest = decided.not_before


def _cover(clinic: _Clinic, stamp: Stamp) -> Cover | None:
    """What a stamp names; None for a version that cannot be read, or that is not the clinic's."""
    if stamp.digest is not None:
        return clinic.policies.get(stamp.digest)
    return Uncovered.under(stamp.sequence)


def _read(
    tx: Transaction, numbers: Sequence[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], StoredRecord | None, Past | None]]:
    """Bookings with their past; None where a row cannot be read, which must not hide the others."""
    try:
        records, past = tx.records_by_number(numbers, lock=False), tx.past(numbers)
    except _UNREADABLE:
        if len(numbers) == 1:
            yield numbers[0], None, None
            return
        half = len(numbers) // 2
        yield from _read(tx, numbers[:half])
        yield from _read(tx, numbers[half:])
        return
    for number in numbers:
        yield number, records.get(number), past.get(number)
