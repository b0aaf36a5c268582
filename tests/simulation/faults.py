"""What goes wrong: processes that die at a commit or a call, a ledger and threads that let others run in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

from payrules.app.ports import ConflictError, Ledger, Transaction
from payrules.app.rows import Claimed

P = ParamSpec("P")
T = TypeVar("T")


class Crash(BaseException):
    """The process dies here. Nothing of the program catches it."""


class PowerCut(BaseException):
    """Every process dies here, and what was not committed is gone."""


class Hang(BaseException):
    """A call that never answers: its thread is given up."""


class Stage(Protocol):
    """What the simulated world gives its parts to stop at."""

    def point(self, place: str) -> None:
        """Others may run here, and the process may die."""

    def may_die(self, place: str) -> None:
        """The process may die here; nobody else can run, since locks are held."""

    def may_conflict(self) -> bool:
        """Whether a commit loses against somebody else."""

    def committed(self) -> None:
        """A transaction is committed."""

    def starting(self, claimed: Claimed) -> None:
        """The program has found that an action may start."""


class WatchedLedger:
    """A `payrules.app.ports.Ledger` that stops at every begin and every commit."""

    def __init__(self, inner: Ledger, stage: Stage) -> None:
        self.inner = inner
        self._stage = stage

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        self._stage.point("begin")
        with self.inner.writing() as tx:
            yield tx
            self._stage.may_die("before commit")
            if self._stage.may_conflict():
                raise ConflictError("somebody else was quicker, as simulated")
        self._stage.committed()
        self._stage.point("after commit")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.inner.reading() as tx:
            yield tx
        self._stage.point("after reading")

    def may_start(self, claimed: Claimed) -> bool:
        self._stage.point("before start check")
        found = self.inner.may_start(claimed)
        if found:
            self._stage.starting(claimed)
        return found

    def close(self) -> None:
        self.inner.close()


class InlineExecutor(Executor):
    """Runs a call where it is submitted. One that hangs is a future that is never done."""

    def __init__(self, _: int) -> None:
        """A pool of any number of threads."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Hang:
            pass
        except Exception as error:  # noqa: BLE001  # as a thread pool does; a Crash goes on
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing waits."""


def unwrapped(ledger: Any) -> Any:
    """The ledger behind the watched one."""
    return ledger.inner if isinstance(ledger, WatchedLedger) else ledger
