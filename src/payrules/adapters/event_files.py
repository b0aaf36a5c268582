"""Booking events from a stream; those of a long one are read by a second process, a batch ahead.

Whoever takes events in needs a core for the ledger alone. The second process is asked and answers over its standard
input and output; it knows no ledger, and ends when it is asked no more, whatever becomes of the first one.
"""

import os
import pickle
import signal
import sys
from collections.abc import Iterable, Iterator
from copyreg import dispatch_table
from itertools import islice
from subprocess import PIPE, Popen
from types import MappingProxyType
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from payrules.adapters.booking_files import BookingFormat, read_stream
from payrules.adapters.booking_files.chunks import Line
from payrules.adapters.booking_files.json_records import LineReader, NumberedLine, numbered
from payrules.adapters.booking_files.quick_json import read_booked
from payrules.adapters.zones import load_zone
from payrules.app.event_intake import Arrived, read_event
from payrules.app.process import BATCH, uncollected
from payrules.app.records import Record, Refusal
from payrules.domain.errors import PayrulesError

ALONE = 10_000
"""So many lines are read before a second process is started for the rest; it takes half a second to start."""

Event = Arrived | Refusal


class ReadingAheadError(PayrulesError):
    """The second process has ended before its time."""

    def __init__(self) -> None:
        super().__init__("the process that reads events ahead was ended; what was reported is taken in: run it again")


def read_events(source: BinaryIO) -> Iterator[Record | Event]:
    """The events of a stream of JSONL, in its order; a JSON list gives records. Raises ReadingAheadError."""
    return read_stream(source, BookingFormat.JSON_STREAM, events_of)


def events_of(lines: Iterable[Line], *, alone: int = ALONE) -> Iterator[Event]:
    """The events of lines; after so many `alone` a second process reads them. Raises ReadingAheadError."""
    read = _Reader().read
    left = numbered(lines)
    for line in islice(left, alone):
        event = read(line)
        yield event
        if event.number == 0:
            # The whole file is at fault.
            return
    batch = list(islice(left, BATCH))
    if batch and (os.cpu_count() or 1) > 1:
        yield from _read_ahead(batch, left)
    else:
        yield from map(read, batch)
        yield from map(read, left)


class _Reader:
    """Reads the event of a line."""

    def __init__(self) -> None:
        self._records = LineReader(read_booked)

    def read(self, line: NumberedLine) -> Event:
        record = self._records.read(line)
        return record if isinstance(record, Refusal) else read_event(record, load_zone)


def _read_ahead(batch: list[NumberedLine], left: Iterator[NumberedLine]) -> Iterator[Event]:
    command = [sys.executable, "-P", "-m", __name__]
    # What this process finds, and nothing of the folder it works in.
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    # In a group of its own: a key that interrupts this process is not for that one.
    with Popen(command, stdin=PIPE, stdout=PIPE, env=os.environ | path, process_group=0) as process:  # noqa: S603  # ours
        asked, answers = process.stdin, process.stdout
        if asked is None or answers is None:
            raise ValueError("a process without its pipes")
        try:
            _ask(asked, batch)
            # An answer is fetched before the next question: neither waits for the other to read.
            while batch := list(islice(left, BATCH)):
                events = _answer(answers)
                _ask(asked, batch)
                yield from events
            yield from _answer(answers)
        finally:
            # It may be writing what nobody wants to know any more.
            answers.close()


def _ask(asked: Any, batch: list[NumberedLine]) -> None:
    try:
        pickle.dump(batch, asked, pickle.HIGHEST_PROTOCOL)
        asked.flush()
    except BrokenPipeError:
        raise ReadingAheadError from None


def _answer(answers: Any) -> list[Event]:
    try:
        with uncollected():
            events: list[Event] = pickle.load(answers)  # noqa: S301  # from our own process
    except (EOFError, pickle.UnpicklingError):
        raise ReadingAheadError from None
    return events


class _Pickler(pickle.Pickler):
    """Writes a time zone as its name: zones come from a package, and cannot be written as they are."""

    dispatch_table = MappingProxyType(dispatch_table | {ZoneInfo: lambda zone: (load_zone, (zone.key,))})


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """What the second process does: it ends when it is asked no more, and not when both are told to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    read = _Reader().read
    try:
        while True:
            events = [read(line) for line in pickle.load(asked)]  # noqa: S301  # from our own process
            _Pickler(answers, pickle.HIGHEST_PROTOCOL).dump(events)
            answers.flush()
    except (EOFError, BrokenPipeError):
        # Closed without another word: what is left to write nobody reads.
        os._exit(0)


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
