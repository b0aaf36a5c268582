"""Dispatch: due actions claimed, carried out and settled, by one worker and by two processes."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from threading import Event
from time import perf_counter, sleep

from benchmarks.ledger_filling import NOW, lines, put_off, take_in
from benchmarks.ledger_stores import Store
from benchmarks.measuring import Row, at_best, compared
from payrules import bootstrap
from payrules.adapters.store import open_store
from payrules.app.dispatch import Dispatcher, Tools
from payrules.app.ports import Adapters, InvoiceRequest, Ledger, Limits, MessageRequest
from payrules.app.process import Processor
from payrules.app.requests import Requests
from payrules.app.rows import Lane
from payrules.app.versions import Versions
from payrules.domain.action import Answer, Delivered
from payrules.domain.policy import Channel

_BOOKINGS = 2_000
_TWO = 1.5
_SLOW = 0.005
_TURNS = 3


class _Provider:
    """Does what it is asked in a given time, and nothing else."""

    name = "benchmark"
    limits = Limits(key_honoured_for=1e9)

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def carry_out(self, request: InvoiceRequest) -> Answer:
        return self._answer()

    def send(self, message: MessageRequest) -> Answer:
        return self._answer()

    def _answer(self) -> Answer:
        if self._seconds:
            sleep(self._seconds)
        return Delivered("benchmark")


def rows(store: Store, found: Processor, clinics: int, first: int) -> Iterator[Row]:
    """The drafts of new bookings, which are due at once. Everything else waits."""
    put_off(store)
    worker = worker_of(store.ledger, 0)
    seconds = []
    for _ in range(_TURNS):
        take_in(found, lines(first, _BOOKINGS, clinics))
        first += _BOOKINGS
        start = perf_counter()
        done = work_all(worker)
        seconds.append((perf_counter() - start) / done)
    worker.close()
    what = f"dispatch, {store.name}, an instant adapter"
    yield at_best(what, [1 / each for each in seconds], "/s", None, at_least=True)
    spent: dict[int, list[float]] = {1: [], 2: [], 4: []}
    for _ in range(_TURNS):
        for workers, times in spent.items():
            take_in(found, lines(first, _BOOKINGS, clinics))
            first += _BOOKINGS
            times.append(_processes(store.url, workers))
    for workers, target in ((2, _TWO), (4, None)):
        what = f"dispatch, {store.name}, an adapter of 5 ms, {workers} processes"
        yield compared(what, "one process", spent[workers], spent[1], target, faster=True)


def worker_of(ledger: Ledger, seconds: float) -> Dispatcher:
    """A worker whose providers answer after a time."""
    provider = _Provider(seconds)
    adapters = Adapters(provider, dict.fromkeys(Channel, provider))
    tools = Tools(lambda: NOW, lambda: 0.5, ThreadPoolExecutor)
    return Dispatcher(ledger, adapters, Requests(Versions(bootstrap.build().compiler)), tools, "benchmark")


def work_all(worker: Dispatcher) -> int:
    """Make all invoices that are due; how many there were."""
    done, stop = 0, Event()
    while count := worker.work(Lane.INVOICE, stop):
        done += count
    return done


def _processes(url: str, workers: int) -> float:
    """Seconds from when all are ready until all have found nothing more to do."""
    context = multiprocessing.get_context("spawn")
    begin, end = context.Barrier(workers + 1), context.Barrier(workers + 1)
    started = [context.Process(target=_one_of_many, args=(url, begin, end), daemon=True) for _ in range(workers)]
    for process in started:
        process.start()
    begin.wait()
    start = perf_counter()
    end.wait()
    seconds = perf_counter() - start
    for process in started:
        process.join()
    return seconds


def _one_of_many(url: str, begin: Barrier, end: Barrier) -> None:
    with closing(open_store(url)) as ledger, closing(worker_of(ledger, _SLOW)) as worker:
        begin.wait()
        work_all(worker)
        end.wait()
