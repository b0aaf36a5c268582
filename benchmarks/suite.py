"""All workloads: runs them, prints the table, writes it as JSON."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import compiling, deciding, simulating, starting
from benchmarks.measuring import Row
from payrules import __version__

_ROOT = Path(__file__).parents[1]
_MANY = 1_000_000


def main() -> int:
    """Run what the arguments ask for. A missed target is told, not an error: it does not change the exit code."""
    options = _options()
    bookings = _MANY if options.full else options.bookings
    workloads: dict[str, Callable[[], Iterator[Row]]] = {
        "compile": lambda: compiling.rows(_ROOT / "clinics", options.repetitions),
        "decide": lambda: deciding.rows(options.repetitions),
        "start": lambda: starting.rows(_ROOT / "schema" / "clinic.v1.schema.json", options.repetitions, 3),
        "simulate": lambda: simulating.rows(bookings, 1 if options.full else 3, options.repetitions),
    }
    print(f"payrules {__version__}, {_machine()}\n")
    print(_line("workload", "beside", "figure", "target", "", "times"), flush=True)
    rows = []
    for name in options.only or workloads:
        for row in workloads[name]():
            rows.append(row)
            print(_shown(row), flush=True)
    missed, unmeasured = (sum(row.met is False for row in rows), sum(row.figure is None for row in rows))
    print(f"\n{sum(row.met is True for row in rows)} targets met, {missed} missed, {unmeasured} not measured")
    if options.json:
        told = {"payrules": __version__, "machine": _machine(), "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run.py",
        description="payrules beside what it is measured against, in one run: ratios, targets, met or not.",
    )
    add = parser.add_argument
    workloads = ["compile", "decide", "start", "simulate"]
    add("--only", action="append", choices=workloads, help="this workload alone; may be given again")
    add("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    add("--repetitions", type=int, default=31, metavar="N", help="turns of each comparison (default: %(default)s)")
    add("--bookings", type=int, default=50_000, metavar="N", help="bookings to simulate (default: %(default)s)")
    add("--full", action="store_true", help=f"simulate {_MANY:,} bookings; takes some minutes")
    return parser.parse_args()


def _machine() -> str:
    """The machine in general words."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _shown(row: Row) -> str:
    met = {True: "met", False: "MISSED", None: "" if row.figure is not None else "-"}[row.met]
    figure = "-" if row.figure is None else f"{row.figure:.2f} {row.unit}"
    target = "-" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
    return _line(row.workload, row.against, figure, target, met, row.times)


def _line(*cells: str) -> str:
    widths = (53, 45, 14, 6, 6)
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)]
    return " ".join([*padded, *cells[len(widths) :]]).rstrip()


if __name__ == "__main__":
    sys.exit(main())
