"""The timeline of a clinic: which policy version was in force when.

Pure: what happened is passed in with its time, and every change returns a new timeline.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from payrules.domain.errors import PayrulesError


class ActivationState(StrEnum):
    """Whether an activation counts. What was superseded or withdrawn never took effect; what awaits the clinic's
    verification may.
    """

    RECORDED = "recorded"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    AWAITING = "awaiting"


class RecordOutcome(StrEnum):
    """What recording a policy version, or a verification, did to the timeline."""

    ACTIVATED = "activated"
    PENDING = "pending"
    UNCHANGED = "unchanged"
    WITHDREW_PENDING = "withdrew_pending"
    AWAITING_VERIFICATION = "awaiting_verification"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class Activation:
    """A policy version takes effect for a clinic from `effective_at` on (inclusive).

    `sequence` counts 1, 2, … a clinic. `effective_at` is None while it awaits verification. `digest` is None for the
    entry that says that the clinic's verification was withdrawn. `effective_from` is what the file asked for. All
    instants are aware and UTC.
    """

    sequence: int
    digest: str | None
    effective_at: datetime | None
    recorded_at: datetime
    state: ActivationState = ActivationState.RECORDED
    effective_from: datetime | None = None

    @property
    def late_by(self) -> timedelta:
        """How much later than its file asked for it takes effect; zero where it came in time."""
        if self.effective_at is None or self.effective_from is None:
            return timedelta(0)
        return max(self.effective_at - self.effective_from, timedelta(0))


@dataclass(frozen=True, slots=True)
class Recorded:
    """The timeline after recording, and what it did.

    `activation` carries the version that was asked for, from its `effective_at` on; None where there is none.
    `dropped` is the activation, pending or awaiting verification, that never comes to be for it.
    """

    timeline: "Timeline"
    outcome: RecordOutcome
    activation: Activation | None = None
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

    Raises TimelineError where sequence numbers do not count up from 1, where two activations that count share an
    `effective_at` or stand in another order than they were recorded, or where another one than the last awaits
    verification.
    """

    activations: tuple[Activation, ...] = ()

    def __post_init__(self) -> None:
        if [a.sequence for a in self.activations] != list(range(1, len(self.activations) + 1)):
            raise TimelineError("sequence numbers must count 1, 2, 3 …")
        counting = [a.effective_at for a in self.activations if a.state is ActivationState.RECORDED]
        known = [effective_at for effective_at in counting if effective_at is not None]
        if len(known) < len(counting):
            raise TimelineError("an activation that counts must say when it takes effect")
        if any(later <= earlier for earlier, later in pairwise(known)):
            raise TimelineError("a later activation must take effect later")
        if any(a.state is ActivationState.AWAITING for a in self.activations[:-1]):
            raise TimelineError("only the last activation can await verification")
        awaiting = self.awaiting
        if awaiting is not None and (awaiting.effective_at is not None or awaiting.digest is None):
            raise TimelineError("what awaits verification is a version without a time")

    def in_force(self, instant: datetime) -> Activation | None:
        """The activation with the greatest `effective_at <= instant`; None before the first.

        Its digest is None where the clinic's verification was withdrawn then.
        """
        for activation in reversed(self.activations):
            if _has_begun(activation, instant):
                return activation
        return None

    def pending(self, now: datetime) -> Activation | None:
        """The activation that is recorded and not yet in force at `now`; there is at most one."""
        for activation in reversed(self.activations):
            if activation.state is ActivationState.RECORDED:
                return None if _has_begun(activation, now) else activation
        return None

    @property
    def awaiting(self) -> Activation | None:
        """The activation that awaits the clinic's verification; there is at most one."""
        if self.activations and self.activations[-1].state is ActivationState.AWAITING:
            return self.activations[-1]
        return None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the clinic was verified and is no longer: a withdrawal takes effect at once."""
        for activation in reversed(self.activations):
            if activation.state is ActivationState.RECORDED:
                return activation.digest is None
        return False

    def standing(self, now: datetime) -> Activation | None:
        """The version in force at `now`; after a withdrawal the one that a new verification brings back."""
        for activation in reversed(self.activations):
            if activation.digest is not None and _has_begun(activation, now):
                return activation
        return None

    def record(
        self,
        digest: str,
        effective_from: datetime | None,
        now: datetime,
        last_booked_at: datetime | None = None,
        *,
        verified: bool = True,
    ) -> Recorded:
        """Record that a version shall take effect, never in the past, and not before the clinic is `verified`.

        `effective_at = max(effective_from, now)`, and later than `last_booked_at`, the latest `booked_at`
        already stamped for the clinic, so that no clock running behind can contradict a stamp. A pending or
        awaiting activation is replaced; the version in force already, with nothing pending, changes nothing.
        """
        earliest_at = self._earliest(now, last_booked_at)
        dropped = self.awaiting or self.pending(earliest_at)
        number, state, effective_at = len(self.activations) + 1, ActivationState.AWAITING, None
        if verified:
            state, effective_at = ActivationState.RECORDED, _later(effective_from, earliest_at)
        added = Activation(number, digest, effective_at, now, state, effective_from)
        if dropped is not None and _asks_the_same(dropped, added):
            return Recorded(self, RecordOutcome.UNCHANGED, dropped)
        current = self.in_force(earliest_at) if verified else self.standing(earliest_at)
        if current is not None and current.digest == digest:
            if dropped is None:
                return Recorded(self, RecordOutcome.UNCHANGED, current)
            withdrawn = self._without(dropped, ActivationState.WITHDRAWN)
            return Recorded(Timeline(withdrawn), RecordOutcome.WITHDREW_PENDING, current, dropped)
        kept = self._without(dropped, ActivationState.SUPERSEDED)
        return Recorded(Timeline((*kept, added)), _outcome(added, earliest_at), added, dropped)

    def verify(self, now: datetime, last_booked_at: datetime | None = None) -> Recorded:
        """The clinic is verified: what awaits it takes effect, `effective_at = max(effective_from, now)`.

        After a withdrawal the version that was in force comes back, as a new activation, where nothing else takes
        effect at once.
        """
        earliest_at = self._earliest(now, last_booked_at)
        awaiting, current = self.awaiting, self.in_force(earliest_at)
        withdrawn = current is not None and current.digest is None
        standing = self.standing(earliest_at) if withdrawn else None
        number = len(self.activations) + 1
        if awaiting is None:
            if standing is None:
                return Recorded(self, RecordOutcome.UNCHANGED)
            restored = Activation(number, standing.digest, earliest_at, now)
            return Recorded(Timeline((*self.activations, restored)), RecordOutcome.ACTIVATED, restored)
        effective_at = _later(awaiting.effective_from, earliest_at)
        if standing is None or effective_at == earliest_at:
            verified = replace(awaiting, state=ActivationState.RECORDED, effective_at=effective_at)
            timeline = Timeline((*self.activations[:-1], verified))
            return Recorded(timeline, _outcome(verified, earliest_at), verified)
        # Until the awaiting version's time has come, the version before the withdrawal holds again.
        kept = self._without(awaiting, ActivationState.SUPERSEDED)
        restored = Activation(number, standing.digest, earliest_at, now)
        pending = Activation(number + 1, awaiting.digest, effective_at, now, effective_from=awaiting.effective_from)
        return Recorded(Timeline((*kept, restored, pending)), RecordOutcome.PENDING, pending, awaiting)

    def withdraw(self, now: datetime, last_booked_at: datetime | None = None) -> Recorded:
        """The clinic's verification is withdrawn: an entry without a version, and what was pending awaits again."""
        earliest_at = self._earliest(now, last_booked_at)
        current, pending = self.in_force(earliest_at), self.pending(earliest_at)
        kept = self._without(pending, ActivationState.SUPERSEDED)
        if current is not None and current.digest is not None:
            kept = (*kept, Activation(len(kept) + 1, None, earliest_at, now))
        if pending is not None:
            state, effective_from = ActivationState.AWAITING, pending.effective_from
            kept = (*kept, Activation(len(kept) + 1, pending.digest, None, now, state, effective_from))
        if kept == self.activations:
            return Recorded(self, RecordOutcome.UNCHANGED, self.awaiting)
        timeline = Timeline(kept)
        return Recorded(timeline, RecordOutcome.NOT_VERIFIED, timeline.awaiting, pending)

    def _earliest(self, now: datetime, last_booked_at: datetime | None) -> datetime:
        """The earliest instant a new activation may take effect at.

        A clock that was set back is read as the latest time the timeline knows to have been.
        """
        been = [now, *(a.recorded_at for a in self.activations)]
        # What takes effect later than asked for, or was asked for at once, did so when its time was now.
        been += [a.effective_at for a in self.activations if a.effective_at is not None and _at_once(a)]
        earliest_at = max(been)
        if last_booked_at is not None:
            earliest_at = max(earliest_at, last_booked_at + _TICK)
        # Versions that are recorded at one instant follow each other by a tick.
        while (current := self.in_force(earliest_at)) is not None and current.effective_at == earliest_at:
            earliest_at += _TICK
        return earliest_at

    def _without(self, dropped: Activation | None, state: ActivationState) -> tuple[Activation, ...]:
        return tuple(replace(a, state=state) if a is dropped else a for a in self.activations)


def _has_begun(activation: Activation, instant: datetime) -> bool:
    effective_at = activation.effective_at
    return activation.state is ActivationState.RECORDED and effective_at is not None and effective_at <= instant


def _at_once(activation: Activation) -> bool:
    return activation.state is ActivationState.RECORDED and (
        activation.effective_from is None or activation.effective_at != activation.effective_from
    )


def _later(effective_from: datetime | None, earliest_at: datetime) -> datetime:
    return earliest_at if effective_from is None else max(effective_from, earliest_at)


def _asks_the_same(present: Activation, asked: Activation) -> bool:
    if (present.digest, present.effective_at) != (asked.digest, asked.effective_at):
        return False
    return asked.effective_at is not None or present.effective_from == asked.effective_from


def _outcome(activation: Activation, earliest_at: datetime) -> RecordOutcome:
    if activation.effective_at is None:
        return RecordOutcome.AWAITING_VERIFICATION
    return RecordOutcome.PENDING if activation.effective_at > earliest_at else RecordOutcome.ACTIVATED
