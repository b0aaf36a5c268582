"""Saving a changed booking: the difference is written, fenced by what each action was before."""

from dataclasses import replace
from typing import Any

import pytest
from tests.contracts.making import (
    CLIENT,
    CREATE,
    DECIDED,
    EMAIL,
    EVERY_FACT,
    ISSUE,
    OTHER_DIGEST,
    PAYER,
    SMS,
    STAMP,
    T0,
    activation_row,
    add,
    add_with_actions,
    complete,
    minutes,
    new,
    open_clinic,
    policy_row,
    read,
    stored,
    told_by,
    waiting,
)

from payrules.app.ports import ConflictError, Ledger, LedgerError
from payrules.app.rows import Change, ContactRow, DecisionRow, Lane, Party, Past, StoredRecord
from payrules.domain.action import Action, ActionState
from payrules.domain.record import BookingState


def with_record(row: StoredRecord, **changes: Any) -> StoredRecord:
    """The booking with other fields of its record."""
    return row._replace(record=replace(row.record, **changes))


def save(ledger: Ledger, before: StoredRecord, after: StoredRecord, **more: Any) -> None:
    """Save one change, committed."""
    with ledger.writing() as tx:
        tx.save([Change(before, after, **more)])


def decision(row: StoredRecord) -> DecisionRow:
    """The record of the decision that holds for a booking."""
    decided, stamp = row.record.decided, row.record.stamp
    return DecisionRow(row.booking_no, decided.number, stamp.number, T0 + minutes(5), row.facts, "[]")


def test_everything_of_a_booking_can_change(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    plain = stored(clinic_no, 7, actions=(waiting(CREATE, 0),))
    add(ledger, plain)
    target = complete(clinic_no, 7)
    target = with_record(target, decided=target.record.decided._replace(number=2))

    contacts = told_by(9)
    save(ledger, plain, target, decision=decision(target), contacts=contacts)

    assert read(ledger, plain) == target
    with ledger.reading() as tx:
        assert [(row.number, row.facts) for row in tx.decisions_of(clinic_no, 7)] == [(1, plain.facts), (2, EVERY_FACT)]
        assert tx.contacts([(clinic_no, 9)]) == {
            (clinic_no, 9, Party.CLIENT): CLIENT,
            (clinic_no, 9, Party.PAYER): PAYER,
        }
        assert tx.stamps_of(clinic_no, 7) == [STAMP]


def test_and_back_again(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    full = complete(clinic_no, 7)
    add(ledger, full)
    bare = stored(clinic_no, 7, actions=full.record.actions)
    bare = with_record(bare, decided=full.record.decided)

    save(ledger, full, bare)

    assert read(ledger, full) == bare


def test_one_booking_of_several_changes(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    rows = [stored(clinic_no, n, f"bk-{n}", actions=(waiting(CREATE, 0), waiting(SMS, 5))) for n in (1, 2, 3)]
    add(ledger, *rows)
    changed = [
        with_record(rows[0], state=BookingState.PAID),
        with_record(rows[2], actions=(rows[2].record.actions[0], cancelled(SMS, 5))),
    ]
    with ledger.writing() as tx:
        tx.save([Change(rows[0], changed[0]), Change(rows[2], changed[1])])

    assert [read(ledger, row) for row in rows] == [changed[0], rows[1], changed[1]]


def cancelled(key: Any, due: float) -> Action:
    """An action that is not wanted any more."""
    return Action(key, T0 + minutes(due), state=ActionState.CANCELLED, cause="paid", settled_at=T0 + minutes(1))


def test_what_is_cancelled_is_claimed_no_more_and_what_is_added_is(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = add_with_actions(ledger, clinic_no, waiting(SMS, 0))
    save(ledger, row, with_record(row, actions=(cancelled(SMS, 0), waiting(EMAIL, 1))))

    with ledger.writing() as tx:
        assert tx.next_at(Lane.SMS) is None
        assert tx.claim(Lane.SMS, T0 + minutes(60), T0 + minutes(65), "worker-1", 10) == []
        assert [c.key for c in tx.claim(Lane.EMAIL, T0 + minutes(60), T0 + minutes(65), "worker-1", 10)] == [EMAIL]


def test_an_action_that_was_claimed_meanwhile_conflicts(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    before = add_with_actions(ledger, clinic_no, waiting(CREATE, 0))
    with ledger.writing() as tx:
        tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 1)

    with pytest.raises(ConflictError):
        save(ledger, before, with_record(before, state=BookingState.CANCELLED, actions=(cancelled(CREATE, 0),)))

    now = read(ledger, before)
    assert now.record.state is BookingState.SCHEDULED
    assert now.record.actions == (
        waiting(CREATE, 0, state=ActionState.CLAIMED, next_at=T0 + minutes(5), attempt=1, tried_at=T0),
    )


def test_an_attempt_that_another_one_followed_conflicts(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = add_with_actions(ledger, clinic_no, waiting(CREATE, 0))
    with ledger.writing() as tx:
        tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 1)
    first = read(ledger, row)
    with ledger.writing() as tx:
        tx.claim(Lane.INVOICE, T0 + minutes(5), T0 + minutes(9), "worker-2", 1)

    settled = waiting(CREATE, 0, state=ActionState.DELIVERED, next_at=None, attempt=1, receipt="draft-1")
    with pytest.raises(ConflictError):
        save(ledger, first, with_record(first, actions=(settled,)))

    assert read(ledger, row).record.actions[0].attempt == 2


def test_an_action_that_somebody_else_added_conflicts(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    before = add_with_actions(ledger, clinic_no, waiting(CREATE, 0))
    save(ledger, before, with_record(before, actions=(waiting(CREATE, 0), waiting(SMS, 1))))

    with pytest.raises(ConflictError):
        save(ledger, before, with_record(before, actions=(waiting(CREATE, 0), waiting(SMS, 2))))


def test_actions_that_do_not_change_are_not_fenced(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    before = add_with_actions(ledger, clinic_no, waiting(CREATE, 0), waiting(SMS, 1))
    with ledger.writing() as tx:
        tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 1)

    save(ledger, before, with_record(before, actions=(before.record.actions[0], cancelled(SMS, 1))))

    claimed = waiting(CREATE, 0, state=ActionState.CLAIMED, next_at=T0 + minutes(5), attempt=1, tried_at=T0)
    assert read(ledger, before).record.actions == (claimed, cancelled(SMS, 1))


def test_nothing_of_a_conflicting_batch_is_written(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    first = add_with_actions(ledger, clinic_no, waiting(CREATE, 0), booking_id="bk-1")
    second = add_with_actions(ledger, clinic_no, waiting(CREATE, 1), booking_id="bk-2")
    with ledger.writing() as tx:
        tx.claim(Lane.INVOICE, T0, T0 + minutes(5), "worker-1", 1)

    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.save(
            [
                Change(second, with_record(second, actions=(cancelled(CREATE, 1),))),
                Change(first, with_record(first, actions=(cancelled(CREATE, 0),))),
            ]
        )

    assert read(ledger, second) == second


@pytest.mark.parametrize("state", [s for s in ActionState if s not in {"waiting", "claimed"}])
def test_only_what_waits_or_is_claimed_is_looked_at_again(ledger: Ledger, state: ActionState) -> None:
    clinic_no = open_clinic(ledger)
    row = add_with_actions(ledger, clinic_no, waiting(CREATE, 0), waiting(SMS, 0))
    impossible = waiting(CREATE, 0, state=state)

    with pytest.raises(LedgerError):
        save(ledger, row, with_record(row, actions=(impossible, row.record.actions[1])))
    with pytest.raises(LedgerError):
        add(ledger, stored(clinic_no, 900, "bk-9", actions=(impossible,)))

    assert read(ledger, row) == row


@pytest.mark.parametrize(
    "impossible",
    [
        waiting(CREATE, 0, state=ActionState.CLAIMED, next_at=None, attempt=1),
        waiting(CREATE, 0, state=ActionState.CLAIMED, attempt=0),
        waiting(CREATE, 0, stopping=True),
    ],
    ids=["claimed without a lease", "claimed without an attempt", "stopping and not claimed"],
)
def test_actions_that_cannot_be_are_refused(ledger: Ledger, impossible: Action) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0))
    with pytest.raises(LedgerError):
        save(ledger, row, with_record(row, actions=(impossible,)))


# ---- stamps and decisions


def test_a_second_stamp_is_added_and_holds(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        tx.add_policy(policy_row(OTHER_DIGEST))
        tx.add_activation(clinic_no, activation_row(2, digest=OTHER_DIGEST))
    row = add_with_actions(ledger, clinic_no, waiting(ISSUE, 0))
    second = STAMP._replace(
        number=2,
        sequence=2,
        digest=OTHER_DIGEST,
        engine="0.4.0",
        stamped_at=T0 + minutes(5),
        by="per@nordlys.example",
        reason="wrong file",
    )
    after = with_record(row, stamp=second, decided=DECIDED._replace(number=2, rule=1))
    save(ledger, row, after, decision=decision(after))

    assert read(ledger, row) == after
    with ledger.reading() as tx:
        assert tx.stamps_of(clinic_no, row.booking_no) == [STAMP, second]
        assert [(d.number, d.stamp) for d in tx.decisions_of(clinic_no, row.booking_no)] == [(1, 1), (2, 2)]
        assert tx.open_bookings(clinic_no, 1) == []
        assert tx.open_bookings(clinic_no, 2) == [row.booking_no]
        number = (clinic_no, row.booking_no)
        recorded = ((new(row).decision, DECIDED), (decision(after), after.record.decided))
        assert tx.past([number]) == {number: Past((STAMP, second), recorded)}


def test_a_booking_is_open_while_one_of_its_actions_is(ledger: Ledger) -> None:
    def with_actions(*actions: Action) -> StoredRecord:
        return with_record(row, actions=actions)

    def is_open() -> bool:
        with ledger.reading() as tx:
            return tx.open_bookings(clinic_no) == [row.booking_no]

    clinic_no = open_clinic(ledger)
    create, sms = waiting(CREATE, 0), waiting(SMS, 1)
    made, sent = (action._replace(state=ActionState.DELIVERED, next_at=None) for action in (create, sms))
    row = add_with_actions(ledger, clinic_no, create)
    assert is_open()
    save(ledger, row, with_actions(made))
    assert not is_open()
    save(ledger, with_actions(made), with_actions(made, sms))
    assert is_open()
    # Whoever saves may not have seen that there is another action by now.
    save(ledger, with_actions(sms), with_actions(sms._replace(state=ActionState.HELD, next_at=None)))
    assert is_open()
    save(ledger, with_actions(sms._replace(state=ActionState.HELD)), with_actions(sent))
    assert not is_open()
    save(ledger, with_actions(create), with_actions(create, waiting(EMAIL, 2)))
    assert is_open()


def test_a_stamp_is_never_written_over(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = add_with_actions(ledger, clinic_no)
    with pytest.raises(LedgerError):
        save(ledger, row, with_record(row, stamp=STAMP._replace(engine="0.4.0")))

    assert read(ledger, row) == row
    with ledger.reading() as tx:
        assert tx.stamps_of(clinic_no, row.booking_no) == [STAMP]


def test_a_stamp_names_an_activation_that_there_is(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with pytest.raises(LedgerError):
        add(ledger, stored(clinic_no, 7, stamp=STAMP._replace(sequence=2)))


def test_a_decision_is_numbered_once(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger))
    with pytest.raises(ConflictError):
        save(ledger, row, with_record(row, state=BookingState.DRAFT), decision=decision(row))
    assert read(ledger, row) == row


def test_a_contact_is_told_once_by_an_event(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    add(ledger, stored(clinic_no, 7), contacts=told_by(7))
    row = stored(clinic_no, 7)
    with pytest.raises(ConflictError):
        save(ledger, row, row._replace(client_event=7), contacts=(ContactRow(7, Party.CLIENT, PAYER),))
    with ledger.reading() as tx:
        assert tx.contacts([(clinic_no, 7)])[clinic_no, 7, Party.CLIENT] == CLIENT
