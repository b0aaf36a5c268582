"""The timeline of a clinic: which policy version was in force when.

Pure: what happened is passed in with its time, and every change returns a new timeline.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from payrules.domain.errors import PayrulesError


class ActivationState(StrEnum):
    """Whether an activation counts. What was superseded or withdrawn never took effect."""

    RECORDED = "recorded"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class RecordOutcome(StrEnum):
    """What recording a policy version did to the timeline."""

    ACTIVATED = "activated"
    PENDING = "pending"
    UNCHANGED = "unchanged"
    WITHDREW_PENDING = "withdrew_pending"


@dataclass(frozen=True, slots=True)
class Activation:
    """A policy version takes effect for a clinic from `effective_at` on (inclusive).

    `sequence` counts 1, 2, … a clinic. `effective_at` and `recorded_at` are aware UTC instants.
    """

    sequence: int
    digest: str
    effective_at: datetime
    recorded_at: datetime
    state: ActivationState = ActivationState.RECORDED


@dataclass(frozen=True, slots=True)
class Recorded:
    """The timeline after recording, what it did, and which pending activation it dropped, if any."""

    timeline: "Timeline"
    outcome: RecordOutcome
    dropped: Activation | None = None


class TimelineError(PayrulesError):
    """Activations that no history can have produced."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"not a timeline: {problem}")


# The smallest step of a stored instant.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The activations of one clinic in the order they were recorded.

    Raises TimelineError where sequence numbers do not count up from 1 or two activations that count share
    an `effective_at` or stand in another order than they were recorded.
    """

    activations: tuple[Activation, ...] = ()

    def __post_init__(self) -> None:
        if [a.sequence for a in self.activations] != list(range(1, len(self.activations) + 1)):
            raise TimelineError("sequence numbers must count 1, 2, 3 …")
        counting = [a.effective_at for a in self.activations if a.state is ActivationState.RECORDED]
        if any(later <= earlier for earlier, later in pairwise(counting)):
            raise TimelineError("a later activation must take effect later")

    def in_force(self, instant: datetime) -> Activation | None:
        """The activation with the greatest `effective_at <= instant`; None before the first."""
        for activation in reversed(self.activations):
            if activation.state is ActivationState.RECORDED and activation.effective_at <= instant:
                return activation
        return None

    def pending(self, now: datetime) -> Activation | None:
        """The activation that is recorded and not yet in force at `now`; there is at most one."""
        for activation in reversed(self.activations):
            if activation.state is ActivationState.RECORDED:
                return activation if activation.effective_at > now else None
        return None

    def record(
        self, digest: str, effective_from: datetime | None, now: datetime, last_booked_at: datetime | None = None
    ) -> Recorded:
        """Record that a version shall take effect, never in the past.

        `effective_at = max(effective_from, now)`, and later than `last_booked_at`, the latest `booked_at`
        already stamped for the clinic, so that no clock running behind can contradict a stamp. A pending
        activation is replaced; the version in force already, with nothing pending, changes nothing.
        """
        earliest_at = self._earliest(now, last_booked_at)
        effective_at = earliest_at if effective_from is None else max(effective_from, earliest_at)
        current, pending = self.in_force(earliest_at), self.pending(earliest_at)
        if pending is not None and (pending.digest, pending.effective_at) == (digest, effective_at):
            return Recorded(self, RecordOutcome.UNCHANGED)
        if current is not None and current.digest == digest:
            if pending is None:
                return Recorded(self, RecordOutcome.UNCHANGED)
            withdrawn = self._without(pending, ActivationState.WITHDRAWN)
            return Recorded(Timeline(withdrawn), RecordOutcome.WITHDREW_PENDING, pending)
        kept = self.activations if pending is None else self._without(pending, ActivationState.SUPERSEDED)
        added = Activation(len(kept) + 1, digest, effective_at, now)
        outcome = RecordOutcome.PENDING if effective_at > earliest_at else RecordOutcome.ACTIVATED
        return Recorded(Timeline((*kept, added)), outcome, pending)

    def _earliest(self, now: datetime, last_booked_at: datetime | None) -> datetime:
        """The earliest instant a new activation may take effect at.

        A clock that was set back is read as the latest time the timeline knows.
        """
        earliest_at = max([now, *(a.recorded_at for a in self.activations)])
        if last_booked_at is not None:
            earliest_at = max(earliest_at, last_booked_at + _TICK)
        # Versions that are recorded at one instant follow each other by a tick.
        while (current := self.in_force(earliest_at)) is not None and current.effective_at == earliest_at:
            earliest_at += _TICK
        return earliest_at

    def _without(self, pending: Activation, state: ActivationState) -> tuple[Activation, ...]:
        return tuple(replace(a, state=state) if a is pending else a for a in self.activations)
