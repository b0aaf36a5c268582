"""Durable queues beside the ledger: the same actions written with their times, and due ones carried out."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks import queue_dbos, queue_pgqueuer, queue_procrastinate
from benchmarks.ledger_dispatch import work_all, worker_of
from benchmarks.ledger_filling import BATCH, activate, last_event, lines, processor, put_off, take_in
from benchmarks.ledger_stores import Store, postgresql_is_there, postgresql_store, sqlite_store
from benchmarks.measuring import Row, absent, compared
from benchmarks.queue_jobs import Job, Measured

_CLINICS = 100
_LATER = 100 * 365 * 86_400
_MICROSECOND = 1e-6
_PAST = 1_600_000_000.0
# The types of action that the worker of invoices carries out.
_INVOICE_WORK = (1, 2)


class _Queue(NamedTuple):
    """A peer: its package, how many bookings and due jobs it is given, and how many times faster payrules is to be."""

    name: str
    package: str
    measure: Callable[[str, list[list[Job]], list[Job]], Measured]
    bookings: int
    due: int
    intake: float | None = None
    dispatch: float | None = None


_DBOS = _Queue("DBOS", "dbos", queue_dbos.measure, 100, 400)
_QUEUES = {
    "SQLite": [_DBOS._replace(intake=30.0)],
    "PostgreSQL": [
        _DBOS._replace(intake=20.0, dispatch=10.0),
        _Queue("Procrastinate", "procrastinate", queue_procrastinate.measure, 500, 300, dispatch=10.0),
        _Queue("PGQueuer", "pgqueuer", queue_pgqueuer.measure, 500, 1_000),
    ],
}


class _Turn(NamedTuple):
    """One turn of payrules, in seconds a booking and an action, and the actions of the bookings that it wrote."""

    intake: float
    dispatch: float
    jobs: list[list[Job]]


def rows(turns: int) -> Iterator[Row]:
    """Seconds a booking and a job of each, taken in turns."""
    stores: list[tuple[str, Callable[[], AbstractContextManager[Store]] | None]] = [
        ("SQLite", sqlite_store),
        ("PostgreSQL", postgresql_store if postgresql_is_there() else None),
    ]
    for name, opened in stores:
        there = [queue for queue in _QUEUES[name] if opened is not None and find_spec(queue.package)]
        for queue in _QUEUES[name]:
            if queue not in there:
                yield absent(f"intake, {name}", queue.name, queue.intake, at_least=True)
                yield absent(f"dispatch, {name}", queue.name, queue.dispatch, at_least=True)
        if opened is not None and there:
            with opened() as store:
                yield from _beside(store, there, turns)


def _beside(store: Store, queues: list[_Queue], turns: int) -> Iterator[Row]:
    activate(store, _CLINICS)
    take_turn = _payrules(store)
    next(take_turn)
    ours: list[_Turn] = []
    theirs: dict[_Queue, list[Measured]] = {queue: [] for queue in queues}
    for _ in range(turns):
        turn = next(take_turn)
        ours.append(turn)
        for queue in queues:
            theirs[queue].append(_measured(queue, store, turn.jobs[: queue.bookings]))
    intake, dispatch = [turn.intake for turn in ours], [turn.dispatch for turn in ours]
    for queue, found in theirs.items():
        what, bookings = f"intake, {store.name}", queue.bookings
        each = [measured.intake / bookings for measured in found if measured.intake is not None]
        if each:
            yield compared(what, f"{queue.name}, a workflow a booking", intake, each, queue.intake, faster=True)
        each = [measured.at_once / bookings for measured in found]
        yield compared(what, f"{queue.name}, a job an action, at once", intake, each, None, faster=True)
        each = [measured.dispatch / queue.due for measured in found]
        what = f"dispatch, {store.name}, an instant adapter"
        yield compared(what, f"{queue.name}, one process", dispatch, each, queue.dispatch, faster=True)


def _payrules(store: Store) -> Iterator[_Turn]:
    """Bookings taken in from the text of their events, then those actions carried out that are due."""
    found, first = processor(store), 0
    with closing(worker_of(store.ledger, 0)) as worker:
        while True:
            before = last_event(store) if first else 0
            content = lines(first, BATCH, _CLINICS)
            start = perf_counter()
            take_in(found, content)
            intake = (perf_counter() - start) / BATCH
            jobs = _jobs(store, before)
            start = perf_counter()
            done = work_all(worker)
            dispatch = (perf_counter() - start) / done
            # A draft leads to its invoice's issue, and all of these are of the past.
            assert done == sum(int(job.key.split("/")[2]) in _INVOICE_WORK for each in jobs for job in each), done
            put_off(store)
            first += BATCH
            yield _Turn(intake, dispatch, jobs)


def _jobs(store: Store, before: int) -> list[list[Job]]:
    """The actions of the bookings after one, by booking; they wait for a time when nobody measures any more."""
    rows = store.rows(
        "SELECT booking_no, clinic_no, type, channel, occurrence, due_at FROM actions"  # noqa: S608  # our own number
        f" WHERE booking_no > {before} ORDER BY booking_no"
    )
    return [
        [Job("/".join(map(str, row[:5])), row[5] * _MICROSECOND + _LATER) for row in booking]
        for _, booking in groupby(rows, key=lambda row: row[0])
    ]


def _measured(queue: _Queue, store: Store, jobs: list[list[Job]]) -> Measured:
    """Run a queue in a process of its own, since some of them leave threads and settings behind."""
    assert len(jobs) == queue.bookings
    due = [Job(f"due/{number}", _PAST) for number in range(queue.due)]
    context = multiprocessing.get_context("spawn")
    with _empty(store) as url, ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(queue.measure, url, jobs, due).result()


@contextmanager
def _empty(store: Store) -> Iterator[str]:
    """The address of an empty database beside the store's own: on the same server, or in another file."""
    if store.name == "SQLite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder, 'queue.db')}"
        return
    connection: Any
    with closing(store.connect()) as connection:
        connection.autocommit = True
        connection.execute("DROP DATABASE IF EXISTS queue")
        connection.execute("CREATE DATABASE queue")
    yield store.url.replace("/postgres?", "/queue?")
