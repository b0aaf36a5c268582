"""Clinics, timelines, verifications, holds, policies and files of a store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps, loads
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, Table, select, text, update

from payrules.adapters.store.codes import instant, instant_or_none, micros, micros_or_none
from payrules.adapters.store.dialect import Row
from payrules.adapters.store.session import Session
from payrules.adapters.store.tables import ACTIVATIONS, BOOKINGS, CLINICS, FILES, HOLDS, POLICIES, VERIFICATIONS
from payrules.app.ports import LedgerError, Lock
from payrules.app.rows import ActivationRow, ClinicRow, FileRow, HoldRow, LegalForm, PolicyRow, VerificationRow
from payrules.domain.timeline import Activation, ActivationState

_ADD_CLINIC = text("INSERT INTO clinics (clinic, version) VALUES (:clinic, 1) ON CONFLICT DO NOTHING")
_ADD_POLICY = text(
    "INSERT INTO policies (digest, canonical, source, content) VALUES (:digest, :canonical, :source, :content)"
    " ON CONFLICT DO NOTHING"
)


class ClinicRows:
    """The first part of a transaction."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    # clinics

    def clinics(self, names: Iterable[str], lock: Lock = Lock.NONE) -> dict[str, ClinicRow]:
        keys = self._session.keys([CLINICS.c.clinic], [(name,) for name in names])
        found = select(CLINICS).join(keys, keys.c.clinic == CLINICS.c.clinic).order_by(CLINICS.c.clinic_no)
        if lock is not Lock.NONE:
            found = found.with_for_update(read=lock is Lock.SHARE, of=CLINICS)
        # Taken apart at once: columns by their names cost more than the rest.
        rows = self._session.rows(found)
        return {clinic: ClinicRow(clinic_no, clinic, version) for clinic_no, clinic, version in rows}

    def all_clinics(self) -> list[ClinicRow]:
        rows = self._session.rows(select(CLINICS).order_by(CLINICS.c.clinic_no))
        return [ClinicRow(row.clinic_no, row.clinic, row.version) for row in rows]

    def add_clinic(self, clinic: str) -> ClinicRow:
        return self.add_clinics([clinic])[clinic]

    def add_clinics(self, clinics: Iterable[str]) -> dict[str, ClinicRow]:
        # A number is taken for nothing where the clinic is known, so it is looked for first. In one order, so that two
        # who add the same clinics do not wait for each other.
        wanted = sorted(set(clinics))
        known = self.clinics(wanted, Lock.EXCLUSIVE)
        if len(known) < len(wanted):
            self._session.change(_ADD_CLINIC, [{"clinic": clinic} for clinic in wanted if clinic not in known])
            known = self.clinics(wanted, Lock.EXCLUSIVE)
        return known

    def _raise_versions(self, clinic_nos: Iterable[int]) -> None:
        numbers = set(clinic_nos)
        keys = self._session.keys([CLINICS.c.clinic_no], [(number,) for number in numbers])
        theirs = CLINICS.c.clinic_no.in_(select(keys.c.clinic_no))
        if self._session.change(update(CLINICS).where(theirs).values(version=CLINICS.c.version + 1)) < len(numbers):
            raise LedgerError("there is no such clinic")

    def _rows_of(self, clinic_nos: Iterable[int], found: Select[Any], table: Table) -> dict[int, list[Any]]:
        """The rows of each clinic in the order of their numbers; an empty list for a clinic that has none."""
        rows: dict[int, list[Any]] = {number: [] for number in clinic_nos}
        keys = self._session.keys([table.c.clinic_no], [(number,) for number in rows])
        found = found.join(keys, keys.c.clinic_no == table.c.clinic_no).order_by(*table.primary_key)
        for row in self._session.rows(found):
            rows[row.clinic_no].append(row)
        return rows

    # timelines

    def timelines(self, clinic_nos: Iterable[int]) -> dict[int, list[ActivationRow]]:
        found = select(ACTIVATIONS, POLICIES.c.digest).select_from(ACTIVATIONS.outerjoin(POLICIES))
        rows = self._rows_of(clinic_nos, found, ACTIVATIONS)
        return {number: [_activation_of(row) for row in kept] for number, kept in rows.items()}

    def add_activation(self, clinic_no: int, row: ActivationRow) -> None:
        self.add_activations([(clinic_no, row)])

    def add_activations(self, rows: Sequence[tuple[int, ActivationRow]]) -> None:
        self._raise_versions(clinic_no for clinic_no, _ in rows)
        policies = self.policy_nos({digest for _, row in rows if (digest := row.activation.digest) is not None})
        self._session.insert(ACTIVATIONS, [_activation_values(number, row, policies) for number, row in rows])

    def change_activation(
        self, clinic_no: int, sequence: int, state: ActivationState, effective_at: datetime | None
    ) -> None:
        self._raise_versions([clinic_no])
        is_it = (ACTIVATIONS.c.clinic_no == clinic_no) & (ACTIVATIONS.c.sequence == sequence)
        changed = update(ACTIVATIONS).where(is_it).values(state=state.value)
        if effective_at is not None:
            changed = changed.values(effective_at=micros(effective_at))
        if not self._session.change(changed):
            raise LedgerError(f"clinic {clinic_no} has no activation {sequence}")

    # verifications and holds

    def add_verification(self, clinic_no: int, row: VerificationRow) -> None:
        self._raise_versions([clinic_no])
        legal_form = None if row.legal_form is None else row.legal_form.value
        self._session.insert(
            VERIFICATIONS,
            [
                (
                    clinic_no,
                    row.number,
                    row.verified,
                    legal_form,
                    row.legal_name,
                    row.organisation_number,
                    micros(row.recorded_at),
                    row.actor,
                )
            ],
        )

    def verifications(self, clinic_nos: Iterable[int]) -> dict[int, list[VerificationRow]]:
        rows = self._rows_of(clinic_nos, select(VERIFICATIONS), VERIFICATIONS)
        return {number: [_verification_of(row) for row in kept] for number, kept in rows.items()}

    def add_hold(self, clinic_no: int, row: HoldRow) -> None:
        self._raise_versions([clinic_no])
        held_at, released_at = micros(row.held_at), micros_or_none(row.released_at)
        release = (released_at, row.released_by, row.release_reason)
        values = (clinic_no, row.number, row.sequence, row.reason, row.actor, held_at, *release)
        self._session.insert(HOLDS, [values])

    def release_hold(self, clinic_no: int, number: int, released_at: datetime, released_by: str, reason: str) -> None:
        self._raise_versions([clinic_no])
        is_it = (HOLDS.c.clinic_no == clinic_no) & (HOLDS.c.number == number)
        release = {"released_at": micros(released_at), "released_by": released_by, "release_reason": reason}
        if not self._session.change(update(HOLDS).where(is_it).values(release)):
            raise LedgerError(f"clinic {clinic_no} has no hold {number}")

    def holds(self, clinic_nos: Iterable[int]) -> dict[int, list[HoldRow]]:
        rows = self._rows_of(clinic_nos, select(HOLDS), HOLDS)
        return {number: [_hold_of(row) for row in kept] for number, kept in rows.items()}

    def latest_booked_at(self, clinic_no: int) -> datetime | None:
        # The last one of its index.
        latest = (BOOKINGS.c.booked_at.desc(), BOOKINGS.c.booking_no.desc())
        found = select(BOOKINGS.c.booked_at).where(BOOKINGS.c.clinic_no == clinic_no).order_by(*latest).limit(1)
        return instant_or_none(self._session.value(found))

    # policies

    def policies(self, digests: Iterable[str]) -> dict[str, PolicyRow]:
        return {
            row.digest: PolicyRow(row.digest, row.canonical, row.source, row.content)
            for row in self._session.rows(self._of_digests(select(POLICIES), digests))
        }

    def policy_nos(self, digests: Iterable[str]) -> dict[str, int]:
        """The numbers of policy versions; raises LedgerError where one was never added."""
        wanted = set(digests)
        if not wanted:
            return {}
        found = select(POLICIES.c.digest, POLICIES.c.policy_no)
        numbers: dict[str, int] = dict(self._session.rows(self._of_digests(found, wanted)))
        if missing := wanted - numbers.keys():
            raise LedgerError(f"the store has no policy version {min(missing)}")
        return numbers

    def _of_digests(self, found: Select[Any], digests: Iterable[str]) -> Select[Any]:
        keys = self._session.keys([POLICIES.c.digest], [(digest,) for digest in digests])
        return found.join(keys, keys.c.digest == POLICIES.c.digest)

    def add_policy(self, row: PolicyRow) -> None:
        self.add_policies([row])

    def add_policies(self, rows: Iterable[PolicyRow]) -> None:
        # In one order, as clinics are added.
        values = [row._asdict() for row in sorted(rows, key=_digest)]
        if values:
            self._session.change(_ADD_POLICY, values)

    # files

    def files(self) -> dict[str, FileRow]:
        return {row.path: _file_of(row) for row in self._session.rows(select(FILES))}

    def put_files(self, rows: Iterable[FileRow]) -> None:
        by_path = {row.path: row for row in rows}
        self.drop_files(by_path)
        self._session.insert(FILES, [_file_values(row) for row in by_path.values()])

    def drop_files(self, paths: Iterable[str]) -> None:
        keys = self._session.keys([FILES.c.path], [(path,) for path in paths])
        self._session.change(FILES.delete().where(FILES.c.path.in_(select(keys.c.path))))


_digest = attrgetter("digest")


def _activation_values(clinic_no: int, row: ActivationRow, policies: Mapping[str, int]) -> Row:
    activation, digest = row.activation, row.activation.digest
    return (
        clinic_no,
        activation.sequence,
        None if digest is None else policies[digest],
        micros_or_none(activation.effective_at),
        micros_or_none(activation.effective_from),
        micros(activation.recorded_at),
        activation.state.value,
        row.actor,
        row.source,
        row.revision,
        row.content_hash,
    )


def _activation_of(row: Any) -> ActivationRow:
    activation = Activation(
        row.sequence,
        row.digest,
        instant_or_none(row.effective_at),
        instant(row.recorded_at),
        ActivationState(row.state),
        instant_or_none(row.effective_from),
    )
    return ActivationRow(activation, row.actor, row.source, row.revision, row.content_hash)


def _verification_of(row: Any) -> VerificationRow:
    return VerificationRow(
        row.number,
        row.verified,
        None if row.legal_form is None else LegalForm(row.legal_form),
        row.legal_name,
        row.organisation_number,
        instant(row.recorded_at),
        row.actor,
    )


def _hold_of(row: Any) -> HoldRow:
    release = (instant_or_none(row.released_at), row.released_by, row.release_reason)
    return HoldRow(row.number, row.sequence, row.reason, row.actor, instant(row.held_at), *release)


def _file_values(row: FileRow) -> Row:
    return (
        row.path,
        row.clinic,
        micros(row.seen_at),
        row.activated_hash,
        row.rejected_hash,
        row.problem,
        dumps(row.diagnostics, ensure_ascii=False),
    )


def _file_of(row: Any) -> FileRow:
    # Taken apart at once, and hardly a file has diagnostics: all files are read at every look.
    path, clinic, seen_at, activated_hash, rejected_hash, problem, text = row
    diagnostics: Sequence[str] = () if text == "[]" else loads(text)
    return FileRow(path, clinic, instant(seen_at), activated_hash, rejected_hash, problem, tuple(diagnostics))
