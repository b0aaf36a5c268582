"""The ledger in memory and the one in SQLite do and answer the same, whatever is asked of them in which order.

A run is a list of steps; each takes the same numbers on both sides, and everything that can be read is compared
after each transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.conftest import sqlite_ledger
from tests.contracts.making import (
    CREATE,
    DIGEST,
    EMAIL,
    ISSUE,
    SMS,
    T0,
    activation_row,
    event_row,
    facts,
    minutes,
    new,
    open_clinic,
    policy_row,
    stored,
    told_by,
)

from payrules.adapters.memory import MemoryLedger
from payrules.app.ports import Ledger, LedgerError, Transaction
from payrules.app.rows import AttemptRow, Change, EventState, HoldRow, Lane, StoredRecord, VerificationRow
from payrules.domain.action import Action, ActionState
from payrules.domain.record import BookingState
from payrules.domain.timeline import ActivationState

KEYS = (CREATE, ISSUE, SMS, EMAIL)
CLINICS = {1: "nordlys", 2: "vika"}
NAMES = ("bk-1", "bk-2", "bk-3")
EVENTS = ("ev-1", "ev-2", "ev-3")


class BreakdownError(Exception):
    """A transaction that is broken off."""


class Step(NamedTuple):
    """One call, or none of it: `pick` and `more` choose among what there is."""

    name: str
    clinic_no: int
    pick: int
    more: int


class Side(NamedTuple):
    """A ledger, and the bookings as an earlier transaction saw them: what a slow process would save from.

    `numbers` are the test's own: what becomes of those of an undone transaction is left to the ledger.
    """

    ledger: Ledger
    remembered: dict[tuple[int, int], StoredRecord]
    numbers: Iterator[int]


def add_clinic(_: Side, tx: Transaction, step: Step) -> object:
    return tx.add_clinic(("nordlys", "vika", "fjord")[step.pick % 3])


def add_activation(_: Side, tx: Transaction, step: Step) -> None:
    state = list(ActivationState)[step.more % 4]
    effective_at = None if state is ActivationState.AWAITING else T0 + minutes(step.pick)
    number = 1 + len(tx.timelines([step.clinic_no])[step.clinic_no]) - (step.more > 40)
    tx.add_activation(step.clinic_no, activation_row(number, state=state, effective_at=effective_at))


def change_activation(_: Side, tx: Transaction, step: Step) -> None:
    rows = tx.timelines([step.clinic_no])[step.clinic_no]
    row = rows[step.pick % len(rows)].activation
    state = list(ActivationState)[step.more % 3]
    tx.change_activation(step.clinic_no, row.sequence, state, T0 + minutes(step.more))


def add_verification(_: Side, tx: Transaction, step: Step) -> None:
    row = VerificationRow(step.pick % 4, step.more % 2 == 0, None, None, None, T0, "payments")
    tx.add_verification(step.clinic_no, row)


def add_hold(_: Side, tx: Transaction, step: Step) -> None:
    tx.add_hold(step.clinic_no, HoldRow(step.pick % 4, None, "wrong rule", "per@nordlys.example", T0))


def release_hold(_: Side, tx: Transaction, step: Step) -> None:
    held = tx.holds([step.clinic_no])[step.clinic_no]
    for hold in held:
        tx.release_hold(step.clinic_no, hold.number, T0 + minutes(step.more), "ola@nordlys.example", "corrected")


def add_events(side: Side, tx: Transaction, step: Step) -> object:
    state = list(EventState)[step.more % 4]
    row = event_row(0, EVENTS[step.pick % 3], NAMES[step.more % 3], state=state, occurred_at=T0 + minutes(step.more))
    return tx.add_events([(step.clinic_no, row._replace(event_no=next(side.numbers))) for _ in range(2)])


def change_events(_: Side, tx: Transaction, step: Step) -> None:
    rows = tx.events([(step.clinic_no, name) for name in EVENTS]).values()
    state = list(EventState)[step.more % 4]
    tx.change_events([(step.clinic_no, row._replace(state=state, booking_no=step.pick)) for row in rows])


def some_actions(step: Step) -> tuple[Action, ...]:
    """Actions of a new booking; no two of a lane have one time, so that the order of claims is the same."""
    spread = step.pick * 97 + step.more
    keys = [key for number, key in enumerate(KEYS) if step.more & 1 << number]
    return tuple(Action(key, T0, next_at=T0 + minutes(spread + number / 7)) for number, key in enumerate(keys))


def add_booking(side: Side, tx: Transaction, step: Step) -> None:
    told = facts(booked_at=f"2026-11-24T09:{step.more:02}:00+01:00")
    stamp_sequence = 1 if step.more % 8 else None
    where, actions = (step.clinic_no, next(side.numbers), NAMES[step.pick % 3]), some_actions(step)
    row = stored(*where, told, clinic=CLINICS[step.clinic_no], actions=actions)
    stamp = row.record.stamp._replace(sequence=stamp_sequence, digest=DIGEST if stamp_sequence else None)
    row = row._replace(record=replace(row.record, stamp=stamp), client_event=row.booking_no)
    tx.add_bookings([new(row, told_by(row.booking_no)[: step.more % 3])])


def replace_id(_: Side, tx: Transaction, step: Step) -> None:
    for number in tx.booking_numbers(step.clinic_no)[step.pick % 3 :][:1]:
        tx.replace_booking_id(*number, NAMES[step.more % 3])


def remember(side: Side, tx: Transaction, _: Step) -> object:
    side.remembered.update(tx.records_by_number(tx.booking_numbers(), lock=True))
    return sorted(side.remembered)


def save(side: Side, tx: Transaction, step: Step) -> None:
    """Change an action, or add one, of a booking that may have changed since it was remembered."""
    mine = sorted(key for key in side.remembered if key[0] == step.clinic_no)
    if not mine:
        return
    before = side.remembered[mine[step.pick % len(mine)]]
    actions = {action.key: action for action in before.record.actions}
    key = KEYS[step.more % 4]
    former = actions.get(key, Action(key, T0))
    state = list(ActionState)[step.more % 7]
    timed = state in (ActionState.WAITING, ActionState.CLAIMED)
    next_at = T0 + minutes(step.more * 50 + step.pick) if timed else None
    attempt = former.attempt + (state is ActionState.CLAIMED or step.pick > 30)
    actions[key] = former._replace(state=state, next_at=next_at, attempt=attempt)
    record = replace(before.record, actions=tuple(actions.values()))
    if step.pick % 5 == 0:
        record = replace(record, state=list(BookingState)[step.more % 9])
    tx.save([Change(before, before._replace(record=record))])


def claim(_: Side, tx: Transaction, step: Step) -> object:
    now = T0 + minutes(step.more * 100)
    return tx.claim(list(Lane)[step.pick % 3], now, now + minutes(5 + step.pick / 11), "worker-1", 1 + step.more % 3)


def add_attempts(_: Side, tx: Transaction, step: Step) -> None:
    numbers = tx.booking_numbers(step.clinic_no)
    attempts = [
        AttemptRow(*number, key, len(tx.attempts_of(*number)) + 1, T0, T0, "delivered", "draft-1", "worker-1")
        for number, key in zip(numbers, KEYS, strict=False)
    ]
    tx.add_attempts(attempts)


def break_off(_: Side, __: Transaction, ___: Step) -> None:
    raise BreakdownError


CALLS: dict[str, Callable[[Side, Transaction, Step], object]] = {
    call.__name__: call
    for call in (
        add_clinic,
        add_activation,
        change_activation,
        add_verification,
        add_hold,
        release_hold,
        add_events,
        change_events,
        add_booking,
        replace_id,
        remember,
        save,
        claim,
        add_attempts,
        break_off,
    )
}
# What bookings live of comes more often than what breaks a transaction off.
NAMES_OF_CALLS = [*CALLS, *["add_booking", "remember", "save", "claim"] * 3]

STEP = st.builds(
    Step, st.sampled_from(NAMES_OF_CALLS), st.sampled_from(list(CLINICS)), st.integers(0, 59), st.integers(0, 59)
)
RUN = st.lists(st.lists(STEP, min_size=1, max_size=4), max_size=12)


def outcome(side: Side, steps: list[Step]) -> list[object]:
    """What the calls of one transaction answer, or how it ends."""
    answers: list[object] = []
    remembered = dict(side.remembered)
    try:
        with side.ledger.writing() as tx:
            answers.extend(CALLS[step.name](side, tx, step) for step in steps)
    except (LedgerError, BreakdownError) as error:
        answers.append(type(error))
        # A booking that was never committed is nobody's to save.
        side.remembered.clear()
        side.remembered.update(remembered)
    return answers


def picture(ledger: Ledger) -> list[object]:
    """Everything that can be read."""
    with ledger.reading() as tx:
        names = [(clinic_no, name) for clinic_no in CLINICS for name in NAMES]
        numbers = tx.booking_numbers()
        last: datetime | None = tx.latest_booked_at(2)
        return [
            tx.all_clinics(),
            [tx.timelines(CLINICS), tx.verifications(CLINICS), tx.holds(CLINICS)],
            [tx.latest_booked_at(1), last],
            tx.events([(clinic_no, event_id) for clinic_no in CLINICS for event_id in EVENTS]),
            [tx.events_of(*name) for name in names],
            {name: rows for name, rows in tx.early_events(names).items() if rows},
            numbers,
            [tx.booking_numbers(2, after=(2, 3)), tx.booking_numbers(states=[BookingState.PAID], limit=1)],
            tx.records(names, lock=False),
            tx.records_by_number(numbers, lock=False),
            [(tx.stamps_of(*n), tx.decisions_of(*n), sorted(tx.attempts_of(*n))) for n in numbers],
            tx.past(numbers),
            tx.contacts([*numbers, (1, 1), (2, 1)]),
            [tx.next_at(lane) for lane in Lane],
            [sorted(tx.actions_in(state), key=repr) for state in ("held", "dead")],
            [sorted(tx.open_bookings(clinic_no, sequence)) for clinic_no in CLINICS for sequence in (None, 1)],
        ]


def compare(template: Path, run: list[list[Step]]) -> None:
    """Do the same to both, and see that it is the same."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        file = sqlite_ledger(template, folder)
        stack.callback(file.close)
        memory, sqlite = Side(MemoryLedger(), {}, count(1)), Side(file, {}, count(1))
        for side in (memory, sqlite):
            assert [open_clinic(side.ledger, name) for name in CLINICS.values()] == list(CLINICS)
            with side.ledger.writing() as tx:
                tx.add_policy(policy_row("b" * 64))
        for steps in run:
            assert outcome(memory, steps) == outcome(sqlite, steps)
            assert picture(memory.ledger) == picture(sqlite.ledger)


@given(RUN)
@settings(max_examples=20)
def test_memory_and_sqlite_do_the_same(sqlite_template: Path, run: list[list[Step]]) -> None:
    compare(sqlite_template, run)


@pytest.mark.torture
@given(RUN)
@settings(max_examples=1_000)
def test_memory_and_sqlite_do_the_same_for_long(sqlite_template: Path, run: list[list[Step]]) -> None:
    compare(sqlite_template, run)
