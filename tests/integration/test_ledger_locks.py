"""People and workers at one time on PostgreSQL: nothing slips through a hold, nothing is restamped twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from tests.builders import CLINIC, COMPILER, at, clinic_text
from tests.practice import Practice

from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.zones import load_zone
from payrules.app.audit import Auditor, Engine
from payrules.app.by_hand import by_hand
from payrules.app.holding import Holder, HoldOutcome
from payrules.app.ports import Lock
from payrules.app.requests import Requests
from payrules.app.restamp import Restamper, RestampOutcome
from payrules.app.rows import Lane
from payrules.app.stuck import Desk, Verb
from payrules.domain.action import ActionState, HeldCause

ENGINE = Engine("1.0", "2026.1")
BY = by_hand("kari", "wrong rule")
MANY = 20
SOON = 30.0


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[SqlLedger]:
    opened = open_store(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def practice(ledger: SqlLedger) -> Practice:
    found = Practice(ledger)
    found.now = at("2026-11-24T09:00Z")
    for number in range(1, MANY + 1):
        found.book(id=f"bk-{number}")
    return found


def differences(practice: Practice) -> list[object]:
    return list(Auditor(practice.ledger, COMPILER, load_zone, ENGINE, practice.clock).audit())


def test_a_hold_waits_for_who_is_stamping_and_whoever_comes_is_held(practice: Practice) -> None:
    began, end = Event(), Event()

    def stamping() -> None:
        with practice.ledger.writing() as tx:
            tx.clinics([CLINIC], Lock.SHARE)
            began.set()
            end.wait(SOON)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(stamping)
        assert began.wait(SOON)
        held = pool.submit(Holder(practice.ledger, practice.clock).hold, CLINIC, BY)
        with pytest.raises(TimeoutError):
            held.result(timeout=0.3)
        end.set()
        first.result(SOON)
        assert held.result(SOON).bookings == MANY
    practice.book(id="bk-late")
    assert {a.cause for a in practice.stored("bk-late").record.actions} == {HeldCause.CLINIC_HELD}


def test_holding_while_workers_claim_and_settle(practice: Practice) -> None:
    stop = Event()

    def works(name: str) -> None:
        while not stop.is_set():
            practice.dispatcher(name).once(stop)

    practice.now = at("2026-12-01T10:05Z")
    holder = Holder(practice.ledger, practice.clock)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(works, f"w-{number}") for number in range(2)]
        try:
            for _ in range(4):
                assert holder.hold(CLINIC, BY).outcome is HoldOutcome.HELD
                assert holder.release(CLINIC, BY).outcome is HoldOutcome.RELEASED
            holder.hold(CLINIC, BY)
        finally:
            stop.set()
        for one in running:
            one.result(SOON)
    # What was claimed when the hold came is settled by whoever takes it over, as held.
    practice.now += timedelta(minutes=10)
    practice.dispatch()
    sent = len(practice.sms.effects) + len(practice.email.effects)
    assert practice.next_at() is None, "nothing is left to be claimed under a hold"
    assert differences(practice) == []
    holder.release(CLINIC, BY)
    practice.dispatch()
    keys = [message.key for message in (*practice.sms.effects, *practice.email.effects)]
    assert len(keys) == len(set(keys)) == 2 * MANY >= sent


def test_two_people_restamp_and_workers_claim(practice: Practice) -> None:
    practice.dispatch()
    practice.now += timedelta(hours=1)
    practice.activate(clinic_text(name="Other"))
    practice.now += timedelta(hours=1)
    ids = [f"bk-{number}" for number in range(1, MANY + 1)]

    def restamps(order: list[str]) -> list[RestampOutcome]:
        restamper = Restamper(practice.ledger, practice.versions, ENGINE, practice.clock)
        return [row.outcome for row in restamper.restamp(order, BY)]

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(restamps, (ids, ids[::-1])))
    outcomes = both[0] + both[1]
    assert outcomes.count(RestampOutcome.RESTAMPED) == outcomes.count(RestampOutcome.UNCHANGED) == MANY
    assert {practice.stored(booking_id).record.stamp.number for booking_id in ids} == {2}
    assert differences(practice) == []


def test_a_claim_and_a_restamp_are_one_after_the_other(practice: Practice) -> None:
    practice.dispatch()
    practice.now = at("2026-12-01T10:05Z")
    practice.activate(clinic_text(name="Other"))
    restamper = Restamper(practice.ledger, practice.versions, ENGINE, practice.clock)
    began, end = Event(), Event()

    def claiming() -> None:
        with practice.ledger.writing() as tx:
            assert tx.claim(Lane.INVOICE, practice.now, practice.now + timedelta(minutes=5), "w", 1)
            began.set()
            end.wait(SOON)

    with ThreadPoolExecutor(2) as pool:
        claimed = pool.submit(claiming)
        assert began.wait(SOON)
        # The claim is not committed: whoever saves the same action waits for it, and then tries again.
        waiting = pool.submit(lambda: list(restamper.restamp([f"bk-{n}" for n in range(1, MANY + 1)], BY)))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        end.set()
        claimed.result(SOON)
        rows = waiting.result(SOON)
    assert [row.code for row in rows].count("action_claimed") == 1
    assert [row.outcome for row in rows].count(RestampOutcome.RESTAMPED) == MANY - 1


def test_two_people_release_the_same(practice: Practice) -> None:
    Holder(practice.ledger, practice.clock).hold(CLINIC, BY)
    keys = [f"{CLINIC}/bk-{n}/1/create_invoice/-/1" for n in range(1, MANY + 1)]
    desks = [Desk(practice.ledger, Requests(practice.versions), practice.clock) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(
            lambda desk, order: [done.code for done in desk.act(Verb.DROP, order, BY)], desks, (keys, keys[::-1])
        )
        codes = [code for one in both for code in one]
    assert codes.count(None) == codes.count("not_held") == MANY
    assert practice.stored().record.actions[0].state is ActionState.CANCELLED
