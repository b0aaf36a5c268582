"""The whole ledger under faults, from thousands of seeds (docs/explanation/fault-simulation.md).

`SEEDS` says how many; a failing one prints the command that plays it again, step by step.
"""

import os
from collections import Counter

import pytest
from tests.simulation.case import Case
from tests.simulation.kinds import KINDS
from tests.simulation.playing import NewDisk, played

DAILY = 2000
SEEDS = int(os.environ.get("SEEDS", str(DAILY)))
FIRST = int(os.environ.get("FIRST_SEED", "0"))
CHUNK = 100
ON_DISK = 100
"""One seed in so many runs on a SQLite file too."""

WATCHED = (7, 39, 66)
"""Seeds that are played once for every point at which a process can die."""


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
    assert len(undisturbed.points) > 50
    for point in range(1, len(undisturbed.points) + 1):
        outcome = played(Case(seed, only=point))
        assert sum(n for kind, n in outcome.counts.items() if kind.startswith("crash: ")) == 1


def test_everything_occurs_in_the_daily_seeds() -> None:
    counts: Counter[str] = Counter()
    for seed in range(400):
        counts += played(Case(seed)).counts
    assert [kind for kind in KINDS if counts[kind] < 3] == []
