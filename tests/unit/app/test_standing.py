"""What is in force over all clinics, in numbers."""

from datetime import timedelta

from tests.builders import COMPILER, NOW, clinic_text
from tests.practice import Practice

from payrules.adapters.memory import MemoryLedger
from payrules.app.activate import Activator
from payrules.app.catalogue import ClinicFile
from payrules.app.look import Problem
from payrules.app.rows import LegalForm
from payrules.app.standing import Standing, Standings
from payrules.app.status import status_of
from payrules.app.verification import Verification, Verifier

LATER = NOW + timedelta(minutes=1)


def test_only_what_is_verified_and_has_begun_counts() -> None:
    ledger = MemoryLedger()
    standings = Standings(ledger)
    assert standings.at(NOW) == Standing(0, None)
    files = [
        ClinicFile(f"clinics/{name}.yaml", clinic_text(clinic=name).encode()) for name in ("fjord-fysio", "bygd-fysio")
    ]
    Activator(ledger, lambda: NOW).reconcile(files, COMPILER, actor="test", revision_of=lambda _: None)
    assert standings.at(NOW) == Standing(0, None)
    verifier = Verifier(ledger, lambda: LATER, lambda *words: words[-1])
    verifier.verify("fjord-fysio", Verification(LegalForm.COMPANY, "Fjord AS", "974760673"), actor="test")
    assert standings.at(NOW).in_force == 0
    assert standings.at(LATER).in_force == 1
    assert standings.at(LATER).activated_at is not None
    Verifier(ledger, lambda: LATER + timedelta(minutes=1), lambda *_: None).withdraw("fjord-fysio", actor="test")
    assert standings.at(LATER).in_force == 1
    assert standings.at(LATER + timedelta(minutes=2)).in_force == 0


def test_a_folder_that_is_polled_is_told_of_until_it_gives_events() -> None:
    ledger = MemoryLedger()
    standings = Standings(ledger)
    standings.watched(["clinics"], NOW, by_events=False)
    with ledger.reading() as tx:
        (row,) = status_of(tx, NOW).files
    assert (row.path, row.problem) == ("watch:clinics", Problem.POLLED)
    standings.watched(["clinics"], NOW, by_events=True)
    with ledger.reading() as tx:
        assert status_of(tx, NOW).files == ()


def test_a_folder_that_is_polled_is_no_file_that_is_missing() -> None:
    practice = Practice()
    Standings(practice.ledger).watched(["."], practice.now, by_events=False)
    reconciled = practice.activator.reconcile([], COMPILER, actor="test", revision_of=lambda _: None, roots=["."])
    assert [result.file for result in reconciled.results] == ["clinics/fjord-fysio.yaml"]
