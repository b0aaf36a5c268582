"""Bookings in a ledger: everything read back as it was written, keys once, stamps for ever."""

from dataclasses import replace

import pytest
from tests.contracts.making import (
    CLIENT,
    CREATE,
    PAYER,
    STAMP,
    T0,
    add,
    add_with_actions,
    complete,
    facts,
    new,
    open_clinic,
    read,
    stored,
    told_by,
    waiting,
)

from payrules.app.ports import ConflictError, Ledger
from payrules.app.rows import ContactRow, DecisionRow, Party, Past
from payrules.domain.action import Action, ActionState
from payrules.domain.record import BookingState


def test_a_booking_with_every_field_set_is_read_back_equal(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = complete(clinic_no, 1 << 40)
    add(ledger, row)

    with ledger.reading() as tx:
        by_id = tx.records([(clinic_no, "bk-1"), (clinic_no, "bk-2")], lock=False)
        by_number = tx.records_by_number([(clinic_no, 1 << 40), (clinic_no, 5)], lock=False)
    assert by_id == {(clinic_no, "bk-1"): row}
    assert by_number == {(clinic_no, 1 << 40): row}


def test_a_booking_with_hardly_anything_set_is_read_back_equal(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    stamp = STAMP._replace(sequence=None, digest=None)
    bare = stored(clinic_no, 7, stamp=stamp, state=BookingState.EXTERNALLY_BILLED)
    bare = bare._replace(record=replace(bare.record, decided=bare.record.decided._replace(price=None)))
    add(ledger, bare)

    assert read(ledger, bare) == bare
    with ledger.reading() as tx:
        assert tx.stamps_of(clinic_no, 7) == [stamp]


def test_a_stamp_of_a_withdrawn_verification_has_no_digest(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = stored(clinic_no, 7, stamp=STAMP._replace(digest=None))
    add(ledger, row)

    assert read(ledger, row) == row


def test_the_past_of_several_bookings_is_told_at_once(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    rows = [complete(clinic_no, 7), stored(clinic_no, 9, "bk-2"), stored(clinic_no, 8, "bk-3")]
    add(ledger, *rows)

    with ledger.reading() as tx:
        found = tx.past([(clinic_no, 9), (clinic_no, 7)])
    assert found == {
        (clinic_no, row.booking_no): Past((STAMP,), ((new(row).decision, row.record.decided),)) for row in rows[:2]
    }


def test_many_bookings_of_two_clinics_keep_apart(ledger: Ledger) -> None:
    first, second = open_clinic(ledger), open_clinic(ledger, "vika")
    rows = [stored(first, n, f"bk-{n}", actions=(waiting(CREATE, n),)) for n in range(1, 6)]
    add(ledger, *rows)
    with ledger.writing() as tx:
        # The same booking ids, and the same numbers, in another clinic.
        tx.add_bookings([new(stored(second, n, f"bk-{n}")) for n in range(1, 4)])

    with ledger.writing() as tx:
        found = tx.records([(first, "bk-2"), (first, "bk-4"), (second, "bk-2")], lock=True)
    assert found[first, "bk-2"] == rows[1]
    assert found[first, "bk-4"] == rows[3]
    assert found[second, "bk-2"].record.actions == ()


def test_actions_come_in_the_order_of_their_keys(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    actions = complete(clinic_no, 7).record.actions
    row = stored(clinic_no, 7, actions=tuple(reversed(actions)))
    add(ledger, row)

    # By ordinal, then type in the order the domain names them, then channel (none, sms, email), then occurrence.
    assert read(ledger, row).record.actions == actions


@pytest.mark.parametrize(
    ("booking_no", "booking_id"), [(8, "bk-1"), (7, "bk-2"), (8, "bk-0")], ids=["id", "number", "former id"]
)
def test_a_known_booking_is_not_written_again(ledger: Ledger, booking_no: int, booking_id: str) -> None:
    clinic_no = open_clinic(ledger)
    row = stored(clinic_no, 7, "bk-0")
    add(ledger, row)
    with ledger.writing() as tx:
        tx.replace_booking_id(clinic_no, 7, "bk-1")

    with pytest.raises(ConflictError):
        add(ledger, stored(clinic_no, 9, "bk-9"), stored(clinic_no, booking_no, booking_id))

    with ledger.reading() as tx:
        assert tx.booking_numbers() == [(clinic_no, 7)]
        assert tx.records([(clinic_no, "bk-9")], lock=False) == {}


def test_no_action_twice_in_a_booking(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with pytest.raises(ConflictError):
        add(ledger, stored(clinic_no, 7, actions=(waiting(CREATE, 0), waiting(CREATE, 1))))


# ---- ids that change


def test_a_booking_is_found_by_its_new_id_and_by_the_old_one(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    row = stored(clinic_no, 7, "bk-1", actions=(waiting(CREATE, 0),))
    add(ledger, row)
    with ledger.writing() as tx:
        tx.replace_booking_id(clinic_no, 7, "bk-2")
        tx.replace_booking_id(clinic_no, 7, "bk-3")

    with ledger.writing() as tx:
        keys = [(clinic_no, "bk-1"), (clinic_no, "bk-2"), (clinic_no, "bk-3")]
        found = tx.records([*keys, (other, "bk-1")], lock=True)
        assert list(found) == keys or set(found) == set(keys)
        assert tx.booking_numbers() == [(clinic_no, 7)]
    renamed = row._replace(record=replace(row.record, booking=row.record.booking._replace(id="bk-3")))
    assert list(found.values()) == [renamed] * 3
    assert read(ledger, row) == renamed


def test_no_booking_takes_the_id_of_another(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    add(ledger, stored(clinic_no, 7, "bk-1"), stored(clinic_no, 8, "bk-2"))

    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.replace_booking_id(clinic_no, 8, "bk-1")

    with ledger.reading() as tx:
        assert tx.records([(clinic_no, "bk-1")], lock=False)[clinic_no, "bk-1"].booking_no == 7


# ---- contacts, decisions, stamps


def test_contacts_are_found_by_the_event_that_told_them(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    with ledger.writing() as tx:
        tx.add_bookings([new(stored(clinic_no, 7), told_by(7))])
        tx.add_contacts([(clinic_no, ContactRow(9, Party.CLIENT, CLIENT)), (other, ContactRow(7, Party.PAYER, CLIENT))])

    with ledger.reading() as tx:
        assert tx.contacts([(clinic_no, 7), (clinic_no, 9), (clinic_no, 8)]) == {
            (clinic_no, 7, Party.CLIENT): CLIENT,
            (clinic_no, 7, Party.PAYER): PAYER,
            (clinic_no, 9, Party.CLIENT): CLIENT,
        }
        assert tx.contacts([(other, 9)]) == {}


def test_the_first_decision_and_stamp_are_recorded(ledger: Ledger) -> None:
    row = add_with_actions(ledger, open_clinic(ledger), booking_id="bk-5")

    with ledger.reading() as tx:
        assert tx.decisions_of(row.clinic_no, row.booking_no) == [
            DecisionRow(row.booking_no, 1, 1, T0, row.facts, '[{"type":"create_invoice"}]')
        ]
        assert tx.stamps_of(row.clinic_no, row.booking_no) == [STAMP]
        assert tx.decisions_of(row.clinic_no, row.booking_no + 1) == []
        assert tx.stamps_of(row.clinic_no, row.booking_no + 1) == []


# ---- pages of numbers


def test_numbers_come_in_pages_in_order(ledger: Ledger) -> None:
    first, second = sorted((open_clinic(ledger), open_clinic(ledger, "vika")))
    add(ledger, *(stored(second, n, f"bk-{n}") for n in (3, 1, 2)))
    add(ledger, *(stored(first, n, f"bk-{n}") for n in (5, 4)))
    everything = [(first, 4), (first, 5), (second, 1), (second, 2), (second, 3)]

    with ledger.reading() as tx:
        assert tx.booking_numbers() == everything
        assert tx.booking_numbers(limit=2) == everything[:2]
        assert tx.booking_numbers(after=(first, 5), limit=2) == everything[2:4]
        assert tx.booking_numbers(after=(second, 3)) == []
        assert tx.booking_numbers(second) == everything[2:]
        assert tx.booking_numbers(second, after=(second, 1)) == everything[3:]
        assert tx.booking_numbers(first, after=(first, 5)) == []


def test_numbers_come_as_the_bookings_were_made(ledger: Ledger) -> None:
    clinic_no, other = sorted((open_clinic(ledger), open_clinic(ledger, "vika")))
    days = {1: 20, 2: 18, 3: 20, 4: 19}
    add(
        ledger,
        *(stored(clinic_no, n, f"bk-{n}", facts(booked_at=f"2026-11-{day}T10:00:00Z")) for n, day in days.items()),
    )
    add(ledger, stored(other, 5, "bk-5", facts(booked_at="2026-11-01T10:00:00Z")))
    in_order = [(clinic_no, 2), (clinic_no, 4), (clinic_no, 1), (clinic_no, 3)]

    with ledger.reading() as tx:
        assert tx.booking_numbers() == [*in_order, (other, 5)]
        assert tx.booking_numbers(clinic_no) == in_order
        for place, number in enumerate(in_order, 1):
            assert tx.booking_numbers(clinic_no, after=number, limit=2) == in_order[place : place + 2]
            assert tx.booking_numbers(after=number) == [*in_order[place:], (other, 5)]


def test_numbers_can_be_asked_for_by_state(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    for number, state in enumerate(BookingState, 1):
        add(ledger, stored(clinic_no, number, f"bk-{number}", state=state))
    states = list(BookingState)

    with ledger.reading() as tx:
        for number, state in enumerate(states, 1):
            assert tx.booking_numbers(states=[state]) == [(clinic_no, number)]
        assert tx.booking_numbers(states={states[2], states[5]}, limit=1) == [(clinic_no, 3)]
        assert tx.booking_numbers(states={states[2], states[5]}, after=(clinic_no, 3)) == [(clinic_no, 6)]


def test_open_bookings_have_an_action_that_may_still_have_an_effect(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    not_stamped = STAMP._replace(sequence=None, digest=None)
    for number, state in enumerate(ActionState, 1):
        claimed = state is ActionState.CLAIMED
        action = Action(CREATE, T0, state=state, next_at=T0 if claimed else None, attempt=int(claimed))
        add(ledger, stored(clinic_no, number, f"bk-{number}", actions=(action,)))
    add(ledger, stored(clinic_no, 20, "bk-20"))
    add(ledger, stored(clinic_no, 21, "bk-21", stamp=not_stamped, actions=(waiting(CREATE, 0),)))
    with ledger.writing() as tx:
        tx.add_bookings([new(stored(other, 30, "bk-30", actions=(waiting(CREATE, 0),)))])

    states = list(ActionState)
    opened = [states.index(s) + 1 for s in states if s in {"waiting", "claimed", "held", "dead"}]
    with ledger.reading() as tx:
        assert sorted(tx.open_bookings(clinic_no)) == [*opened, 21]
        assert sorted(tx.open_bookings(clinic_no, 1)) == opened
        assert tx.open_bookings(clinic_no, 2) == []
        assert tx.open_bookings(other) == [30]
