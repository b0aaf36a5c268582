"""Activation by the command line: real files, a real store, and two processes at once."""

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders import CLINIC, FILE, NOW, clinic_text
from tests.contracts.making import CREATE, add_with_actions, policy_row, waiting
from tests.shapes import read_lines

from payrules.adapters.store import open_store
from payrules.app.rows import HoldRow
from payrules.app.timelines import timeline_of
from payrules.domain.action import ActionState
from payrules.domain.timeline import ActivationState
from payrules.entrypoints.cli import main
from payrules.entrypoints.exit_codes import ExitCode

NUMBER = "123456785"


class Here:
    """payrules in an empty folder, at a clock that goes on by a second a command."""

    def __init__(self) -> None:
        self.now = NOW

    def run(self, *args: str, code: ExitCode = ExitCode.OK) -> Result:
        self.now += timedelta(seconds=1)
        result = CliRunner().invoke(main, [*args], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def rows(self, *args: str, code: ExitCode = ExitCode.OK) -> list[dict[str, Any]]:
        return read_lines(self.run(*args, "--format", "json", code=code).stdout, *args)

    def write(self, text: str, file: str = FILE) -> None:
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_text(text, encoding="utf-8")

    def activate(self, text: str | None = None, code: ExitCode = ExitCode.OK) -> dict[str, Any]:
        """Write the clinic's file, and apply it."""
        if text is not None:
            self.write(text)
        (row,) = self.rows("activate", code=code)
        return row

    def verify(self, *more: str) -> dict[str, Any]:
        args = more or ("--company", "--legal-name", "Fjord Fysioterapi AS", "--organisation-number", NUMBER)
        (row,) = self.rows("verification", "set", CLINIC, *args)
        return row

    def history(self) -> list[dict[str, Any]]:
        return self.rows("history", CLINIC)

    def status(self) -> dict[str, Any]:
        (row,) = self.rows("status")
        return row


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    found = Here()
    monkeypatch.setattr("payrules.bootstrap.now", lambda: found.now)
    monkeypatch.setenv("LOGNAME", "kari")
    for name in ("PAYRULES_STORE", "PAYRULES_ACTOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    # What is above the folder may be a repository; a test says so where it wants one.
    monkeypatch.setattr("payrules.adapters.revisions._ENVIRONMENT", {"GIT_CEILING_DIRECTORIES": str(folder.parent)})
    return found


LATER = {"name": "Later", "effective_from": "2026-12-01T00:00"}


class TestStory:
    def test_held_until_verified(self, here: Here) -> None:
        first = here.activate(clinic_text())
        assert first["outcome"] == "awaiting_verification"
        assert first["activation"]["effective_at"] is None
        assert here.status()["in_force"] is None
        here.now += timedelta(hours=1)
        verified = here.verify()
        assert verified["outcome"] == "activated"
        assert verified["activation"]["effective_at"] == here.now.isoformat().replace("+00:00", "Z")
        assert here.now > NOW + timedelta(hours=1)
        assert here.status()["in_force"]["digest"] == first["activation"]["digest"]
        assert [row["state"] for row in here.history()] == ["in_force"]

    def test_a_no_op_twice(self, here: Here) -> None:
        here.activate(clinic_text())
        assert here.activate()["outcome"] == "unchanged"
        here.verify()
        here.activate(clinic_text(name="Other"))
        before = here.history()
        again = here.activate()
        assert again["outcome"] == "unchanged"
        assert again["activation"]["sequence"] == 2
        assert here.history() == before

    def test_a_pending_version_is_replaced_and_named(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        pending = here.activate(clinic_text(**LATER))
        assert pending["outcome"] == "pending"
        assert pending["activation"]["effective_at"] == "2026-11-30T23:00:00Z"
        assert here.status()["pending"]["digest"] == pending["activation"]["digest"]
        replaced = here.activate(clinic_text(**{**LATER, "name": "Another"}))
        assert replaced["dropped"]["digest"] == pending["activation"]["digest"]
        assert [row["state"] for row in here.history()] == ["in_force", "superseded", "pending"]

    def test_a_pending_version_is_withdrawn_by_going_back(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        pending = here.activate(clinic_text(**LATER))
        back = here.activate(clinic_text())
        assert back["outcome"] == "withdrew_pending"
        assert back["dropped"] == pending["activation"]
        assert [row["state"] for row in here.history()] == ["in_force", "withdrawn"]

    def test_back_to_an_older_file_is_a_new_activation(self, here: Here) -> None:
        digest = here.activate(clinic_text())["activation"]["digest"]
        here.verify()
        here.activate(clinic_text(name="Other"))
        assert here.activate(clinic_text())["activation"]["sequence"] == 3
        assert here.history()[2]["digest"] == digest
        assert [row["state"] for row in here.history()] == ["past", "past", "in_force"]

    def test_a_past_effective_from_warns_where_content_is_new(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        here.write(clinic_text(effective_from="2026-11-20T13:00"))
        assert "PR350" not in here.run("activate").output
        here.write(clinic_text(name="New", effective_from="2026-11-20T13:00"))
        result = here.run("activate")
        assert "warning[PR350]" in result.stderr
        assert "it comes 2 days late" in result.stdout
        assert here.history()[1]["late_by_seconds"] // 86_400 == 2
        assert "(2 days late)" in here.run("history", CLINIC).stdout

    def test_a_withdrawal_and_back(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        here.now += timedelta(hours=1)
        assert here.verify("--withdraw")["outcome"] == "not_verified"
        assert here.status()["in_force"] is None
        here.now += timedelta(hours=1)
        here.verify()
        assert [row["state"] for row in here.history()] == ["past", "past", "in_force"]
        assert here.history()[1]["digest"] is None
        told = here.rows("verification", "show", CLINIC)
        assert [row["verified"] for row in told] == [True, False, True]
        assert told[2]["organisation_number"] == NUMBER


class TestWrongFiles:
    def test_errors_are_shown_and_the_others_done(self, here: Here) -> None:
        here.write(clinic_text("colour: red\n"))
        here.write(clinic_text(clinic="harbour"), "clinics/harbour.yaml")
        result = here.run("activate", code=ExitCode.DIAGNOSTICS)
        assert "error[PR201]" in result.stderr
        assert "colour: red" in result.stderr
        assert f"{CLINIC}  not applied: the file has errors" in result.stdout
        assert "harbour      awaits verification" in result.stdout
        assert "2 clinic files: 1 awaiting verification, 1 rejected" in result.stdout
        # And again, as long as it is wrong.
        assert "error[PR201]" in here.run("activate", code=ExitCode.DIAGNOSTICS).stderr

    def test_status_shows_why_as_validate_does(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        here.activate(clinic_text("colour: red\n"), code=ExitCode.DIAGNOSTICS)
        status = here.status()
        assert status["in_force"] is not None
        (file,) = status["files"]
        assert (file["path"], file["problem"]) == (FILE, "rejected")
        assert [d["code"] for d in file["diagnostics"]] == ["PR201"]
        text = here.run("status").stdout
        assert f"{FILE} was not applied: the file has errors" in text
        assert "12 | colour: red" in text
        # A line that is no longer what was wrong is not shown.
        here.write(clinic_text("color: blue\n"))
        assert "blue" not in here.run("status").stdout

    def test_a_removed_file_is_said_and_changes_nothing(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        here.write(clinic_text(clinic="harbour"), "clinics/harbour.yaml")
        Path(FILE).unlink()
        assert f"{CLINIC}  not applied: the file is gone" in here.run("activate").stdout
        assert here.history()[0]["state"] == "in_force"
        assert "the file is gone" in here.run("status").stdout

    def test_no_file_at_all_is_an_error(self, here: Here) -> None:
        here.run("activate", code=ExitCode.DIAGNOSTICS)
        here.run("activate", "./clinics/absent.yaml", code=ExitCode.DIAGNOSTICS)
        assert here.rows("status") == []
        assert "no clinic is known here" in here.run("status").stdout

    def test_a_file_whose_clinic_is_not_known(self, here: Here) -> None:
        here.write("", "clinics/harbour.yaml")
        here.run("activate", code=ExitCode.DIAGNOSTICS)
        assert here.status()["clinic"] is None
        assert "clinics/harbour.yaml was not applied: the file is empty" in here.run("status").stdout


class TestWords:
    def test_times_are_the_clinics_own(self, here: Here) -> None:
        here.activate(clinic_text(**LATER))
        assert f"{CLINIC}  unchanged: awaits verification" in here.run("activate").stdout
        assert "awaiting   verification, not before Tue 1 Dec 2026 00:00 (Europe/Oslo)" in here.run("status").stdout
        said = here.run("verification", "set", CLINIC, "--sole-proprietor", "--legal-name", "Fjord").stdout
        assert "takes effect Tue 1 Dec 2026 00:00 (Europe/Oslo)" in said
        assert "sole proprietorship, Fjord, no organisation number" in said
        assert "unchanged: takes effect Tue 1 Dec 2026 00:00" in here.run("activate").stdout

    def test_history_tells_who_and_from_what(self, here: Here) -> None:
        here.write(clinic_text())
        here.run("activate", "--actor", "ola")
        here.verify()
        here.activate(clinic_text(payments="inactive"))
        here.verify("--withdraw")
        head, first, second, third = here.run("history", CLINIC).stdout.splitlines()[1:]
        assert head.split() == ["No.", "State", "Takes", "effect", "Recorded", "By", "Version", "Commit", "File"]
        assert "ola" in first
        assert "past" in first
        assert "kari" in second
        assert FILE in second
        assert "verification withdrawn" in third
        assert "nothing" in here.run("status").stdout

    def test_payments_written_inactive_are_told(self, here: Here) -> None:
        here.activate(clinic_text(payments="inactive"))
        here.verify()
        assert here.status()["payments"] == "inactive"
        assert "payments inactive" in here.run("status").stdout

    def test_verification_is_shown_where_there_is_none(self, here: Here) -> None:
        here.activate(clinic_text())
        assert here.run("verification", "show", CLINIC).stdout == f"{CLINIC}: not verified yet\n"
        assert here.rows("verification", "show", CLINIC) == []

    def test_what_is_held_is_told(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        said = here.run("verification", "set", CLINIC, "--withdraw").stdout
        assert "new bookings are billed elsewhere until the clinic is verified again" in said
        again = here.run("verification", "set", CLINIC, "--withdraw").stdout
        assert "the timeline stays as it is" in again

    def test_holds_and_held_actions_are_told(self, here: Here) -> None:
        here.activate(clinic_text())
        here.verify()
        with closing(open_store("payrules.db")) as ledger:
            with ledger.writing() as tx:
                clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no
                tx.add_policy(policy_row())
                tx.add_hold(clinic_no, HoldRow(1, 1, "a bad rule", "ola", NOW))
            add_with_actions(ledger, clinic_no, waiting(CREATE, 0, state=ActionState.HELD, next_at=None))
        status = here.status()
        assert status["held_actions"] == 1
        assert status["holds"] == [
            {
                "activation": 1,
                "reason": "a bad rule",
                "actor": "ola",
                "held_at": "2026-11-22T12:00:00Z",
                "released_at": None,
                "released_by": None,
                "release_reason": None,
            }
        ]
        text = here.run("status").stdout
        assert "on hold    activation 1 since Sun 22 Nov 2026 13:00 (Europe/Oslo) by ola: a bad rule" in text
        assert "1 action waits for a person" in text
        said = here.run("verification", "set", CLINIC, "--withdraw").stdout
        assert "still to be done" not in said

    @pytest.mark.parametrize(
        "args",
        [
            ("--withdraw", "--company"),
            ("--company",),
            ("--legal-name", "Fjord"),
            (),
        ],
    )
    def test_options_that_do_not_go_together(self, here: Here, args: tuple[str, ...]) -> None:
        here.run("verification", "set", CLINIC, *args, code=ExitCode.USAGE)

    def test_whoever_only_looks_makes_no_store(self, here: Here, folder: Path) -> None:
        for args in (("status",), ("history", "nordlys"), ("verification", "show", "nordlys")):
            assert "error: there is no store" in here.run(*args, code=ExitCode.FAILURE).stderr
        assert not (folder / "payrules.db").exists()

    def test_a_clinic_is_one_or_the_other(self, here: Here) -> None:
        both = ("verification", "set", "nordlys", "--company", "--sole-proprietor", "--legal-name", "N")
        assert "one of them" in here.run(*both, code=ExitCode.USAGE).stderr

    def test_an_unknown_clinic_is_refused(self, here: Here) -> None:
        here.write(clinic_text())
        here.activate()
        for args in (("history",), ("verification", "show"), ("verification", "set")):
            more = ("--withdraw",) if args[-1] == "set" else ()
            result = here.run(*args, "nordlis", *more, code=ExitCode.FAILURE)
            assert "error: no clinic `nordlis` is known here" in result.stderr


def test_the_commit_of_the_file_is_recorded(here: Here, folder: Path) -> None:
    here.write(clinic_text())
    for args in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        identity = ("-c", "user.name=Test", "-c", "user.email=test@payrules.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *args], check=True, cwd=folder)  # noqa: S607  # whatever git there is
    here.activate()
    (row,) = here.history()
    assert len(row["revision"]) == 40
    assert row["file"] == FILE
    here.activate(clinic_text(name="Not committed"))
    assert here.history()[1]["revision"] == row["revision"] + "+changed"


RACER = """
import sys
from pathlib import Path
from payrules.adapters.store import open_store
from payrules.app.activate import Activator
from payrules.app.catalogue import ClinicFile
from payrules.bootstrap import build, now
content, count = Path(sys.argv[1]).read_text(encoding="utf-8"), int(sys.argv[2])
ledger, compiler = open_store("payrules.db"), build().compiler
activator = Activator(ledger, now)
for n in range(count):
    text = content.replace("Fjord Fysioterapi", f"{sys.argv[3]} {n}")
    file = ClinicFile(sys.argv[1], text.encode())
    activator.reconcile([file], compiler, actor=sys.argv[3], revision_of=lambda _: None)
ledger.close()
"""


def test_two_processes_at_once_leave_a_valid_timeline(here: Here) -> None:
    here.now = datetime.now(UTC) - timedelta(seconds=1)
    here.activate(clinic_text())
    here.verify()
    count, names = 20, ("one", "two")
    racers = [subprocess.Popen([sys.executable, "-c", RACER, FILE, str(count), name]) for name in names]
    assert [racer.wait(timeout=120) for racer in racers] == [0, 0]
    ledger = open_store("payrules.db")
    with ledger.reading() as tx:
        (clinic,) = tx.all_clinics()
        rows = tx.timelines([clinic.clinic_no])[clinic.clinic_no]
    ledger.close()
    # Making the timeline checks its order, and that no instant is taken twice.
    timeline = timeline_of(rows)
    assert len(timeline.activations) == 1 + count * len(names)
    assert {a.state for a in timeline.activations} == {ActivationState.RECORDED}
    for name in names:
        assert sum(row.actor == name for row in rows) == count
