"""Activation: what is right is applied together, what is wrong changes nothing, and nothing is done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from tests.builders import COMPILER, NOW, clinic_text

from payrules.adapters.memory import MemoryLedger
from payrules.app.activate import Activator, FileOutcome, FileResult, Reconciled
from payrules.app.catalogue import ClinicFile
from payrules.app.look import Problem
from payrules.app.ports import ConflictError, Transaction
from payrules.app.rows import ActivationRow, LegalForm
from payrules.app.verification import Verification, Verifier
from payrules.compiler.compile import Compiled, Compiler
from payrules.compiler.findings import diagnose
from payrules.domain.diagnostics import Diagnostic, Location

CLINIC = "fjord-fysio"
FILE = f"clinics/{CLINIC}.yaml"
GOOD, BAD, EMPTY = clinic_text(), clinic_text("colour: red\n"), ""
MANUAL = clinic_text(process="manual", notification="{send: after_booking}")
LATER = clinic_text(name="Later", effective_from="2026-12-01T00:00")
LATER_AT = datetime.fromisoformat("2026-12-01T00:00+01:00")


class CountingCompiler:
    """A compiler that says which files it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def compile(self, content: bytes, file: str, *, now: datetime | None = None, analysis: bool = True) -> Compiled:
        self.asked.append(file)
        return COMPILER.compile(content, file, now=now, analysis=analysis)


class Clinics:
    """A folder of clinic files with a ledger and a stepped clock; the clinics are verified unless told otherwise."""

    def __init__(self, *, verified: bool = True) -> None:
        self.ledger = MemoryLedger()
        self.now = NOW
        self.files: dict[str, str | Diagnostic] = {}
        self.compiler = CountingCompiler()
        self.activator = Activator(self.ledger, self.tick)
        self.verified = verified

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def look(self, **files: str | None) -> Reconciled:
        """Write files (`fjord_fysio=text`, None: remove), and look at all."""
        for name, text in files.items():
            path = f"clinics/{name.replace('_', '-')}.yaml"
            if text is None:
                del self.files[path]
            else:
                self.files[path] = text
        self.compiler.asked.clear()
        done = self.reconcile()
        if self.verified:
            for result in done.results:
                if result.outcome is FileOutcome.AWAITING_VERIFICATION and result.clinic is not None:
                    self.verify(result.clinic)
        return done

    def reconcile(self) -> Reconciled:
        items = [
            item if isinstance(item, Diagnostic) else ClinicFile(path, item.encode())
            for path, item in sorted(self.files.items())
        ]
        compiler: Compiler = self.compiler  # type: ignore[assignment]  # it only counts
        return self.activator.reconcile(
            items, compiler, actor="kari", revision_of=lambda file: f"rev of {file}", roots=["clinics"]
        )

    def verify(self, clinic: str) -> None:
        verifier = Verifier(self.ledger, self.tick, lambda _country, _form, number: number)
        verifier.verify(clinic, Verification(LegalForm.SOLE_PROPRIETORSHIP, "Fjord"), actor="payments")

    def rows(self, clinic: str = CLINIC) -> list[ActivationRow]:
        with self.ledger.reading() as tx:
            found = tx.clinics([clinic])
            return tx.timelines([found[clinic].clinic_no])[found[clinic].clinic_no] if found else []

    def states(self, clinic: str = CLINIC) -> list[str]:
        return [row.activation.state.value for row in self.rows(clinic)]

    def problem(self, path: str = FILE) -> str | None:
        with self.ledger.reading() as tx:
            return tx.files()[path].problem

    def paths(self) -> list[str]:
        with self.ledger.reading() as tx:
            return sorted(tx.files())


def only(done: Reconciled) -> FileResult:
    (result,) = done.results
    return result


@pytest.fixture
def clinics() -> Clinics:
    return Clinics()


def test_a_first_file_awaits_verification_with_where_it_came_from() -> None:
    clinics = Clinics(verified=False)
    result = only(clinics.look(fjord_fysio=GOOD))
    assert result.outcome is FileOutcome.AWAITING_VERIFICATION
    (row,) = clinics.rows()
    assert (row.actor, row.source, row.revision) == ("kari", FILE, f"rev of {FILE}")
    assert row.content_hash is not None
    assert len(row.content_hash) == 64
    assert row.activation.effective_at is None
    with clinics.ledger.reading() as tx:
        (policy,) = tx.policies([row.activation.digest or ""]).values()
    assert policy.content == GOOD.encode()


def test_a_change_takes_effect_at_the_transactions_time(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    done = clinics.look(fjord_fysio=MANUAL)
    result = only(done)
    assert result.outcome is FileOutcome.ACTIVATED
    assert result.activation is not None
    assert result.activation.effective_at == done.recorded_at == result.activation.recorded_at
    assert clinics.states() == ["recorded", "recorded"]


def test_the_same_bytes_cost_their_hash_only(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD, harbour=clinic_text(clinic="harbour"))
    assert len(clinics.compiler.asked) == 2
    done = clinics.look()
    assert clinics.compiler.asked == []
    assert {result.outcome for result in done.results} == {FileOutcome.UNCHANGED}
    assert done.recorded_at is None
    clinics.look(harbour=clinic_text(clinic="harbour", name="Harbour"))
    assert clinics.compiler.asked == ["clinics/harbour.yaml"]


def test_a_process_that_starts_anew_compiles_nothing_that_is_applied(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    clinics.activator = Activator(clinics.ledger, clinics.tick)
    clinics.look()
    assert clinics.compiler.asked == []


def test_other_bytes_of_the_same_meaning_are_a_no_op(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    result = only(clinics.look(fjord_fysio=f"# a comment\n{GOOD}"))
    assert result.outcome is FileOutcome.UNCHANGED
    assert result.activation == clinics.rows()[0].activation
    clinics.look()
    assert clinics.compiler.asked == []


@pytest.mark.parametrize(("text", "problem"), [(BAD, Problem.REJECTED), (EMPTY, Problem.EMPTY)])
def test_a_broken_or_empty_file_changes_nothing(clinics: Clinics, text: str, problem: Problem) -> None:
    clinics.look(fjord_fysio=GOOD)
    before = clinics.rows()
    done = clinics.look(fjord_fysio=text)
    assert (only(done).outcome, only(done).problem) == (FileOutcome.REJECTED, problem)
    assert [d.location.file for d in done.diagnostics] == [FILE]
    assert clinics.rows() == before
    assert clinics.problem() == problem


def test_a_broken_file_is_compiled_once_and_told_every_time(clinics: Clinics) -> None:
    first = clinics.look(fjord_fysio=BAD)
    clinics.look()
    again = clinics.look()
    assert clinics.compiler.asked == []
    assert again.diagnostics == first.diagnostics
    assert again.sources == first.sources
    assert only(again) == only(first)
    assert again.recorded_at is None


def test_another_payrules_may_judge_otherwise_so_a_new_process_asks_again(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=BAD)
    clinics.activator = Activator(clinics.ledger, clinics.tick)
    clinics.look()
    assert clinics.compiler.asked == [FILE]


def test_a_file_with_errors_does_not_keep_the_others(clinics: Clinics) -> None:
    done = clinics.look(fjord_fysio=BAD, harbour=clinic_text(clinic="harbour"))
    assert [r.outcome for r in done.results] == [FileOutcome.REJECTED, FileOutcome.AWAITING_VERIFICATION]


def test_going_back_to_the_good_file_after_a_bad_one_is_noticed(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    before = clinics.rows()
    clinics.look(fjord_fysio=BAD)
    done = clinics.look(fjord_fysio=GOOD)
    assert only(done).outcome is FileOutcome.UNCHANGED
    assert clinics.compiler.asked == []
    assert clinics.problem() is None
    assert clinics.rows() == before
    # And the bad one is seen to be bad again.
    assert only(clinics.look(fjord_fysio=BAD)).outcome is FileOutcome.REJECTED


def test_going_back_to_an_older_file_is_a_new_activation(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    clinics.look(fjord_fysio=MANUAL)
    result = only(clinics.look(fjord_fysio=GOOD))
    assert result.outcome is FileOutcome.ACTIVATED
    rows = clinics.rows()
    assert [row.activation.sequence for row in rows] == [1, 2, 3]
    assert rows[0].activation.digest == rows[2].activation.digest != rows[1].activation.digest


def test_a_removed_file_changes_nothing_and_is_missed(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD, harbour=clinic_text(clinic="harbour"))
    done = clinics.look(fjord_fysio=None)
    assert done.results[0] == FileResult(FILE, CLINIC, FileOutcome.MISSING, problem=Problem.MISSING)
    assert clinics.problem() == Problem.MISSING
    assert clinics.states() == ["recorded"]
    assert clinics.look().results[0].outcome is FileOutcome.MISSING
    assert clinics.look(fjord_fysio=GOOD).results[0].outcome is FileOutcome.UNCHANGED
    assert clinics.problem() is None


def test_a_file_that_was_never_applied_is_not_missed(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=BAD)
    assert clinics.look(fjord_fysio=None).results == ()
    assert clinics.paths() == []


def test_what_lies_elsewhere_is_not_missed(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    items = [ClinicFile("other/harbour.yaml", clinic_text(clinic="harbour").encode())]
    clinics.activator.reconcile(items, COMPILER, actor="kari", revision_of=lambda _: None, roots=["other"])
    assert clinics.problem() is None


def test_a_file_that_was_moved_is_not_missed(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    clinics.files = {f"clinics/oslo/{CLINIC}.yaml": GOOD}
    assert only(clinics.look()).outcome is FileOutcome.UNCHANGED
    assert clinics.paths() == [f"clinics/oslo/{CLINIC}.yaml"]
    assert clinics.states() == ["recorded"]


def test_one_clinic_in_two_files_applies_neither_and_one_removed_applies_the_other(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    second = f"clinics/oslo/{CLINIC}.yaml"
    clinics.files[second] = MANUAL
    for _ in range(2):
        done = clinics.look()
        assert [r.problem for r in done.results] == [Problem.TWICE, Problem.TWICE]
        assert {d.code for d in done.diagnostics} == {"PR012"}
    assert clinics.problem() == clinics.problem(second) == Problem.TWICE
    with clinics.ledger.reading() as tx:
        assert all("PR012" in line for row in tx.files().values() for line in row.diagnostics)
    assert clinics.states() == ["recorded"]
    assert only(clinics.look(fjord_fysio=None)).outcome is FileOutcome.ACTIVATED
    assert clinics.paths() == [second]


def test_a_file_that_cannot_be_read_changes_nothing(clinics: Clinics) -> None:
    clinics.look(fjord_fysio=GOOD)
    clinics.files[FILE] = diagnose("PR001", Location(FILE), "the file cannot be read: permission denied")
    for _ in range(2):
        assert only(clinics.look()).outcome is FileOutcome.REJECTED
        assert clinics.problem() == Problem.REJECTED
    assert only(clinics.look(fjord_fysio=GOOD)).outcome is FileOutcome.UNCHANGED


def test_a_slip_of_the_hand_is_not_remembered(clinics: Clinics) -> None:
    wrong = diagnose("PR001", Location("clinisc"), "the file cannot be read: no such file or directory")
    done = clinics.activator.reconcile([wrong], COMPILER, actor="kari", revision_of=lambda _: None, roots=["clinisc"])
    assert only(done).outcome is FileOutcome.REJECTED
    assert clinics.paths() == []


class TestPending:
    def test_a_later_effective_from_is_pending(self, clinics: Clinics) -> None:
        clinics.look(fjord_fysio=GOOD)
        result = only(clinics.look(fjord_fysio=LATER))
        assert result.outcome is FileOutcome.PENDING
        assert result.activation is not None
        assert result.activation.effective_at == LATER_AT

    def test_a_newer_file_replaces_it_and_names_it(self, clinics: Clinics) -> None:
        clinics.look(fjord_fysio=GOOD)
        pending = only(clinics.look(fjord_fysio=LATER)).activation
        result = only(clinics.look(fjord_fysio=MANUAL))
        assert result.outcome is FileOutcome.ACTIVATED
        assert result.dropped == pending
        assert clinics.states() == ["recorded", "superseded", "recorded"]

    def test_going_back_withdraws_it_and_names_it(self, clinics: Clinics) -> None:
        clinics.look(fjord_fysio=GOOD)
        pending = only(clinics.look(fjord_fysio=LATER)).activation
        result = only(clinics.look(fjord_fysio=GOOD))
        assert result.outcome is FileOutcome.WITHDREW_PENDING
        assert result.dropped == pending
        assert clinics.states() == ["recorded", "withdrawn"]
        assert only(clinics.look()).outcome is FileOutcome.UNCHANGED


PAST = "2026-11-20T00:00"


class TestPast:
    def test_where_content_is_new_it_warns_and_the_record_says_how_late(self, clinics: Clinics) -> None:
        clinics.look(fjord_fysio=GOOD)
        done = clinics.look(fjord_fysio=clinic_text(name="New", effective_from=PAST))
        assert [d.code for d in done.diagnostics] == ["PR350"]
        (_, row) = clinics.rows()
        assert row.activation.late_by > timedelta(days=2)

    def test_where_content_is_not_new_it_does_not(self, clinics: Clinics) -> None:
        clinics.look(fjord_fysio=GOOD)
        done = clinics.look(fjord_fysio=clinic_text(effective_from=PAST))
        assert only(done).outcome is FileOutcome.UNCHANGED
        assert done.diagnostics == ()


class TestRaces:
    def test_a_conflict_is_tried_again(self, clinics: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
        clinics.look(fjord_fysio=GOOD)
        writing, conflicts = clinics.ledger.writing, [2]

        @contextmanager
        def conflicting() -> Iterator[Transaction]:
            with writing() as tx:
                yield tx
                if conflicts[0]:
                    conflicts[0] -= 1
                    raise ConflictError("somebody was quicker")

        monkeypatch.setattr(clinics.ledger, "writing", conflicting)
        assert only(clinics.look(fjord_fysio=MANUAL)).outcome is FileOutcome.ACTIVATED
        assert conflicts == [0]
        assert clinics.states() == ["recorded", "recorded"]

        conflicts[0] = 100
        with pytest.raises(ConflictError):
            clinics.look(fjord_fysio=GOOD)
        assert clinics.states() == ["recorded", "recorded"]
        conflicts[0] = 0
        assert only(clinics.look()).outcome is FileOutcome.ACTIVATED

    @pytest.mark.parametrize("late", [BAD, GOOD])
    def test_a_look_that_was_overtaken_does_not_say_what_was_applied_last(self, clinics: Clinics, late: str) -> None:
        clinics.look(fjord_fysio=GOOD)
        clinics.look(fjord_fysio=EMPTY)
        other = Activator(clinics.ledger, clinics.tick)
        new = ClinicFile(FILE, MANUAL.encode())

        def overtaken() -> Iterator[ClinicFile]:
            # What was applied last is known here; now somebody else applies another file.
            other.reconcile([new], COMPILER, actor="ola", revision_of=lambda _: None)
            yield ClinicFile(FILE, late.encode())

        clinics.activator.reconcile(overtaken(), COMPILER, actor="kari", revision_of=lambda _: None)
        # So going back to the first is news.
        assert only(clinics.look(fjord_fysio=GOOD)).outcome is FileOutcome.ACTIVATED

    def test_a_failure_applies_nothing(self, clinics: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
        clinics.look(fjord_fysio=GOOD, harbour=clinic_text(clinic="harbour"))
        writing = clinics.ledger.writing

        @contextmanager
        def failing() -> Iterator[Transaction]:
            with writing() as tx:
                yield tx
                raise OSError("no space left")

        with monkeypatch.context() as patched:
            patched.setattr(clinics.ledger, "writing", failing)
            with pytest.raises(OSError, match="no space"):
                clinics.look(fjord_fysio=MANUAL, harbour=clinic_text(clinic="harbour", name="H"))
        assert clinics.states() == clinics.states("harbour") == ["recorded"]
        assert {r.outcome for r in clinics.look().results} == {FileOutcome.ACTIVATED}
