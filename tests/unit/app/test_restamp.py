"""Restamping: a second stamp with who and why, open actions decided anew, or a refusal with its reason."""

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import CLINIC, COMPILER, at, clinic_text
from tests.practice import Practice
from tests.unit.app.test_holding import verifier

from payrules.adapters.zones import load_zone
from payrules.app.audit import Auditor, Engine
from payrules.app.by_hand import by_hand
from payrules.app.holding import Holder
from payrules.app.restamp import Restamped, Restamper, RestampOutcome
from payrules.app.rows import Lane
from payrules.app.timelines import UnknownClinicError
from payrules.domain.action import ActionState, HeldCause
from payrules.domain.decision import ActionType, Outcome

ENGINE = Engine("1.0", "2026.1")
BY = by_hand("kari", "wrong rule")
LATER = clinic_text(notification="{send: after_appointment, offset: 1h}")
LINK_AT = at("2026-12-01T10:05Z")


class Desk:
    """A practice with a booking under activation 1, and activation 2 in force."""

    def __init__(self, text: str = LATER) -> None:
        self.practice = Practice()
        self.practice.now = at("2026-11-24T09:00Z")
        self.practice.book()
        self.practice.dispatch()
        self.practice.now += timedelta(hours=1)
        self.practice.activate(text)
        self.practice.now += timedelta(hours=1)

    def restamp(self, *booking_ids: str, engine: Engine = ENGINE, **more: Any) -> list[Restamped]:
        restamper = Restamper(self.practice.ledger, self.practice.versions, engine, self.practice.clock)
        return list(restamper.restamp(booking_ids or ("bk-1",), BY, **more))

    def code(self, **more: Any) -> str | None:
        """Why it is refused; then nothing has changed."""
        before = self.practice.stored()
        (row,) = self.restamp(**more)
        assert (row.outcome is RestampOutcome.REFUSED) == (row.sentence is not None) == (row.stamp is None)
        assert self.practice.stored() == before
        return row.code

    def audit(self) -> list[Any]:
        return list(Auditor(self.practice.ledger, COMPILER, load_zone, ENGINE, self.practice.clock).audit())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_to_what_is_in_force_now(desk: Desk) -> None:
    before = desk.practice.stored().record
    (row,) = desk.restamp()
    record = desk.practice.stored().record
    assert (row.outcome, row.decided, row.clinic) == (RestampOutcome.RESTAMPED, Outcome.AUTOMATIC, CLINIC)
    assert row.stamp == record.stamp
    assert (record.stamp.number, record.stamp.sequence, record.stamp.by, record.stamp.reason) == (2, 2, *BY)
    assert record.stamp.stamped_at == desk.practice.now
    assert before.stamp.digest != record.stamp.digest
    assert desk.practice.action(ActionType.CREATE_INVOICE).state is ActionState.DELIVERED, "the draft is kept"
    assert desk.practice.action(ActionType.ISSUE_INVOICE).due_at == LINK_AT + timedelta(minutes=45)
    with desk.practice.ledger.reading() as tx:
        assert [stamp.number for stamp in tx.stamps_of(1, desk.practice.stored().booking_no)] == [1, 2]
    assert desk.audit() == []
    desk.practice.dispatch(LINK_AT + timedelta(hours=1))
    assert len(desk.practice.sms.effects) == 1
    assert desk.audit() == []


def test_a_booking_is_named_as_lists_write_it(desk: Desk) -> None:
    (row,) = desk.restamp(f"{CLINIC}/bk-1", "bk-1", clinic=CLINIC)
    assert (row.outcome, row.booking_id, row.clinic) == (RestampOutcome.RESTAMPED, "bk-1", CLINIC)
    with pytest.raises(UnknownClinicError, match="`vika`"):
        desk.restamp("vika/bk-1")


def test_to_an_earlier_activation_and_back_to_where_it_is(desk: Desk) -> None:
    desk.restamp()
    (back,) = desk.restamp(sequence=1)
    assert back.stamp is not None
    assert (back.stamp.number, back.stamp.sequence) == (3, 1)
    (same,) = desk.restamp(sequence=1)
    assert (same.outcome, same.stamp) == (RestampOutcome.UNCHANGED, back.stamp)
    (newer,) = desk.restamp(sequence=1, engine=Engine("2.0", "2026.1"))
    assert newer.outcome is RestampOutcome.RESTAMPED, "another engine may decide otherwise"
    assert desk.audit() == []


def test_a_list_each_with_its_own_result(desk: Desk) -> None:
    desk.practice.book(id="bk-2", booked_at="2026-11-24T10:30:00+01:00")
    rows = desk.restamp("bk-1", "bk-9", "bk-2", "bk-1", clinic=CLINIC)
    assert [(row.booking_id, row.outcome.value, row.code) for row in rows] == [
        ("bk-1", "restamped", None),
        ("bk-9", "refused", "unknown_booking"),
        ("bk-2", "restamped", None),
    ]


def test_refused_once_issued_and_while_claimed(desk: Desk) -> None:
    practice = desk.practice
    practice.now = LINK_AT
    with practice.ledger.writing() as tx:
        (claimed,) = tx.claim(Lane.INVOICE, practice.now, practice.now + timedelta(minutes=5), "w", 1)
    assert claimed.key.type is ActionType.ISSUE_INVOICE
    assert desk.code() == "action_claimed"
    practice.now += timedelta(minutes=6)
    practice.dispatch()
    assert desk.code() == "already_issued"


def test_refused_after_a_cancellation(desk: Desk) -> None:
    desk.practice.event("cancelled", by="client")
    assert desk.code() == "booking_cancelled"


@pytest.mark.parametrize(("sequence", "code"), [(9, "unknown_activation"), (3, "never_in_force")])
def test_only_to_what_has_been_in_force(desk: Desk, sequence: int, code: str) -> None:
    desk.practice.activate(clinic_text(name="Pending", effective_from="2026-12-24T00:00"))
    assert desk.code(sequence=sequence) == code


def test_not_into_another_currency() -> None:
    assert Desk(clinic_text(currency="SEK")).code() == "wrong_currency"


def test_not_to_a_withdrawn_verification(desk: Desk) -> None:

    verifier(desk.practice).withdraw(CLINIC, actor="payments")
    assert desk.code() == "not_verified"
    (row,) = desk.restamp(sequence=2)
    assert row.outcome is RestampOutcome.RESTAMPED
    assert {a.cause for a in desk.practice.stored().record.actions if a.state is ActionState.HELD} == {
        HeldCause.NOT_VERIFIED
    }


def test_it_leaves_the_hold_of_an_activation_and_enters_another(desk: Desk) -> None:
    holder = Holder(desk.practice.ledger, desk.practice.clock)
    holder.hold(CLINIC, BY, 1)
    issue = ActionType.ISSUE_INVOICE
    assert desk.practice.action(issue).state is ActionState.HELD
    desk.restamp()
    assert desk.practice.action(issue).state is ActionState.WAITING
    holder.hold(CLINIC, BY, 2)
    desk.restamp(sequence=1)
    assert desk.practice.action(issue).state is ActionState.HELD, "the hold of the first still stands"


def test_bookings_are_found_in_any_clinic(desk: Desk) -> None:
    desk.practice.processor.process([])
    with pytest.raises(UnknownClinicError):
        desk.restamp(clinic="harbour")
    with desk.practice.ledger.writing() as tx:
        tx.add_clinic("harbour")
    assert desk.code(clinic="harbour") == "unknown_booking"
    (row,) = desk.restamp()
    assert row.clinic == CLINIC
