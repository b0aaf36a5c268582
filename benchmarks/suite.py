"""All workloads: runs them, prints the table, writes it as JSON and into the README."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import compiling, deciding, ledger, simulating, starting
from benchmarks.measuring import Row
from benchmarks.table import HEADER, cells, line, write_readme
from payrules import __version__

_HERE = Path(__file__).parent
_MANY = 1_000_000
_FEWEST = 100


def main() -> int:
    """Run what the arguments ask for. A missed target is told, not an error: it does not change the exit code."""
    options = _options()
    machine = f"payrules {__version__}, {_machine()}"
    print(f"{machine}\n")
    print(line(HEADER), flush=True)
    rows = []
    for name, workload in _workloads(options).items():
        if not options.only or name in options.only:
            for row in workload():
                rows.append(row)
                print(line(cells(row)), flush=True)
    met, missed = sum(row.met is True for row in rows), sum(row.met is False for row in rows)
    absent = sum(row.figure is None for row in rows)
    print(f"\ntargets: {met} met, {missed} missed, {absent} not measured")
    if options.json:
        told = {"machine": machine, "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.readme:
        write_readme(_HERE / "README.md", machine, rows)
    return 0


def _workloads(options: argparse.Namespace) -> dict[str, Callable[[], Iterator[Row]]]:
    repository = _HERE.parent
    bookings, times = (_MANY, 1) if options.full else (options.bookings, 3)
    schema = repository / "schema" / "clinic.v1.schema.json"
    return {
        "compile": lambda: compiling.rows(repository / "clinics", options.repetitions),
        "decide": lambda: deciding.rows(options.repetitions),
        "start": lambda: starting.rows(schema, options.repetitions, 3),
        "simulate": lambda: simulating.rows(bookings, times, options.repetitions),
        "ledger": lambda: ledger.rows(options.clinics, options.actions, options.repetitions, full=options.full),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run.py",
        description="payrules beside what it is measured against, in one run: ratios, targets, met or not.",
    )
    add = parser.add_argument
    workloads = ["compile", "decide", "start", "simulate", "ledger"]
    add("--only", action="append", choices=workloads, help="this workload alone; may be given again")
    add("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    add("--readme", action="store_true", help="write the table into the README of this folder, too")
    add("--repetitions", type=int, default=31, metavar="N", help="turns of each comparison (default: %(default)s)")
    add("--bookings", type=int, default=50_000, metavar="N", help="bookings to simulate (default: %(default)s)")
    add("--clinics", type=int, default=ledger.CLINICS, metavar="N", help="clinics of the ledger (default: %(default)s)")
    add("--actions", type=int, default=ledger.MANY, metavar="N", help="actions that wait in it (default: %(default)s)")
    add("--full", action="store_true", help=f"{_MANY:,} bookings, {ledger.MOST:,} actions; takes some minutes")
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
