"""The whole ledger under faults, from thousands of seeds (docs/explanation/fault-simulation.md).

`SEEDS` says how many; a failing one prints the command that plays it again, step by step.
"""

import os
import shutil
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.simulation.kinds import KINDS
from tests.simulation.processes import Disk
from tests.simulation.running import Case, Outcome, simulate

from payrules.adapters.store import open_store

SEEDS = int(os.environ.get("SEEDS", "2000"))
FIRST = int(os.environ.get("FIRST_SEED", "0"))
CHUNK = 100
ON_DISK = 50
"""One seed in so many runs on a SQLite file too."""

WATCHED = (7, 39, 66)
"""Seeds that are played once for every point at which a process can die."""

NewDisk = Callable[[], Disk]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a file."""
    path = tmp_path_factory.mktemp("simulation") / "template.db"
    open_store(str(path)).close()
    return path


@pytest.fixture
def disk(template: Path, tmp_path: Path) -> NewDisk:
    """Makes a new store each time, and takes the place of the one before."""

    def make() -> Disk:
        folder = tmp_path / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Disk(folder, template)

    return make


def played(case: Case, disk: NewDisk | None = None) -> Outcome:
    """A case that must come out right."""
    wrong, outcome = "", Outcome(Counter(), [], 0)
    try:
        outcome = simulate(case, disk)
    except Exception:  # noqa: BLE001  # whatever it is, the seed has to be told
        wrong = traceback.format_exc()
    wrong = wrong or "\n".join(outcome.violations)
    if wrong:
        pytest.fail(f"{wrong}\nplay it again: make simulate SEED={case}", pytrace=False)
    return outcome


@pytest.mark.parametrize("start", range(FIRST, FIRST + SEEDS, CHUNK))
def test_no_promise_is_broken(start: int, disk: NewDisk) -> None:
    counts: Counter[str] = Counter()
    seeds = range(start, min(start + CHUNK, FIRST + SEEDS))
    for seed in seeds:
        outcome = played(Case(seed))
        counts += outcome.counts
        if seed % ON_DISK == 0:
            # Not only right: step for step what happens in memory.
            assert played(Case(seed, on_disk=True), disk) == outcome
    # A chunk in which little happens shows nothing.
    assert counts["commits"] > 10 * len(seeds)


@pytest.mark.parametrize("seed", WATCHED)
def test_whatever_dies_and_wherever(seed: int) -> None:
    undisturbed = played(Case(seed, only=0))
    assert undisturbed.points > 50
    for point in range(1, undisturbed.points + 1):
        outcome = played(Case(seed, only=point))
        assert sum(n for kind, n in outcome.counts.items() if kind.startswith("crash: ")) == 1


def test_everything_occurs_in_the_daily_seeds() -> None:
    counts: Counter[str] = Counter()
    for seed in range(300):
        counts += played(Case(seed)).counts
    assert [kind for kind in KINDS if counts[kind] < 3] == []
