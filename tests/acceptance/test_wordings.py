"""What somebody reads who uses payrules for the first time, and goes wrong."""

import json
import re
from pathlib import Path

import pytest
from tests.acceptance.conftest import Run
from tests.builders import CLINIC, FILE, NOW, clinic_text, record_fields

from payrules.entrypoints.exit_codes import MEANINGS, ExitCode

CODES = {
    "validate": {3},
    "compile": {3},
    "simulate": {3, 4, 5, 7},
    "activate": {3},
    "process": {7},
    "restamp": {7},
}


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "clinics").mkdir()
    for name in ("PAYRULES_STORE", "PAYRULES_SETTINGS", "PAYRULES_OUT", "PAYRULES_ACTOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="opened")
def _opened(run: Run) -> Run:
    """A clinic that is verified, with a booking in draft."""
    text = clinic_text(process="manual", manual="{create_draft: true}", notification="{send: after_booking}")
    Path(FILE).write_text(text, encoding="utf-8")
    assert run("activate").exit_code == 0
    assert run("verification", "set", CLINIC, "--sole-proprietor", "--legal-name", "Fjord").exit_code == 0
    booking = record_fields(booked_at=NOW.isoformat(), starts_at="2031-12-01T10:00Z", ends_at="2031-12-01T11:00Z")
    event = {"type": "booked", "event_id": "e-1", "booking": booking}
    assert run("process", "-", stdin=json.dumps(event)).exit_code == 0
    return run


@pytest.mark.parametrize("command", CODES)
def test_help_tells_the_exit_codes_that_a_command_has_of_its_own(run: Run, command: str) -> None:
    said = run(command, "--help").stdout.partition("Exit codes:\n")[2].partition("Examples:")[0]
    assert {int(found) for found in re.findall(r"^  (\d)  ", said, re.MULTILINE)} == {0, 1, 2} | CODES[command]
    for code in CODES[command]:
        assert MEANINGS[ExitCode(code)][:30] in said


def test_help_of_other_commands_does_not_repeat_what_all_have(run: Run) -> None:
    assert "Exit codes" not in run("pay", "--help").stdout


def test_a_booking_is_named_as_lists_write_it(opened: Run) -> None:
    for words in (
        ("bookings", "show", f"{CLINIC}/bk-1"),
        ("drafts", "price", f"{CLINIC}/bk-1", "900"),
        ("restamp", f"{CLINIC}/bk-1", "--reason", "see"),
    ):
        assert opened(*words).exit_code == 0, words
    assert opened("drafts", "price", "vika/bk-1", "900").stderr.startswith("error: no clinic `vika` is known here")


def test_dispatch_says_what_goes_no_further_by_itself(opened: Run) -> None:
    said = opened("dispatch", "--once").stdout.splitlines()
    assert said == ["invoice       1  delivered", "1 draft: `payrules drafts list`"]
    assert opened("dispatch", "--once").stdout.splitlines() == ["nothing is due", "1 draft: `payrules drafts list`"]
    opened("drafts", "send", "bk-1", "--at", "2031-01-01T10:00")
    opened("hold", CLINIC, "--reason", "a bad rule")
    assert opened("dispatch", "--once").stdout.splitlines()[-1] == "3 held actions: `payrules held list`"
    # For machines there is a line an attempt, as before.
    assert opened("dispatch", "--once", "--format", "json").stdout == ""


@pytest.mark.parametrize(
    ("settings", "environment", "said"),
    [
        ("[adapters]\nemail = 'smtp'", {}, "payrules.toml: `link_base` is missing: clients get links"),
        ("", {"PAYRULES_ADAPTERS_SMS": "http"}, "payrules.toml: `link_base` is missing: clients get links"),
        ("[adapters]\nemail = 'smpt'", {}, "payrules.toml: `adapters.email`: no adapter for email is called `smpt`;"),
        ("", {"PAYRULES_ADAPTERS_SMS": "post"}, "PAYRULES_ADAPTERS_SMS: no adapter for sms is called `post`;"),
    ],
)
def test_what_is_wrong_with_settings_says_where_it_is_told(
    opened: Run, monkeypatch: pytest.MonkeyPatch, settings: str, environment: dict[str, str], said: str
) -> None:
    Path("payrules.toml").write_text(settings, encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = opened("dispatch", "--once")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")


def test_a_store_in_a_folder_that_is_not_there(run: Run) -> None:
    for words in (("store", "show"), ("store", "upgrade"), ("status",), ("activate",)):
        Path(FILE).write_text(clinic_text(), encoding="utf-8")
        result = run(*words, "--store", "nowhere/payrules.db")
        assert result.exit_code == 1
        assert result.stderr == "error: there is no folder nowhere that a store could be in\n"
    assert not Path("nowhere").exists()


def test_a_clinic_whose_file_was_never_applied(run: Run) -> None:
    event = {"type": "booked", "event_id": "e-1", "booking": record_fields()}
    result = run("process", "-", stdin=json.dumps(event))
    assert result.exit_code == 7
    assert result.stderr.endswith("is not a clinic that is known here; apply its file first: `payrules activate`\n")
