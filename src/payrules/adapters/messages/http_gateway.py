"""SMS through any gateway that takes one HTTP request a message, described in the settings."""

import json
from typing import Any
from urllib.parse import urlencode

from payrules.adapters.messages.faults import NotConnectedError, UnclearAnswerError
from payrules.adapters.messages.gateway_settings import BodyForm, GatewaySettings, filled
from payrules.adapters.messages.sms_answers import wait_of
from payrules.adapters.messages.web import CONNECTING, Connect, Web, WebAnswer
from payrules.adapters.plugins import Kind, Plugin
from payrules.app.ports import Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

_LONGEST_RECEIPT = 200


class GatewayMessages:
    """A `payrules.app.ports.MessageAdapter` for SMS. The receipt is what the settings say, else the key."""

    name = "http"

    def __init__(self, settings: GatewaySettings, connect: Connect | None = None) -> None:
        self._settings = settings
        self._web = Web(settings.timeout, settings.ca_file, connect)
        self.limits = Limits(
            concurrency=settings.concurrency,
            per_second=settings.per_second,
            key_honoured_for=settings.key_honoured_seconds,
            timeout=settings.timeout + CONNECTING,
        )

    def send(self, message: MessageRequest) -> Answer:
        """Send the SMS. Raises UnansweredError and UnclearAnswerError once it was handed over."""
        settings, secret = self._settings, self._settings.token
        values = {
            "to": message.to,
            "to_digits": message.to.lstrip("+"),
            "text": message.text,
            "key": message.key,
            "sender": settings.sender,
            "token": "" if secret is None else secret.get_secret_value(),
        }
        headers = {"Content-Type": settings.form.media_type} | filled(settings.headers, values)
        if settings.idempotency_header is not None:
            headers[settings.idempotency_header] = message.key
        body = filled(settings.body, values)
        content = (json.dumps(body) if settings.form is BodyForm.JSON else urlencode(body)).encode()
        try:
            answer = self._web.send(
                settings.method, settings.url, headers=headers, content=content, auth=settings.login
            )
        except NotConnectedError as error:
            return RetryLater(error.cause)
        return self._answered(answer, message.key)

    def _answered(self, answer: WebAnswer, key: str) -> Answer:
        settings, status = self._settings, answer.status
        if status in settings.success:
            return Delivered(key if settings.receipt is None else _receipt(answer.body, settings.receipt))
        if status in settings.reject:
            return Rejected(f"the gateway refused it (HTTP {status})")
        if status in settings.retry:
            return RetryLater(f"the gateway asks to wait (HTTP {status})", wait_of(answer.headers))
        if status in (401, 403, 407):
            return RetryLater(f"the gateway refuses the credentials (HTTP {status})")
        if status in (301, 307, 308):
            return RetryLater(f"the gateway is elsewhere: `url` is wrong (HTTP {status})")
        if 400 <= status < 500 and status != 409:
            return RetryLater(f"the gateway refused it (HTTP {status})", wait_of(answer.headers))
        raise UnclearAnswerError(f"HTTP {status}")


def _receipt(body: bytes, path: str) -> str:
    """What stands at a path such as `messages.0.id` of a JSON answer. Raises UnclearAnswerError."""
    try:
        found: Any = json.loads(body)
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UnclearAnswerError(f"no `{path}` in it") from None
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise UnclearAnswerError(f"no `{path}` in it")
    return str(found)[:_LONGEST_RECEIPT]


PLUGIN = Plugin("http", Kind.SMS, GatewaySettings, lambda settings, _: GatewayMessages(settings))
