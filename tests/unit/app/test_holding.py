"""Holding a clinic stops what is open and what comes; releasing lets go what nothing else stops."""

from datetime import timedelta

import pytest
from tests.builders import CLINIC, at, clinic_text
from tests.practice import Practice

from payrules.app.by_hand import LONGEST, ByHandError, by_hand
from payrules.app.holding import Holder, HoldOutcome, UnknownActivationError
from payrules.app.ports import ConflictError
from payrules.app.rows import LegalForm
from payrules.app.timelines import UnknownClinicError
from payrules.app.verification import Verification, Verifier
from payrules.domain.action import ActionState, HeldCause
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

BY = by_hand("kari", "wrong price")
LINK_AT = at("2026-12-01T10:05Z")
HELD, WAITING, DELIVERED = ActionState.HELD, ActionState.WAITING, ActionState.DELIVERED
COMPANY = Verification(LegalForm.COMPANY, "Fjord Fysioterapi AS", "923609016")


@pytest.fixture
def practice() -> Practice:
    found = Practice()
    found.now = at("2026-11-24T09:00Z")
    found.book()
    return found


@pytest.fixture
def holder(practice: Practice) -> Holder:
    return Holder(practice.ledger, practice.clock)


def verifier(practice: Practice) -> Verifier:
    return Verifier(practice.ledger, practice.clock, lambda _country, _form, number: number)


def causes(practice: Practice, booking_id: str = "bk-1") -> set[tuple[ActionState, str | None]]:
    return {(a.state, a.cause) for a in practice.stored(booking_id).record.actions if a.state is not DELIVERED}


HELD_BY_CLINIC = {(HELD, HeldCause.CLINIC_HELD)}


def test_nothing_is_done_while_a_clinic_is_held(practice: Practice, holder: Holder) -> None:
    held = holder.hold(CLINIC, BY)
    assert (held.outcome, held.bookings) == (HoldOutcome.HELD, 1)
    assert [(row.reason, row.actor, row.sequence) for row in held.holds] == [("wrong price", "kari", None)]
    practice.book(id="bk-2")
    assert causes(practice) == causes(practice, "bk-2") == HELD_BY_CLINIC
    practice.dispatch(LINK_AT)
    assert (practice.sms.calls, practice.invoices.calls) == ([], [])
    released = holder.release(CLINIC, BY)
    assert (released.outcome, released.bookings, len(released.holds)) == (HoldOutcome.RELEASED, 2, 1)
    practice.dispatch(LINK_AT)
    assert len(practice.sms.effects) == 2


def test_what_is_late_by_a_day_is_held_once_more(practice: Practice, holder: Holder) -> None:
    holder.hold(CLINIC, BY)
    practice.now = LINK_AT + timedelta(hours=25)
    holder.release(CLINIC, BY)
    practice.dispatch()
    assert practice.action(ActionType.SEND_PAYMENT_LINK, Channel.SMS).cause == HeldCause.TOO_LATE


def test_only_what_was_booked_under_an_activation(practice: Practice, holder: Holder) -> None:
    practice.activate(clinic_text(name="Second"))
    practice.now += timedelta(hours=1)
    practice.book(id="bk-2", booked_at=practice.now.isoformat())
    held = holder.hold(CLINIC, BY, 2)
    assert held.bookings == 1
    assert causes(practice) == {(WAITING, None)}
    assert causes(practice, "bk-2") == HELD_BY_CLINIC
    # Released in part: the hold of the activation stands.
    holder.hold(CLINIC, BY)
    assert causes(practice) == HELD_BY_CLINIC
    assert holder.release(CLINIC, BY, 2).bookings == 0, "the whole clinic is still held"
    assert holder.release(CLINIC, BY).bookings == 2
    assert causes(practice) == causes(practice, "bk-2") == {(WAITING, None)}


def test_saying_it_again_finishes_what_was_interrupted(practice: Practice, holder: Holder) -> None:
    class DownError(Exception):
        pass

    def fails(clinic: str, sequence: int | None) -> int:
        raise DownError

    broken = Holder(practice.ledger, practice.clock)
    broken._bring_in_line = fails  # type: ignore[method-assign]  # as if the process ended after the hold was written
    with pytest.raises(DownError):
        broken.hold(CLINIC, BY)
    assert causes(practice) == {(WAITING, None)}
    again = holder.hold(CLINIC, by_hand("ola", "once more"))
    assert (again.outcome, again.bookings, again.holds[0].actor) == (HoldOutcome.HELD_BEFORE, 1, "kari")
    with pytest.raises(DownError):
        broken.release(CLINIC, BY)
    assert causes(practice) == HELD_BY_CLINIC
    again = holder.release(CLINIC, BY)
    assert (again.outcome, again.bookings, again.holds) == (HoldOutcome.RELEASED, 1, ())
    assert holder.release(CLINIC, BY).outcome is HoldOutcome.NOT_HELD


def test_a_release_does_not_undo_a_withdrawn_verification(practice: Practice, holder: Holder) -> None:
    holder.hold(CLINIC, BY)
    verifier(practice).withdraw(CLINIC, actor="payments")
    holder.release(CLINIC, BY)
    assert causes(practice) == {(HELD, HeldCause.NOT_VERIFIED)}
    verifier(practice).verify(CLINIC, COMPANY, actor="payments")
    assert causes(practice) == {(WAITING, None)}


def test_what_a_provider_does_at_this_moment_is_finished(practice: Practice, holder: Holder) -> None:
    practice.dispatch(LINK_AT - timedelta(minutes=1))

    def script(_: object) -> None:
        practice.sms.script = lambda _: None
        holder.hold(CLINIC, BY)

    practice.sms.script = script
    practice.dispatch(LINK_AT)
    states = practice.states()
    assert states["send_payment_link/sms/1"] is DELIVERED
    assert states["send_payment_link/email/1"] is HELD


def test_pages_and_conflicts(practice: Practice, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2, 8):
        practice.book(id=f"bk-{number}")
    monkeypatch.setattr("payrules.app.holding.PAGE", 4)
    sizes = []
    write = Holder._write

    def contended(self: Holder, tx: object, clinic: str, numbers: list[int]) -> int:
        sizes.append(len(numbers))
        if len(numbers) > 1:
            raise ConflictError("claimed meanwhile")
        return write(self, tx, clinic, numbers)  # type: ignore[arg-type]  # whatever transaction it is

    monkeypatch.setattr(Holder, "_write", contended)
    assert holder.hold(CLINIC, BY).bookings == 7
    assert set(sizes) == {4, 3, 2, 1}


def test_what_is_not_known(holder: Holder) -> None:
    with pytest.raises(UnknownClinicError):
        holder.hold("harbour", BY)
    with pytest.raises(UnknownClinicError):
        holder.release("harbour", BY)
    with pytest.raises(UnknownActivationError, match="no activation 7"):
        holder.hold(CLINIC, BY, 7)


@pytest.mark.parametrize(("name", "reason"), [("", "x"), ("kari", " \n"), ("kari", "x" * (LONGEST + 1)), ("\x1b", "x")])
def test_who_and_why_are_one_plain_line(name: str, reason: str) -> None:
    with pytest.raises(ByHandError):
        by_hand(name, reason)
    assert by_hand(" kari  n ", "a\nb").said("dropped") == "dropped by kari n: a b"
