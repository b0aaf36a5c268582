"""The table of a run: on the terminal, and in the README of this folder."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.measuring import Row

HEADER = ("workload", "beside", "figure", "middle half", "target", "", "times")
_WIDTHS = (53, 45, 14, 16, 8, 6)
_LARGE = 1_000
_BEGIN, _END = "<!-- written by `run.py --readme`: begin -->", "<!-- end -->"


def line(cells: Iterable[str]) -> str:
    """The cells of a row under each other on a terminal."""
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, (*_WIDTHS, 0), strict=True)]
    return " ".join(padded).rstrip()


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, in the order of `HEADER`."""
    met = {True: "met", False: "MISSED", None: ""}[row.met]
    figure = "-" if row.figure is None else f"{figure_text(row.figure)} {row.unit}"
    target = "-" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:,g}"
    spread = "" if row.spread is None else " to ".join(map(figure_text, row.spread))
    return row.workload, row.against, figure, spread, target, met, row.times


def figure_text(value: float) -> str:
    """A figure as people read it."""
    return f"{value:,.{0 if value >= _LARGE else 2}f}"


def write_readme(readme: Path, machine: str, rows: Iterable[Row]) -> None:
    """Replace the table of the README. Raises ValueError where its marks are missing."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{readme.name} lacks the marks of the table")
    lines = [HEADER, ("---",) * len(HEADER), *map(cells, rows)]
    table = "\n".join("| " + " | ".join(each) + " |" for each in lines)
    content = f"Seen on: {machine}.\n\n![how far each figure is from its target](last-table.svg)\n\n{table}"
    readme.write_text(f"{before}{_BEGIN}\n\n{content}\n\n{_END}{after}", encoding="utf-8")
