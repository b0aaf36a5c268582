"""What is in force over all clinics, in numbers, and how the clinic files are watched."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from payrules.app.in_force import InForceCache
from payrules.app.look import Problem
from payrules.app.ports import Ledger
from payrules.app.rows import FileRow


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

    def watched(self, roots: Iterable[str], now: datetime, *, by_events: bool) -> None:
        """Have `status` say of folders that give no events that they are polled. Raises LedgerError."""
        rows = [FileRow(f"watch:{root}", None, now, problem=Problem.POLLED) for root in roots]
        with self._ledger.reading() as tx:
            known = tx.files()
        stale = [row.path for row in rows if by_events and row.path in known]
        if stale or not by_events:
            with self._ledger.writing() as tx:
                tx.drop_files(stale)
                tx.put_files([] if by_events else rows)

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
