"""`payrules simulate` from JSONL to JSONL as a whole process, and whether its memory stays flat."""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bookings import booking_record
from benchmarks.measuring import Row, compared, in_turns, processes_in_turns, seconds_of
from benchmarks.texts import CLINIC, clinic_file
from payrules.adapters.booking_files import BookingFormat, read_records
from payrules.adapters.zones import load_zone
from payrules.app.records import Refusal
from payrules.app.simulate import Simulation
from payrules.bootstrap import build
from payrules.entrypoints.decisions.lines import JsonReporter

_RATIO, _MEBIBYTES, _FLAT = 5.0, 150.0, 1.05
_RULES = 10
_FEW = 2_000
_AGAINST = "json.loads + json.dumps of the lines"
_IN_AND_OUT = "json.loads of it + json.dumps of its decision"
_BASELINE = """\
import json, sys
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        sys.stdout.write(json.dumps(json.loads(line)) + "\\n")
"""


def rows(bookings: int, repetitions: int, turns: int) -> Iterator[Row]:
    """The time against plain JSON; the peak of memory, and that of a tenth of the bookings beside it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{CLINIC}.yaml").write_bytes(clinic_file(_RULES))
        yield _in_process(name, turns)
        whole = write_bookings(folder / "bookings.jsonl", bookings)
        tenth = write_bookings(folder / "tenth.jsonl", bookings // 10)
        simulate = [str(Path(sys.executable).with_name("payrules")), "simulate", name, "--format", "json", "--bookings"]
        plain = [sys.executable, "-c", _BASELINE]
        commands = [[*simulate, str(whole)], [*plain, str(whole)], [*simulate, str(tenth)]]
        ours, theirs, small = processes_in_turns(commands, repetitions)
    assert (ours[0].lines, small[0].lines) == (bookings, bookings // 10), "a decision for every booking"
    workload = f"payrules simulate, {bookings:,} bookings"
    yield compared(workload, _AGAINST, seconds_of(ours), seconds_of(theirs), _RATIO)
    peak, small_peak = (median(run.peak_bytes for run in runs) / 1_048_576 for runs in (ours, small))
    yield Row(f"{workload}: memory", "", peak, "MiB", _MEBIBYTES, "at its peak")
    times = f"{peak:.1f} MiB to {small_peak:.1f} MiB"
    yield Row(f"{workload}: memory", "the same, a tenth of them", peak / small_peak, "×", _FLAT, times)


def _in_process(folder: str, turns: int) -> Row:
    """Without the start, and against plain JSON that reads the bookings and writes the decisions."""
    lines = [json.dumps(booking_record(number)).encode() for number in range(_FEW)]
    content = b"\n".join(lines)
    simulation = Simulation(build().catalogue((folder,), analysis=False), load_zone)
    written: list[str] = []

    def simulate() -> None:
        written.clear()
        reporter = JsonReporter(written.append, explain=False)
        for result in simulation.run(read_records(BytesIO(content), BookingFormat.JSONL)):
            assert not isinstance(result, Refusal), result.faults
            reporter.add(result)
        reporter.finish()

    simulate()
    decisions = [json.loads(line) for line in written]
    assert len(decisions) == len(lines)

    def plain() -> None:
        for line, decision in zip(lines, decisions, strict=True):
            json.loads(line)
            json.dumps(decision)

    ours, theirs = ([seconds / len(lines) for seconds in spent] for spent in in_turns((simulate, plain), turns))
    return compared("one booking of simulate, in process", _IN_AND_OUT, ours, theirs, _RATIO)


def write_bookings(path: Path, bookings: int) -> Path:
    """So many bookings as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(bookings):
            file.write(json.dumps(booking_record(number)) + "\n")
    return path
