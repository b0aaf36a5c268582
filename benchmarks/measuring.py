"""Measuring things side by side, and the rows of the table that comes of it.

Absolute times drift on a shared machine, so whatever is compared is run in turns: the ratio is the median of the
ratios of neighbouring runs.
"""

import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

FASTER = "× faster"
"""The unit of a ratio that tells how many times faster payrules is."""

_STOPWATCH = Path(__file__).with_name("stopwatch.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, what it is to reach, and the times it was made from.

    `figure` is None where it could not be measured, and `times` says why. `at_least` tells that a larger figure
    is the better one. `target` is None where the row is only there to be seen. Between the two of `spread` lies
    the middle half of the figures that this one is the median, or the best, of.
    """

    workload: str
    against: str
    figure: float | None
    unit: str
    target: float | None
    times: str
    at_least: bool = False
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none or nothing was measured."""
        if self.figure is None or self.target is None:
            return None
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    def as_json(self) -> dict[str, Any]:
        """The row for `--json`."""
        return asdict(self) | {"met": self.met}


def absent(workload: str, against: str, target: float | None, *, at_least: bool = False) -> Row:
    """The row of a peer that is not installed."""
    return Row(workload, against, None, "×", target, "absent: not installed", at_least)


def compared(
    workload: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    target: float | None,
    *,
    faster: bool = False,
) -> Row:
    """The median of the ratios of neighbouring runs, given their times in seconds; `faster` turns them over."""
    ratios = [b / a if faster else a / b for a, b in zip(ours, theirs, strict=True)]
    times, unit = f"{shown(ours)} to {shown(theirs)}", FASTER if faster else "×"
    return Row(workload, against, median(ratios), unit, target, times, faster, _middle_half(ratios))


def at_best(
    workload: str, figures: Sequence[float], unit: str, target: float | None, told: str = "", *, at_least: bool = False
) -> Row:
    """The best of the turns: nothing ran beside them that would tell how fast the machine was just then."""
    best = max(figures) if at_least else min(figures)
    times = f"at best; median {median(figures):,.{0 if best >= 100 else 2}f}{told and f'; {told}'}"
    return Row(workload, "", best, unit, target, times, at_least, _middle_half(figures))


def _middle_half(figures: Sequence[float]) -> tuple[float, float] | None:
    if len(figures) == 1:
        return None
    low, _, high = quantiles(figures, n=4, method="inclusive")
    return low, high


def in_turns(sides: Sequence[Callable[[], object]], repetitions: int, loops: int = 1) -> list[list[float]]:
    """Seconds a call of each side, one figure a repetition; a repetition runs every side `loops` times in a row.

    The sides take turns at being the first, which finds the caches of the processor cold.
    """
    for side in sides:
        side()
    seconds: list[list[float]] = [[] for _ in sides]
    for repetition in range(repetitions):
        gc.collect()
        for turn in range(len(sides)):
            number = (repetition + turn) % len(sides)
            side, spent = sides[number], seconds[number]
            start = perf_counter()
            for _ in range(loops):
                side()
            spent.append((perf_counter() - start) / loops)
    return seconds


class Run(NamedTuple):
    """A process that has ended: wall time in seconds, the most memory it had in bytes, lines that it wrote."""

    seconds: float
    peak_bytes: int
    lines: int


def _run(command: Sequence[str], output: Path) -> Run:
    """Run a command, its output into a file. Raises CalledProcessError where it does not end with 0."""
    # A process of its own starts it: the peak of a child would begin at that of this one.
    told = subprocess.run(
        [sys.executable, "-S", str(_STOPWATCH), str(output), *command], check=True, capture_output=True, text=True
    )
    seconds, peak_bytes, code = json.loads(told.stdout)
    if code != 0:
        raise subprocess.CalledProcessError(code, command, output.read_bytes()[-2_000:], told.stderr[-2_000:])
    with output.open("rb") as written:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: written.read(1_048_576), b""))
    return Run(seconds, peak_bytes, lines)


def processes_in_turns(commands: Sequence[Sequence[str]], repetitions: int) -> list[list[Run]]:
    """Runs of each command, one a repetition, after one that does not count."""
    runs: list[list[Run]] = [[] for _ in commands]
    with tempfile.TemporaryDirectory() as folder:
        for repetition in range(repetitions + 1):
            for number, command in enumerate(commands):
                run = _run(command, Path(folder, f"output-{number}"))
                if repetition:
                    runs[number].append(run)
    return runs


def seconds_of(runs: Sequence[Run]) -> list[float]:
    """The wall times of runs."""
    return [run.seconds for run in runs]


def shown(seconds: Sequence[float]) -> str:
    """The median of times, in the unit that suits it."""
    middle = median(seconds)
    if middle < 1e-3:
        return f"{middle * 1e6:.1f} µs"
    return f"{middle * 1e3:.1f} ms" if middle < 1 else f"{middle:.2f} s"
