"""Whatever is recorded, by whatever clock: one version holds at any instant, and the past stays as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import examples

from payrules.domain.timeline import (
    Activation,
    ActivationState,
    Recorded,
    RecordOutcome,
    Timeline,
)

START = datetime(2027, 3, 28, tzinfo=UTC)
TICK = timedelta(microseconds=1)
LATER = timedelta(days=400)


class Step(NamedTuple):
    """Something that happens: the clock moves by `by`, then a booking is stamped (no digest), a version recorded, or
    the clinic's verification comes or is withdrawn.

    `effective_from` is None or counts from the clock's time; `ahead` is how far a stamped booking lies after it.
    """

    by: timedelta
    digest: str | None
    effective_from: timedelta | None
    ahead: timedelta


VERIFY, WITHDRAW = "verify", "withdraw"


def steps(*more: str) -> st.SearchStrategy[list[Step]]:
    """A history of a clinic, told by a clock that is set back at times."""
    span = st.sampled_from([0, 0, 0, 1, -1, 2, 60, -60, 3_600, -7_200, 86_400]).map(lambda n: timedelta(seconds=n))
    tick = st.sampled_from([TICK, -TICK, 2 * TICK])
    start = st.none() | span | tick | st.sampled_from([timedelta(days=2), timedelta(days=-2)])
    step = st.builds(
        Step, span | tick, st.none() | st.sampled_from([*"abc", *more]), start, st.just(timedelta(0)) | span | tick
    )
    return st.lists(step, min_size=1, max_size=12)


class History:
    """Plays steps, and keeps what was seen: the time, the stamps, what was said to be in force, the file's version."""

    def __init__(self, *, verified: bool = True) -> None:
        self.timeline = Timeline()
        self.verified = verified
        self.file: str | None = None
        self.now = START
        self.stamps: dict[datetime, str | None] = {}

    def play(self, step: Step) -> tuple[Timeline, Recorded] | None:
        """The timeline before a recording, and what came of it; None where a booking was stamped."""
        self.now += step.by
        if step.digest is None:
            booked_at = self.now + step.ahead
            self.stamps.setdefault(booked_at, self.digest_at(booked_at))
            return None
        before, last = self.timeline, max(self.stamps, default=None)
        if step.digest == VERIFY:
            recorded, self.verified = before.verify(self.now, last), True
        elif step.digest == WITHDRAW:
            recorded, self.verified = before.withdraw(self.now, last), False
        else:
            effective_from = None if step.effective_from is None else self.now + step.effective_from
            recorded = before.record(step.digest, effective_from, self.now, last, verified=self.verified)
            self.file = step.digest
        self.timeline = recorded.timeline
        return before, recorded

    def digest_at(self, instant: datetime) -> str | None:
        """The version in force."""
        return digest_at(self.timeline, instant)


def digest_at(timeline: Timeline, instant: datetime) -> str | None:
    activation = timeline.in_force(instant)
    return None if activation is None else activation.digest


def counting(timeline: Timeline) -> list[Activation]:
    return [a for a in timeline.activations if a.state is ActivationState.RECORDED]


def moments(*timelines: Timeline) -> list[datetime]:
    """Every instant at which something could change, and those beside it."""
    edges = {START - LATER, START + LATER}
    edges |= {at for t in timelines for a in t.activations for at in (a.effective_at, a.recorded_at) if at is not None}
    return sorted({edge + step for edge in edges for step in (-TICK, 0 * TICK, TICK)})


@examples(300)
@given(steps(VERIFY, WITHDRAW), st.booleans())
def test_exactly_one_activation_holds_at_any_instant(history: list[Step], verified: bool) -> None:
    clinic = History(verified=verified)
    for step in history:
        clinic.play(step)
        found = {a.effective_at: a for a in counting(clinic.timeline) if a.effective_at is not None}
        assert len(found) == len(counting(clinic.timeline))
        for instant in moments(clinic.timeline):
            begun = max((at for at in found if at <= instant), default=None)
            assert clinic.timeline.in_force(instant) == (None if begun is None else found[begun])
        assert [a.sequence for a in clinic.timeline.activations] == list(range(1, len(clinic.timeline.activations) + 1))


@examples(300)
@given(steps(VERIFY, WITHDRAW), st.booleans())
def test_recording_changes_neither_the_past_nor_what_a_stamp_rests_on(history: list[Step], verified: bool) -> None:
    clinic = History(verified=verified)
    for step in history:
        played = clinic.play(step)
        for booked_at, digest in clinic.stamps.items():
            assert clinic.digest_at(booked_at) == digest
        if played is None:
            continue
        before, recorded = played
        known = max([clinic.now, *(a.recorded_at for a in before.activations)])
        for instant in [*moments(before, recorded.timeline), clinic.now - TICK]:
            if instant < known:
                assert digest_at(recorded.timeline, instant) == digest_at(before, instant)
        for earlier, later in zip(before.activations, recorded.timeline.activations, strict=False):
            # What is recorded stays; only that it never came to be, or when, may be noted.
            if earlier.state is ActivationState.AWAITING:
                assert replace(earlier, state=later.state, effective_at=later.effective_at) == later
            else:
                assert replace(earlier, state=later.state) == later
                assert earlier.state in (later.state, ActivationState.RECORDED)


@examples(300)
@given(steps(VERIFY, WITHDRAW), st.booleans())
def test_no_version_holds_without_verification_and_with_it_the_file_does(history: list[Step], verified: bool) -> None:
    clinic = History(verified=verified)
    for step in history:
        played = clinic.play(step)
        in_the_end = digest_at(clinic.timeline, START + LATER)
        assert in_the_end == (clinic.file if clinic.verified else None)
        if played is not None and clinic.verified:
            assert clinic.timeline.awaiting is None


@examples(300)
@given(steps(VERIFY, WITHDRAW), st.sampled_from([VERIFY, WITHDRAW]))
def test_being_told_of_a_verification_twice_changes_nothing(history: list[Step], told: str) -> None:
    clinic = History(verified=False)
    for step in history:
        clinic.play(step)
    clinic.play(Step(timedelta(0), told, None, timedelta(0)))
    played = clinic.play(Step(timedelta(0), told, None, timedelta(0)))
    assert played is not None
    before, recorded = played
    assert recorded.outcome is RecordOutcome.UNCHANGED
    assert recorded.timeline == before


@examples(300)
@given(steps(WITHDRAW))
def test_a_verification_brings_back_what_a_withdrawal_took(history: list[Step]) -> None:
    clinic = History()
    for step in history:
        if step.digest != WITHDRAW:
            clinic.play(step)
    before, last = clinic.timeline, max(clinic.stamps, default=None)
    again = before.withdraw(clinic.now, last).timeline.verify(clinic.now, last).timeline
    known = max([clinic.now, *clinic.stamps, *(a.recorded_at for a in before.activations)])
    for instant in moments(before, again):
        # A tick or two pass while it is withdrawn.
        if instant > known + 2 * len(history) * TICK + 2 * TICK:
            assert digest_at(again, instant) == digest_at(before, instant)


@examples(300)
@given(steps())
def test_what_recording_says_is_what_it_did(history: list[Step]) -> None:
    clinic = History()
    for step in history:
        played = clinic.play(step)
        if played is None or step.digest is None:
            continue
        before, recorded = played
        check_outcome(before, recorded, step.digest, clinic)
        latest = max([clinic.now, *clinic.stamps, *(a.recorded_at for a in recorded.timeline.activations)])
        # A tick or two may be needed to come after what is there already; that is not pending.
        beyond = latest + len(history) * TICK
        pending = [a for a in counting(recorded.timeline) if a.effective_at is not None and a.effective_at > beyond]
        assert len(pending) <= 1
        if pending:
            assert recorded.timeline.pending(latest) == pending[0]


def check_outcome(before: Timeline, recorded: Recorded, digest: str, clinic: History) -> None:
    after, dropped = recorded.timeline, recorded.dropped
    new = after.activations[len(before.activations) :]
    changed = [b for a, b in zip(before.activations, after.activations, strict=False) if a != b]
    if dropped is None:
        assert changed == []
    else:
        assert [a.sequence for a in changed] == [dropped.sequence]
        assert dropped in before.activations
        assert dropped.effective_at is not None
        assert dropped.effective_at > clinic.now
    match recorded.outcome:
        case RecordOutcome.UNCHANGED:
            assert after == before
        case RecordOutcome.WITHDREW_PENDING:
            assert new == ()
            assert changed[0].state is ActivationState.WITHDRAWN
            assert digest_at(after, START + LATER) == digest
        case _:
            (added,) = new
            assert (added.digest, added.recorded_at, added.state) == (digest, clinic.now, ActivationState.RECORDED)
            assert added.effective_at is not None
            assert added.effective_at >= clinic.now
            assert all(added.effective_at > booked_at for booked_at in clinic.stamps)
            assert digest_at(after, added.effective_at) == digest
            assert all(a.state is ActivationState.SUPERSEDED for a in changed)
    # In the end what was asked for last holds.
    assert digest_at(after, START + LATER) == digest


@examples(150)
@given(steps(), st.sampled_from("abc"), st.none() | st.integers(-5, 100).map(lambda n: timedelta(seconds=n)))
def test_recording_the_same_again_changes_nothing(history: list[Step], digest: str, start: timedelta | None) -> None:
    clinic = History()
    for step in history:
        clinic.play(step)
    effective_from = None if start is None else clinic.now + start
    last = max(clinic.stamps, default=None)
    once = clinic.timeline.record(digest, effective_from, clinic.now, last)
    twice = once.timeline.record(digest, effective_from, clinic.now, last)
    assert twice.outcome is RecordOutcome.UNCHANGED
    assert twice.timeline == once.timeline


@examples(300)
@given(st.sampled_from("ab"), st.none() | st.integers(-5, 100), st.none() | st.integers(-5, 5))
def test_the_first_activation_takes_effect_when_asked_but_never_before(
    digest: str, start: int | None, booked: int | None
) -> None:
    effective_from = None if start is None else START + timedelta(seconds=start)
    last = None if booked is None else START + timedelta(seconds=booked)
    recorded = Timeline().record(digest, effective_from, START, last)
    earliest = START if last is None else max(START, last + TICK)
    effective_at = earliest if effective_from is None else max(earliest, effective_from)
    assert recorded.timeline.activations == (Activation(1, digest, effective_at, START, effective_from=effective_from),)
    assert recorded.outcome is (RecordOutcome.PENDING if effective_at > earliest else RecordOutcome.ACTIVATED)


def test_many_versions_at_one_instant_follow_each_other() -> None:
    timeline = Timeline()
    for digest in "abcab":
        timeline = timeline.record(digest, None, START).timeline
    assert [a.digest for a in counting(timeline)] == list("abcab")
    assert digest_at(timeline, START + timedelta(seconds=1)) == "b"
