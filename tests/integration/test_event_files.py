"""Events of a long stream, read by a second process a batch ahead."""

import json
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from io import BytesIO
from subprocess import PIPE, Popen
from typing import Any

import pytest
from tests.builders import record_fields

from payrules.adapters import event_files
from payrules.adapters.booking_files.chunks import Line
from payrules.adapters.booking_files.json_records import NumberedLine
from payrules.adapters.event_files import ReadingAheadError, events_of, read_events
from payrules.adapters.zones import load_zone
from payrules.app.event_intake import Arrived
from payrules.app.process import BATCH
from payrules.app.records import Record, Refusal

SECONDS = 30
MANY = BATCH + 500


def event(number: int, **changes: Any) -> bytes:
    booking = record_fields(id=f"bk-{number}") | changes
    return json.dumps({"type": "booked", "event_id": f"e-{number}", "booking": booking}).encode()


def lines() -> Iterator[Line]:
    """Many events, and between them everything else that a line may be."""
    others = (
        b" ",
        None,
        b"\xff",
        b"{",
        event(1).replace(b'"id":', b'"id": "twice", "id":'),
        event(2, client={"id": "c-1", "timezone": "Europe/Stockholm"}),
        event(3, starts_at="never"),
        json.dumps({"type": "no_show", "event_id": "n-1"}).encode(),
    )
    for number in range(MANY):
        yield Line(number + 1, others[number % 8] if number % 100 < 8 else event(number))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Popen[bytes]]:
    """The processes that are started."""
    found: list[Popen[bytes]] = []

    class Noted(Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            found.append(self)

    monkeypatch.setattr(event_files, "Popen", Noted)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return found


def test_a_second_process_reads_the_same_in_the_same_order(started: list[Popen[bytes]]) -> None:
    alone = list(events_of(lines(), alone=MANY))
    assert not started
    assert list(events_of(lines(), alone=3)) == alone
    (process,) = started
    assert process.returncode == 0
    assert {type(one) for one in alone} == {Arrived, Refusal}


def test_time_zones_are_those_of_the_package(started: list[Popen[bytes]]) -> None:
    line = Line(1, event(1, client={"id": "c-1", "timezone": "Europe/Stockholm"}))
    (found,) = events_of([line], alone=0)
    assert isinstance(found, Arrived)
    assert found.booking is not None
    assert found.booking.client.zone is load_zone("Europe/Stockholm")
    assert started


def test_one_core_needs_no_second_process(started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert len(list(events_of(lines(), alone=3))) == len(list(events_of(lines(), alone=MANY)))
    assert not started


def test_a_second_process_that_dies_is_an_error(started: list[Popen[bytes]]) -> None:
    found = events_of(lines(), alone=1)
    assert next(found)
    assert next(found)
    (process,) = started
    process.kill()
    process.wait(SECONDS)
    with pytest.raises(ReadingAheadError, match="run it again"):
        list(found)


def test_whoever_stops_reading_stops_the_second_process(started: list[Popen[bytes]]) -> None:
    found = events_of(lines(), alone=1)
    assert next(found)
    assert next(found)
    del found
    (process,) = started
    assert process.returncode == 0


def test_what_cannot_be_read_from_the_stream_is_told_as_it_is(started: list[Popen[bytes]]) -> None:
    def broken() -> Iterator[Line]:
        yield from lines()
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(events_of(broken(), alone=1))
    (process,) = started
    assert process.returncode == 0


def test_the_second_process_outlasts_a_signal_to_stop_and_ends_with_the_first() -> None:
    with Popen([sys.executable, "-m", event_files.__name__], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            pickle.dump([NumberedLine(1, 1, event(1))], process.stdin)
            process.stdin.flush()
            (found,) = pickle.load(process.stdout)  # noqa: S301  # from our own process
            assert isinstance(found, Arrived)
            process.send_signal(signal.SIGTERM)
        process.stdin.close()
        assert process.wait(SECONDS) == 0


def test_a_list_gives_its_records() -> None:
    (found,) = read_events(BytesIO(b"[" + event(1) + b"]"))
    assert isinstance(found, Record)


def test_a_list_in_place_of_lines_is_refused_whole() -> None:
    (found,) = events_of([Line(1, b"["), Line(2, event(1)), Line(3, b"]")])
    assert isinstance(found, Refusal)
    assert found.number == 0
