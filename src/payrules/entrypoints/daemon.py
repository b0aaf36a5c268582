"""A process that stays: its parts in threads, ended together by a signal or by the first part that breaks."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import NamedTuple

from payrules.adapters.logs import Log, crash_fields
from payrules.domain.errors import PayrulesError
from payrules.entrypoints.exit_codes import ExitCode

PATIENCE = 25.0
"""Seconds the parts have to end. Kubernetes kills after 30; systemd after 90."""

_LONGEST_RETRY = 30.0
# Shells, `timeout` and the like tell a process and its group, so that one signal arrives twice.
_ECHO = 1.0


class Part(NamedTuple):
    """Something that runs until `stop` is set. `wake` ends a wait of it that does not look at `stop`."""

    name: str
    run: Callable[[threading.Event], None]
    wake: Callable[[], None] = lambda: None


class _Ended(NamedTuple):
    part: str
    crashed: bool


def run_parts(
    parts: Sequence[Part], log: Log, *, patience: float = PATIENCE, leave: Callable[[int], object] = os._exit
) -> ExitCode:
    """Run all parts until SIGTERM or SIGINT; to be called in the main thread.

    OK where every part ended when it was told to. A part that breaks, or ends by itself, ends all others and the
    process with FAILURE: what is unexpected leaves a state nobody knows, and whoever started the process starts a
    fresh one, waits ever longer between tries and shows it. Another signal a second later, or a part that is still at
    work `patience` seconds after the first one, makes it `leave` the process as it is, since Python would wait for the
    calls of a thread pool.
    """
    news: SimpleQueue[_Ended | signal.Signals] = SimpleQueue()
    stop, code, give_up_at = threading.Event(), ExitCode.OK, float("inf")
    running = {part.name for part in parts}
    with _signals_to(news):
        for part in parts:
            # A thread that hangs must not keep the process; a lease ends by itself.
            threading.Thread(target=_run, args=(part, stop, news, log), name=part.name, daemon=True).start()
        while running:
            try:
                latest = news.get(timeout=None if give_up_at == float("inf") else give_up_at - time.monotonic())
            except (Empty, ValueError):
                # ValueError: the time was up before the wait began.
                log.critical("not_ended", part=", ".join(sorted(running)))
                break
            if isinstance(latest, _Ended):
                running.remove(latest.part)
                if latest.crashed or not stop.is_set():
                    code = ExitCode.FAILURE
            elif stop.is_set():
                if time.monotonic() > give_up_at - patience + _ECHO:
                    log.critical("ended_at_once", signal=latest.name, part=", ".join(sorted(running)))
                    break
            else:
                log.tell("stopping", signal=latest.name)
            if not stop.is_set():
                give_up_at = time.monotonic() + patience
                stop.set()
                for part in parts:
                    part.wake()
        else:
            return code
    leave(ExitCode.FAILURE)
    return ExitCode.FAILURE


def persistent(part: Part, log: Log, *, retry: float = 1.0) -> Part:
    """The part, begun again where the world fails it: a store without a connection, a full disk.

    It waits `retry` seconds, and twice as long after each failure in a row. What is not an error of the world goes
    through.
    """

    def run(stop: threading.Event) -> None:
        wait = retry
        while not stop.is_set():
            began = time.monotonic()
            try:
                part.run(stop)
            except (PayrulesError, OSError) as error:
                if time.monotonic() - began > _LONGEST_RETRY:
                    wait = retry
                log.warning("part_failed", part=part.name, error=str(error), retry_in=wait)
                stop.wait(wait)
                wait = min(2 * wait, _LONGEST_RETRY)
            else:
                return

    return part._replace(run=run)


def _run(part: Part, stop: threading.Event, news: "SimpleQueue[_Ended | signal.Signals]", log: Log) -> None:
    crashed = True
    try:
        part.run(stop)
        crashed = False
    except Exception as error:  # noqa: BLE001  # whatever it is, the process ends and says so
        # Where standard error is gone too there is nobody left to tell.
        with suppress(OSError, ValueError):
            log.critical("part_crashed", part=part.name, **crash_fields(error))
    finally:
        news.put(_Ended(part.name, crashed))


@contextmanager
def _signals_to(news: "SimpleQueue[_Ended | signal.Signals]") -> Iterator[None]:
    def tell(number: int, _: FrameType | None) -> None:
        # The one queue that may be written to while it is being read: an Event would deadlock.
        news.put(signal.Signals(number))

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
