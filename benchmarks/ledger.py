"""The ledger as it grows: clinic files in force, bookings taken in, due actions claimed, with a million that wait."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import yaml

from benchmarks import ledger_dispatch
from benchmarks.ledger_filling import (
    BATCH,
    NOW,
    activator,
    clinic_name,
    fill,
    last_event,
    lines,
    multiply,
    processor,
    put_off,
    reconcile,
    take,
    take_in,
    verify,
    waiting,
    write_files,
    written_since,
)
from benchmarks.ledger_stores import Store, postgresql_is_there, postgresql_store, sqlite_store
from benchmarks.measuring import Row, absent, at_best, compared, shown
from payrules.adapters.event_files import ALONE, read_events
from payrules.app.activate import FileOutcome
from payrules.app.process import Processor
from payrules.app.rows import Lane

CLINICS, FEW, MANY, MOST = 10_000, 10_000, 1_000_000, 5_000_000

_IN_FORCE, _COLD, _FLAT = 1.0, 1.6, 1.5
_INTAKE = {"SQLite": (10_000, 2.0), "PostgreSQL": (8_000, 1.5)}
_CLAIMED = 500
_LEASE = timedelta(minutes=5)
_CLAIM = "a claim of 500 due actions"


def rows(clinics: int, actions: int, turns: int, *, full: bool) -> Iterator[Row]:
    """Each store is filled through the product, and measured on the way."""
    stores: list[tuple[str, Callable[[], AbstractContextManager[Store]] | None]] = [
        ("SQLite", sqlite_store),
        ("PostgreSQL", postgresql_store if postgresql_is_there() else None),
    ]
    for name, opened in stores:
        if opened is None:
            yield absent(f"intake, {name}", "", _INTAKE[name][0], at_least=True)
            continue
        with opened() as store:
            yield from _store_rows(store, clinics, actions, turns, full=full)


def _store_rows(store: Store, clinics: int, actions: int, turns: int, *, full: bool) -> Iterator[Row]:
    with TemporaryDirectory() as name:
        write_files(Path(name), clinics)
        verify(store, clinics)
        yield from _files(store, Path(name), clinics, turns)
    found = processor(store)
    first = fill(store, found, clinics, min(FEW, actions))
    take_in(found, lines(first, for_claims(turns), clinics))
    first += for_claims(turns)
    few, before = claims(store, turns), waiting(store)
    put_off(store)
    first = fill(store, found, clinics, actions, first)
    yield from _intake(store, found, clinics, first, turns)
    first += _for_intake(turns)
    take_in(found, lines(first, for_claims(turns), clinics))
    first += for_claims(turns)
    counts = f"{store.name}, {{:,}} waiting"
    many, now = claims(store, turns), waiting(store)
    yield _grown(counts.format(now), many, counts.format(before), few)
    yield from ledger_dispatch.rows(store, found, clinics, first)
    if full:
        multiply(store, -(-MOST // now))
        most = claims(store, turns)
        yield _grown(counts.format(waiting(store)), most, counts.format(before), few)


# ---- clinic files


def _files(store: Store, folder: Path, clinics: int, turns: int) -> Iterator[Row]:
    """All files for the first time; then a changed one among them, read, hashed, compiled and committed."""
    what = f"{clinics:,} clinic files in force, {store.name}"
    start = perf_counter()
    first = reconcile(activator(store), folder)
    cold = perf_counter() - start
    assert {result.outcome for result in first.results} == {FileOutcome.ACTIVATED}
    start = perf_counter()
    for path in sorted(folder.iterdir()):
        yaml.load(path.read_bytes(), yaml.CSafeLoader)
    plain = perf_counter() - start
    yield compared(f"{what}, the first time", "yaml.load, CSafeLoader", [cold], [plain], _COLD)
    start = perf_counter()
    again = reconcile(activator(store), folder)
    unchanged = perf_counter() - start
    assert {result.outcome for result in again.results} == {FileOutcome.UNCHANGED}
    start = perf_counter()
    for path in sorted(folder.iterdir()):
        sha256(path.read_bytes()).digest()
    hashed = perf_counter() - start
    yield compared(f"{what}, unchanged since", "reading and hashing them", [unchanged], [hashed], None)
    seconds, daemon = [], activator(store)
    for turn in range(turns):
        changed = folder / f"{clinic_name(turn)}.yaml"
        changed.write_bytes(changed.read_bytes().replace(b"due_in: 14d", b"due_in: 15d"))
        start = perf_counter()
        found = reconcile(daemon, folder)
        seconds.append(perf_counter() - start)
        assert [r.file for r in found.results if r.outcome is FileOutcome.ACTIVATED] == [str(changed)]
    yield at_best(f"a change of one of {what}", seconds, "s", _IN_FORCE)


# ---- intake


def _for_intake(turns: int) -> int:
    """How many bookings of one stream are enough to measure so many batches of it, and one to read ahead."""
    return ALONE + (2 * turns + 1) * BATCH


def _intake(store: Store, found: Processor, clinics: int, first: int, turns: int) -> Iterator[Row]:
    """Text to commit, and beside it the rows that came of it, written once more by the driver's executemany.

    In the midst of one stream, a second process reading it as the product has it. The batch before each measured one
    sees to it that nothing has been read that would not be in the run of things.
    """
    ours, theirs, written = [], [], 0
    events = read_events(BytesIO(lines(first, _for_intake(turns), clinics)))
    take(found, islice(events, ALONE))
    for _ in range(turns):
        take(found, islice(events, BATCH))
        before = last_event(store)
        start = perf_counter()
        take(found, islice(events, BATCH))
        ours.append(perf_counter() - start)
        same = written_since(store, before)
        written += sum(len(rows) for _, rows in same)
        theirs.append(_plain(store, same))
    a_second, times = _INTAKE[store.name]
    what = f"intake, {store.name}, {waiting(store):,} actions wait"
    told = f"{written / turns / BATCH:.1f} rows a booking"
    yield at_best(what, [BATCH / seconds for seconds in ours], "/s", a_second, told, at_least=True)
    yield compared(what, "executemany of the same rows", ours, theirs, times)


def _plain(store: Store, tables: Sequence[tuple[str, Sequence[tuple[Any, ...]]]]) -> float:
    """Seconds to write rows and commit them. They stay: they are bookings as good as the others."""
    with closing(store.connect()) as connection:
        start = perf_counter()
        with closing(connection.cursor()) as cursor:
            for name, rows in tables:
                if rows:
                    signs = ", ".join([store.sign] * len(rows[0]))
                    cursor.executemany(f"INSERT INTO {name} VALUES ({signs})", rows)  # noqa: S608  # our own names
        connection.commit()
        return perf_counter() - start


# ---- claims


def for_claims(turns: int) -> int:
    """How many bookings give enough due actions for the claims."""
    return -(-turns * _CLAIMED * 3 // (2 * BATCH)) * BATCH


def claims(store: Store, turns: int) -> list[float]:
    """Seconds of each claim, with its commit."""
    seconds = []
    for _ in range(turns):
        start = perf_counter()
        with store.ledger.writing() as tx:
            claimed = tx.claim(Lane.INVOICE, NOW, NOW + _LEASE, "benchmark", _CLAIMED)
        seconds.append(perf_counter() - start)
        assert len(claimed) == _CLAIMED
    return seconds


def _grown(what: str, ours: list[float], beside: str, theirs: list[float]) -> Row:
    # They were measured some minutes apart: the best of each, since nothing else tells what the machine did.
    times = f"{shown([min(ours)])} to {shown([min(theirs)])}, each at best"
    return Row(f"{_CLAIM}, {what}", beside, min(ours) / min(theirs), "×", _FLAT, times)
