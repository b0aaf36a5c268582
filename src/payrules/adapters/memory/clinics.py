"""Clinics, timelines, verifications, holds, policies and files of a ledger in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from payrules.adapters.memory.tables import Rows, Table, V
from payrules.app.ports import ConflictError, LedgerError, Lock
from payrules.app.rows import ActivationRow, ClinicRow, FileRow, HoldRow, PolicyRow, VerificationRow
from payrules.domain.timeline import ActivationState


class ClinicRows(Rows):
    """The first part of a transaction. One writer at a time is lock enough for every clinic."""

    __slots__ = ()

    def clinics(self, names: Iterable[str], lock: Lock = Lock.NONE) -> dict[str, ClinicRow]:
        numbers = self.found(self.t.clinic_nos, names)
        return {name: self._clinic(number) for name, number in numbers.items()}

    def all_clinics(self) -> list[ClinicRow]:
        return sorted(self.all(self.t.clinics).values())

    def add_clinic(self, clinic: str) -> ClinicRow:
        known = self.get(self.t.clinic_nos, clinic)
        if known is not None:
            return self._clinic(known)
        row = ClinicRow(len(self.t.clinics.rows) + 1, clinic, 1)
        self.put(self.t.clinic_nos, clinic, row.clinic_no)
        self.put(self.t.clinics, row.clinic_no, row)
        return row

    def add_clinics(self, clinics: Iterable[str]) -> dict[str, ClinicRow]:
        return {clinic: self.add_clinic(clinic) for clinic in clinics}

    def _clinic(self, clinic_no: int) -> ClinicRow:
        row = self.get(self.t.clinics, clinic_no)
        if row is None:
            raise self.failed(LedgerError(f"there is no clinic {clinic_no}"))
        return row

    def _raise_version(self, clinic_no: int) -> None:
        row = self._clinic(clinic_no)
        self.put(self.t.clinics, clinic_no, row._replace(version=row.version + 1))

    def _lists(self, table: Table[int, tuple[V, ...]], clinic_nos: Iterable[int]) -> dict[int, list[V]]:
        return {number: self.listed(table, number) for number in clinic_nos}

    # timelines

    def timelines(self, clinic_nos: Iterable[int]) -> dict[int, list[ActivationRow]]:
        return self._lists(self.t.timelines, clinic_nos)

    def add_activation(self, clinic_no: int, row: ActivationRow) -> None:
        digest = row.activation.digest
        if digest is not None and self.get(self.t.policies, digest) is None:
            raise self.failed(LedgerError("an activation needs its policy"))
        self._write_timeline(clinic_no, [*self.listed(self.t.timelines, clinic_no), row])

    def add_activations(self, rows: Sequence[tuple[int, ActivationRow]]) -> None:
        for clinic_no, row in rows:
            self.add_activation(clinic_no, row)

    def change_activation(
        self, clinic_no: int, sequence: int, state: ActivationState, effective_at: datetime | None
    ) -> None:
        rows = self.listed(self.t.timelines, clinic_no)
        for index, row in enumerate(rows):
            if row.activation.sequence == sequence:
                changed = replace(row.activation, state=state, effective_at=effective_at)
                rows[index] = row._replace(activation=changed)
                return self._write_timeline(clinic_no, rows)
        raise self.failed(LedgerError(f"clinic {clinic_no} has no activation {sequence}"))

    def _write_timeline(self, clinic_no: int, rows: list[ActivationRow]) -> None:
        rows.sort(key=_sequence)
        recorded = [r.activation.effective_at for r in rows if r.activation.state is ActivationState.RECORDED]
        if None in recorded:
            raise self.failed(LedgerError("an activation that counts says when it takes effect"))
        if len({_sequence(row) for row in rows}) < len(rows) or len(set(recorded)) < len(recorded):
            raise self.failed(ConflictError(f"clinic {clinic_no} has an activation of that number or instant"))
        self._raise_version(clinic_no)
        self.put(self.t.timelines, clinic_no, tuple(rows))

    # verifications and holds

    def add_verification(self, clinic_no: int, row: VerificationRow) -> None:
        self._raise_version(clinic_no)
        self.add_numbered(self.t.verifications, clinic_no, row)

    def verifications(self, clinic_nos: Iterable[int]) -> dict[int, list[VerificationRow]]:
        return self._lists(self.t.verifications, clinic_nos)

    def add_hold(self, clinic_no: int, row: HoldRow) -> None:
        self._raise_version(clinic_no)
        self.add_numbered(self.t.holds, clinic_no, row)

    def release_hold(self, clinic_no: int, number: int, released_at: datetime, released_by: str, reason: str) -> None:
        holds = self.listed(self.t.holds, clinic_no)
        if not any(hold.number == number for hold in holds):
            raise self.failed(LedgerError(f"clinic {clinic_no} has no hold {number}"))
        self._raise_version(clinic_no)
        released = (
            hold._replace(released_at=released_at, released_by=released_by, release_reason=reason)
            if hold.number == number
            else hold
            for hold in holds
        )
        self.put(self.t.holds, clinic_no, tuple(released))

    def holds(self, clinic_nos: Iterable[int]) -> dict[int, list[HoldRow]]:
        return self._lists(self.t.holds, clinic_nos)

    def latest_booked_at(self, clinic_no: int) -> datetime | None:
        return self.get(self.t.latest_booked_at, clinic_no)

    # policies and files

    def policies(self, digests: Iterable[str]) -> dict[str, PolicyRow]:
        return self.found(self.t.policies, digests)

    def add_policy(self, row: PolicyRow) -> None:
        if self.get(self.t.policies, row.digest) is None:
            self.put(self.t.policies, row.digest, row)

    def add_policies(self, rows: Iterable[PolicyRow]) -> None:
        for row in rows:
            self.add_policy(row)

    def files(self) -> dict[str, FileRow]:
        return self.all(self.t.files)

    def put_files(self, rows: Iterable[FileRow]) -> None:
        for row in rows:
            self.put(self.t.files, row.path, row)

    def drop_files(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.put(self.t.files, path, None)


def _sequence(row: ActivationRow) -> int:
    return row.activation.sequence
