"""What is in force for clinics, kept in memory as long as the ledger says that it is not old."""

from collections.abc import Mapping
from dataclasses import dataclass

from payrules.app.ports import Transaction
from payrules.app.rows import ClinicRow, HoldRow
from payrules.app.timelines import timeline_of
from payrules.domain.action import HeldCause
from payrules.domain.timeline import Timeline


@dataclass(frozen=True, slots=True)
class InForce:
    """A clinic with its timeline and the holds that are not released, as of `version`."""

    clinic_no: int
    version: int
    timeline: Timeline
    holds: tuple[HoldRow, ...] = ()

    def held(self, sequence: int | None) -> HeldCause | None:
        """Why actions under an activation are held, None where they are not."""
        if self.holds and any(hold.sequence in (None, sequence) for hold in self.holds):
            return HeldCause.CLINIC_HELD
        return HeldCause.NOT_VERIFIED if self.timeline.is_withdrawn else None


class InForceCache:
    """Reads only what changed since it was last asked; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, InForce] = {}

    def of(self, tx: Transaction, rows: Mapping[str, ClinicRow]) -> dict[str, InForce]:
        """What is in force for clinics, by name."""
        old = [row for name, row in rows.items() if name not in self._kept or self._kept[name].version != row.version]
        if old:
            numbers = [row.clinic_no for row in old]
            timelines, holds = tx.timelines(numbers), tx.holds(numbers)
            for row in old:
                self._kept[row.clinic] = InForce(
                    row.clinic_no,
                    row.version,
                    timeline_of(timelines.get(row.clinic_no, [])),
                    tuple(hold for hold in holds.get(row.clinic_no, []) if hold.released_at is None),
                )
        return {name: self._kept[name] for name in rows}
