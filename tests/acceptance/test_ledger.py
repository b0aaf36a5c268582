"""`audit`, `restamp`, `hold`, `release`, `held` and `dead` by the command line, on a real store."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from tests.builders import CLINIC, at, clinic_text
from tests.practice import Practice, minutes
from tests.shapes import read_lines

from payrules import __version__
from payrules.adapters.recording import Raise, RecordingMessages
from payrules.adapters.store import open_store
from payrules.adapters.zones import load_zone, tzdata_version
from payrules.app.batch import Tools
from payrules.app.in_force import InForceCache
from payrules.app.ports import Limits
from payrules.app.process import Processor
from payrules.domain.action import RetryLater
from payrules.entrypoints.cli import main
from payrules.entrypoints.commanding import Group
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.ledger_commands import COMMANDS

LINK_AT = at("2026-12-01T10:05Z")
EMAIL_KEY, SMS_KEY = f"{CLINIC}/bk-1/1/send_payment_link/email/1", f"{CLINIC}/bk-1/1/send_payment_link/sms/1"


class Here:
    """A practice whose store the command line works on, at the practice's clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = open_store(str(path))
        self.practice = Practice(self.ledger)
        # Stamped by the very engine that audits.
        tools = Tools(self.practice.versions, load_zone, __version__, tzdata_version(), InForceCache())
        self.practice.processor = Processor(self.ledger, tools, self.practice.clock)
        self.practice.email = RecordingMessages(Limits(key_honoured_for=0), lambda _: Raise(TimeoutError()))
        self.practice.now = at("2026-11-24T09:00Z")
        self.practice.book()

    def run(self, *args: str, code: ExitCode = ExitCode.OK) -> Result:
        result = CliRunner().invoke(main, [*args], catch_exceptions=False)
        assert result.exit_code == code, result.output
        assert "client.example" not in result.output
        assert "990 00" not in result.output
        return result

    def rows(self, *args: str, code: ExitCode = ExitCode.OK) -> list[dict[str, Any]]:
        return read_lines(self.run(*args, "--format", "json", code=code).stdout, *args)

    def tamper(self, *statements: str) -> None:
        connection = sqlite3.connect(self.path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    for name in ("PAYRULES_STORE", "PAYRULES_ACTOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "kari")
    found = Here(folder / "payrules.db")
    monkeypatch.setattr("payrules.bootstrap.now", lambda: found.practice.now)
    yield found
    found.ledger.close()


class TestAudit:
    def test_all_is_as_computed(self, here: Here) -> None:
        here.practice.dispatch(LINK_AT)
        result = here.run("audit")
        assert result.stdout == (
            "looked at 1 clinic, 1 activation, 1 policy version, 1 booking, 1 stamp, 1 decision, 4 actions\n"
            "all is as computed\n"
        )
        (summary,) = here.rows("audit", CLINIC)
        assert (summary["kind"], summary["bookings"], summary["errors"]) == ("summary", 1, 0)

    def test_an_error_is_named(self, here: Here) -> None:
        here.tamper("DROP TRIGGER stamps_not_updated", "UPDATE stamps SET sequence = NULL, policy_no = NULL")
        result = here.run("audit", code=ExitCode.FAILURE)
        assert f"error: {CLINIC} bk-1 stamp 1, activation\n  expected  activation 1, sha256:" in result.stdout
        assert "\n  found     no activation\n" in result.stdout
        first, *_, summary = here.rows("audit", code=ExitCode.FAILURE)
        assert (first["clinic"], first["booking_id"], first["part"], first["stamp"]) == (CLINIC, "bk-1", "stamp", 1)
        assert first["is_error"]
        assert summary["errors"] > 0

    def test_another_engine_is_said_and_no_error(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        here.tamper("UPDATE decisions SET price = 1")
        monkeypatch.setattr("payrules.__version__", "99.0")
        result = here.run("audit")
        assert f"otherwise: {CLINIC} bk-1 decision 1, price" in result.stdout
        assert "1 difference under another payrules or other time zones: no error" in result.stdout
        assert "all is as computed" not in result.stdout

    def test_nothing_to_audit_is_an_error(self, here: Here) -> None:
        assert "there is no store empty.db" in here.run("audit", "--store", "empty.db", code=ExitCode.FAILURE).stderr
        open_store("empty.db").close()
        assert "is it the right one" in here.run("audit", "--store", "empty.db", code=ExitCode.FAILURE).stderr
        assert "no clinic `harbour`" in here.run("audit", "harbour", code=ExitCode.FAILURE).stderr


class TestRestamp:
    def test_a_list_of_which_one_is_refused(self, here: Here) -> None:
        here.practice.dispatch()
        here.practice.now += timedelta(hours=1)
        here.practice.activate(clinic_text(name="Other"))
        result = here.run("restamp", "bk-1", "bk-9", "--reason", "moved", code=ExitCode.REFUSED)
        assert result.stdout.startswith("bk-1: stamp 2, activation 2 (sha256:")
        assert result.stderr == "bk-9: refused: no booking of that id is known here\n"
        assert here.practice.stored().record.stamp.by == "kari"
        (row,) = here.rows("restamp", "bk-1", "--to", "1", "--clinic", CLINIC, "--reason", "back", "--actor", "ola")
        assert (row["outcome"], row["activation"], row["stamp"], row["decided"]) == ("restamped", 1, 3, "automatic")
        assert here.practice.stored().record.stamp.by == "ola"
        assert "unchanged, activation 1" in here.run("restamp", "bk-1", "--to", "1", "--reason", "x").stdout
        assert here.run("audit").stdout.endswith("all is as computed\n")

    def test_a_reason_is_asked_for(self, here: Here) -> None:
        assert "--reason" in here.run("restamp", "bk-1", code=ExitCode.USAGE).stderr
        assert "reason is empty" in here.run("restamp", "bk-1", "--reason", " ", code=ExitCode.FAILURE).stderr


class TestHold:
    def test_hold_and_release(self, here: Here) -> None:
        result = here.run("hold", CLINIC, "--reason", "wrong price")
        assert "on hold by kari: wrong price" in result.stdout
        assert "stopped what was to be done for 1 booking" in result.stdout
        assert "on hold already" in here.run("hold", CLINIC, "--reason", "again").stdout
        here.practice.dispatch(LINK_AT)
        assert here.practice.sms.calls == []
        (row,) = here.rows("release", CLINIC)
        assert (row["outcome"], row["bookings"], row["holds"][0]["reason"]) == ("released", 1, "wrong price")
        assert here.run("release", CLINIC).stdout == f"{CLINIC}: nothing is on hold\n"
        here.practice.dispatch()
        assert len(here.practice.sms.effects) == 1

    def test_of_one_activation(self, here: Here) -> None:
        assert "activation 1: on hold" in here.run("hold", CLINIC, "--activation", "1", "--reason", "x").stdout
        assert "no activation 2" in here.run("release", CLINIC, "--activation", "2", code=ExitCode.FAILURE).stderr
        assert "activation 1: released" in here.run("release", CLINIC, "--activation", "1").stdout

    def test_history_keeps_who_held_and_who_released(self, here: Here) -> None:
        here.run("hold", CLINIC, "--reason", "wrong price", "--actor", "ola")
        here.run("release", CLINIC, "--reason", "corrected")
        here.run("hold", CLINIC, "--activation", "1", "--reason", "once more")
        at_ten = "Tue 24 Nov 2026 10:00 (Europe/Oslo)"
        assert here.run("history", CLINIC).stdout.splitlines()[-2:] == [
            f"on hold: everything since {at_ten} by ola: wrong price; released {at_ten} by kari: corrected",
            f"on hold: activation 1 since {at_ten} by kari: once more",
        ]
        holds = [row for row in here.rows("history", CLINIC) if row["kind"] == "hold"]
        assert [(row["actor"], row["released_by"], row["release_reason"]) for row in holds] == [
            ("ola", "kari", "corrected"),
            ("kari", None, None),
        ]


class TestHeldAndDead:
    def test_nothing_waits(self, here: Here) -> None:
        assert here.run("held", "list").stdout == "nothing waits for a person\n"
        assert here.run("dead", "list").stdout == "nothing is dead\n"
        assert here.rows("held", "list") == here.rows("dead", "list") == []

    def test_held_are_listed_released_and_dropped(self, here: Here) -> None:
        here.practice.book(id="bk-2", price=None)
        here.practice.dispatch(LINK_AT)
        page = here.run("held", "list").stdout
        cause, line = page.splitlines()[1:3]
        assert page.startswith("held actions: 1\n")
        assert cause.startswith("  nobody knows whether it was done: ask the provider")
        assert line.startswith(f"      {EMAIL_KEY}  send the payment link by email, due Tue 1 Dec 2026 11:05")
        assert f"undecided: 1\n  {CLINIC}/bk-2\n      no price: price\n" in page
        action, undecided = here.rows("held", "list", "--clinic", CLINIC)
        assert (action["key"], action["cause"], action["due_at"]) == (EMAIL_KEY, "no_answer", "2026-12-01T10:05:00Z")
        assert (undecided["kind"], undecided["missing"]) == ("undecided", ["price"])
        result = here.run("held", "release", EMAIL_KEY, SMS_KEY, "--reason", "she asked", code=ExitCode.REFUSED)
        assert result.stdout == f"{EMAIL_KEY}: released\n"
        assert result.stderr == f"{SMS_KEY}: refused: the action is not held\n"
        here.practice.dispatch()
        assert here.run("held", "drop", EMAIL_KEY, "--reason", "she paid").stdout == f"{EMAIL_KEY}: dropped\n"
        assert [row["kind"] for row in here.rows("held", "list")] == ["undecided"]

    def test_what_is_held_for_one_reason_is_told_once(self, here: Here) -> None:
        here.practice.book(id="bk-2")
        here.run("hold", CLINIC, "--reason", "a bad rule")
        lines = here.run("held", "list").stdout.splitlines()
        assert lines[:2] == [
            "held actions: 8",
            f"  the clinic is on hold: `payrules release {CLINIC}` lets everything go",
        ]
        assert [line.split()[0].startswith(f"{CLINIC}/bk-") for line in lines[2:10]] == [True] * 8
        assert len(lines) == 11

    def test_a_message_that_arrived_after_all(self, here: Here) -> None:
        here.practice.dispatch(LINK_AT)
        assert "a message is told by `payrules held delivered`" in here.run("held", "list").stdout
        said = here.run("held", "delivered", EMAIL_KEY, SMS_KEY, "--reason", "they list it", code=ExitCode.REFUSED)
        assert said.stdout == f"{EMAIL_KEY}: delivered\n"
        assert said.stderr == f"{SMS_KEY}: refused: the action is not held\n"
        page = here.run("bookings", "show", "bk-1").stdout
        assert "send the payment link by email: found to be delivered by kari: they list it" in page
        (told,) = here.rows("bookings", "show", "bk-1")
        assert told["deeds"] == [
            {
                "key": EMAIL_KEY,
                "verb": "delivered",
                "actor": "kari",
                "reason": "they list it",
                "done_at": "2026-12-01T10:05:00Z",
            }
        ]
        assert [a["receipt"] for a in told["actions"] if a["key"] == EMAIL_KEY] == ["by hand: kari"]
        here.run("audit")

    def test_dead_are_listed_and_tried_again(self, here: Here) -> None:
        said = "no route to a@client.example, +47 990 00 001"
        here.practice.sms.script = lambda _: RetryLater(said)
        here.practice.dispatch(LINK_AT + timedelta(hours=23))
        page = here.run("dead", "list").stdout
        assert f"\n      {SMS_KEY}  send the payment link by sms, due Tue 1 Dec 2026 11:05" in page
        assert page.startswith("dead actions: 1\n  tried 15 times; the provider said: no route to [email], [number]\n")
        (row,) = here.rows("dead", "list")
        assert (row["state"], row["attempts"], row["cause"]) == ("dead", 15, "no route to [email], [number]")
        for wrong in ([], ["--all", SMS_KEY], [SMS_KEY, "--clinic", CLINIC]):
            here.run("dead", "retry", *wrong, code=ExitCode.USAGE)
        (row,) = here.rows("dead", "retry", "--all", "--clinic", CLINIC)
        assert row == {"key": SMS_KEY, "outcome": "retried", "code": None, "reason": None}
        assert here.run("dead", "retry", "--all").stdout == "nothing is dead\n"
        here.run("dead", "retry", SMS_KEY, code=ExitCode.REFUSED)
        here.practice.sms.script = lambda _: None
        here.practice.dispatch()
        assert len(here.practice.sms.effects) == 1

    def test_refunds_and_stopped_bookings(self, here: Here) -> None:
        here.practice.dispatch(LINK_AT - minutes(1))
        here.practice.event("paid", amount={"amount": "1500.00", "currency": "NOK"})
        here.practice.book(id="bk-2")
        here.practice.event("no_show", booking_id="bk-2", event_id="n-2")
        page = here.run("held", "list").stdout
        assert f"refunds owed: 1\n  {CLINIC}/bk-1\n      250.00 NOK to give back\n" in page
        assert f"stopped: 1\n  {CLINIC}/bk-2\n      the client did not come: " in page
        *_, stopped, refund = here.rows("held", "list")
        assert (stopped["kind"], stopped["cause"]) == ("stopped", "no_show")
        assert (refund["kind"], refund["amount"], refund["currency"]) == ("refund", "250.00", "NOK")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_every_command_explains_itself(here: Here, command: click.Command) -> None:
    name = str(command.name)
    found = [[name, part] for part in command.commands] if isinstance(command, Group) else [[name]]
    for words in found:
        page = here.run(*words, "--help").output
        assert f"Examples:\n  payrules {' '.join(words)}" in page
