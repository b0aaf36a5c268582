"""Events in a ledger: each id once, those that came too early found by their booking."""

from tests.contracts.making import T0, event_row, minutes, open_clinic

from payrules.app.ports import Ledger
from payrules.app.rows import EventState
from payrules.domain.events import EventType


def test_numbers_are_never_given_twice(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        first, second = tx.numbers(3), tx.numbers(2)
    with ledger.writing() as tx:
        third = tx.numbers(1)

    assert (len(first), len(second), len(third)) == (3, 2, 1)
    given = [*first, *second, *third]
    assert given == sorted(set(given))
    assert given[0] >= 1


def test_an_event_is_read_back_as_it_was_written(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = event_row(
        1 << 40,
        "ev-ø",
        type=EventType.RESCHEDULED,
        booking_no=12,
        occurred_at=T0 - minutes(5),
        received_at=T0 + minutes(1),
        state=EventState.REFUSED,
        fingerprint=bytes(range(32)),
        body='{"starts_at":"2026-12-01T10:00:00+01:00"}',
        reason="booking is cancelled",
    )
    bare = event_row(2, "ev-2")
    with ledger.writing() as tx:
        assert tx.add_events([(clinic_no, row), (clinic_no, bare)]) == {(clinic_no, "ev-ø"), (clinic_no, "ev-2")}

    with ledger.reading() as tx:
        found = tx.events([(clinic_no, "ev-ø"), (clinic_no, "ev-2"), (clinic_no, "ev-3")])
    assert found == {(clinic_no, "ev-ø"): row, (clinic_no, "ev-2"): bare}


def test_a_known_id_is_not_written_again(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    first = event_row(1, "ev-1")
    with ledger.writing() as tx:
        tx.add_events([(clinic_no, first)])
    with ledger.writing() as tx:
        again = event_row(2, "ev-1", fingerprint=b"\x02" * 32)
        new = tx.add_events([(clinic_no, again), (clinic_no, event_row(3, "ev-2")), (other, event_row(4, "ev-1"))])

    assert new == {(clinic_no, "ev-2"), (other, "ev-1")}
    with ledger.reading() as tx:
        assert tx.events([(clinic_no, "ev-1")]) == {(clinic_no, "ev-1"): first}
        assert tx.events_of(other, "bk-1") == [event_row(4, "ev-1")]


def test_of_two_events_of_one_id_in_one_batch_one_is_written(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        new = tx.add_events([(clinic_no, event_row(1, "ev-1")), (clinic_no, event_row(2, "ev-1"))])
        assert new == {(clinic_no, "ev-1")}
        assert len(tx.events_of(clinic_no, "bk-1")) == 1


def test_the_events_of_a_booking_come_in_the_order_they_came(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    rows = [
        event_row(1, "ev-c", type=EventType.CANCELLED, occurred_at=T0 + minutes(9), state=EventState.EARLY),
        event_row(2, "ev-b", type=EventType.BOOKED, booking_no=2),
        event_row(3, "ev-a", booking_no=2, occurred_at=T0 - minutes(9), state=EventState.STALE, reason="older"),
    ]
    with ledger.writing() as tx:
        tx.add_events([(clinic_no, row) for row in rows])
        tx.add_events([(clinic_no, event_row(4, "ev-d", "bk-2")), (other, event_row(5, "ev-e"))])

    with ledger.reading() as tx:
        assert tx.events_of(clinic_no, "bk-1") == rows
        assert tx.events_of(clinic_no, "bk-3") == []


def test_early_events_wait_for_their_booking_the_oldest_first(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    late = event_row(1, "ev-1", occurred_at=T0 + minutes(2), state=EventState.EARLY)
    early = event_row(2, "ev-2", occurred_at=T0 + minutes(1), state=EventState.EARLY)
    elsewhere = event_row(3, "ev-3", state=EventState.EARLY)
    with ledger.writing() as tx:
        tx.add_events([(clinic_no, late), (clinic_no, early), (other, elsewhere)])
        tx.add_events([(clinic_no, event_row(4, "ev-4")), (clinic_no, event_row(5, "ev-5", "bk-2"))])

    with ledger.reading() as tx:
        found = tx.early_events([(clinic_no, "bk-1"), (other, "bk-1"), (clinic_no, "bk-2"), (clinic_no, "bk-3")])
    assert {key: rows for key, rows in found.items() if rows} == {
        (clinic_no, "bk-1"): [early, late],
        (other, "bk-1"): [elsewhere],
    }


def test_an_event_changes_state_reason_and_booking_alone(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    row = event_row(1, "ev-1", state=EventState.EARLY, body="{}")
    with ledger.writing() as tx:
        tx.add_events([(clinic_no, row), (clinic_no, event_row(2, "ev-2", state=EventState.EARLY))])
        tx.change_events(
            [(clinic_no, row._replace(state=EventState.STALE, reason="older", booking_no=77, body="x", received_at=T0))]
        )

    with ledger.reading() as tx:
        found = tx.events([(clinic_no, "ev-1")])[clinic_no, "ev-1"]
        assert (found.state, found.reason, found.booking_no) == (EventState.STALE, "older", 77)
        assert found.occurred_at == row.occurred_at
        assert [e.event_id for e in tx.early_events([(clinic_no, "bk-1")])[clinic_no, "bk-1"]] == ["ev-2"]
