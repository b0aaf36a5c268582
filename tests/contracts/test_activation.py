"""Activation and verification over every ledger: what they write is what they read again."""

from datetime import datetime, timedelta
from threading import Thread

from tests.builders import CLINIC, COMPILER, FILE, NOW, clinic_text
from tests.contracts.making import CREATE, EMAIL, ISSUE, SMS, add, policy_row, read, stored, waiting

from payrules.app.activate import Activator, FileOutcome
from payrules.app.catalogue import ClinicFile
from payrules.app.ports import Ledger
from payrules.app.rows import LegalForm
from payrules.app.timelines import timeline_of
from payrules.app.verification import Verification, Verifier
from payrules.domain.action import ActionState, HeldCause
from payrules.domain.timeline import Timeline

TOLD = Verification(LegalForm.SOLE_PROPRIETORSHIP, "Fjord")


class Clock:
    """Goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def timeline(ledger: Ledger) -> Timeline:
    with ledger.reading() as tx:
        clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no
        return timeline_of(tx.timelines([clinic_no])[clinic_no])


def apply(activator: Activator, **changes: str) -> FileOutcome:
    file = ClinicFile(FILE, clinic_text(**changes).encode())
    (result,) = activator.reconcile([file], COMPILER, actor="kari", revision_of=lambda _: None).results
    return result.outcome


def test_a_whole_story_is_read_back(ledger: Ledger) -> None:
    clock = Clock()
    activator, verifier = Activator(ledger, clock), Verifier(ledger, clock, lambda _country, _form, number: number)
    assert apply(activator) is FileOutcome.AWAITING_VERIFICATION
    assert apply(activator, effective_from="2026-11-22T00:00") is FileOutcome.AWAITING_VERIFICATION
    verifier.verify(CLINIC, TOLD, actor="payments")
    assert apply(activator, name="B", effective_from="2026-12-01T00:00") is FileOutcome.PENDING
    assert apply(activator) is FileOutcome.WITHDREW_PENDING
    assert apply(activator, name="C", effective_from="2026-12-02T00:00") is FileOutcome.PENDING
    verifier.withdraw(CLINIC, actor="payments")
    verifier.verify(CLINIC, TOLD, actor="payments")
    assert apply(activator, name="C", effective_from="2026-12-02T00:00") is FileOutcome.UNCHANGED
    found = timeline(ledger).activations
    assert [a.state.value for a in found] == [
        "superseded",
        "recorded",
        "withdrawn",
        "superseded",
        "recorded",
        "superseded",
        "recorded",
        "recorded",
    ]
    assert [a.digest is None for a in found] == [False] * 4 + [True] + [False] * 3
    assert found[6].digest == found[1].digest
    assert found[7].effective_at == found[7].effective_from == datetime.fromisoformat("2026-12-02T00:00+01:00")


def test_a_withdrawal_holds_what_is_open_until_a_new_verification(ledger: Ledger) -> None:
    clock = Clock()
    verifier = Verifier(ledger, clock, lambda _country, _form, number: number)
    apply(Activator(ledger, clock))
    verifier.verify(CLINIC, TOLD, actor="payments")
    with ledger.writing() as tx:
        tx.add_policy(policy_row())
        clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no
        numbers = tx.numbers(3)
    done = [waiting(key, 0, state=ActionState.DELIVERED, next_at=None) for key in (CREATE, ISSUE)]
    actions = (*done, waiting(SMS, 5), waiting(EMAIL, 6))
    rows = [stored(clinic_no, n, f"bk-{n}", actions=actions) for n in numbers]
    add(ledger, *rows)
    assert verifier.withdraw(CLINIC, actor="payments").bookings == len(rows)
    for row in rows:
        assert [a.cause for a in read(ledger, row).record.actions] == [None, None, *[HeldCause.NOT_VERIFIED] * 2]
    assert verifier.verify(CLINIC, TOLD, actor="payments").bookings == len(rows)
    for row in rows:
        assert read(ledger, row).record.actions == row.record.actions


def test_two_at_once_leave_a_valid_timeline(ledger: Ledger) -> None:
    clock = Clock()
    apply(Activator(ledger, clock))
    Verifier(ledger, clock, lambda _country, _form, number: number).verify(CLINIC, TOLD, actor="payments")
    count, names = 10, ("one", "two")
    outcomes: dict[str, list[FileOutcome]] = {name: [] for name in names}

    def work(name: str) -> None:
        activator = Activator(ledger, clock)
        outcomes[name] += [apply(activator, name=f"{name} {n}") for n in range(count)]

    threads = [Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {name: [FileOutcome.ACTIVATED] * count for name in names}
    assert len(timeline(ledger).activations) == 1 + count * len(names)
