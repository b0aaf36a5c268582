"""The parts of a process that stays, run in this one."""

import os
import signal
import threading
from typing import Any

import pytest

from payrules.adapters.logs import Log
from payrules.domain.errors import PayrulesError
from payrules.entrypoints.daemon import Part, persistent, run_parts
from payrules.entrypoints.exit_codes import ExitCode


class Noted(Log):
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def tell(self, event: str, **fields: Any) -> None:
        self.events.append((event, fields))

    warning = critical = tell

    @property
    def names(self) -> list[str]:
        return [event for event, _ in self.events]


def until_stopped(stop: threading.Event) -> None:
    assert stop.wait(10)


def signalling(number: signal.Signals) -> Part:
    """A part that sends this process a signal and then waits for the end."""

    def run(stop: threading.Event) -> None:
        os.kill(os.getpid(), number)
        until_stopped(stop)

    return Part("signalling", run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_all_parts_and_is_a_success(number: signal.Signals) -> None:
    log, before = Noted(), signal.getsignal(number)
    assert run_parts([Part("other", until_stopped), signalling(number)], log) is ExitCode.OK
    assert log.events == [("stopping", {"signal": number.name})]
    assert signal.getsignal(number) is before


def test_parts_that_wait_for_something_else_are_woken() -> None:
    woken = threading.Event()
    deaf = Part("deaf", lambda _: until_stopped(woken), woken.set)
    assert run_parts([deaf, signalling(signal.SIGTERM)], Noted()) is ExitCode.OK


def test_part_that_breaks_ends_the_process_and_its_words_stay_secret() -> None:
    log = Noted()

    def broken(_: threading.Event) -> None:
        raise KeyError("a@client.example")

    assert run_parts([Part("other", until_stopped), Part("broken", broken)], log) is ExitCode.FAILURE
    [(event, fields)] = log.events
    assert (event, fields["part"], fields["exception"]) == ("part_crashed", "broken", "KeyError")
    assert fields["places"][-1].endswith(" broken")
    assert "client.example" not in str(log.events)


def test_part_that_ends_by_itself_is_a_failure() -> None:
    assert run_parts([Part("other", until_stopped), Part("short", lambda _: None)], Noted()) is ExitCode.FAILURE


def test_part_that_does_not_end_is_left_behind() -> None:
    log, freed, left = Noted(), threading.Event(), list[int]()
    parts = [Part("hanging", lambda _: until_stopped(freed)), signalling(signal.SIGTERM)]
    assert run_parts(parts, log, patience=0.05, leave=left.append) is ExitCode.FAILURE
    assert left == [ExitCode.FAILURE]
    assert log.events[-1] == ("not_ended", {"part": "hanging"})
    freed.set()


def test_one_signal_that_arrives_twice_is_one() -> None:
    def run(stop: threading.Event) -> None:
        until_stopped(stop)
        os.kill(os.getpid(), signal.SIGTERM)

    log = Noted()
    assert run_parts([Part("told-twice", run), signalling(signal.SIGTERM)], log) is ExitCode.OK
    assert log.names == ["stopping"]


def test_second_signal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrules.entrypoints.daemon._ECHO", 0.0)
    log, freed, left = Noted(), threading.Event(), list[int]()

    def run(stop: threading.Event) -> None:
        until_stopped(stop)
        os.kill(os.getpid(), signal.SIGINT)
        until_stopped(freed)

    parts = [Part("hanging", run), signalling(signal.SIGTERM)]
    assert run_parts(parts, log, leave=left.append) is ExitCode.FAILURE
    assert left == [ExitCode.FAILURE]
    assert log.names == ["stopping", "ended_at_once"]
    freed.set()


@pytest.mark.parametrize("error", [PayrulesError("the store is away"), OSError(28, "No space left on device")])
def test_part_that_the_world_fails_begins_again(error: Exception) -> None:
    log, runs = Noted(), []

    def run(_: threading.Event) -> None:
        runs.append(1)
        if len(runs) < 4:
            raise error

    persistent(Part("intake", run), log, retry=0.001).run(threading.Event())
    assert len(runs) == 4
    assert [fields["retry_in"] for _, fields in log.events] == [0.001, 0.002, 0.004]
    assert {(event, fields["part"], fields["error"]) for event, fields in log.events} == {
        ("part_failed", "intake", str(error))
    }


def test_part_with_a_bug_does_not_begin_again() -> None:
    def run(_: threading.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        persistent(Part("intake", run), Noted()).run(threading.Event())


def test_stop_ends_the_wait_for_the_next_try() -> None:
    stop = threading.Event()

    def run(_: threading.Event) -> None:
        stop.set()
        raise PayrulesError("the store is away")

    persistent(Part("intake", run), Noted(), retry=3600).run(stop)
