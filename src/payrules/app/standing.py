"""What is in force over all clinics, in numbers."""

from datetime import datetime
from typing import NamedTuple

from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger


class Standing(NamedTuple):
    """How many clinics have a version in force, and when the last activation of all was recorded.

    What awaits verification is no activation yet.
    """

    in_force: int
    activated_at: datetime | None


class Standings:
    """Counts again what changed since it was last asked; for one thread at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._cache = InForceCache()

    def at(self, now: datetime) -> Standing:
        """The standing at an aware UTC instant. Raises LedgerError."""
        with self._ledger.reading() as tx:
            clinics = self._cache.of(tx, {row.clinic: row for row in tx.all_clinics()})
        timelines = [clinic.timeline for clinic in clinics.values()]
        current = (timeline.in_force(now) for timeline in timelines)
        # A withdrawn verification is an entry of the timeline too, without a version.
        in_force = sum(activation is not None and activation.digest is not None for activation in current)
        versions = (a for timeline in timelines for a in timeline.activations if a.digest and a.effective_at)
        return Standing(in_force, max((a.recorded_at for a in versions), default=None))
