"""Dispatch: claim due actions under a lease, call the adapters outside transactions, settle what came of it.

Each lane (invoices, SMS, email) is worked by itself, so that a slow provider holds up nobody else. Directly before
each call the committed state is asked once more: nothing starts after a cancellation was committed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Event
from time import sleep
from typing import NamedTuple, cast

from payrules.app.in_force import InForceCache
from payrules.app.pace import Pace
from payrules.app.ports import (
    Adapters,
    ConflictError,
    InvoiceRequest,
    Ledger,
    LedgerError,
    Limits,
    Lock,
    MessageRequest,
    Transaction,
)
from payrules.app.requests import Request, Requests
from payrules.app.rows import AttemptRow, Change, Claimed, Lane
from payrules.domain.action import Answer, Delivered, NoAnswer, Rejected, RetryLater
from payrules.domain.lifecycle import hold_open
from payrules.domain.policy import Channel
from payrules.domain.settling import Ended, Ending, NotStarted, NotYet, settle

LEASE = timedelta(minutes=5)
BATCH = 500
SETTLED_TOGETHER = 250
LONGEST_SLEEP = 1.0
_TRIES = 20
_PAUSE = 1.0


class Attempted(NamedTuple):
    """A claimed action and how its attempt ended. `started_at` is None where it did not begin.

    `clinic` is the clinic's name, `total` the amount of an invoice that was asked for, in minor units.
    """

    clinic: str
    claimed: Claimed
    ending: Ending
    started_at: datetime | None
    ended_at: datetime
    total: int | None = None


class Tools(NamedTuple):
    """What a dispatcher takes from the world: time, chance between 0 and 1, threads, and waiting (in seconds).

    `executor` makes the threads of one lane for a number of calls at once.
    """

    clock: Callable[[], datetime]
    chance: Callable[[], float]
    executor: Callable[[int], Executor]
    pause: Callable[[float], None] = sleep


class Dispatcher:
    """One worker. `worker` names it in the attempts it makes; several may run on one ledger.

    `observe` is told of every attempt that ended, by lane and answer: for metrics. `worry` is told when what came of
    attempts cannot be written yet: for logs.
    """

    def __init__(
        self,
        ledger: Ledger,
        adapters: Adapters,
        requests: Requests,
        tools: Tools,
        worker: str,
        *,
        observe: Callable[[Lane, str], None] = lambda _lane, _answer: None,
        worry: Callable[[Lane, LedgerError], None] = lambda _lane, _error: None,
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._tools = tools
        self._worker = worker
        self._observe = observe
        self._worry = worry
        self._lanes = {lane: _LaneAdapter.of(lane, adapters) for lane in Lane}
        self._pools: dict[Lane, Executor] = {}
        # Each lane has a thread of its own.
        self._in_force = {lane: InForceCache() for lane in Lane}

    def once(self, stop: Event) -> int:
        """Work until nothing is due any more; the number of attempts."""
        total = 0
        while done := sum(self.work(lane, stop) for lane in Lane):
            total += done
        return total

    def run(self, lane: Lane, stop: Event) -> None:
        """Work one lane until `stop` is set; sleeps until the next action is due, at most a second."""
        while not stop.is_set():
            if self.work(lane, stop):
                continue
            with self._ledger.reading() as tx:
                next_at = tx.next_at(lane)
            seconds = LONGEST_SLEEP if next_at is None else (next_at - self._tools.clock()).total_seconds()
            # What is due already is in another worker's hands at this moment.
            stop.wait(min(max(seconds, LONGEST_SLEEP / 20), LONGEST_SLEEP))

    def work(self, lane: Lane, stop: Event) -> int:
        """Claim one batch of a lane and bring it to its end; the number of actions claimed."""
        adapter = self._lanes[lane]
        now = self._tools.clock()
        with self._ledger.writing() as tx:
            claimed = tx.claim(lane, now, now + LEASE, self._worker, adapter.pace.batch(BATCH, LEASE))
        if not claimed:
            return 0
        with self._ledger.reading() as tx:
            prepared = self._requests.prepare(tx, claimed, self._in_force[lane], now, adapter.limits)
        unstarted: list[Attempted] = []
        ready: list[tuple[Claimed, Request]] = []
        for one, (clinic, what) in zip(claimed, prepared, strict=True):
            if isinstance(what, InvoiceRequest | MessageRequest):
                ready.append((one, what))
            else:
                unstarted.append(Attempted(clinic, one, what, None, now))
        self._settle(lane, unstarted)
        for batch in self._call_all(lane, ready, stop):
            self._settle(lane, batch)
        return len(claimed)

    def close(self) -> None:
        """Let go of the threads; calls that hang are left to end by themselves."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()

    # ---- calling

    def _call_all(self, lane: Lane, ready: list[tuple[Claimed, Request]], stop: Event) -> Iterator[list[Attempted]]:
        """Call the adapter for each, `concurrency` at once; gives what ended in batches."""
        limits = self._lanes[lane].limits
        pool = self._pools.get(lane)
        if pool is None:
            pool = self._pools[lane] = self._tools.executor(limits.concurrency)
        waiting: dict[Future[Attempted], tuple[str, Claimed]] = {}
        finished: SimpleQueue[Future[Attempted]] = SimpleQueue()
        for claimed, request in ready:
            future = pool.submit(self._call, lane, claimed, request, stop)
            waiting[future] = (request.clinic, claimed)
            future.add_done_callback(finished.put)
        ended: list[Attempted] = []
        while waiting:
            # A call that neither answers nor fails within its lease is given up: nobody knows what it did.
            patience = (ready[0][0].lease_until - self._tools.clock()).total_seconds()
            try:
                future = finished.get(timeout=max(patience, 0))
            except Empty:
                now = self._tools.clock()
                for future, (clinic, claimed) in waiting.items():
                    ending = NotStarted.RELEASED if future.cancel() else NoAnswer("timeout")
                    ended.append(Attempted(clinic, claimed, ending, now, now))
                self._pools.pop(lane).shutdown(wait=False, cancel_futures=True)
                break
            del waiting[future]
            ended.append(future.result())
            if len(ended) >= SETTLED_TOGETHER:
                yield ended
                ended = []
        if ended:
            yield ended

    def _call(self, lane: Lane, claimed: Claimed, request: Request, stop: Event) -> Attempted:
        adapter, clock = self._lanes[lane], self._tools.clock
        adapter.pace.wait(stop)
        try:
            may_start = not stop.is_set() and self._ledger.may_start(claimed)
        except LedgerError:
            return Attempted(request.clinic, claimed, NotStarted.RELEASED, None, clock())
        # The time is asked last: the ledger's answer may have taken the rest of the lease.
        started_at = clock()
        if stop.is_set() or started_at + timedelta(seconds=adapter.limits.timeout) > claimed.lease_until:
            return Attempted(request.clinic, claimed, NotStarted.RELEASED, None, started_at)
        if not may_start:
            return Attempted(request.clinic, claimed, NotStarted.STOPPED, None, started_at)
        ending: Ending
        try:
            ending = adapter.call(request)
        except Exception as error:  # noqa: BLE001  # whatever an adapter raises, nobody knows what its provider did
            # Its text may quote the message and whom it was for.
            ending = NoAnswer(type(error).__name__)
        total = request.total if isinstance(request, InvoiceRequest) else None
        return Attempted(request.clinic, claimed, ending, started_at, clock(), total)

    # ---- settling

    def _settle(self, lane: Lane, ended: list[Attempted]) -> None:
        """Write what came of attempts. A ledger that is out of reach is waited for until their lease ends."""
        if not ended:
            return
        tries_left = _TRIES
        while True:
            try:
                with self._ledger.writing() as tx:
                    self._settle_in(tx, lane, ended)
                break
            except ConflictError:
                tries_left -= 1
                if not tries_left:
                    raise
            except LedgerError as error:
                if self._tools.clock() >= ended[0].claimed.lease_until:
                    raise
                self._worry(lane, error)
                self._tools.pause(_PAUSE)
        for one in ended:
            self._observe(lane, answer_word(one.ending))

    def _settle_in(self, tx: Transaction, lane: Lane, ended: list[Attempted]) -> None:
        limits = self._lanes[lane].limits
        by_booking = sorted(ended, key=_booking)
        # Shared, so that no hold comes in between and misses what is added here.
        clinics = self._in_force[lane].of(tx, tx.clinics({one.clinic for one in ended}, Lock.SHARE))
        stored = tx.records_by_number({_booking(one) for one in ended}, lock=True)
        changes = []
        for key, group in groupby(by_booking, key=_booking):
            before = stored[key]
            record, cover = before.record, self._requests.cover(tx, before.record.stamp)
            for one in group:
                honoured = self._requests.honoured(record, one.claimed.key, one.ended_at, limits)
                record = settle(record, _ended(one), cover, honoured=honoured, jitter=self._tools.chance())
            if record is not before.record:
                held = clinics[record.booking.clinic].held(record.stamp.sequence)
                if held is not None:
                    record = hold_open(record, held, one.ended_at)
                changes.append(Change(before, before._replace(record=record)))
        tx.save(changes)
        tx.add_attempts([self._attempt(one) for one in ended])

    def _attempt(self, ended: Attempted) -> AttemptRow:
        claimed, ending = ended.claimed, ended.ending
        return AttemptRow(
            claimed.clinic_no,
            claimed.booking_no,
            claimed.key,
            claimed.attempt,
            ended.started_at or ended.ended_at,
            ended.ended_at,
            answer_word(ending),
            _detail(ending),
            self._worker,
        )


def answer_word(ending: Ending) -> str:
    """How an attempt ended, as attempts, metrics and logs name it."""
    match ending:
        case Delivered():
            return "delivered"
        case RetryLater():
            return "retry_later"
        case Rejected():
            return "rejected"
        case NoAnswer():
            return "no_answer"
        case NotStarted() | NotYet():
            return "not_started"


def _ended(one: Attempted) -> Ended:
    claimed = one.claimed
    return Ended(claimed.key, claimed.attempt, one.ending, one.ended_at, one.total, claimed.expired, claimed.unsure)


def _detail(ending: Ending) -> str:
    if isinstance(ending, Delivered):
        return ending.receipt
    if isinstance(ending, NotYet):
        return "quiet_hours"
    return ending.value if isinstance(ending, NotStarted) else ending.cause


class _LaneAdapter(NamedTuple):
    """The adapter of a lane, with how it may be used."""

    call: Callable[[Request], Answer]
    limits: Limits
    pace: Pace

    @classmethod
    def of(cls, lane: Lane, adapters: Adapters) -> "_LaneAdapter":
        if lane is Lane.INVOICE:
            invoices = adapters.invoices
            return cls(cast(Callable[[Request], Answer], invoices.carry_out), invoices.limits, Pace(invoices.limits))
        messages = adapters.messages[Channel.SMS if lane is Lane.SMS else Channel.EMAIL]
        return cls(cast(Callable[[Request], Answer], messages.send), messages.limits, Pace(messages.limits))


def _booking(ended: Attempted) -> tuple[int, int]:
    return ended.claimed.clinic_no, ended.claimed.booking_no
