"""The fault simulation with the real adapters: messages over wires, invoices in a store and as files.

`SEEDS` asks for more of them, too; a failing one prints the command that plays it again, step by step.
"""

from collections import Counter

import pytest
from tests.simulation.case import Case
from tests.simulation.kinds import ADAPTER_PLACES, FILE_KINDS, MESSAGE_KINDS, STORE_KINDS
from tests.simulation.outside import Real
from tests.simulation.playing import NewDisk, played
from tests.simulation.test_simulation import DAILY, FIRST, SEEDS

WATCHED = (Case(31, real=Real.MESSAGES), Case(21, real=Real.EMBEDDED), Case(7, real=Real.FILES))
"""Cases that are played once for every point in an adapter, or in what it keeps, at which a process can die."""


def spread(every: int) -> range:
    """One seed in so many as a test has."""
    return range(FIRST, FIRST + SEEDS // every)


def all_occur(kinds: tuple[str, ...], counts: Counter[str]) -> None:
    """Lest the daily seeds show nothing."""
    assert SEEDS < DAILY or [kind for kind in kinds if not counts[kind]] == []


def test_messages_over_wires() -> None:
    counts: Counter[str] = Counter()
    for seed in spread(10):
        counts += played(Case(seed, real=Real.MESSAGES)).counts
    all_occur(MESSAGE_KINDS, counts)


def test_invoices_in_a_store(disk: NewDisk) -> None:
    counts: Counter[str] = Counter()
    for seed in spread(40):
        counts += played(Case(seed, real=Real.EMBEDDED), disk).counts
    all_occur(STORE_KINDS, counts)


def test_invoices_in_the_store_of_the_ledger(disk: NewDisk) -> None:
    for seed in spread(400):
        # Not only right: step for step what happens where the ledger is in memory.
        beside = played(Case(seed, real=Real.EMBEDDED), disk)
        assert played(Case(seed, on_disk=True, real=Real.EMBEDDED), disk) == beside


def test_invoices_as_files(disk: NewDisk) -> None:
    counts: Counter[str] = Counter()
    for seed in spread(200):
        counts += played(Case(seed, real=Real.FILES), disk).counts
    all_occur(FILE_KINDS, counts)


@pytest.mark.parametrize("case", WATCHED, ids=str)
def test_whatever_dies_in_an_adapter(case: Case, disk: NewDisk) -> None:
    undisturbed = played(case._replace(only=0), disk)
    inside = [(point, place) for point, place in enumerate(undisturbed.points, 1) if place in ADAPTER_PLACES[case.real]]
    assert {place for _, place in inside} == ADAPTER_PLACES[case.real]
    for point, place in inside:
        assert played(case._replace(only=point), disk).counts[f"crash: {place}"] == 1
