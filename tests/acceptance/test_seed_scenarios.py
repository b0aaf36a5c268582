"""The scenarios that payrules was made for, by its commands and a real mail server with TLS and a login."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders import CLINIC, FILE, at, clinic_text, record_fields
from tests.servers import tls
from tests.servers.smtp import PASSWORD, USER, MailServer

from payrules.entrypoints.cli import main

SETTINGS = """
link_base = "https://pay.clinic.example/"

[adapters]
email = "smtp"
sms = "files"
invoices = "files"

[smtp]
host = "localhost"
port = {port}
username = "{user}"
sender = "post@clinic.example"
ca_file = "{ca_file}"
timeout = 5
"""
AFTER_BOOKING = clinic_text(notification="{send: after_booking, channels: [email]}")
AFTER_APPOINTMENT = clinic_text(notification="{send: after_appointment, offset: 15m, channels: [email]}")
DRAFTS = clinic_text(
    process="manual", manual="{create_draft: true}", notification="{channels: [email], send: after_booking}"
)
BILLED_ELSEWHERE = clinic_text(process="manual", manual="{create_draft: false}")
NAMES = ("Quist", "Vandrup")
CLIENT = {"id": "c-1", "name": "Thea Quist", "email": "thea.quist@client.example", "phone": "+47 990 00 017"}
OTHER = {"id": "c-2", "name": "Ari Vandrup", "email": "ari.vandrup@client.example", "phone": "+47 990 00 018"}
ENDS = at("2026-12-01T09:50Z")
"""When the sample appointment ends."""


class Here:
    """payrules in a folder with its settings, at a clock that the test sets."""

    def __init__(self, server: MailServer) -> None:
        self.now = at("2026-11-24T08:00Z")
        self.server = server

    def run(self, *args: str, code: int = 0, stdin: str | None = None) -> Result:
        self.now += timedelta(seconds=1)
        result = CliRunner().invoke(main, [*args], input=stdin, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def opens(self, text: str) -> None:
        """A clinic with this file is verified."""
        self.applies(text)
        self.run("verification", "set", CLINIC, "--sole-proprietor", "--legal-name", "Fjord")

    def applies(self, text: str) -> None:
        Path(FILE).write_text(text, encoding="utf-8")
        self.run("activate")

    def books(self, booking_id: str = "bk-1", client: dict[str, str] = CLIENT) -> None:
        booking = record_fields(id=booking_id, client=client, booked_at=self.now.isoformat())
        event = {"type": "booked", "event_id": f"e-{booking_id}", "booking": booking}
        self.run("process", "-", stdin=json.dumps(event))

    def mails(self, when: datetime | None = None) -> list[EmailMessage]:
        """What arrives when everything that is due is carried out, at a time."""
        self.now, before = when or self.now, len(self.server.taken)
        self.run("dispatch", "--once")
        return [mail.message for mail in self.server.taken[before:]]

    def state(self, booking_id: str = "bk-1") -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.run("bookings", "show", booking_id, "--format", "json").stdout)
        return shown


@pytest.fixture(name="here")
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    with MailServer(tls.good()) as server:
        found = Here(server)
        monkeypatch.setattr("payrules.bootstrap.now", lambda: found.now)
        settle(folder, server, monkeypatch)
        yield found
        assert all(server.logins)
        assert "all is as computed" in found.run("audit").stdout


def settle(folder: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a folder, for a mail server."""
    (folder / "clinics").mkdir()
    content = SETTINGS.format(port=server.port, user=USER, ca_file=tls.authority(folder).as_posix())
    (folder / "payrules.toml").write_text(content, encoding="utf-8")
    monkeypatch.setenv("PAYRULES_SMTP_PASSWORD", PASSWORD)
    for name in ("PAYRULES_STORE", "PAYRULES_SETTINGS", "PAYRULES_OUT", "PAYRULES_ACTOR"):
        monkeypatch.delenv(name, raising=False)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def amount_in(mail: EmailMessage) -> str:
    """What the mail asks for, as its reader sees it."""
    found = re.search(r"\d[\d\s]*,\d\d", text_of(mail))
    assert found is not None, text_of(mail)
    return re.sub(r"\s", "", found[0])


def test_automatic_right_after_booking(here: Here) -> None:
    here.opens(AFTER_BOOKING)
    here.books()
    (mail,) = here.mails()
    assert "thea.quist@client.example" in str(mail["To"])
    assert "https://pay.clinic.example/" in text_of(mail)
    assert amount_in(mail) == "1250,00"
    assert here.mails() == []
    assert here.run("pay", "bk-1", "1250").stdout.startswith("bk-1: recorded: nothing is left to pay\n")
    assert here.mails(here.now + timedelta(days=90)) == []


def test_automatic_a_quarter_of_an_hour_after_the_appointment(here: Here) -> None:
    here.opens(AFTER_APPOINTMENT)
    here.books()
    assert here.mails() == []
    assert here.mails(ENDS + timedelta(minutes=14)) == []
    (mail,) = here.mails(ENDS + timedelta(minutes=15))
    assert amount_in(mail) == "1250,00"


def test_manual_with_drafts(here: Here) -> None:
    here.opens(DRAFTS)
    here.books()
    assert here.mails() == []
    assert here.mails(ENDS + timedelta(hours=1)) == []
    assert "`payrules drafts send bk-1` sends it" in here.run("drafts", "list").stdout
    here.run("drafts", "price", "bk-1", "990.50")
    here.run("drafts", "send", "bk-1")
    (mail,) = here.mails()
    assert amount_in(mail) == "990,50"
    assert list(Path("outbox/invoices").rglob("*.pdf"))


def test_manual_without_drafts(here: Here) -> None:
    here.opens(BILLED_ELSEWHERE)
    here.books()
    assert here.mails() == []
    assert here.mails(ENDS + timedelta(hours=1)) == []
    assert here.run("drafts", "list").stdout == "no drafts wait\n"
    assert "billed elsewhere" in here.run("drafts", "send", "bk-1", code=1).stderr
    assert not Path("outbox").exists()


def test_an_exception_by_hand_under_automatic(here: Here) -> None:
    here.opens(AFTER_APPOINTMENT)
    here.books()
    here.books("bk-2", OTHER)
    here.run("override", "bk-1", "manual", "--reason", "the fee is agreed in the session", "--actor", "kari")
    (mail,) = here.mails(ENDS + timedelta(minutes=15))
    assert "ari.vandrup@client.example" in str(mail["To"])
    assert "override: manual, by kari: the fee is agreed in the session" in here.run("bookings", "show", "bk-1").stdout
    here.run("drafts", "send", "bk-1", "--at", "2026-12-02T09:00")
    assert here.mails(at("2026-12-02T07:59Z")) == []
    (mail,) = here.mails(at("2026-12-02T08:00Z"))
    assert "thea.quist@client.example" in str(mail["To"])


def test_a_change_of_settings_leaves_older_bookings_alone(here: Here) -> None:
    here.opens(AFTER_APPOINTMENT)
    here.books()
    here.applies(AFTER_BOOKING)
    here.books("bk-2", OTHER)
    (mail,) = here.mails()
    assert "ari.vandrup@client.example" in str(mail["To"])
    assert here.mails(ENDS + timedelta(minutes=14)) == []
    (mail,) = here.mails(ENDS + timedelta(minutes=15))
    assert "thea.quist@client.example" in str(mail["To"])
    sequences = [
        re.findall(r"stamped 1: activation (\d)", here.run("bookings", "show", name).stdout)
        for name in ("bk-1", "bk-2")
    ]
    assert sequences == [["1"], ["2"]]


# ---- what is logged


def test_no_client_is_named_in_what_a_daemon_logs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer(tls.good()) as server:
        settle(folder, server, monkeypatch)
        Path(FILE).write_text(AFTER_BOOKING, encoding="utf-8")
        for words in (("activate",), ("verification", "set", CLINIC, "--sole-proprietor", "--legal-name", "Fjord")):
            assert CliRunner().invoke(main, [*words], catch_exceptions=False).exit_code == 0
        log = folder / "log.jsonl"
        daemon = [sys.executable, "-m", "payrules", "run", "--intake", "intake", "--ready-file", "ready.json"]
        with log.open("w", encoding="utf-8") as stream:
            process = subprocess.Popen(daemon, stderr=stream, stdout=stream)
        try:
            until(lambda: Path("ready.json").exists())
            # A server that quotes whom it refuses, and events that cannot be taken, tempt whoever logs them.
            tell("bk-1", CLIENT)
            until(lambda: len(server.taken) == 1)
            server.answers = {"RCPT": f"550 5.1.1 <{OTHER['email']}> {OTHER['name']}: no such user"}
            tell("bk-2", OTHER)
            tell("bk-3", OTHER | {"email": 17})
            Path("intake/broken.jsonl.part").write_text(json.dumps(CLIENT)[:-9], encoding="utf-8")
            Path("intake/broken.jsonl.part").rename("intake/broken.jsonl")
            until(lambda: "rejected" in attempts("bk-2") and log.read_text(encoding="utf-8").count("broken.jsonl") > 0)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
    said = log.read_text(encoding="utf-8")
    assert '"event"' in said
    for secret in (*NAMES, "client.example", "99000", "990 00", PASSWORD, "Thea", "Ari "):
        assert secret not in said


def tell(booking_id: str, client: dict[str, Any]) -> None:
    """Put a booking that is made now into the intake folder."""
    booking = record_fields(
        id=booking_id,
        client=client,
        booked_at=datetime.now(UTC).isoformat(),
        starts_at="2031-12-01T10:00:00+01:00",
        ends_at="2031-12-01T10:50:00+01:00",
    )
    event = {"type": "booked", "event_id": f"e-{booking_id}", "booking": booking}
    Path("intake/one.part").write_text(json.dumps(event) + "\n", encoding="utf-8")
    Path("intake/one.part").rename(f"intake/{booking_id}.jsonl")


def attempts(booking_id: str) -> str:
    shown = CliRunner().invoke(main, ["bookings", "show", booking_id])
    return shown.output


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, within a deadline."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
