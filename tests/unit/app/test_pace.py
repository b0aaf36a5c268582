"""The spacing of calls, on a clock that stands still."""

from datetime import timedelta
from threading import Event

import pytest

from payrules.app.pace import Pace
from payrules.app.ports import Limits


class Waits(Event):
    """Notes how long it was asked to wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return False


def test_ten_calls_a_second_start_a_tenth_apart() -> None:
    stop, pace = Waits(), Pace(Limits(per_second=10), seconds=lambda: 100.0)
    for _ in range(4):
        pace.wait(stop)
    assert stop.seconds == pytest.approx([0, 0.1, 0.2, 0.3])


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    times = iter([100.0, 100.0, 160.0, 160.0, 160.0, 160.0])
    stop, pace = Waits(), Pace(Limits(per_second=10), seconds=lambda: next(times))
    for _ in range(3):
        pace.wait(stop)
    assert stop.seconds == pytest.approx([0, 0, 0.1])


def test_without_a_limit_nobody_waits() -> None:
    stop = Waits()
    Pace(Limits()).wait(stop)
    assert stop.seconds == []


@pytest.mark.parametrize(("per_second", "claimed"), [(None, 500), (100.0, 500), (2.0, 150), (0.001, 1)])
def test_only_what_can_start_within_a_quarter_of_the_lease_is_claimed(per_second: float | None, claimed: int) -> None:
    assert Pace(Limits(per_second=per_second)).batch(500, timedelta(minutes=5)) == claimed
