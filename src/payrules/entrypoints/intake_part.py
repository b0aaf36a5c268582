"""The part of a daemon that takes in booking events from a folder."""

import threading

from payrules.adapters.intake_folder import WAIT_HINT, FileTaken, IntakeFolder
from payrules.adapters.logs import Log
from payrules.adapters.metrics import Metrics
from payrules.app.fates import Fate


class Taking:
    """Takes in what stands in the folder, again and again, from when `begun` is set.

    That is when the clinic files are in force: before, a booking of a new clinic would be refused.
    """

    def __init__(self, folder: IntakeFolder, begun: threading.Event, log: Log, metrics: Metrics) -> None:
        self._folder = folder
        self._begun = begun
        self._log = log
        self._metrics = metrics
        self._problems: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Take files in until `stop` is set. Raises IntakeFolderError and LedgerError."""
        self._begun.wait()
        while not stop.is_set():
            problems = {}
            for taken in self._folder.once(stop.is_set):
                self._tell(taken)
                if taken.problem:
                    problems[taken.name] = taken.problem
            self._problems = problems
            stop.wait(WAIT_HINT)

    def wake(self) -> None:
        """End the wait for the beginning."""
        self._begun.set()

    def _tell(self, taken: FileTaken) -> None:
        counts = {fate.value: taken.report.counts[fate] for fate in Fate if taken.report.counts[fate]}
        for fate, count in counts.items():
            self._metrics.taken_in(fate, count)
        if not taken.problem:
            self._log.tell("file_taken_in", file=taken.name, events=taken.report.records, **counts)
        elif taken.problem != self._problems.get(taken.name):
            # It is tried again every second, and told of once.
            self._log.warning("file_not_taken_in", file=taken.name, problem=taken.problem)
