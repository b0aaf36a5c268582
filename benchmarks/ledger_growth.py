"""How the ledger's costs grow: with clinics that come into force, and with actions that wait."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.chart import Curve
from benchmarks.ledger import claims
from benchmarks.ledger_filling import (
    BATCH,
    activator,
    fill,
    lines,
    multiply,
    processor,
    put_off,
    reconcile,
    take_in,
    taken_in,
    verify,
    waiting,
    write_files,
)
from benchmarks.ledger_stores import Store, postgresql_is_there, postgresql_store, sqlite_store

_FIRST = 10_000
_CLINICS = 100


def curves(turns: int, *, full: bool) -> Iterator[Curve]:
    """Up to 1,000 clinics and 1,000,000 waiting actions; in full 10,000 and 5,000,000."""
    stores: list[Callable[[], AbstractContextManager[Store]]] = [sqlite_store]
    if postgresql_is_there():
        stores.append(postgresql_store)
    for opened in stores:
        yield _coming_into_force(opened, [10, 100, 1_000, *([10_000] if full else [])])
        with opened() as store:
            yield from _waiting(store, turns, [_FIRST, 100_000, 1_000_000, *([5_000_000] if full else [])])


def _coming_into_force(opened: Callable[[], AbstractContextManager[Store]], sizes: list[int]) -> Curve:
    points = []
    name = ""
    for size in sizes:
        with opened() as store, TemporaryDirectory() as folder:
            name = store.name
            write_files(Path(folder), size)
            verify(store, size)
            start = perf_counter()
            reconcile(activator(store), Path(folder))
            points.append((size, perf_counter() - start))
    return Curve("by clinics", f"in force for the first time, {name}", "clinics", points)


def _waiting(store: Store, turns: int, sizes: list[int]) -> Iterator[Curve]:
    """A claim of 500, and an intake of a batch, beside actions that wait for a time far off.

    The first of them are taken in; the others are the same once more, for bookings that are not there.
    """
    with TemporaryDirectory() as folder:
        write_files(Path(folder), _CLINICS)
        verify(store, _CLINICS)
        reconcile(activator(store), Path(folder))
    found = processor(store)
    first = fill(store, found, _CLINICS, _FIRST)
    copies, claimed, taken = 1, [], []
    for size in sizes:
        more = max(size - waiting(store), 0) // taken_in(store)
        multiply(store, copies + more, copies)
        copies, present, intake = copies + more, waiting(store), []
        for _ in range(turns):
            content = lines(first, BATCH, _CLINICS)
            start = perf_counter()
            take_in(found, content)
            intake.append((perf_counter() - start) / BATCH)
            first += BATCH
        claimed.append((present, min(claims(store, turns))))
        taken.append((present, min(intake)))
        put_off(store)
    yield Curve("by actions that wait", f"a claim of 500, {store.name}", "actions", claimed)
    yield Curve("by actions that wait", f"intake of a booking, {store.name}", "actions", taken)
