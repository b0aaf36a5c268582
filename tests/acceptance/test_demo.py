"""`payrules demo` tells the same story each time, and leaves what it tells of in a folder that can be looked at."""

import email
import email.policy
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payrules.adapters.store import open_store
from payrules.domain.action import ActionState
from payrules.entrypoints.cli import main
from payrules.entrypoints.demo.story import BOOKINGS, CLINICS

PAGE = Path(__file__).with_name("demo.txt")
"""The page as it should be, DIR being the folder. Where it changes on purpose: `payrules demo --keep DIR`."""


def played(folder: Path) -> Result:
    result = CliRunner().invoke(main, ["demo", "--keep", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("demo") / "kept"
    page = played(found).stdout
    (found / "page.txt").write_text(page, encoding="utf-8")
    return found


def test_the_page(folder: Path) -> None:
    page = (folder / "page.txt").read_text(encoding="utf-8")
    assert page.replace(str(folder), "DIR") == PAGE.read_text(encoding="utf-8")
    lines = page.splitlines()
    assert len(lines) <= 55
    assert [line for line in lines if len(line) > 100 and str(folder) not in line] == []


def test_what_was_sent_lies_there(folder: Path) -> None:
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (folder / "outbox/email").iterdir()
    ]
    lines = [
        json.loads(line)
        for path in (folder / "outbox/sms").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    said = f"outbox/: {len(mails)} emails, {len(lines)} SMS"
    assert said in (folder / "page.txt").read_text(encoding="utf-8")
    subjects = {str(mail["Subject"]) for mail in mails}
    assert any("Nordlys" in subject for subject in subjects)
    pages = sorted(path.name for path in (folder / "outbox/invoices").iterdir())
    assert pages == [f"{number}{ending}" for number in ("LC-1", "NP-4", "SS-7") for ending in (".html", ".pdf")]
    assert all(path.stat().st_size > 1000 for path in (folder / "outbox/invoices").glob("*.pdf"))
    # The client without an email address got an SMS, and the one whose employer pays got nothing.
    assert [line for line in lines if "/se-2/" in line["key"]]
    assert not [path for path in (folder / "outbox/email").iterdir() if "_se-2_" in path.name or "_se-8_" in path.name]


def test_everything_ended_and_nothing_waits_for_a_person_unseen(folder: Path) -> None:
    ledger = open_store(str(folder / "payrules.db"))
    with ledger.reading() as tx:
        for state in (ActionState.CLAIMED, ActionState.HELD, ActionState.DEAD):
            assert not tx.actions_in(state.value, limit=10), state
    ledger.close()


def test_the_commands_that_are_named_work_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    page = (folder / "page.txt").read_text(encoding="utf-8")
    assert "payrules audit" in page
    told = CliRunner().invoke(main, ["audit"], catch_exceptions=False)
    assert told.exit_code == 0
    assert told.stdout.endswith("all is as computed\n")
    assert "payrules bookings show se-7" in page
    shown = CliRunner().invoke(main, ["bookings", "show", "se-7"], catch_exceptions=False).stdout
    assert shown.count("the mail server is away") == 8


def test_the_size_of_the_story() -> None:
    assert len(CLINICS) == 3
    assert len(BOOKINGS) == 30
    assert len({booking.id for booking in BOOKINGS}) == 30


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(main, ["demo", "--keep", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"error: {tmp_path} is not empty: name a new folder for the demo\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(main, ["demo", "--keep", str(tmp_path / "file" / "demo")])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the demo cannot be written to ")
    assert result.stderr.count("\n") == 1
