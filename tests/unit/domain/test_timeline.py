"""The timeline: exactly one version at any instant, none in the past, nothing changed that a stamp rests on."""

from datetime import datetime, timedelta

import pytest
from tests.builders import at

from payrules.domain.timeline import Activation, ActivationState, RecordOutcome, Timeline, TimelineError

TICK = timedelta(microseconds=1)
NOW = at("2026-11-22T12:00Z")
LATER = at("2026-12-01T00:00+01:00")
RECORDED, SUPERSEDED, WITHDRAWN, AWAITING = ActivationState


def activation(
    sequence: int,
    digest: str | None,
    effective_at: datetime | None,
    recorded_at: datetime = NOW,
    state: ActivationState = RECORDED,
    effective_from: datetime | None = None,
) -> Activation:
    return Activation(sequence, digest, effective_at, recorded_at, state, effective_from)


def pending(sequence: int, digest: str, recorded_at: datetime = NOW, state: ActivationState = RECORDED) -> Activation:
    return Activation(sequence, digest, LATER, recorded_at, state, LATER)


def awaiting(sequence: int, digest: str, effective_from: datetime | None = None) -> Activation:
    return Activation(sequence, digest, None, NOW, AWAITING, effective_from)


A_IN_FORCE = Timeline((activation(1, "a", NOW),))
B_PENDING = Timeline((activation(1, "a", NOW), pending(2, "b")))
AN_HOUR_ON = NOW + timedelta(hours=1)


def test_before_the_first_activation_nothing_is_in_force() -> None:
    assert Timeline().in_force(NOW) is None
    assert A_IN_FORCE.in_force(NOW - TICK) is None


@pytest.mark.parametrize(
    ("instant", "digest"), [(NOW, "a"), (LATER - TICK, "a"), (LATER, "b"), (LATER + timedelta(days=999), "b")]
)
def test_an_activation_holds_from_its_instant_on_until_the_next(instant: datetime, digest: str) -> None:
    found = B_PENDING.in_force(instant)
    assert found is not None
    assert found.digest == digest


@pytest.mark.parametrize("state", [SUPERSEDED, WITHDRAWN])
def test_what_was_dropped_never_takes_effect(state: ActivationState) -> None:
    timeline = Timeline((activation(1, "a", NOW), activation(2, "b", LATER, state=state)))
    found = timeline.in_force(LATER)
    assert found is not None
    assert found.digest == "a"
    assert timeline.pending(NOW) is None


def test_pending_is_what_is_recorded_and_not_yet_in_force() -> None:
    assert B_PENDING.pending(NOW) == B_PENDING.activations[1]
    assert B_PENDING.pending(LATER - TICK) == B_PENDING.activations[1]
    assert B_PENDING.pending(LATER) is None
    assert Timeline().pending(NOW) is None


@pytest.mark.parametrize(
    ("activations", "problem"),
    [
        ((activation(2, "a", NOW),), "sequence numbers"),
        ((activation(1, "a", NOW), activation(1, "b", LATER)), "sequence numbers"),
        ((activation(1, "a", NOW), activation(3, "b", LATER)), "sequence numbers"),
        ((activation(1, "a", NOW), activation(2, "b", NOW)), "take effect later"),
        ((activation(1, "a", LATER), activation(2, "b", NOW)), "take effect later"),
        ((activation(1, "a", None),), "when it takes effect"),
        ((awaiting(1, "a"), activation(2, "b", NOW)), "only the last"),
        ((awaiting(1, "a"), awaiting(2, "b")), "only the last"),
        ((activation(1, "a", NOW, state=AWAITING),), "without a time"),
        ((activation(1, None, None, state=AWAITING),), "without a time"),
    ],
)
def test_a_history_that_cannot_be_is_refused(activations: tuple[Activation, ...], problem: str) -> None:
    with pytest.raises(TimelineError, match=problem):
        Timeline(activations)


def test_dropped_activations_may_share_an_instant() -> None:
    timeline = Timeline((activation(1, "a", LATER, state=SUPERSEDED), activation(2, "b", LATER)))
    found = timeline.in_force(LATER)
    assert found is not None
    assert found.digest == "b"


@pytest.mark.parametrize("effective_from", [None, NOW, NOW - timedelta(days=400)])
def test_no_activation_takes_effect_in_the_past(effective_from: datetime | None) -> None:
    recorded = Timeline().record("a", effective_from, NOW)
    assert recorded.outcome is RecordOutcome.ACTIVATED
    assert recorded.timeline.activations == (activation(1, "a", NOW, effective_from=effective_from),)
    assert recorded.dropped is None


def test_a_later_effective_from_is_pending_until_then() -> None:
    recorded = A_IN_FORCE.record("b", LATER, AN_HOUR_ON)
    assert recorded.outcome is RecordOutcome.PENDING
    assert recorded.timeline.activations == (*A_IN_FORCE.activations, pending(2, "b", AN_HOUR_ON))
    assert recorded.timeline.pending(AN_HOUR_ON) == recorded.timeline.activations[1]


@pytest.mark.parametrize("effective_from", [None, LATER, NOW - timedelta(days=1)])
def test_the_version_in_force_changes_nothing(effective_from: datetime | None) -> None:
    recorded = A_IN_FORCE.record("a", effective_from, AN_HOUR_ON)
    assert recorded.outcome is RecordOutcome.UNCHANGED
    assert recorded.timeline is A_IN_FORCE


def test_the_version_in_force_withdraws_what_is_pending() -> None:
    recorded = B_PENDING.record("a", None, AN_HOUR_ON)
    assert recorded.outcome is RecordOutcome.WITHDREW_PENDING
    assert recorded.dropped == B_PENDING.activations[1]
    assert recorded.timeline.activations == (activation(1, "a", NOW), pending(2, "b", state=WITHDRAWN))


def test_the_pending_version_at_its_time_changes_nothing() -> None:
    recorded = B_PENDING.record("b", LATER, AN_HOUR_ON)
    assert recorded.outcome is RecordOutcome.UNCHANGED
    assert recorded.timeline is B_PENDING


@pytest.mark.parametrize(
    ("digest", "effective_from", "outcome", "effective_at"),
    [
        ("c", LATER, RecordOutcome.PENDING, LATER),
        ("b", LATER + timedelta(days=1), RecordOutcome.PENDING, LATER + timedelta(days=1)),
        # Brought forward: the pending version takes effect at once.
        ("b", None, RecordOutcome.ACTIVATED, AN_HOUR_ON),
        ("c", None, RecordOutcome.ACTIVATED, AN_HOUR_ON),
    ],
)
def test_a_newer_activation_replaces_the_pending_one(
    digest: str, effective_from: datetime | None, outcome: RecordOutcome, effective_at: datetime
) -> None:
    recorded = B_PENDING.record(digest, effective_from, AN_HOUR_ON)
    assert recorded.outcome is outcome
    assert recorded.dropped == B_PENDING.activations[1]
    assert recorded.timeline.activations == (
        activation(1, "a", NOW),
        pending(2, "b", state=SUPERSEDED),
        activation(3, digest, effective_at, AN_HOUR_ON, effective_from=effective_from),
    )


def test_going_back_to_an_older_file_is_a_new_activation() -> None:
    timeline = Timeline((activation(1, "a", NOW), activation(2, "b", AN_HOUR_ON)))
    recorded = timeline.record("a", None, LATER)
    assert recorded.outcome is RecordOutcome.ACTIVATED
    assert recorded.timeline.activations[:2] == timeline.activations
    assert recorded.timeline.activations[2] == activation(3, "a", LATER, LATER)


@pytest.mark.parametrize(
    ("last_booked_at", "effective_at"),
    [
        # Stamped already: no activation may take effect at or before it.
        (AN_HOUR_ON + timedelta(minutes=3), AN_HOUR_ON + timedelta(minutes=3) + TICK),
        (AN_HOUR_ON, AN_HOUR_ON + TICK),
        (AN_HOUR_ON - TICK, AN_HOUR_ON),
        (None, AN_HOUR_ON),
    ],
)
def test_no_activation_contradicts_a_stamp(last_booked_at: datetime | None, effective_at: datetime) -> None:
    recorded = A_IN_FORCE.record("b", None, AN_HOUR_ON, last_booked_at)
    assert recorded.outcome is RecordOutcome.ACTIVATED
    assert recorded.timeline.activations[1].effective_at == effective_at
    if last_booked_at is not None:
        assert recorded.timeline.in_force(last_booked_at) == A_IN_FORCE.activations[0]


def test_a_pending_activation_that_a_stamp_rests_on_is_never_dropped() -> None:
    # A booking from a clock five minutes ahead was stamped with version b before now reached it.
    now = LATER - timedelta(minutes=4)
    recorded = B_PENDING.record("c", None, now, last_booked_at=LATER + timedelta(seconds=30))
    assert recorded.dropped is None
    assert recorded.timeline.activations[:2] == B_PENDING.activations
    assert recorded.timeline.activations[2].effective_at == LATER + timedelta(seconds=30) + TICK


def test_a_clock_that_was_set_back_changes_no_history() -> None:
    timeline = Timeline((activation(1, "a", NOW), activation(2, "b", AN_HOUR_ON, AN_HOUR_ON)))
    recorded = timeline.record("c", None, NOW - timedelta(days=1))
    assert recorded.timeline.activations[:2] == timeline.activations
    assert recorded.timeline.activations[2].effective_at == AN_HOUR_ON + TICK


def test_two_activations_in_one_instant_are_a_tick_apart() -> None:
    recorded = A_IN_FORCE.record("b", None, NOW)
    assert recorded.outcome is RecordOutcome.ACTIVATED
    assert [a.effective_at for a in recorded.timeline.activations] == [NOW, NOW + TICK]


def test_recording_leaves_the_timeline_it_was_asked_of_as_it_was() -> None:
    before = B_PENDING.activations
    B_PENDING.record("c", None, AN_HOUR_ON)
    assert B_PENDING.activations == before


class TestVerification:
    def test_the_first_file_awaits_verification(self) -> None:
        recorded = Timeline().record("a", LATER, NOW, verified=False)
        assert recorded.outcome is RecordOutcome.AWAITING_VERIFICATION
        assert recorded.activation == recorded.timeline.awaiting == awaiting(1, "a", LATER)
        assert recorded.timeline.in_force(LATER + timedelta(days=999)) is None
        assert recorded.timeline.pending(NOW) is None

    def test_the_same_file_awaits_on(self) -> None:
        once = Timeline().record("a", None, NOW, verified=False)
        twice = once.timeline.record("a", None, AN_HOUR_ON, verified=False)
        assert twice.outcome is RecordOutcome.UNCHANGED
        assert twice.activation == once.activation

    @pytest.mark.parametrize(("digest", "effective_from"), [("b", None), ("a", LATER)])
    def test_a_newer_file_replaces_the_awaiting_one(self, digest: str, effective_from: datetime | None) -> None:
        first = Timeline((awaiting(1, "a"),))
        recorded = first.record(digest, effective_from, NOW, verified=False)
        assert recorded.outcome is RecordOutcome.AWAITING_VERIFICATION
        assert recorded.dropped == first.awaiting
        assert recorded.timeline.activations == (
            activation(1, "a", None, state=SUPERSEDED),
            awaiting(2, digest, effective_from),
        )

    @pytest.mark.parametrize(
        ("effective_from", "outcome", "effective_at"),
        [
            (None, RecordOutcome.ACTIVATED, AN_HOUR_ON),
            (NOW, RecordOutcome.ACTIVATED, AN_HOUR_ON),
            (LATER, RecordOutcome.PENDING, LATER),
        ],
    )
    def test_when_verification_comes_it_takes_effect_never_in_the_past(
        self, effective_from: datetime | None, outcome: RecordOutcome, effective_at: datetime
    ) -> None:
        recorded = Timeline((awaiting(1, "a", effective_from),)).verify(AN_HOUR_ON)
        assert recorded.outcome is outcome
        assert recorded.timeline.activations == (activation(1, "a", effective_at, effective_from=effective_from),)

    def test_verification_does_not_contradict_a_stamp(self) -> None:
        recorded = Timeline((awaiting(1, "a"),)).verify(NOW, last_booked_at=AN_HOUR_ON)
        assert recorded.timeline.activations[0].effective_at == AN_HOUR_ON + TICK

    def test_a_clock_set_back_does_not_undo_what_verification_put_in_force(self) -> None:
        verified = Timeline((awaiting(1, "a"),)).verify(LATER).timeline
        recorded = verified.record("b", None, AN_HOUR_ON)
        assert recorded.dropped is None
        assert recorded.timeline.activations == (
            activation(1, "a", LATER),
            activation(2, "b", LATER + TICK, AN_HOUR_ON),
        )

    def test_a_verification_without_a_file_changes_nothing(self) -> None:
        assert Timeline().verify(NOW).outcome is RecordOutcome.UNCHANGED
        assert A_IN_FORCE.verify(AN_HOUR_ON).timeline is A_IN_FORCE

    def test_a_withdrawal_is_an_entry(self) -> None:
        recorded = A_IN_FORCE.withdraw(AN_HOUR_ON)
        assert recorded.outcome is RecordOutcome.NOT_VERIFIED
        assert recorded.timeline.activations == (activation(1, "a", NOW), activation(2, None, AN_HOUR_ON, AN_HOUR_ON))
        assert recorded.timeline.in_force(AN_HOUR_ON - TICK) == A_IN_FORCE.activations[0]
        found = recorded.timeline.in_force(AN_HOUR_ON)
        assert found is not None
        assert found.digest is None
        assert recorded.timeline.standing(AN_HOUR_ON) == A_IN_FORCE.activations[0]

    @pytest.mark.parametrize("timeline", [Timeline(), Timeline((awaiting(1, "a"),))])
    def test_where_nothing_is_in_force_a_withdrawal_changes_nothing(self, timeline: Timeline) -> None:
        assert timeline.withdraw(NOW).outcome is RecordOutcome.UNCHANGED

    def test_what_was_pending_awaits_again(self) -> None:
        recorded = B_PENDING.withdraw(AN_HOUR_ON)
        assert recorded.dropped == B_PENDING.activations[1]
        assert recorded.timeline.activations == (
            activation(1, "a", NOW),
            pending(2, "b", state=SUPERSEDED),
            activation(3, None, AN_HOUR_ON, AN_HOUR_ON),
            activation(4, "b", None, AN_HOUR_ON, AWAITING, LATER),
        )

    def test_a_new_verification_brings_back_the_version(self) -> None:
        withdrawn = A_IN_FORCE.withdraw(AN_HOUR_ON).timeline
        recorded = withdrawn.verify(LATER)
        assert recorded.outcome is RecordOutcome.ACTIVATED
        assert recorded.timeline.activations == (*withdrawn.activations, activation(3, "a", LATER, LATER))

    def test_a_new_verification_brings_back_the_version_until_the_pending_one(self) -> None:
        again = AN_HOUR_ON + timedelta(hours=1)
        withdrawn = B_PENDING.withdraw(AN_HOUR_ON).timeline
        recorded = withdrawn.verify(again)
        assert recorded.outcome is RecordOutcome.PENDING
        assert recorded.timeline.activations[4:] == (activation(5, "a", again, again), pending(6, "b", again))

    def test_after_the_pending_ones_time_only_that_one_comes_back(self) -> None:
        recorded = B_PENDING.withdraw(AN_HOUR_ON).timeline.verify(LATER)
        assert recorded.outcome is RecordOutcome.ACTIVATED
        assert [a.digest for a in recorded.timeline.activations if a.state is RECORDED] == ["a", None, "b"]

    def test_going_back_while_withdrawn_is_told_and_comes_back_with_verification(self) -> None:
        withdrawn = B_PENDING.withdraw(AN_HOUR_ON).timeline
        recorded = withdrawn.record("a", None, AN_HOUR_ON + TICK, verified=False)
        assert recorded.outcome is RecordOutcome.WITHDREW_PENDING
        verified = recorded.timeline.verify(LATER)
        assert [a.digest for a in verified.timeline.activations if a.state is RECORDED] == ["a", None, "a"]


@pytest.mark.parametrize(
    ("effective_at", "effective_from", "late"),
    [(NOW, None, 0), (LATER, LATER, 0), (NOW, LATER, 0), (None, NOW, 0), (AN_HOUR_ON, NOW, 3600)],
)
def test_how_late_an_activation_came(effective_at: datetime | None, effective_from: datetime | None, late: int) -> None:
    assert activation(1, "a", effective_at, effective_from=effective_from).late_by == timedelta(seconds=late)
