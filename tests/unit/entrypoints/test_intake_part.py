"""Taking events in as a part of a daemon."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.unit.entrypoints.test_daemon import Noted

from payrules.adapters.intake_folder import FileTaken, IntakeFolder
from payrules.adapters.metrics import Metrics
from payrules.app.fates import Fate, Report
from payrules.entrypoints.intake_part import Taking


class Folder:
    """An intake folder that gives what a test planned, and ends the part when there is no more."""

    def __init__(self, stop: threading.Event, *looks: list[FileTaken]) -> None:
        self.stop = stop
        self.looks = list(looks)

    def once(self, stopping: Callable[[], bool]) -> Iterator[FileTaken]:
        assert not stopping()
        yield from self.looks.pop(0)
        if not self.looks:
            self.stop.set()


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrules.entrypoints.intake_part.WAIT_HINT", 0.0)


def taken(name: str, problem: str = "", **counts: int) -> FileTaken:
    return FileTaken(name, Report(Counter({Fate(fate): count for fate, count in counts.items()})), problem)


def taking_of(*looks: list[FileTaken]) -> tuple[Taking, threading.Event, Noted, Metrics]:
    stop, log, metrics = threading.Event(), Noted(), Metrics()
    return Taking(cast(IntakeFolder, Folder(stop, *looks)), threading.Event(), log, metrics), stop, log, metrics


def test_what_was_taken_in_is_told_and_counted() -> None:
    taking, stop, log, metrics = taking_of([taken("a.jsonl", new=3, refused=1), taken("b.jsonl", new=2)])
    taking.wake()
    taking.run(stop)
    assert log.events == [
        ("file_taken_in", {"file": "a.jsonl", "events": 4, "new": 3, "refused": 1}),
        ("file_taken_in", {"file": "b.jsonl", "events": 2, "new": 2}),
    ]
    assert metrics.registry.get_sample_value("payrules_intake_events_total", {"result": "new"}) == 5
    assert metrics.registry.get_sample_value("payrules_intake_events_total", {"result": "refused"}) == 1


def test_problem_that_stays_is_told_once() -> None:
    stuck = [taken("a.jsonl", problem="cannot be moved: permission denied")]
    other = [taken("a.jsonl", problem="cannot be moved: no space left on device")]
    taking, stop, log, _ = taking_of(stuck, stuck, other, stuck)
    taking.wake()
    taking.run(stop)
    told = [fields["problem"].split(": ")[1] for _, fields in log.events]
    assert told == ["permission denied", "no space left on device", "permission denied"]


def test_nothing_is_taken_in_before_the_clinic_files_are_in_force(tmp_path: Path) -> None:
    taking, stop, log, _ = taking_of([taken("a.jsonl", new=1)])
    thread = threading.Thread(target=taking.run, args=(stop,))
    thread.start()
    stop.set()
    taking.wake()
    thread.join(10)
    assert not thread.is_alive()
    assert log.events == []
