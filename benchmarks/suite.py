"""All workloads: runs them, prints the table, writes it as JSON and as a picture, and into the README."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import perf_counter

from benchmarks import compiling, deciding, differing, growing, ledger, ledger_growth, queues, simulating, starting
from benchmarks.chart import Curve, picture
from benchmarks.measuring import Row
from benchmarks.table import HEADER, cells, line, write_readme
from payrules import __version__

_HERE = Path(__file__).parent
_MANY = 1_000_000
_FEWEST = 100
# Where a turn takes some tenths of a second, and where it takes seconds.
_SOME_TURNS, _FEW_TURNS = 11, 3
_GROWTH = "growth"

Workload = Callable[[], Iterator[Row | Curve]]


@dataclass(slots=True)
class _Seen:
    """What a run has measured so far."""

    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def add(self, found: Row | Curve) -> None:
        """Keep it and print its line of the table."""
        if isinstance(found, Curve):
            self.curves.append(found)
            found = growing.steepness(found)
        self.rows.append(found)
        print(line(cells(found)), flush=True)


def main() -> int:
    """Run what the arguments ask for; 1 where a target is missed. A peer that is absent is no miss."""
    options = _options()
    machine = f"payrules {__version__}, {_machine()}"
    print(f"{machine}\n")
    print(line(HEADER), flush=True)
    seen, start = _Seen(), perf_counter()
    for workload in _chosen(options):
        for found in workload():
            seen.add(found)
    _write(options, machine, seen)
    missed = [row for row in seen.rows if row.met is False]
    met, unmeasured = sum(row.met is True for row in seen.rows), sum(row.figure is None for row in seen.rows)
    minutes = (perf_counter() - start) / 60
    print(f"\ntargets: {met} met, {len(missed)} missed; {unmeasured} rows not measured; {minutes:.1f} minutes")
    for row in missed:
        what, against, figure, _, target, *_ = cells(row)
        print("missed: " + ", ".join(filter(None, (what, against, figure, target))))
    return 1 if missed else 0


def _chosen(options: argparse.Namespace) -> list[Workload]:
    """All but the growth of things, or those that were asked for."""
    workloads = _workloads(options)
    names = options.only or [name for name in workloads if name != _GROWTH or options.growth]
    return [workload for name, workload in workloads.items() if name in names]


def _workloads(options: argparse.Namespace) -> dict[str, Workload]:
    repository, turns = _HERE.parent, options.repetitions
    bookings, times = (_MANY, 1) if options.full else (options.bookings, _FEW_TURNS)
    few, full = min(turns, _FEW_TURNS), options.full
    schema = repository / "schema" / "clinic.v1.schema.json"
    return {
        "compile": lambda: compiling.rows(repository / "clinics", turns),
        "decide": lambda: deciding.rows(turns),
        "difference": lambda: differing.rows(turns),
        "start": lambda: starting.rows(schema, turns, few),
        "simulate": lambda: simulating.rows(bookings, times, turns),
        "ledger": lambda: ledger.rows(options.clinics, options.actions, min(turns, _SOME_TURNS), full=full),
        "queues": lambda: queues.rows(few),
        _GROWTH: lambda: chain(growing.curves(few, full=full), ledger_growth.curves(few, full=full)),
    }


def _write(options: argparse.Namespace, machine: str, seen: _Seen) -> None:
    told = {"machine": machine, "rows": [row.as_json() for row in seen.rows]}
    told["curves"] = [curve._asdict() for curve in seen.curves]
    text, chart = json.dumps(told, indent=2, ensure_ascii=False) + "\n", picture(machine, seen.rows, seen.curves)
    for path, content in ((options.json, text), (options.chart, chart)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    if options.readme:
        write_readme(_HERE / "README.md", machine, seen.rows)
        (_HERE / "last-table.svg").write_text(chart, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run.py",
        description="payrules beside what it is measured against, in one run: ratios, targets, met or missed.",
        epilog="Ends with 1 where a target is missed.",
    )
    add = parser.add_argument
    workloads = ["compile", "decide", "difference", "start", "simulate", "ledger", "queues", _GROWTH]
    add("--only", action="append", choices=workloads, help="this workload alone; may be given again")
    add("--growth", action="store_true", help="also how costs grow with clinics, rules, bookings and waiting actions")
    add("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    add("--chart", type=Path, metavar="FILE", help="write it as a picture (SVG), too")
    add("--readme", action="store_true", help="write the table and the picture into this folder, too")
    add("--repetitions", type=int, default=31, metavar="N", help="turns of each comparison (default: %(default)s)")
    add("--bookings", type=int, default=50_000, metavar="N", help="bookings to simulate (default: %(default)s)")
    add("--clinics", type=int, default=ledger.CLINICS, metavar="N", help="clinics of the ledger (default: %(default)s)")
    add("--actions", type=int, default=ledger.MANY, metavar="N", help="actions that wait in it (default: %(default)s)")
    add("--full", action="store_true", help=f"{_MANY:,} bookings, {ledger.MOST:,} actions; takes much longer")
    options = parser.parse_args()
    if options.clinics < options.repetitions or options.actions < _FEWEST:
        parser.error(f"at least as many clinics as repetitions, and {_FEWEST} actions")
    if options.repetitions < 1 or options.bookings < _FEWEST:
        parser.error(f"at least one repetition and {_FEWEST} bookings")
    if options.readme and options.only:
        parser.error("--readme wants all workloads")
    return options


def _machine() -> str:
    """The machine in general words."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
