"""Verification: told by the payment side, it lets a clinic's file take effect; a withdrawal holds what is open."""

from datetime import datetime, timedelta

import pytest
from tests.builders import COMPILER, NOW, clinic_text
from tests.contracts.making import CREATE, EMAIL, ISSUE, SMS, add_with_actions, read, waiting

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.organisations import organisation_number
from payrules.app.activate import Activator
from payrules.app.catalogue import ClinicFile
from payrules.app.rows import ActivationRow, HoldRow, LegalForm, StoredRecord, VerificationRow
from payrules.app.timelines import UnknownClinicError
from payrules.app.verification import LONGEST, Verification, VerificationError, Verified, Verifier
from payrules.domain.action import Action, ActionState, HeldCause
from payrules.domain.timeline import ActivationState, RecordOutcome

CLINIC = "nordlys"
COMPANY = Verification(LegalForm.COMPANY, "Nordlys Psykologi AS", "123 456 785")
SOLE = Verification(LegalForm.SOLE_PROPRIETORSHIP, "Nordlys")
HELD, WAITING, CLAIMED, DELIVERED = ActionState.HELD, ActionState.WAITING, ActionState.CLAIMED, ActionState.DELIVERED


class Payments:
    """A ledger with the file of one clinic, and the payment side beside it, at a stepped clock."""

    def __init__(self, text: str = clinic_text(clinic=CLINIC)) -> None:
        self.ledger = MemoryLedger()
        self.now = NOW
        self.verifier = Verifier(self.ledger, self.tick, organisation_number)
        self.apply(text)
        with self.ledger.reading() as tx:
            self.clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def apply(self, text: str) -> None:
        file = ClinicFile(f"clinics/{CLINIC}.yaml", text.encode())
        Activator(self.ledger, self.tick).reconcile([file], COMPILER, actor="kari", revision_of=lambda _: "abc")

    def verify(self, verification: Verification = COMPANY) -> Verified:
        return self.verifier.verify(CLINIC, verification, actor="payments")

    def withdraw(self) -> Verified:
        return self.verifier.withdraw(CLINIC, actor="payments")

    def rows(self) -> list[ActivationRow]:
        with self.ledger.reading() as tx:
            return tx.timelines([self.clinic_no])[self.clinic_no]

    def verifications(self) -> list[VerificationRow]:
        with self.ledger.reading() as tx:
            return tx.verifications([self.clinic_no])[self.clinic_no]

    def booking(self, *actions: Action, booking_id: str = "bk-1") -> StoredRecord:
        return add_with_actions(self.ledger, self.clinic_no, *actions, booking_id=booking_id)

    def actions(self, row: StoredRecord) -> list[tuple[ActionState, str | None]]:
        return [(action.state, action.cause) for action in read(self.ledger, row).record.actions]


@pytest.fixture
def payments() -> Payments:
    return Payments()


def test_what_awaits_takes_effect_when_verification_comes(payments: Payments) -> None:
    done = payments.verify()
    assert done.outcome is RecordOutcome.ACTIVATED
    (row,) = payments.rows()
    assert row.activation == done.activation
    assert row.activation.effective_at == payments.verifications()[0].recorded_at
    assert (row.actor, row.revision) == ("kari", "abc")


def test_what_was_told_is_kept_in_one_way_of_writing(payments: Payments) -> None:
    payments.verify(COMPANY._replace(legal_name="  Nordlys \t Psykologi AS "))
    (row,) = payments.verifications()
    assert (row.number, row.verified, row.legal_form) == (1, True, LegalForm.COMPANY)
    assert (row.legal_name, row.organisation_number) == ("Nordlys Psykologi AS", "123456785")
    assert row.actor == "payments"


def test_a_later_effective_from_is_pending_after_verification() -> None:
    payments = Payments(clinic_text(clinic=CLINIC, effective_from="2026-12-01T00:00"))
    done = payments.verify()
    assert done.outcome is RecordOutcome.PENDING
    assert done.activation is not None
    assert done.activation.effective_at == datetime.fromisoformat("2026-12-01T00:00+01:00")


def test_a_clock_running_behind_does_not_contradict_a_stamp(payments: Payments) -> None:
    booked_at = payments.booking().record.booking.booked_at
    assert booked_at > payments.now
    done = payments.verify()
    assert done.activation is not None
    assert done.activation.effective_at == booked_at + timedelta(microseconds=1)


@pytest.mark.parametrize("effective_from", ["2026-11-22T14:00", "2026-11-22T00:00"])
def test_nor_does_a_file_that_is_applied_by_one(payments: Payments, effective_from: str) -> None:
    payments.verify()
    booked_at = payments.booking().record.booking.booked_at
    payments.apply(clinic_text(clinic=CLINIC, name="Other", effective_from=effective_from))
    assert payments.rows()[-1].activation.effective_at == booked_at + timedelta(microseconds=1)
    payments.withdraw()
    assert payments.rows()[-1].activation.effective_at == booked_at + timedelta(microseconds=2)


def test_the_same_twice_is_told_once(payments: Payments) -> None:
    payments.verify()
    again = payments.verify()
    assert again.outcome is RecordOutcome.UNCHANGED
    assert again.row == payments.verifications()[0]
    assert len(payments.verifications()) == len(payments.rows()) == 1


def test_another_legal_name_changes_the_record_and_not_the_timeline(payments: Payments) -> None:
    payments.verify()
    before = payments.rows()
    payments.verify(COMPANY._replace(legal_name="Nordlys Norge AS"))
    assert [row.legal_name for row in payments.verifications()] == ["Nordlys Psykologi AS", "Nordlys Norge AS"]
    assert payments.rows() == before


def test_a_sole_proprietor_needs_no_number(payments: Payments) -> None:
    payments.verify(SOLE)
    assert payments.verifications()[0].organisation_number is None


@pytest.mark.parametrize(
    ("verification", "fault"),
    [
        (COMPANY._replace(organisation_number=None), "a company has an organisation number"),
        (COMPANY._replace(organisation_number=" "), "a company has an organisation number"),
        (COMPANY._replace(organisation_number="123456784"), "not an organisation number of NO"),
        (SOLE._replace(organisation_number="1"), "not an organisation number of NO"),
        (COMPANY._replace(legal_name=" \n"), "the legal name is empty"),
        (COMPANY._replace(legal_name="x" * (LONGEST + 1)), "the legal name is longer"),
        (COMPANY._replace(legal_name="a\x1b[31m"), "do not print"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    payments: Payments, verification: Verification, fault: str
) -> None:
    with pytest.raises(VerificationError, match=fault):
        payments.verify(verification)
    assert payments.verifications() == []
    assert payments.rows()[0].activation.state is ActivationState.AWAITING


def test_a_clinic_nobody_knows_is_refused(payments: Payments) -> None:
    for tell in (payments.verifier.withdraw, lambda c, *, actor: payments.verifier.verify(c, SOLE, actor=actor)):
        with pytest.raises(UnknownClinicError, match="nordlis"):
            tell("nordlis", actor="payments")
    with payments.ledger.reading() as tx:
        assert [row.clinic for row in tx.all_clinics()] == [CLINIC]


def test_a_withdrawal_that_takes_nothing_away_changes_nothing(payments: Payments) -> None:
    assert payments.withdraw().outcome is RecordOutcome.UNCHANGED
    payments.verify()
    payments.withdraw()
    assert payments.withdraw().outcome is RecordOutcome.UNCHANGED
    assert len(payments.verifications()) == 2


def test_a_withdrawal_is_an_entry_and_holds_what_is_open(payments: Payments) -> None:
    payments.verify()
    row = payments.booking(waiting(CREATE, 0, state=DELIVERED, next_at=None), waiting(ISSUE, 5), waiting(SMS, 5))
    done = payments.withdraw()
    assert done.outcome is RecordOutcome.NOT_VERIFIED
    assert done.bookings == 1
    assert payments.actions(row) == [
        (DELIVERED, None),
        (HELD, HeldCause.NOT_VERIFIED),
        (HELD, HeldCause.NOT_VERIFIED),
    ]
    last = payments.rows()[-1]
    assert (last.activation.digest, last.actor, last.source) == (None, "payments", None)


def test_a_new_verification_brings_back_the_version_and_lets_go(payments: Payments) -> None:
    payments.verify()
    row = payments.booking(waiting(CREATE, 0), waiting(EMAIL, 5, state=HELD, next_at=None, cause="no_answer"))
    payments.withdraw()
    done = payments.verify()
    assert done.outcome is RecordOutcome.ACTIVATED
    assert done.bookings == 1
    assert payments.actions(row) == [(WAITING, None), (HELD, "no_answer")]
    first, withdrawn, again = payments.rows()
    assert again.activation.digest == first.activation.digest
    assert withdrawn.activation.digest is None
    # It comes from the file it came from before, and the payment side brought it back.
    assert (again.source, again.revision, again.content_hash) == (first.source, first.revision, first.content_hash)
    assert again.actor == "payments"


def test_what_may_have_started_is_told_to_stop_and_may_go_on(payments: Payments) -> None:
    payments.verify()
    row = payments.booking(waiting(CREATE, 0, state=CLAIMED, attempt=1))
    payments.withdraw()
    (action,) = read(payments.ledger, row).record.actions
    assert (action.state, action.stopping) == (CLAIMED, True)
    payments.verify()
    (action,) = read(payments.ledger, row).record.actions
    assert (action.state, action.stopping) == (CLAIMED, False)


@pytest.mark.parametrize(("sequence", "state"), [(None, HELD), (1, HELD), (2, WAITING)])
def test_what_a_person_holds_stays_held(payments: Payments, sequence: int | None, state: ActionState) -> None:
    payments.verify()
    row = payments.booking(waiting(CREATE, 0))
    payments.withdraw()
    with payments.ledger.writing() as tx:
        tx.add_hold(payments.clinic_no, HoldRow(1, sequence, "a bad rule", "kari", payments.now))
    payments.verify()
    assert payments.actions(row) == [(state, HeldCause.CLINIC_HELD if state is HELD else None)]


def test_a_file_changed_meanwhile_awaits_and_replaces_what_was_in_force(payments: Payments) -> None:
    payments.verify()
    payments.withdraw()
    payments.apply(clinic_text(clinic=CLINIC, name="Other"))
    assert payments.rows()[-1].activation.state is ActivationState.AWAITING
    payments.verify()
    digests = [row.activation.digest for row in payments.rows()]
    assert len(digests) == 3
    assert digests[1] is None
    assert digests[0] != digests[2]


def test_what_was_pending_is_pending_again(payments: Payments) -> None:
    payments.verify()
    payments.apply(clinic_text(clinic=CLINIC, name="Other", effective_from="2026-12-01T00:00"))
    payments.withdraw()
    done = payments.verify()
    assert done.outcome is RecordOutcome.PENDING
    states = [row.activation.state.value for row in payments.rows()]
    assert states == ["recorded", "superseded", "recorded", "superseded", "recorded", "recorded"]
    assert {row.source for row in payments.rows()} == {f"clinics/{CLINIC}.yaml", None}
