"""How costs grow with rules, with clinics, and with the bookings of simulate."""

import sys
from collections.abc import Iterator
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmarks.bookings import booking
from benchmarks.chart import POWER, Curve
from benchmarks.ledger_filling import write_files
from benchmarks.measuring import Row, in_turns, processes_in_turns, seconds_of, shown
from benchmarks.simulating import write_bookings
from benchmarks.texts import CLINIC, clinic_file
from payrules.bootstrap import build
from payrules.domain.decision import decide

# As a power of the size, over its last step: 1 is linear. The rest is what a shared machine does in between.
_LINEAR = 1.15
_BOOKINGS = 32


def steepness(curve: Curve) -> Row:
    """The row of a curve: the power of its last step, where what is constant weighs least."""
    (few, before), (many, after) = curve.points[-2:]
    power = log10(after / before) / log10(many / few)
    times = ", ".join(f"{size:,.0f}: {shown([seconds])}" for size, seconds in curve.points)
    return Row(f"growth {curve.panel}: {curve.name}", f"size ^ {_LINEAR}", power, POWER, _LINEAR, times)


def curves(turns: int, *, full: bool) -> Iterator[Curve]:
    """Up to 1,000 rules, 1,000 clinics and 100,000 bookings; in full ten times as many clinics and bookings."""
    yield from _rules(turns)
    yield _clinics([10, 100, 1_000, *([10_000] if full else [])])
    yield _simulated([1_000, 10_000, 100_000, *([1_000_000] if full else [])])


def _rules(turns: int) -> Iterator[Curve]:
    sizes = (10, 30, 100, 300, 1_000)
    compiler, name = build().compiler, f"{CLINIC}.yaml"
    loaded: list[tuple[float, float]] = []
    compiled: list[list[tuple[float, float]]] = [[], []]
    decided: list[tuple[float, float]] = []
    for size in sizes:
        text = clinic_file(size)
        [spent] = in_turns((lambda t=text: yaml.load(t, yaml.CSafeLoader),), turns)  # type: ignore[misc] # the default binds the loop's value
        loaded.append((size, min(spent)))
        for analysis, points in enumerate(compiled):
            [spent] = in_turns((lambda t=text, a=bool(analysis): compiler.compile(t, name, analysis=a),), turns)  # type: ignore[misc] # as above
            points.append((size, min(spent)))
        version = compiler.compile(text, name, analysis=False).version
        assert version is not None
        bookings, policy = [booking(number) for number in range(_BOOKINGS)], version.policy
        [spent] = in_turns((lambda p=policy, b=bookings: [decide(p, one, one.booked_at) for one in b],), turns, 20)  # type: ignore[misc] # as above
        decided.append((size, min(spent) / _BOOKINGS))
    yield Curve("by rules of a file", "yaml.load, CSafeLoader", "rules", loaded)
    yield Curve("by rules of a file", "compiled without rule analysis", "rules", compiled[0])
    yield Curve("by rules of a file", "compiled with it", "rules", compiled[1])
    yield Curve("by rules of a file", "a decision", "rules", decided)


def _clinics(sizes: list[int]) -> Curve:
    points = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            write_files(Path(folder), size)
            [runs] = processes_in_turns([[_payrules(), "validate", folder]], 2)
        points.append((size, min(seconds_of(runs))))
    return Curve("by clinics", "payrules validate of 10 rules each", "clinics", points)


def _simulated(sizes: list[int]) -> Curve:
    points = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{CLINIC}.yaml").write_bytes(clinic_file(10))
        for size in sizes:
            written = write_bookings(folder / "bookings.jsonl", size)
            command = [_payrules(), "simulate", name, "--format", "json", "--bookings", str(written)]
            [runs] = processes_in_turns([command], 1)
            assert runs[0].lines == size
            points.append((size, min(seconds_of(runs))))
    return Curve("by bookings", "payrules simulate", "bookings", points)


def _payrules() -> str:
    return str(Path(sys.executable).with_name("payrules"))
