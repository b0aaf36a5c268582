"""The outbox of a ledger: claims in order, under a lease, by one worker at a time."""

from datetime import datetime

import pytest
from tests.contracts.making import (
    CREATE,
    EMAIL,
    ISSUE,
    SMS,
    T0,
    add_with_actions,
    minutes,
    open_clinic,
    read,
    waiting,
)
from tests.contracts.test_saving import with_record

from payrules.app.ports import ConflictError, Ledger
from payrules.app.rows import AttemptRow, Change, Claimed, DeedRow, Lane
from payrules.domain.action import Action, ActionKey, ActionState
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

LEASE = minutes(5)
REMINDER = ActionKey(1, ActionType.SEND_REMINDER, Channel.SMS, 1)


def claim(ledger: Ledger, now: datetime, lane: Lane = Lane.INVOICE, limit: int = 10) -> list[Claimed]:
    """Claim, committed."""
    with ledger.writing() as tx:
        return tx.claim(lane, now, now + LEASE, "worker-1", limit)


def test_a_claim_holds_its_action_until_the_lease_ends(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0), waiting(ISSUE, 60))

    claims = claim(ledger, T0)

    assert claims == [Claimed(row.clinic_no, row.booking_no, CREATE, 1, T0 + LEASE)]
    held = waiting(CREATE, 0, state=ActionState.CLAIMED, next_at=T0 + LEASE, attempt=1, tried_at=T0)
    assert read(ledger, row).record.actions == (held, row.record.actions[1])
    assert claim(ledger, T0 + LEASE - minutes(0.01)) == []


def test_nothing_is_claimed_before_its_time(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 1), Action(ISSUE, T0 - minutes(60)))

    assert claim(ledger, T0 + minutes(1) - minutes(0.0001)) == []
    assert [c.key for c in claim(ledger, T0 + minutes(1))] == [CREATE]
    # A blocked action has no time, however long it is due.
    assert read(ledger, row).record.actions[1] == row.record.actions[1]


def test_the_earliest_come_first_and_no_more_than_asked_for(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    third = add_with_actions(ledger, clinic_no, waiting(CREATE, 3), waiting(ISSUE, 5), booking_id="bk-1")
    first = add_with_actions(ledger, other, waiting(CREATE, 1), booking_id="bk-2")
    second = add_with_actions(ledger, clinic_no, waiting(CREATE, 9, next_at=T0 + minutes(2)), booking_id="bk-3")

    assert {c.booking_no for c in claim(ledger, T0 + minutes(60), limit=2)} == {first.booking_no, second.booking_no}
    assert [(c.booking_no, c.key) for c in claim(ledger, T0 + minutes(4))] == [(third.booking_no, CREATE)]
    assert [(c.booking_no, c.key) for c in claim(ledger, T0 + minutes(5))] == [(third.booking_no, ISSUE)]


def test_each_lane_is_claimed_by_itself(ledger: Ledger) -> None:
    add_with_actions(
        ledger, open_clinic(ledger), waiting(CREATE, 0), waiting(SMS, 1), waiting(EMAIL, 2), waiting(REMINDER, 3)
    )
    with ledger.reading() as tx:
        assert [tx.next_at(lane) for lane in Lane] == [T0, T0 + minutes(1), T0 + minutes(2)]

    late = T0 + minutes(60)
    assert [c.key for c in claim(ledger, late, Lane.SMS)] == [SMS, REMINDER]
    assert [c.key for c in claim(ledger, late, Lane.EMAIL)] == [EMAIL]
    assert [c.key for c in claim(ledger, late, Lane.INVOICE)] == [CREATE]
    assert [claim(ledger, late, lane) for lane in Lane] == [[], [], []]


def test_after_the_lease_somebody_else_gets_it_as_expired(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0))
    claim(ledger, T0)

    again = claim(ledger, T0 + LEASE)

    assert again == [Claimed(row.clinic_no, row.booking_no, CREATE, 2, T0 + LEASE + LEASE, expired=True, unsure=True)]
    assert claim(ledger, T0 + LEASE) == []
    assert read(ledger, row).record.actions[0].attempt == 2


def test_a_retry_is_another_attempt_and_not_unsure(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0, next_at=T0 + minutes(3), attempt=4))

    assert claim(ledger, T0 + minutes(3)) == [
        Claimed(row.clinic_no, row.booking_no, CREATE, 5, T0 + minutes(3) + LEASE, unsure=False)
    ]


def test_an_action_keeps_what_a_claim_does_not_concern(ledger: Ledger) -> None:
    action = Action(SMS, T0, None, ActionState.CLAIMED, T0, 1, None, True, True, tried_at=T0 - LEASE)
    row = add_with_actions(ledger, open_clinic(ledger), action)

    assert [c.expired for c in claim(ledger, T0, Lane.SMS)] == [True]
    assert read(ledger, row).record.actions == (action._replace(next_at=T0 + LEASE, attempt=2),)


@pytest.mark.parametrize("state", [s for s in ActionState if s not in {"waiting", "claimed"}])
def test_what_is_settled_or_waits_for_a_person_is_not_claimed(ledger: Ledger, state: ActionState) -> None:
    add_with_actions(ledger, open_clinic(ledger), Action(CREATE, T0, state=state, attempt=1))

    assert claim(ledger, T0 + minutes(600)) == []
    with ledger.reading() as tx:
        assert tx.next_at(Lane.INVOICE) is None


def test_the_next_time_follows_claims_and_their_settlement(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 2), waiting(ISSUE, 9))

    def next_at() -> datetime | None:
        with ledger.reading() as tx:
            return tx.next_at(Lane.INVOICE)

    assert next_at() == T0 + minutes(2)
    claim(ledger, T0 + minutes(2))
    assert next_at() == T0 + minutes(7)
    with ledger.writing() as tx:
        before = read(ledger, row)
        done = waiting(CREATE, 2, state=ActionState.DELIVERED, next_at=None, attempt=1, receipt="draft-1")
        tx.save([Change(before, with_record(before, actions=(done, before.record.actions[1])))])
        assert tx.next_at(Lane.INVOICE) == T0 + minutes(9)
    assert next_at() == T0 + minutes(9)


# ---- directly before the call


def test_a_claim_that_stands_may_start(ledger: Ledger) -> None:
    add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0), waiting(ISSUE, 60))
    (claimed,) = claim(ledger, T0)

    assert ledger.may_start(claimed)
    assert not ledger.may_start(claimed._replace(key=ISSUE))
    assert not ledger.may_start(claimed._replace(booking_no=claimed.booking_no + 1))


def test_a_claim_that_another_one_followed_may_not_start(ledger: Ledger) -> None:
    add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0))
    (first,) = claim(ledger, T0)
    (second,) = claim(ledger, T0 + LEASE)

    assert not ledger.may_start(first)
    assert ledger.may_start(second)


@pytest.mark.parametrize(
    "became",
    [
        waiting(CREATE, 0, state=ActionState.CLAIMED, next_at=T0 + LEASE, attempt=1, stopping=True),
        waiting(CREATE, 0, state=ActionState.HELD, next_at=None, attempt=1),
        waiting(CREATE, 0, attempt=1),
    ],
    ids=["stopping", "held", "waiting again"],
)
def test_what_was_stopped_may_not_start_once_that_is_committed(ledger: Ledger, became: Action) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0))
    (claimed,) = claim(ledger, T0)
    before = read(ledger, row)

    with ledger.writing() as tx:
        tx.save([Change(before, with_record(before, actions=(became,)))])
        assert ledger.may_start(claimed)
    assert not ledger.may_start(claimed)


# ---- attempts and lists


def test_attempts_are_read_back(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0), waiting(SMS, 0))
    where = (row.clinic_no, row.booking_no)
    attempts = [
        AttemptRow(*where, CREATE, 1, T0, T0 + minutes(1), "retry_later", "timeout", "worker-1"),
        AttemptRow(*where, CREATE, 2, T0 + minutes(2), T0 + minutes(3), "delivered", "draft-1", "worker-2"),
        AttemptRow(*where, SMS, 1, T0 + minutes(4), T0 + minutes(4), "no_answer", "", "worker-1"),
    ]
    with ledger.writing() as tx:
        tx.add_attempts(attempts[:2])
        tx.add_attempts(attempts[2:])

    with ledger.reading() as tx:
        assert tx.attempts_of(*where) == attempts
        assert tx.attempts_of(row.clinic_no, row.booking_no + 1) == []


def test_what_persons_did_is_kept_with_its_booking(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), waiting(CREATE, 0), waiting(SMS, 0))
    where = (row.clinic_no, row.booking_no)
    deeds = [
        DeedRow(1, CREATE, "retried", "per@nordlys.example", "the provider is back", T0),
        DeedRow(2, SMS, "dropped", "ola@nordlys.example", "paid in cash", T0 + minutes(1)),
    ]
    with ledger.writing() as tx:
        for deed in deeds:
            tx.add_deed(*where, deed)

    with ledger.reading() as tx:
        assert tx.deeds_of(*where) == deeds
        assert tx.deeds_of(row.clinic_no, row.booking_no + 1) == []
    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.add_deed(*where, deeds[1])


def test_held_and_dead_actions_are_listed_the_oldest_due_first(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")

    def stuck(key: ActionKey, due: float, state: ActionState = ActionState.HELD) -> Action:
        return Action(key, T0 + minutes(due), state=state, cause="no_answer", attempt=1)

    first = add_with_actions(ledger, clinic_no, stuck(CREATE, 3), stuck(SMS, 1), booking_id="bk-1")
    second = add_with_actions(ledger, other, stuck(EMAIL, 2), waiting(SMS, 0), booking_id="bk-2")
    dead = add_with_actions(ledger, clinic_no, stuck(EMAIL, 0, ActionState.DEAD), booking_id="bk-3")
    held = [
        (clinic_no, first.booking_no, stuck(SMS, 1)),
        (other, second.booking_no, stuck(EMAIL, 2)),
        (clinic_no, first.booking_no, stuck(CREATE, 3)),
    ]

    with ledger.reading() as tx:
        assert tx.actions_in("held") == held
        assert tx.actions_in("held", limit=2) == held[:2]
        assert tx.actions_in("held", clinic_no) == [held[0], held[2]]
        assert tx.actions_in("dead") == [(clinic_no, dead.booking_no, stuck(EMAIL, 0, ActionState.DEAD))]
        assert tx.actions_in("dead", other) == []
