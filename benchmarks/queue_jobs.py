"""The jobs that durable queues are given: those that payrules wrote when it took the same bookings in.

Each queue runs in a process of its own, with a store of its own that is empty at first. A module `queue_…` for each
gives a function `measure(url, bookings, due)`, which returns what `Measured` tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple


class Job(NamedTuple):
    """An action to be carried out at or after `due_at` (seconds since 1970), once for each `key`."""

    key: str
    due_at: float

    @property
    def due(self) -> datetime:
        """When it is due, in UTC."""
        return datetime.fromtimestamp(self.due_at, UTC)

    @property
    def delay(self) -> float:
        """How many seconds it waits from now on; 0 where it is due."""
        return max(self.due_at - datetime.now(UTC).timestamp(), 0.0)


class Measured(NamedTuple):
    """What a queue was measured at, in seconds.

    `intake` is for the jobs of all bookings, each waiting for its time, until they are committed one booking after the
    other, and `at_once` in one transaction; None where a queue is not used that way. `dispatch` is from the first of
    the jobs that are due until all are recorded as done, each doing nothing, in one process.
    """

    intake: float | None
    at_once: float
    dispatch: float


def check_done(done: Sequence[str], jobs: Sequence[Job]) -> None:
    """Each job was done, and once."""
    assert sorted(done) == sorted(job.key for job in jobs), f"{len(done)} done, {len(set(done))} of {len(jobs)} jobs"
