"""What the tests of the simulation share: where its stores are kept, and cases that must come out right, or not."""

import shutil
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.simulation.case import Case, Outcome
from tests.simulation.processes import Disk
from tests.simulation.running import simulate

NewDisk = Callable[[], Disk]


def disks(folder: Path, template: Path) -> NewDisk:
    """Makes an empty store of a template each time, in the place of the one before."""

    def make() -> Disk:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Disk(folder, template)

    return make


def played(case: Case, disk: NewDisk | None = None) -> Outcome:
    """A case that must come out right."""
    wrong, outcome = "", Outcome(Counter(), [], [])
    try:
        outcome = simulate(case, disk)
    except Exception:  # noqa: BLE001  # whatever it is, the seed has to be told
        wrong = traceback.format_exc()
    wrong = wrong or "\n".join(outcome.violations)
    if wrong:
        pytest.fail(f"{wrong}\nplay it again: make simulate SEED={case}", pytrace=False)
    return outcome


def noticed(case: Case, disk: NewDisk | None = None) -> str:
    """What is wrong with a case; empty where nothing is."""
    try:
        return "; ".join(simulate(case, disk).violations)
    except Exception as error:  # noqa: BLE001  # a program that stops is noticed too
        return repr(error)
