"""SMS through a gateway that the settings describe: what it is sent, and what its answers mean."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.servers import tls
from tests.servers.web import Manner, Reply, WebServer, web_server

from payrules.adapters.messages.faults import UnansweredError, UnclearAnswerError
from payrules.adapters.messages.gateway_settings import GatewaySettings
from payrules.adapters.messages.http_gateway import GatewayMessages
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater
from payrules.domain.policy import Channel
from payrules.testing import sample_message

MESSAGE = sample_message(Channel.SMS)
SECRET, PASSWORD = {"token": "s3cret"}, {"password": "s3cret"}
FIELDS: dict[str, Any] = {"url": "https://sms.example/send", "body": {"to": "{to}", "text": "{text}"}}


def send(server: WebServer, **changes: Any) -> Answer:
    fields = FIELDS | {"url": f"{server.url}/send", "timeout": 0.6} | changes
    return GatewayMessages(GatewaySettings.model_validate(fields)).send(MESSAGE)


def test_json_body_with_every_name() -> None:
    body = {
        "recipients": [{"msisdn": "{to_digits}"}],
        "to": "{to}",
        "content": "{sender}: {text}",
        "reference": "{key}",
        "secret": "{token}",
        "flash": False,
        "parts": 3,
    }
    with web_server() as server:
        answer = send(server, body=body, sender="Nordlys", headers={"X-Api-Key": "{token}"}, **SECRET)
        (taken,) = server.taken
    assert json.loads(taken.body) == {
        "recipients": [{"msisdn": "4799000123"}],
        "to": "+4799000123",
        "content": f"Nordlys: {MESSAGE.text}",
        "reference": MESSAGE.key,
        "secret": "s3cret",
        "flash": False,
        "parts": 3,
    }
    assert taken.headers["X-Api-Key"] == "s3cret"
    assert taken.headers["Content-Type"] == "application/json"
    assert answer == Delivered(MESSAGE.key)


def test_form_body_and_basic_login() -> None:
    with web_server() as server:
        send(server, form="form", method="PUT", username="clinic", **PASSWORD)
        (taken,) = server.taken
    assert parse_qs(taken.body.decode()) == {"to": ["+4799000123"], "text": [MESSAGE.text]}
    assert taken.method == "PUT"
    assert taken.headers["Authorization"] == "Basic Y2xpbmljOnMzY3JldA=="
    assert taken.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_names_in_a_text_are_not_replaced_again() -> None:
    with web_server() as server:
        fields = FIELDS | {"url": f"{server.url}/send", "token": "s3cret", "headers": {"Authorization": "{token}"}}
        GatewayMessages(GatewaySettings.model_validate(fields)).send(MESSAGE._replace(text="{token} {nothing}"))
        assert json.loads(server.taken[0].body)["text"] == "{token} {nothing}"


STATUSES = {"success": [200, 208], "reject": [422, 410], "retry": [429, 503]}


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Delivered(MESSAGE.key)),
        (208, Delivered(MESSAGE.key)),
        (301, RetryLater("the gateway is elsewhere: `url` is wrong (HTTP 301)")),
        (308, RetryLater("the gateway is elsewhere: `url` is wrong (HTTP 308)")),
        (400, RetryLater("the gateway refused it (HTTP 400)")),
        (401, RetryLater("the gateway refuses the credentials (HTTP 401)")),
        (403, RetryLater("the gateway refuses the credentials (HTTP 403)")),
        (404, RetryLater("the gateway refused it (HTTP 404)")),
        (410, Rejected("the gateway refused it (HTTP 410)")),
        (422, Rejected("the gateway refused it (HTTP 422)")),
        (429, RetryLater("the gateway asks to wait (HTTP 429)")),
        (503, RetryLater("the gateway asks to wait (HTTP 503)")),
    ],
)
def test_what_a_status_means(status: int, answer: Answer) -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(status)
        assert send(server, **STATUSES) == answer
        assert len(server.taken) == 1


@pytest.mark.parametrize("status", [204, 302, 303, 409, 500, 502, 504])
def test_status_that_does_not_say_whether_it_went_out(status: int) -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(status, b"" if status == 204 else b"{}", (("Location", "/elsewhere"),))
        with pytest.raises(UnclearAnswerError, match=str(status)):
            send(server, **STATUSES)
        assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("17", timedelta(seconds=17)),
        ("0", timedelta(0)),
        ("99999999", timedelta(days=1)),
        ("-1", None),
        ("soon", None),
        ("²", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_delay_that_is_asked_for(written: str, after: timedelta | None) -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(429, headers=(("Retry-After", written.encode().decode("latin-1")),))
        assert send(server) == RetryLater("the gateway asks to wait (HTTP 429)", after)


@pytest.mark.parametrize(
    ("path", "body", "receipt"),
    [
        ("id", b'{"id": "m-1"}', "m-1"),
        ("id", b'{"id": 17}', "17"),
        ("messages.0.id", b'{"messages": [{"id": "m-1"}]}', "m-1"),
        ("0", b'["m-1"]', "m-1"),
    ],
)
def test_receipt_is_where_the_settings_say(path: str, body: bytes, receipt: str) -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(200, body)
        assert send(server, receipt=path) == Delivered(receipt)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b'{"id": null}',
        b'{"id": true}',
        b'{"id": ""}',
        b'{"id": {}}',
        b'"id"',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_success_without_its_receipt_is_unclear(body: bytes) -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(200, body)
        with pytest.raises(UnclearAnswerError):
            send(server, receipt="id")


@pytest.mark.parametrize("manner", [Manner.HALF, Manner.NOTHING, Manner.HANG, Manner.DRIP])
def test_answer_that_does_not_come_whole_is_none(manner: Manner) -> None:
    began = monotonic()
    with web_server() as server:
        server.answer = lambda _: Reply(200, b'{"id": "m-1"}', manner=manner)
        with pytest.raises(UnansweredError):
            send(server)
        assert len(server.taken) == 1
    assert monotonic() - began < 5


def test_answer_without_end_is_not_read() -> None:
    with web_server() as server:
        server.answer = lambda _: Reply(200, b"x" * 300_000)
        with pytest.raises(UnclearAnswerError):
            send(server)


def test_nobody_there_is_a_retry() -> None:
    with web_server() as server:
        pass
    assert send(server) == RetryLater("no connection")


def test_host_that_is_no_host_is_a_retry() -> None:
    adapter = GatewayMessages(GatewaySettings.model_validate(FIELDS | {"url": "https://gateway.invalid/"}))
    assert adapter.send(MESSAGE) == RetryLater("no connection")


def test_certificate_is_verified(tmp_path: Path) -> None:
    with web_server(tls.good()) as server:
        assert isinstance(send(server, ca_file=tls.authority(tmp_path)), Delivered)
        assert send(server) == RetryLater("certificate not trusted")


@pytest.mark.parametrize("context", [tls.expired, tls.of_another_host, tls.of_nobody])
def test_certificate_that_is_not_right_is_never_accepted(tmp_path: Path, context: Callable[[], SSLContext]) -> None:
    with web_server(context()) as server:
        assert send(server, ca_file=tls.authority(tmp_path)) == RetryLater("certificate not trusted")
        assert server.taken == []


def test_plain_server_where_an_encrypted_one_should_be_gets_nothing() -> None:
    with web_server() as server:
        assert send(server, url=server.url.replace("http:", "https:")) == RetryLater("no connection")
        assert server.taken == []


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with web_server() as server:
        assert isinstance(send(server), Delivered)
        assert "Authorization" not in server.taken[0].headers


def test_key_is_honoured_for_as_long_as_the_settings_say() -> None:
    fields = FIELDS | {"idempotency_header": "Idempotency-Key", "key_honoured_for": "24h"}
    assert GatewayMessages(GatewaySettings.model_validate(fields)).limits.key_honoured_for == 86_400
    assert GatewayMessages(GatewaySettings.model_validate(FIELDS)).limits.key_honoured_for == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://sms.example/send"}, "https://"),
        ({"url": "ftp://sms.example/send"}, "https://"),
        ({"url": "https://user:word@sms.example/"}, "no name and no password"),
        ({"url": "https://sms.example/{to}"}, "may hold no"),
        ({"body": {"to": "{to}"}}, "needs {text}"),
        ({"body": {"text": "{text}"}}, "needs {text}"),
        ({"body": {"to": "{to}", "text": "{text}", "x": ["{nmae}"]}}, "{nmae} stands for nothing"),
        ({"body": {"to": "{to}", "text": "{text}", "x": "{sender}"}}, "`sender` is missing"),
        ({"headers": {"Authorization": "Bearer abcdef"}}, "looks like a secret"),
        ({"headers": {"Authorization": "Bearer {token}"}}, "PAYRULES_HTTP_TOKEN"),
        ({"headers": {"X-To": "{to}"}}, "may hold {token}"),
        ({"headers": {"X-One": "a\r\nX-Two: b"}}, "in one line"),
        ({"token": "unused"}, "belong together"),
        ({"username": "clinic"}, "belong together"),
        ({"token": "a\r\nX: y", "headers": {"X-Key": "{token}"}}, "printable ASCII"),
        ({"sender": "Blåbær", "headers": {"X-From": "{sender}"}}, "printable ASCII"),
        ({"ca_file": "no/such.pem"}, "not point to a file"),
        ({"retry": [200]}, "in two of"),
        ({"key_honoured_for": "24h"}, "needs the key to be sent"),
        ({"form": "form", "body": {"to": ["{to}"], "text": "{text}"}}, "every value of `body` is text"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        GatewaySettings.model_validate(FIELDS | changes)
