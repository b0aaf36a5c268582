"""One workload in a loop, for a profiler to look at: `make profile WORKLOAD=intake-postgresql` draws it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.bookings import booking
from benchmarks.ledger_dispatch import work_all, worker_of
from benchmarks.ledger_filling import BATCH, activate, lines, processor, take_in
from benchmarks.ledger_stores import Store, postgresql_store, sqlite_store
from benchmarks.simulating import write_bookings
from benchmarks.texts import CLINIC, clinic_file
from payrules.adapters.booking_files import BookingFormat, read_records
from payrules.adapters.zones import load_zone
from payrules.app.records import Refusal
from payrules.app.simulate import Simulation
from payrules.bootstrap import build
from payrules.domain.decision import decide
from payrules.entrypoints.decisions.lines import JsonReporter

_CLINICS, _BOOKINGS = 100, 2_000
_DEFAULT_SECONDS = 10.0

Loop = AbstractContextManager[Callable[[], object]]


@contextmanager
def _compile(*, analysis: bool) -> Iterator[Callable[[], object]]:
    text = clinic_file(100)
    yield partial(build().compiler.compile, text, f"{CLINIC}.yaml", analysis=analysis)


@contextmanager
def _decide() -> Iterator[Callable[[], object]]:
    version = build().compiler.compile(clinic_file(10), f"{CLINIC}.yaml", analysis=False).version
    assert version is not None
    policy, bookings = version.policy, [booking(number) for number in range(_BOOKINGS)]
    yield lambda: [decide(policy, one, one.booked_at) for one in bookings]


@contextmanager
def _simulate() -> Iterator[Callable[[], object]]:
    with TemporaryDirectory() as name:
        (Path(name) / f"{CLINIC}.yaml").write_bytes(clinic_file(10))
        content = write_bookings(Path(name) / "bookings.jsonl", _BOOKINGS).read_bytes()
        simulation = Simulation(build().catalogue((name,), analysis=False), load_zone)

        def work() -> None:
            written: list[str] = []
            reporter = JsonReporter(written.append, explain=False)
            for result in simulation.run(read_records(BytesIO(content), BookingFormat.JSONL)):
                assert not isinstance(result, Refusal), result.faults
                reporter.add(result)
            reporter.finish()

        yield work


@contextmanager
def _ledger(opened: Callable[[], AbstractContextManager[Store]], *, dispatch: bool) -> Iterator[Callable[[], object]]:
    """Intake of a batch; with `dispatch` also its invoices, an instant adapter making them."""
    numbers = count(step=BATCH)
    with opened() as store:
        activate(store, _CLINICS)
        found = processor(store)
        with closing(worker_of(store.ledger, 0)) as worker:

            def work() -> None:
                take_in(found, lines(next(numbers), BATCH, _CLINICS))
                if dispatch:
                    work_all(worker)

            yield work


_LOOPS: dict[str, Callable[[], Loop]] = {
    "compile": partial(_compile, analysis=False),
    "analyse": partial(_compile, analysis=True),
    "decide": _decide,
    "simulate": _simulate,
    "intake-sqlite": partial(_ledger, sqlite_store, dispatch=False),
    "intake-postgresql": partial(_ledger, postgresql_store, dispatch=False),
    "dispatch-sqlite": partial(_ledger, sqlite_store, dispatch=True),
    "dispatch-postgresql": partial(_ledger, postgresql_store, dispatch=True),
}


def main(name: str, seconds: float = _DEFAULT_SECONDS) -> None:
    """Run a loop for so many seconds, after one round that does not count."""
    with _LOOPS[name]() as work:
        work()
        rounds, end = 0, perf_counter() + seconds
        while perf_counter() < end:
            work()
            rounds += 1
    print(f"{name}: {rounds} rounds")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in _LOOPS:
        sys.exit(f"usage: python -m benchmarks.loops {'|'.join(_LOOPS)}")
    main(sys.argv[1])
