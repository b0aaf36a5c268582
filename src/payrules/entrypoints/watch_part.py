"""The part of a daemon that keeps the ledger in step with the clinic files."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from payrules.adapters.logs import Log
from payrules.adapters.metrics import Metrics
from payrules.adapters.readiness import ReadyFile
from payrules.adapters.watcher import EVENTS, ClinicWatch
from payrules.app.activate import FileOutcome, FileResult, Reconciled
from payrules.app.standing import Standings
from payrules.app.watching import Debounce, Timing
from payrules.domain.diagnostics import Severity
from payrules.domain.errors import PayrulesError


class Surroundings(NamedTuple):
    """Where a daemon tells how it is, and the clocks it goes by: `monotonic` never jumps, `now` is UTC."""

    log: Log
    metrics: Metrics
    ready: ReadyFile | None
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic


class Watching:
    """Looks at the clinic files when they may have changed, and now and then whatever happens.

    `reconcile` reads and applies them. Where it fails the daemon is not ready, and tries again. `begun` is set when it
    succeeds for the first time.
    """

    def __init__(
        self,
        watch: ClinicWatch,
        reconcile: Callable[[], Reconciled],
        standings: Standings,
        around: Surroundings,
        timing: Timing,
    ) -> None:
        self._watch = watch
        self._reconcile = reconcile
        self._standings = standings
        self._around = around
        self._debounce = Debounce(timing)
        self.begun = threading.Event()
        self._how = ""
        self._said: dict[str, tuple[str, ...]] = {}

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set; `ClinicWatch.wake` ends a wait."""
        monotonic = self._around.monotonic
        self._withdraw()
        try:
            while not stop.is_set():
                now = monotonic()
                if self._debounce.due(now):
                    self._look(now)
                elif self._watch.wait(self._debounce.wait_until - now):
                    self._debounce = self._debounce.hint(monotonic())
        finally:
            self._watch.close()
            self._withdraw()

    def _look(self, now: float) -> None:
        try:
            # What changes from here on gives a hint again.
            self._watch.rearm()
            self._tell_how()
            reconciled = self._reconcile()
            self._tell(reconciled)
            self._measure(reconciled)
        except (PayrulesError, OSError) as error:
            self._debounce = self._debounce.failed(now)
            seconds = max(0.0, self._debounce.wait_until - self._around.monotonic())
            self._around.log.warning("reconcile_failed", error=str(error), retry_in=round(seconds, 3))
            self._withdraw()
        else:
            self._debounce = self._debounce.looked(now)
            self.begun.set()

    def _withdraw(self) -> None:
        if self._around.ready is not None:
            self._around.ready.withdraw()

    def _tell_how(self) -> None:
        how = self._watch.how
        if how != self._how:
            tell = self._around.log.tell if how == EVENTS else self._around.log.warning
            tell("watching", watches=how)
            self._standings.watched(self._watch.paths, self._around.now(), by_events=how == EVENTS)
            self._how = how

    def _tell(self, reconciled: Reconciled) -> None:
        """Log what is new: a file that stays wrong in the same way is told of once."""
        problems = {}
        for result in reconciled.results:
            if result.problem is not None:
                problems[result.file] = self._tell_problem(result, reconciled)
            elif result.outcome is not FileOutcome.UNCHANGED:
                self._tell_result(result)
            elif result.file in self._said:
                self._around.log.tell("file_as_applied", file=result.file, clinic=result.clinic)
        self._said = problems

    def _tell_result(self, result: FileResult) -> None:
        digest = effective_at = None
        if result.activation is not None:
            digest = result.activation.digest
            if result.activation.effective_at is not None:
                effective_at = result.activation.effective_at.isoformat().replace("+00:00", "Z")
        self._around.log.tell(
            result.outcome.value, file=result.file, clinic=result.clinic, digest=digest, effective_at=effective_at
        )

    def _tell_problem(self, result: FileResult, reconciled: Reconciled) -> tuple[str, ...]:
        errors = [d for d in reconciled.diagnostics if d.severity is Severity.ERROR and d.location.file == result.file]
        said = (str(result.problem), *(f"{d.code} {d.location.line} {d.message}" for d in errors))
        if said != self._said.get(result.file):
            log = self._around.log
            log.warning("file_not_applied", file=result.file, clinic=result.clinic, problem=result.problem)
            for d in errors:
                log.warning("diagnostic", file=result.file, line=d.location.line, code=d.code, message=d.message)
        return said

    def _measure(self, reconciled: Reconciled) -> None:
        now = self._around.now()
        standing = self._standings.at(now)
        problems = sum(result.problem is not None for result in reconciled.results)
        self._around.metrics.reconciled(
            in_force=standing.in_force,
            problems=problems,
            by_events=self._watch.how == EVENTS,
            activated_at=standing.activated_at,
        )
        if self._around.ready is not None:
            self._around.ready.write(watches=self._watch.how, reconciled_at=now)
