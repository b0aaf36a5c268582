"""Dispatch: due actions claimed, carried out and settled, by one worker and by two processes."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from statistics import median
from threading import Event
from time import perf_counter, sleep

from benchmarks.ledger_filling import NOW, lines, take_in
from benchmarks.ledger_stores import Store
from benchmarks.measuring import Row, shown
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

_BOOKINGS = 6_000
_TWO = 1.5
_SLOW = 0.005


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
    worker = _worker(store.ledger, 0)
    worker.work(Lane.INVOICE, Event())
    seconds = []
    for _ in range(3):
        take_in(found, lines(first, _BOOKINGS, clinics))
        first += _BOOKINGS
        start = perf_counter()
        done = _work(worker)
        seconds.append((perf_counter() - start) / done)
    worker.close()
    told = f"at best; median {1 / median(seconds):,.0f}"
    yield Row(f"dispatch, {store.name}, an instant adapter", "", 1 / min(seconds), "/s", None, told, at_least=True)
    one: list[float] = []
    two: list[float] = []
    for _ in range(3):
        for workers, spent in ((1, one), (2, two)):
            take_in(found, lines(first, _BOOKINGS, clinics))
            first += _BOOKINGS
            spent.append(_processes(store.url, workers))
    times = f"{shown(one)} to {shown(two)}"
    ratio = median(a / b for a, b in zip(one, two, strict=True))
    what = f"dispatch, {store.name}, an adapter of 5 ms, 2 processes"
    yield Row(what, "one process", ratio, "× faster", _TWO, times, at_least=True)


def _worker(ledger: Ledger, seconds: float) -> Dispatcher:
    provider = _Provider(seconds)
    adapters = Adapters(provider, dict.fromkeys(Channel, provider))
    tools = Tools(lambda: NOW, lambda: 0.5, ThreadPoolExecutor)
    return Dispatcher(ledger, adapters, Requests(Versions(bootstrap.build().compiler)), tools, "benchmark")


def _work(worker: Dispatcher) -> int:
    done, stop = 0, Event()
    while count := worker.work(Lane.INVOICE, stop):
        done += count
    return done


def _processes(url: str, workers: int) -> float:
    """Seconds from when all are ready until all have found nothing more to do."""
    context = multiprocessing.get_context("spawn")
    begin, end = context.Barrier(workers + 1), context.Barrier(workers + 1)
    started = [context.Process(target=_one_of_many, args=(url, begin, end)) for _ in range(workers)]
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
    with closing(open_store(url)) as ledger, closing(_worker(ledger, _SLOW)) as worker:
        begin.wait()
        _work(worker)
        end.wait()
