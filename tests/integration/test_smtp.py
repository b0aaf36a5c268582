"""Emails over real SMTP: what arrives, and what is known when something breaks."""

import socket
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from threading import Event
from time import monotonic
from typing import Any

import pytest
from tests.servers import tls
from tests.servers.raw import raw_server, speak
from tests.servers.smtp import MailServer, settings_for

from payrules.adapters.messages.faults import UnansweredError
from payrules.adapters.messages.smtp import SmtpMessages, SmtpSettings
from payrules.app.ports import MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater
from payrules.domain.policy import Channel
from payrules.testing import sample_message

PLAIN = {"security": "none", "username": None, "password": None}
WRONG = {"password": "wrong"}
MESSAGE = sample_message(Channel.EMAIL)


@pytest.fixture(name="ca_file")
def _ca_file(tmp_path: Path) -> Path:
    return tls.authority(tmp_path)


def send(server: MailServer, message: MessageRequest = MESSAGE, **changes: Any) -> Answer:
    return SmtpMessages(settings_for(server, **(PLAIN | changes))).send(message)


def send_to(port: int, **changes: Any) -> Answer:
    fields = PLAIN | {"host": "localhost", "port": port, "sender": "post@clinic.example", "timeout": 0.6}
    return SmtpMessages(SmtpSettings.model_validate(fields | changes)).send(MESSAGE)


# ---- what arrives


def test_email_has_a_text_and_an_html_part_and_comes_from_the_clinic() -> None:
    with MailServer() as server:
        answer = send(server, reply_to="front-desk@clinic.example")
        (mail,) = server.taken
    message = mail.message
    assert (mail.sender, mail.to, mail.options) == ("post@clinic.example", ("kari@client.example",), [])
    assert message["From"] == "Nordlys Psykologi <post@clinic.example>"
    assert message["To"] == "Kari Prøve <kari@client.example>"
    assert message["Reply-To"] == "front-desk@clinic.example"
    assert message["Subject"] == MESSAGE.subject
    assert message["Date"] == "Tue, 01 Dec 2026 09:00:00 +0000"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().strip() for part in message.iter_parts()] == [MESSAGE.text, MESSAGE.html]
    assert answer == Delivered(message["Message-ID"])
    assert mail.content.isascii()


def test_message_id_is_the_keys_own() -> None:
    with MailServer() as server:
        send(server)
        send(server)
        send(server, sample_message(Channel.EMAIL, 2))
        first, again, other = (mail.message["Message-ID"] for mail in server.taken)
    assert first == again != other
    assert first.endswith("@clinic.example>")


def test_lines_that_begin_with_a_dot_stay_what_they_are() -> None:
    text = ".\n..\n.hidden\nlast\n."
    with MailServer() as server:
        assert isinstance(send(server, MESSAGE._replace(text=text, html="")), Delivered)
        (mail,) = server.taken
    assert mail.message.get_content().replace("\r\n", "\n").rstrip("\n") == text


def test_international_domain_is_told_in_ascii() -> None:
    with MailServer() as server:
        assert isinstance(send(server, MESSAGE._replace(to="kari@blåbær.example")), Delivered)
        assert server.taken[0].to == ("kari@xn--blbr-roah.example",)


def test_international_address_needs_a_server_that_knows_it() -> None:
    message = MESSAGE._replace(to="kåre@client.example")
    with MailServer(enable_SMTPUTF8=True) as server:
        assert isinstance(send(server, message), Delivered)
        (mail,) = server.taken
    assert mail.to == ("kåre@client.example",)
    assert mail.options == ["SMTPUTF8", "BODY=8BITMIME"]
    assert "kåre@client.example".encode() in mail.content
    with MailServer(enable_SMTPUTF8=False) as server:
        assert send(server, message) == Rejected("the mail server takes no address of that kind")
        assert server.taken == []


def test_no_address_is_rejected_before_anything_is_said() -> None:
    assert send_to(1) == RetryLater("no connection")
    adapter = SmtpMessages(SmtpSettings(host="localhost", port=1, sender="post@clinic.example"))
    assert adapter.send(MESSAGE._replace(to="kari at home")) == Rejected("not an email address")


# ---- TLS and authentication


@pytest.mark.parametrize("implicit", [False, True])
def test_encrypted_connection_and_authentication(ca_file: Path, implicit: bool) -> None:
    with MailServer(tls.good(), implicit=implicit) as server:
        adapter = SmtpMessages(settings_for(server, ca_file=ca_file, security="tls" if implicit else "starttls"))
        assert isinstance(adapter.send(MESSAGE), Delivered)
        assert server.logins == [True]


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("context", [tls.expired, tls.of_another_host, tls.of_nobody])
def test_certificate_that_is_not_right_is_never_accepted(
    ca_file: Path, implicit: bool, context: Callable[[], SSLContext]
) -> None:
    with MailServer(context(), implicit=implicit) as server:
        adapter = SmtpMessages(settings_for(server, ca_file=ca_file, security="tls" if implicit else "starttls"))
        assert adapter.send(MESSAGE) == RetryLater("certificate not trusted")
        assert (server.taken, server.logins) == ([], [])


def test_server_without_starttls_gets_neither_password_nor_message() -> None:
    with MailServer() as server:
        adapter = SmtpMessages(settings_for(server))
        assert adapter.send(MESSAGE) == RetryLater("no STARTTLS or no authentication offered")
        assert (server.taken, server.logins) == ([], [])


def test_wrong_password_is_a_fault_of_the_settings(ca_file: Path) -> None:
    with MailServer(tls.good()) as server:
        adapter = SmtpMessages(settings_for(server, ca_file=ca_file, **WRONG))
        assert adapter.send(MESSAGE) == RetryLater("authentication failed (535)")
        assert server.taken == []


# ---- answers


@pytest.mark.parametrize(
    ("command", "reply", "answer"),
    [
        ("MAIL", "451 4.3.0 later", RetryLater("sender refused (451 4.3.0)")),
        ("MAIL", "550 5.7.1 not your address", RetryLater("sender refused (550 5.7.1)")),
        ("RCPT", "451 4.2.0 kari@client.example", RetryLater("not accepted (451 4.2.0)")),
        ("RCPT", "550 5.1.1 kari@client.example", Rejected("recipient or message refused (550 5.1.1)")),
        ("RCPT", "550 no such user", Rejected("recipient or message refused (550)")),
        ("RCPT", "552 5.2.2 mailbox full", Rejected("recipient or message refused (552 5.2.2)")),
        ("RCPT", "554 5.7.1 relay access denied", RetryLater("not accepted (554 5.7.1)")),
        ("RCPT", "530 authentication required", RetryLater("not accepted (530)")),
        ("RCPT", "421 4.3.2 shutting down", RetryLater("not accepted (421 4.3.2)")),
        ("DATA", "451 4.3.0 disk full", RetryLater("not accepted (451 4.3.0)")),
        ("DATA", "550 5.1.1 kari@client.example", Rejected("recipient or message refused (550 5.1.1)")),
        ("DATA", "554 5.7.1 spam", RetryLater("not accepted (554 5.7.1)")),
        ("MAIL", "drop", RetryLater("no connection")),
        ("RCPT", "drop", RetryLater("no connection")),
        ("RCPT", "hang", RetryLater("no connection")),
    ],
)
def test_what_an_answer_means(command: str, reply: str, answer: Answer) -> None:
    with MailServer() as server:
        server.answers[command] = reply
        assert send(server, timeout=0.6) == answer


@pytest.mark.parametrize("greeting", ["554 no service", "421 busy"])
def test_server_that_does_not_want_to_talk(greeting: str) -> None:
    with raw_server(lambda connection, _: speak(connection, greeting)) as port:
        assert send_to(port) == RetryLater(f"the mail server is not ready ({greeting[:3]})")


def test_connection_dropped_in_the_middle_of_the_message_is_no_answer() -> None:
    def play(connection: socket.socket, _: Event) -> None:
        speak(connection, "220 hello", "250 hello", "250 OK", "250 OK", "354 go on")

    with raw_server(play) as port, pytest.raises(UnansweredError):
        send_to(port)


def test_server_that_hangs_with_the_message_is_given_up() -> None:
    with MailServer() as server:
        server.answers["DATA"] = "hang"
        began = monotonic()
        with pytest.raises(UnansweredError):
            send(server, timeout=0.5)
        assert monotonic() - began < 5


@pytest.mark.parametrize("after_message", [False, True])
def test_server_that_answers_drop_by_drop_is_given_up(after_message: bool) -> None:
    def play(connection: socket.socket, over: Event) -> None:
        if after_message:
            speak(connection, "220 hello", "250 hello", "250 OK", "250 OK", "354 go on")
        while not over.wait(0.05):
            connection.sendall(b"2")

    began = monotonic()
    with raw_server(play) as port:
        if after_message:
            with pytest.raises(UnansweredError):
                send_to(port)
        else:
            assert send_to(port) == RetryLater("no connection")
    assert monotonic() - began < 5


def test_result_stands_whatever_happens_after_it() -> None:
    def play(connection: socket.socket, _: Event) -> None:
        lines = speak(connection, "220 hello", "250 hello", "250 OK", "250 OK", "354 go on")
        assert b".\r\n" in iter(lines.readline, b"")
        connection.sendall(b"250 OK\r\n")

    with raw_server(play) as port:
        assert isinstance(send_to(port), Delivered)


# ---- settings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"security": "none"}, "on this machine"),
        ({"username": "clinic"}, "belong together"),
        ({"username": "clinic", "password": "påls"}, "ASCII"),
        ({"sender": "clinic"}, "email address"),
        ({"sender": "kåre@clinic.example"}, "email address"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    fields = {"host": "mail.clinic.example", "sender": "post@clinic.example"}
    with pytest.raises(ValueError, match=sentence):
        SmtpSettings.model_validate(fields | changes)


def test_plain_connection_to_another_machine_must_be_wished_for() -> None:
    fields = {"host": "mail.clinic.example", "sender": "post@clinic.example", "security": "none"}
    assert SmtpSettings.model_validate(fields | {"allow_plain": True}).allow_plain
