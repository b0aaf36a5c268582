"""The practice's day by the command line, on a store of its own: from a draft to its payment, and what goes wrong."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders import CLINIC, FILE, at, clinic_text, record_fields
from tests.shapes import read_lines

from payrules.domain.events import OverrideProcess
from payrules.domain.policy import Channel, PaymentMethod
from payrules.domain.record import BookingState
from payrules.entrypoints import (
    activation_commands,
    dispatch_commands,
    ledger_commands,
    practice_commands,
    practice_commands_bookings,
    practice_pages,
    processing_commands,
)
from payrules.entrypoints.cli import main

MODULES = (
    activation_commands,
    processing_commands,
    dispatch_commands,
    ledger_commands,
    practice_commands,
    practice_commands_bookings,
)
RULES = "rules:\n  - id: couples-by-hand\n    when: {session_type: couples}\n    set: {manual: {create_draft: true}}\n"
MANUAL = clinic_text(
    "session_types: {couples: {name: Couples}}\n" + RULES,
    process="manual",
    manual="{create_draft: true, default_method: card_terminal}",
)
CLIENT = {"id": "client-1", "name": "Quist", "email": "quist@client.example", "phone": "+47 990 00 001"}


class Here:
    """payrules in a folder with a verified clinic, at a clock that goes on by a minute a command."""

    def __init__(self) -> None:
        self.now = at("2026-11-24T08:00Z")

    def run(self, *args: str, code: int = 0, stdin: str | None = None) -> Result:
        self.now += timedelta(minutes=1)
        result = CliRunner().invoke(main, [*args], input=stdin, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def says(self, *args: str) -> list[str]:
        """The lines of what must be done."""
        return [line.strip() for line in self.run(*args).stdout.splitlines()]

    def refused(self, *args: str) -> str:
        """The one line of what must be refused."""
        result = self.run(*args, code=1)
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        return line

    def rows(self, *args: str) -> list[dict[str, Any]]:
        return read_lines(self.run(*args, "--format", "json").stdout, *args)

    def book(self, booking_id: str = "bk-1", **changes: Any) -> None:
        usual = {"client": CLIENT, "session_type": "couples", "booked_at": self.now.isoformat()}
        booking = record_fields(id=booking_id, **(usual | changes))
        event = {"type": "booked", "event_id": f"e-{booking_id}-{booking['clinic']}", "booking": booking}
        self.run("process", "-", stdin=json.dumps(event))


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    found = Here()
    monkeypatch.setattr("payrules.bootstrap.now", lambda: found.now)
    monkeypatch.setenv("LOGNAME", "kari")
    for name in ("PAYRULES_STORE", "PAYRULES_ACTOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path(FILE).parent.mkdir()
    Path(FILE).write_text(MANUAL, encoding="utf-8")
    found.run("activate")
    found.run("verification", "set", CLINIC, "--sole-proprietor", "--legal-name", "Fjord")
    yield found
    assert "all is as computed" in found.run("audit").stdout
    # Whatever happened, nobody's name or address got into what is printed without being asked for.
    for args in (("bookings", "list"), ("bookings", "list", "--format", "json")):
        assert "uist" not in found.run(*args).output


def test_a_day_from_a_draft_to_its_payment(here: Here) -> None:
    here.book(price=None)
    assert here.says("drafts", "list")[1].endswith("a draft without a price: `payrules drafts price bk-1 AMOUNT`")
    assert here.refused("drafts", "send", "bk-1") == (
        "refused: bk-1: the draft has no price: `payrules drafts price bk-1 AMOUNT`"
    )
    assert here.says("drafts", "price", "bk-1", "1250.50") == [
        "bk-1: its price is 1250.50 NOK",
        "a draft over 1250.50 NOK: `payrules drafts send bk-1` sends it",
    ]
    assert here.says("drafts", "send", "bk-1", "--at", "2026-12-01T10:00") == [
        "bk-1: to be sent",
        "a draft over 1250.50 NOK; the link goes out Tue 1 Dec 2026 10:00 by sms and email",
    ]
    here.now = at("2026-12-01T09:00Z")
    here.run("dispatch", "--once")
    assert here.says("pay", "bk-1", "500") == [
        "bk-1: recorded: 750.50 NOK left to pay",
        "invoice 1 over 1250.50 NOK: 750.50 NOK left to pay",
    ]
    assert here.says("pay", "bk-1", "750.50", "--method", "cash")[0] == "bk-1: recorded: nothing is left to pay"
    (row,) = here.rows("bookings", "list", "--state", "paid")
    assert (row["paid"], row["left"], row["invoice"]["number"]) == (
        {"amount": "1250.50", "currency": "NOK"},
        None,
        "1",
    )
    assert here.says("drafts", "list") == ["no drafts wait"]
    assert here.rows("drafts", "list") == []


def test_the_other_of_two_people_is_told_who_was_first(here: Here) -> None:
    here.book()
    here.run("drafts", "send", "bk-1", "--actor", "kari")
    assert here.refused("drafts", "send", "bk-1", "--actor", "ola").startswith(
        "refused: bk-1: kari sent this draft already, Tue 24 Nov 2026 09:"
    )
    here.run("dispatch", "--once")
    assert here.refused("drafts", "send", "bk-1", "--actor", "ola") == (
        "refused: bk-1: invoice 1 is issued already: `payrules links resend bk-1` sends its link again"
    )


def test_what_is_told_again_by_its_event_id_is_done_once(here: Here) -> None:
    here.book()
    here.run("pay", "bk-1", "500", "--event-id", "till-1")
    assert here.says("pay", "bk-1", "500", "--event-id", "till-1")[0] == "bk-1: done before, nothing changes"
    assert here.refused("pay", "bk-1", "600", "--event-id", "till-1") == (
        "refused: bk-1: this event id named something else before: take another one"
    )
    assert here.says("pay", "bk-1", "500")[0] == "bk-1: recorded: 250.00 NOK left to pay"


def test_links_refunds_and_credits(here: Here) -> None:
    here.book()
    here.run("drafts", "send", "bk-1")
    assert here.refused("links", "resend", "bk-1") == (
        "refused: bk-1: no invoice is issued whose link could be sent again"
    )
    here.run("dispatch", "--once")
    assert here.says("links", "resend", "bk-1", "--channel", "email")[1].endswith("; the link goes out now by email")
    assert here.refused("links", "resend", "bk-1") == (
        "refused: bk-1: a link is on its way already: it goes out now by email"
    )
    assert (
        here.says("pay", "bk-1", "1400")[-1] == "150.00 NOK to give back: `payrules refund bk-1 150.00` once it is done"
    )
    assert here.refused("links", "resend", "bk-1") == "refused: bk-1: the invoice is paid"
    assert here.refused("refund", "bk-1", "1500") == "error: only 1400.00 NOK came in for this booking"
    assert here.says("refund", "bk-1", "150") == ["bk-1: recorded", "1250.00 NOK paid in full, invoice 1"]
    assert here.refused("drafts", "price", "bk-1", "900") == (
        "refused: bk-1: the invoice is issued and stays: `payrules credit bk-1 --reason …` makes a fresh draft"
    )
    assert here.says("credit", "bk-1", "--reason", "wrong price") == [
        "bk-1: invoice 1 is credited",
        "more came in than is owed: held until it is refunded",
        "a draft over 1250.00 NOK: `payrules drafts send bk-1` sends it",
        "1250.00 NOK to give back: `payrules refund bk-1 1250.00` once it is done",
    ]


def test_a_client_nobody_can_reach(here: Here) -> None:
    here.book(client={"id": "client-1"})
    assert here.refused("drafts", "send", "bk-1") == (
        "refused: bk-1: no phone number or email address reaches the payer: "
        "`payrules bookings set bk-1 client.phone=… client.email=…`"
    )
    here.run("bookings", "set", "bk-1", "client.email=quist@client.example")
    assert here.says("drafts", "send", "bk-1")[1] == "a draft over 1250.00 NOK; the link goes out now by email"


def test_a_fact_that_is_missing(here: Here) -> None:
    here.book()
    here.run("override", "bk-1", "automatic", "--reason", "asked for")
    here.run("bookings", "set", "bk-1", "client.email=", "client.phone=")
    (row,) = here.rows("bookings", "list", "--state", "undecided")
    assert row["missing"] == ["client.phone", "client.email"]
    assert here.says("bookings", "set", "bk-1", "client.phone=+47 990 00 002") == [
        "bk-1: recorded client.phone",
        "1250.00 NOK; the link goes out by itself Tue 1 Dec 2026 11:05 by sms",
    ]
    assert here.refused("bookings", "set", "bk-1", "first_visit=perhaps") == ("error: `first_visit` is true or false")


def test_the_process_of_one_booking(here: Here) -> None:
    here.book()
    assert here.says("override", "bk-1", "external", "--reason", "paid by the hospital") == [
        "bk-1: now external",
        "billed elsewhere: kari decided so",
    ]
    assert here.refused("drafts", "send", "bk-1") == (
        "refused: bk-1: there is no draft, it is billed elsewhere: kari decided so: "
        "`payrules override bk-1 manual --reason …` makes one"
    )
    here.run("override", "bk-1", "automatic", "--reason", "it was not")
    assert here.refused("drafts", "send", "bk-1").startswith("refused: bk-1: this link goes out by itself Tue 1 Dec")
    assert here.says("cancel", "bk-1", "--charge", "--reason", "an hour before")[0] == "bk-1: cancelled, to be charged"
    assert here.says("cancel", "bk-1") == ["bk-1: cancelled", "cancelled"]
    assert here.refused("pay", "bk-1", "1250,50") == (
        "error: an amount has a decimal point and no comma: write it as 1250 or 1250.50"
    )


def test_the_whole_story_of_a_booking(here: Here) -> None:
    here.book()
    here.run("drafts", "send", "bk-1", "--actor", "kari")
    here.run("drafts", "send", "bk-1", "--actor", "ola", code=1)
    here.run("dispatch", "--once")
    here.run("pay", "bk-1", "500", "--actor", "ola")
    text = here.run("bookings", "show", "bk-1").stdout
    for part in (
        "fjord-fysio/bk-1: issued",
        "client: reached by email and sms",
        "invoice 1 over 1250.00 NOK: 750.00 NOK left to pay",
        "stamped 1: activation 1, sha256:",
        f"decided 1: draft by rule couples-by-hand ({FILE}:15), 1250.00 NOK, process manual",
        "draft sent, by kari",
        "refused: draft sent, by ola (already sent)",
        "issue the invoice: delivered, 1 (attempt 1)",
        "send the payment link by sms: delivered",
        "paid 500.00 NOK by card terminal, by ola",
    ):
        assert part in text, part
    assert "uist" not in text
    assert "Quist, quist@client.example, +47 990 00 001" in here.run("bookings", "show", "bk-1", "--contacts").stdout
    (told,) = here.rows("bookings", "show", "bk-1")
    assert "uist" not in json.dumps(told)
    assert [(row["type"], row["state"], row["person"]) for row in told["events"]] == [
        ("booked", "applied", None),
        ("draft_sent", "applied", "kari"),
        ("draft_sent", "refused", "ola"),
        ("paid", "applied", "ola"),
    ]
    assert told["decisions"][0]["decider"] == {"rule": "couples-by-hand", "file": FILE, "line": 15}
    delivered = [action for action in told["actions"] if action["state"] == "delivered"]
    assert [action["type"] for action in delivered] == [
        "create_invoice",
        "issue_invoice",
        "send_payment_link",
        "send_payment_link",
    ]
    assert all(action["attempts"][0]["answer"] == "delivered" for action in delivered)
    (with_contacts,) = here.rows("bookings", "show", "bk-1", "--contacts")
    assert with_contacts["contacts"]["client"]["phone"] == "+47 990 00 001"


def test_a_clinic_on_hold_says_what_waits(here: Here) -> None:
    here.book()
    here.run("dispatch", "--once")
    here.run("hold", CLINIC, "--reason", "wrong rule")
    main, *held = here.says("drafts", "send", "bk-1")[1:]
    assert main == "a draft over 1250.00 NOK: sent, and held up"
    assert len(held) == 1, "one reason is told once"
    assert held[0] == (
        "held: issue the invoice, send the payment link by sms, send the payment link by email: the clinic is on hold:"
        f" `payrules release {CLINIC}` lets everything go (`payrules held list`)"
    )
    (_, line) = here.says("bookings", "list")
    assert line.endswith("a draft over 1250.00 NOK: sent, and held up; 3 held: `payrules held list`")
    here.run("release", CLINIC)
    here.run("dispatch", "--once")
    assert here.rows("bookings", "list")[0]["state"] == "issued"


def test_what_is_not_there(here: Here) -> None:
    assert here.refused("bookings", "show", "Quist") == (
        "error: no booking of that id is known here: `payrules bookings list` shows them"
    )
    assert here.refused("bookings", "list", "--clinic", "elsewhere").startswith("error: no clinic `elsewhere` is known")
    assert here.says("bookings", "list") == ["no bookings"]
    assert here.refused("pay", "bk-1", "5", "--actor", " ") == (
        "error: the name of who does it is empty: say it, for whoever asks later"
    )


def test_the_words_of_options_are_those_of_the_domain() -> None:
    assert tuple(PaymentMethod) == practice_commands.METHODS
    assert tuple(Channel) == practice_commands.CHANNELS
    assert tuple(OverrideProcess) == practice_commands.PROCESSES
    assert tuple(BookingState) == practice_commands_bookings.STATES


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    practice_pages.print_table(("Booking", "Next"), [("bk-1", "[bold]to be sent[/bold]")])
    head, rule, row = (line.strip() for line in terminal.getvalue().splitlines() if line.strip())
    assert (head.split(), set(rule), row.split(maxsplit=1)) == (
        ["Booking", "Next"],
        {"─"},
        ["bk-1", "[bold]to be sent[/bold]"],
    )
