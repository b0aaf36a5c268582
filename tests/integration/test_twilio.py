"""SMS through Twilio's SDK and a server that speaks Twilio's protocol."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest
from tests.servers import tls
from tests.servers.sms import ACCOUNT, HTML, TOKEN, TwilioDouble, twilio_error
from tests.servers.web import Manner, Reply, web_server

from payrules.adapters.messages.faults import UnansweredError, UnclearAnswerError
from payrules.adapters.messages.twilio import TwilioSettings
from payrules.adapters.messages.twilio_sms import TwilioMessages
from payrules.adapters.messages.web import Web, WebAnswer
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater
from payrules.domain.policy import Channel
from payrules.testing import sample_message

MESSAGE = sample_message(Channel.SMS)
FIELDS = {"account_sid": ACCOUNT, "token": TOKEN, "sender": "+12025550100"}


def answer_to(reply: Reply) -> Answer:
    with web_server() as server:
        adapter = TwilioDouble(server).adapter()
        server.answer = lambda _: reply
        try:
            return adapter.send(MESSAGE)
        finally:
            assert len(server.taken) == 1


def test_message_is_created_and_its_sid_is_the_receipt() -> None:
    with web_server() as server:
        double = TwilioDouble(server)
        assert double.adapter().send(MESSAGE) == Delivered(f"SM{1:032x}")
        assert double.arrived() == [((MESSAGE.to,), MESSAGE.text)]


@pytest.mark.parametrize(
    ("status", "code", "answer"),
    [
        (400, 21211, Rejected("not a phone number (Twilio 21211)")),
        (400, 21610, Rejected("the client has unsubscribed from SMS (Twilio 21610)")),
        (400, 21614, Rejected("not a mobile number (Twilio 21614)")),
        (400, 21617, Rejected("the text is too long (Twilio 21617)")),
        (400, 21606, RetryLater("Twilio refuses (HTTP 400, 21606)")),
        (400, 99999, RetryLater("Twilio refuses (HTTP 400, 99999)")),
        (404, 20404, RetryLater("Twilio refuses (HTTP 404, 20404)")),
        (401, 20003, RetryLater("Twilio refuses the credentials (20003)")),
        (403, 20403, RetryLater("Twilio refuses the credentials (20403)")),
        (429, 20429, RetryLater("Twilio asks to wait")),
    ],
)
def test_what_an_error_means(status: int, code: int, answer: Answer) -> None:
    assert answer_to(twilio_error(status, code, f"about {MESSAGE.to}")) == answer


def test_error_in_the_newer_form_is_understood_too() -> None:
    body = b'{"type": "about:blank", "title": "Invalid", "status": 400, "code": 21211}'
    assert answer_to(Reply(400, body)) == Rejected("not a phone number (Twilio 21211)")


def test_delay_that_is_asked_for() -> None:
    reply = twilio_error(429, 20429, "Too Many Requests")._replace(headers=(("Retry-After", "42"),))
    assert answer_to(reply) == RetryLater("Twilio asks to wait", timedelta(seconds=42))


@pytest.mark.parametrize(
    "reply",
    [
        twilio_error(500, 20500, "Internal Server Error"),
        twilio_error(503, 20503, "Service Unavailable"),
        Reply(502, b"<html>Bad Gateway</html>"),
        Reply(302, b"", (("Location", "/"),)),
        HTML,
        Reply(201, b"{}"),
        Reply(201, b"[]"),
        Reply(201, b"null"),
        Reply(201, b'{"sid": ""}'),
        Reply(201, b'{"sid": "SM1", "status"'),
        Reply(500, b'{"type": 1, "title": 1, "status": 400, "code": 21211}'),
    ],
)
def test_answer_that_does_not_say_whether_it_went_out(reply: Reply) -> None:
    with pytest.raises(UnclearAnswerError) as raised:
        answer_to(reply)
    assert MESSAGE.to not in str(raised.value)


@pytest.mark.parametrize("manner", [Manner.HALF, Manner.NOTHING, Manner.HANG, Manner.DRIP])
def test_answer_that_does_not_come_whole_is_none(manner: Manner) -> None:
    with pytest.raises(UnansweredError):
        answer_to(Reply(201, b'{"sid": "SM1", "status": "queued"}', manner=manner))


def test_message_that_failed_at_once_is_rejected() -> None:
    body = b'{"sid": "SM1", "status": "failed", "error_code": 30006}'
    assert answer_to(Reply(201, body)) == Rejected("not sent (Twilio 30006)")


def test_nobody_there_is_a_retry() -> None:
    with web_server() as server:
        adapter = TwilioDouble(server).adapter()
    assert adapter.send(MESSAGE) == RetryLater("no connection")


@pytest.mark.parametrize("context", [tls.expired, tls.of_another_host, tls.of_nobody])
def test_certificate_that_is_not_right_is_never_accepted(tmp_path: Path, context: Callable[[], SSLContext]) -> None:
    with web_server(context()) as server:
        adapter = TwilioDouble(server, ca_file=tls.authority(tmp_path)).adapter()
        assert adapter.send(MESSAGE) == RetryLater("certificate not trusted")
        assert server.taken == []


def test_certificate_of_a_known_authority_is_accepted(tmp_path: Path) -> None:
    with web_server(tls.good()) as server:
        assert isinstance(TwilioDouble(server, ca_file=tls.authority(tmp_path)).adapter().send(MESSAGE), Delivered)


@pytest.mark.parametrize(
    ("changes", "url", "user"),
    [
        ({}, "https://api.twilio.com/", ACCOUNT),
        ({"region": "ie1", "edge": "dublin"}, "https://api.dublin.ie1.twilio.com/", ACCOUNT),
        ({"api_key": f"SK{'1' * 32}"}, "https://api.twilio.com/", f"SK{'1' * 32}"),
    ],
)
def test_place_and_credentials_come_from_the_settings_alone(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], url: str, user: str
) -> None:
    asked: list[tuple[str, Any]] = []

    def send(_: Web, method: str, url: str, **options: Any) -> WebAnswer:
        assert method == "POST"
        asked.append((url, options["auth"]))
        return WebAnswer(201, {}, b'{"sid": "SM1", "status": "queued"}')

    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setattr(Web, "send", send)
    assert TwilioMessages(TwilioSettings.model_validate(FIELDS | changes)).send(MESSAGE) == Delivered("SM1")
    assert asked == [(f"{url}2010-04-01/Accounts/{ACCOUNT}/Messages.json", (user, TOKEN))]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"messaging_service": f"MG{'0' * 32}"}, "either `sender` or"),
        ({"sender": None}, "either `sender` or"),
        ({"sender": "A name that is too long"}, "pattern"),
        ({"account_sid": "AC12"}, "pattern"),
        ({"base_url": "http://sms.example"}, "https://"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TwilioSettings.model_validate(FIELDS | changes)
