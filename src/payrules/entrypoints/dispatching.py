"""`dispatch --once`: what is due now, and what came of it."""

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from threading import Event, Lock

import click

from payrules import bootstrap
from payrules.adapters.store import open_store
from payrules.app.ports import Ledger, LedgerError
from payrules.app.rows import Lane
from payrules.domain.action import ActionState
from payrules.domain.record import BookingState
from payrules.entrypoints.exit_codes import ExitCode
from payrules.settings import load_settings

# Nobody reads on: what is more is as much work to look through as it is to count.
_MOST = 1_000

_WORDS = {
    "delivered": "delivered",
    "retry_later": "to be tried again",
    "rejected": "rejected",
    "no_answer": "without an answer",
    "not_started": "not started",
}


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


def _worry(lane: Lane, error: LedgerError) -> None:
    click.echo(f"{lane.name.lower()}: what was done cannot be written yet: {error}", err=True)


def run_once(store: str, out: str, form: str) -> ExitCode:
    """Carry out what is due now, and say what was done. Raises LedgerError, SettingsError and PluginError."""
    tally, settings, worker = Tally(), load_settings(), bootstrap.worker_name()
    with (
        closing(open_store(store, create=False)) as ledger,
        closing(bootstrap.dispatcher(ledger, settings, Path(out), worker, tally.note, _worry)) as dispatcher,
    ):
        dispatcher.once(Event())
        left = _left(ledger) if form == "text" else ()
    for line in (*tally.lines(form), *left):
        click.echo(line)
    return ExitCode.OK


def _left(ledger: Ledger) -> list[str]:
    """What goes no further by itself, and the commands that list it."""
    with ledger.reading() as tx:
        drafts = len(tx.booking_numbers(states=[BookingState.DRAFT], limit=_MOST))
        stuck = {state: len(tx.actions_in(state, limit=_MOST)) for state in (ActionState.HELD, ActionState.DEAD)}
    lines = [_counted(drafts, "draft", "`payrules drafts list`")] if drafts else []
    return lines + [
        _counted(count, f"{state} action", f"`payrules {state} list`") for state, count in stuck.items() if count
    ]


def _counted(count: int, what: str, command: str) -> str:
    number = f"{count:,}" if count < _MOST else f"{count:,} or more"
    return f"{number} {what}{'' if count == 1 else 's'}: {command}"
