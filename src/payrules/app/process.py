"""Processing: booking events in, stamps, decisions and actions out, a batch in one transaction."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from payrules.app import event_texts
from payrules.app.batch import Batch, EarlyError, Tools
from payrules.app.event_intake import Arrived, read_event
from payrules.app.fates import Fate, Report, Treated
from payrules.app.ports import ConflictError, Ledger, Transaction
from payrules.app.records import Record, Refusal
from payrules.app.transactions import in_transaction

BATCH = 2_000
"""How many records a transaction takes, unless somebody says otherwise."""


class Processor:
    """Takes events into a ledger. For one thread at a time; any number may work on one ledger."""

    def __init__(self, ledger: Ledger, tools: Tools, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._tools = tools
        self._clock = clock

    def process(self, records: Sequence[Record | Arrived | Refusal]) -> Report:
        """Take a batch in, read or not; when it returns, what it reports is committed.

        Doing it again changes nothing more. Raises LedgerError where the ledger cannot be used; then nothing of the
        batch is written, or all of it.
        """
        with uncollected():
            return self._process(records)

    def take(self, event: Arrived) -> Treated:
        """Take one event in that is read already, such as a person's; as `process` does it."""
        return self._treat([event])[0]

    def _process(self, records: Sequence[Record | Arrived | Refusal]) -> Report:
        zones = self._tools.zones
        read = [read_event(record, zones) if isinstance(record, Record) else record for record in records]
        treated = iter(self._treat([event for event in read if isinstance(event, Arrived)]))
        report = Report()
        report.add(one if isinstance(one, Refusal) else next(treated) for one in read)
        # What had waited for its booking comes last.
        report.add(treated)
        return report

    def _treat(self, events: list[Arrived]) -> list[Treated]:
        """What became of events. Where others always win, halves are tried, so that one record cannot stop the rest."""
        if not events:
            return []
        try:
            return self._write(events)
        except ConflictError:
            if len(events) == 1:
                return [Treated(events[0], Fate.REFUSED, faults=(event_texts.contended(),))]
        half = len(events) // 2
        first, second = self._treat(events[:half]), self._treat(events[half:])
        return [*first[:half], *second[: len(events) - half], *first[half:], *second[len(events) - half :]]

    def _write(self, events: list[Arrived]) -> list[Treated]:
        def write(tx: Transaction, *, alone: bool = False) -> list[Treated]:
            return Batch(tx, self._tools, self._clock(), alone=alone).write(events)

        try:
            return in_transaction(self._ledger, write)
        except EarlyError:
            return in_transaction(self._ledger, partial(write, alone=True))


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles meanwhile: a batch makes none, and the search would take a quarter of its time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
