"""When the daemon looks at the clinic files again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payrules.app.watching import Debounce, Timing

TIMING = Timing(quiet=0.3, longest=2.0, resync=30.0, retry=1.0)
LOOKED = Debounce(TIMING).looked(100.0)


def test_first_look_is_due_at_once() -> None:
    assert Debounce(TIMING).due(-1e9)


def test_without_a_hint_only_the_resync_comes() -> None:
    assert LOOKED.wait_until == 130.0
    assert not LOOKED.due(129.9)
    assert LOOKED.due(130.0)


def test_hint_is_answered_when_it_was_quiet_for_a_moment() -> None:
    hinted = LOOKED.hint(110.0)
    assert not hinted.due(110.2)
    assert hinted.due(110.3)


def test_each_hint_begins_the_quiet_anew() -> None:
    hinted = LOOKED.hint(110.0).hint(110.25)
    assert not hinted.due(110.5)
    assert hinted.due(110.55)


def test_stream_of_hints_is_cut_off() -> None:
    debounce = LOOKED
    for step in range(20):
        debounce = debounce.hint(110.0 + step / 10)
    assert debounce.wait_until == 112.0


def test_hint_does_not_put_the_resync_off() -> None:
    assert LOOKED.hint(129.9).wait_until == 130.0


def test_look_answers_the_hints_before_it() -> None:
    assert LOOKED.hint(110.0).looked(110.3).wait_until == 140.3


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (2000, 30)])
def test_failed_look_is_tried_again_ever_later(failures: int, seconds: float) -> None:
    debounce = LOOKED
    for _ in range(failures):
        debounce = debounce.failed(200.0)
    assert debounce.wait_until == 200.0 + seconds


def test_success_forgets_failures() -> None:
    assert LOOKED.failed(200.0).failed(201.0).looked(203.0).wait_until == 233.0


def test_hint_is_answered_while_looks_fail() -> None:
    failing = LOOKED.failed(200.0).failed(201.0).failed(203.0)
    assert failing.hint(204.0).wait_until == 204.3


steps = st.floats(0.001, 20.0)
timings = st.builds(Timing, quiet=steps, longest=steps, resync=steps, retry=steps)
instants = st.lists(st.integers(0, 200_000), min_size=1, max_size=30).map(lambda found: sorted(t / 1000 for t in found))


@given(timings, instants)
def test_wait_ends_in_time_whatever_comes(timing: Timing, hints: list[float]) -> None:
    debounce = Debounce(timing).looked(hints[0])
    for at in hints:
        debounce = debounce.hint(at)
    assert debounce.wait_until <= hints[0] + min(timing.resync, timing.longest)
    assert debounce.wait_until <= hints[-1] + timing.quiet


@given(timings, instants)
def test_further_hint_never_makes_it_earlier(timing: Timing, hints: list[float]) -> None:
    debounce = Debounce(timing).looked(hints[0] - 1).hint(hints[0])
    for at in hints[1:]:
        assert debounce.wait_until <= debounce.hint(at).wait_until
        debounce = debounce.hint(at)


@given(timings, instants, st.booleans())
def test_no_hint_is_lost_and_looks_never_loop(timing: Timing, hints: list[float], fails: bool) -> None:
    """A loop that waits as it is told looks after every hint, soon enough, and leaves it at that."""
    debounce, waiting, looks, now = Debounce(timing).looked(0.0), list(hints), [0.0], 0.0
    while waiting or debounce.first_hint is not None:
        upcoming = min([debounce.wait_until, *waiting[:1]])
        assert upcoming >= now
        now = upcoming
        if waiting and waiting[0] <= now:
            debounce = debounce.hint(waiting.pop(0))
        if debounce.due(now):
            looks.append(now)
            debounce = debounce.failed(now) if fails else debounce.looked(now)
    for hint in hints:
        assert any(hint <= look <= hint + timing.longest for look in looks)
    least = min(timing.quiet, timing.longest, timing.resync, timing.retry)
    assert all(later - earlier >= least * 0.99 - 1e-9 for earlier, later in pairwise(looks))
