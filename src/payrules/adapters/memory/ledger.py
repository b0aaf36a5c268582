"""A ledger in memory: one writer at a time, any number of readers."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from payrules.adapters.memory.bookings import BookingRows
from payrules.adapters.memory.clinics import ClinicRows
from payrules.adapters.memory.outbox import OutboxRows
from payrules.adapters.memory.tables import Tables
from payrules.app.ports import LedgerError, Transaction
from payrules.app.rows import Claimed
from payrules.domain.action import ActionState


class MemoryTransaction(ClinicRows, BookingRows, OutboxRows):
    """All of `payrules.app.ports.Transaction`."""

    __slots__ = ()


class MemoryLedger:
    """A `payrules.app.ports.Ledger` in plain dictionaries. It can be used by many threads."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._writer = Lock()
        self._writing_thread: int | None = None

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction after the other; raises LedgerError where this thread is in one already."""
        if self._writing_thread == get_ident():
            raise LedgerError("this thread is writing already")
        with self._writer:
            self._writing_thread = get_ident()
            transaction = MemoryTransaction(self._tables, None)
            try:
                yield transaction
            except BaseException:
                self._tables.undo()
                raise
            else:
                if transaction.failure is not None:
                    self._tables.undo()
                    raise transaction.failure
                self._tables.keep()
            finally:
                transaction.end()
                self._writing_thread = None

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """What was committed when it began, whatever is written meanwhile."""
        kept = self._tables.begin_reading()
        try:
            yield MemoryTransaction(self._tables, kept)
        finally:
            self._tables.end_reading(kept)

    def may_start(self, claimed: Claimed) -> bool:
        """Whether a claim still stands and nothing stops its action."""
        number = (claimed.clinic_no, claimed.booking_no)
        with self.reading() as tx:
            stored = tx.records_by_number([number], lock=False).get(number)
        return stored is not None and any(
            action.key == claimed.key
            and action.state is ActionState.CLAIMED
            and action.attempt == claimed.attempt
            and not action.stopping
            for action in stored.record.actions
        )

    def close(self) -> None:
        """Nothing has to be closed: what is in memory ends with the process."""
