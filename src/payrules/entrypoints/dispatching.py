"""`dispatch`: one worker, with a thread a lane."""

import json
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path
from threading import Event, Lock, Thread

import click

from payrules import bootstrap
from payrules.adapters.store import open_store
from payrules.app.dispatch import Dispatcher
from payrules.app.rows import Lane
from payrules.domain.errors import PayrulesError
from payrules.entrypoints.exit_codes import ExitCode

_WORDS = {
    "delivered": "delivered",
    "retry_later": "to be tried again",
    "rejected": "rejected",
    "no_answer": "without an answer",
    "not_started": "not started",
}
_PAUSE = 2.0


class Tally:
    """How many attempts ended how, by lane; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[Lane, str]] = Counter()

    def note(self, lane: Lane, answer: str) -> None:
        """Count one attempt."""
        with self._lock:
            self._counts[lane, answer] += 1

    def lines(self, form: str) -> list[str]:
        """What was done, for people or as JSON."""
        if form == "json":
            return [
                json.dumps({"lane": lane.name.lower(), "answer": answer, "attempts": count})
                for (lane, answer), count in sorted(self._counts.items())
            ]
        if not self._counts:
            return ["nothing is due"]
        width = max(len(lane.name) for lane, _ in self._counts)
        return [
            f"{lane.name.lower():<{width}}  {count:>6}  {_WORDS[answer]}"
            for (lane, answer), count in sorted(self._counts.items())
        ]


def run_dispatch(store: str, out: str, form: str, *, once: bool) -> ExitCode:
    """Carry out what is due, once or until the process is told to stop."""
    tally, stop = Tally(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with (
        closing(open_store(store)) as ledger,
        closing(bootstrap.dispatcher(ledger, Path(out), bootstrap.worker_name(), tally.note)) as dispatcher,
    ):
        if once:
            dispatcher.once(stop)
        else:
            _work(dispatcher, stop)
    for line in tally.lines(form):
        click.echo(line)
    return ExitCode.OK


def _work(dispatcher: Dispatcher, stop: Event) -> None:
    """A thread for each lane, so that a slow provider holds up nobody else."""
    threads = [Thread(target=_work_lane, args=(dispatcher, lane, stop), name=lane.name) for lane in Lane]
    for thread in threads:
        thread.start()
    # Waits in short turns, since a signal is seen between them only.
    while not stop.wait(_PAUSE):
        pass
    for thread in threads:
        thread.join()


def _work_lane(dispatcher: Dispatcher, lane: Lane, stop: Event) -> None:
    """Work a lane; where the ledger fails, wait and go on."""
    while not stop.is_set():
        try:
            dispatcher.run(lane, stop)
        except PayrulesError as error:
            click.echo(f"{lane.name.lower()}: {error}; it is tried again", err=True)
            stop.wait(_PAUSE)
