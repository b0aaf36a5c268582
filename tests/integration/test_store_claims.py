"""Claims by several processes: each action goes to one of them, and to another only when its lease is over."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.making import SMS, T0, add, minutes, open_clinic, stored, waiting

from payrules.adapters.store import SqlLedger, SqlTransaction, open_store, read_facts
from payrules.app.rows import Lane
from payrules.domain.action import Action
from payrules.domain.record import BookingState

BOOKINGS = 300

WORKER = """
import json, sys
from datetime import datetime, timedelta
from payrules.adapters.store import open_store
from payrules.app.rows import Lane
url, now = sys.argv[1], datetime.fromisoformat(sys.argv[2])
ledger = open_store(url, migrate=False)
print("ready", flush=True)
sys.stdin.readline()
claimed = []
while True:
    with ledger.writing() as tx:
        found = tx.claim(Lane.SMS, now, now + timedelta(minutes=5), "worker", 7)
    if not found:
        break
    claimed += [(c.clinic_no, c.booking_no, c.attempt, c.unsure) for c in found]
print(json.dumps(claimed))
"""


def fill(ledger: SqlLedger) -> int:
    """Bookings with a message that is due each, in an order that is not that of their numbers."""
    clinic_no = open_clinic(ledger)
    due: list[Action] = [waiting(SMS, -1 - number * 37 % BOOKINGS) for number in range(BOOKINGS)]
    add(ledger, *(stored(clinic_no, n, f"bk-{n}", actions=(action,)) for n, action in enumerate(due, 1)))
    return clinic_no


def race(url: str, workers: int) -> list[list[tuple[int, int, int, bool]]]:
    """What each of some processes claimed, all of them at once until nothing is left."""
    command = [sys.executable, "-c", WORKER, url, T0.isoformat()]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        answers = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=60)
            answers.append([tuple(row) for row in json.loads(out)])
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return answers


def test_no_action_is_claimed_twice(store_url: str) -> None:
    with closing(open_store(store_url)) as ledger:
        clinic_no = fill(ledger)
        answers = race(store_url, 2)
        claims = Counter(claim for answer in answers for claim in answer)
        assert claims == {(clinic_no, number, 1, False): 1 for number in range(1, BOOKINGS + 1)}
        with ledger.writing() as tx:
            assert tx.claim(Lane.SMS, T0 + minutes(4), T0 + minutes(9), "late", 10) == []
            again = tx.claim(Lane.SMS, T0 + minutes(6), T0 + minutes(11), "late", BOOKINGS)
        assert {(claim.attempt, claim.unsure) for claim in again} == {(2, True)}
        assert len(again) == BOOKINGS


def test_what_another_worker_holds_is_left_out_and_not_waited_for(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as ledger, closing(open_store(postgres_url)) as other:
        fill(ledger)
        with ledger.writing() as tx:
            first = tx.claim(Lane.SMS, T0, T0 + minutes(5), "one", BOOKINGS // 2)
            with other.writing() as beside:
                second = beside.claim(Lane.SMS, T0, T0 + minutes(5), "two", BOOKINGS)
        assert len(first) == len(second) == BOOKINGS // 2
        assert {claim.booking_no for claim in first}.isdisjoint(claim.booking_no for claim in second)


def test_a_claim_looks_at_what_is_due_and_not_at_what_waits(tmp_path: Path) -> None:
    with closing(open_store(str(tmp_path / "payrules.db"))) as ledger:
        clinic_no = open_clinic(ledger)
        later = [waiting(SMS, 60 + number) for number in range(50)]
        add(ledger, *(stored(clinic_no, n, f"bk-{n}", actions=(action,)) for n, action in enumerate(later, 1)))
        statement = "SELECT * FROM actions WHERE lane = 2 AND next_at <= 0 ORDER BY next_at LIMIT 5"
        with ledger.reading_session() as session, session.run() as connection:
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
        assert plan == ["SEARCH actions USING INDEX actions_next (lane=? AND next_at<?)"]
        with ledger.writing() as tx:
            assert tx.claim(Lane.SMS, T0, T0 + minutes(5), "one", 10) == []
            assert tx.next_at(Lane.SMS) == T0 + minutes(60)


PLANS: dict[str, tuple[Callable[[SqlTransaction], object], str]] = {
    "events of a booking": (
        lambda tx: tx.events_of(1, "bk-1"),
        "USING INDEX events_booking_id_clinic_no (booking_id=? AND clinic_no=?)",
    ),
    "the latest booking of a clinic": (
        lambda tx: tx.latest_booked_at(1),
        "USING COVERING INDEX bookings_clinic_no_booked_at_booking_no (clinic_no=?)",
    ),
    "open bookings of a clinic": (
        lambda tx: tx.open_bookings(1),
        "USING INDEX bookings_open (clinic_no=?)",
    ),
    "open bookings of an activation": (
        lambda tx: tx.open_bookings(1, 2),
        "USING INDEX bookings_open (clinic_no=?)",
    ),
    "bookings that wait for a person": (
        lambda tx: tx.booking_numbers(states=(BookingState.STOPPED, BookingState.UNDECIDED), after=(1, 7)),
        "USING INDEX bookings_waiting ((clinic_no,booked_at,booking_no)>(?,?,?))",
    ),
    "bookings of a clinic that are overpaid": (
        lambda tx: tx.overpaid(1),
        "USING INDEX bookings_overpaid (clinic_no=?)",
    ),
    "a page of a clinic's bookings": (
        lambda tx: tx.booking_numbers(1, after=(1, 7)),
        "INDEX bookings_clinic_no_booked_at_booking_no (clinic_no=? AND (booked_at,booking_no)>(?,?))",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_lies_behind_a_clinic_is_not_gone_through(tmp_path: Path, name: str) -> None:
    ask, wanted = PLANS[name]
    said: list[str] = []
    with (
        closing(open_store(str(tmp_path / "payrules.db"))) as ledger,
        ledger.reading_session() as session,
        session.run() as connection,
    ):
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(said.append)
        ask(SqlTransaction(session, read_facts))
        driver.set_trace_callback(None)
        [statement] = said
        plan = [row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert wanted in plan[0], plan
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in plan), plan
