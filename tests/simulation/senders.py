"""The real adapters of messages, over wires to providers that do what a seed says: SMTP, a gateway, and Twilio."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

from tests.simulation.providers import Keys, Scene
from tests.simulation.wires import EndError, HttpServer, Server, SmtpServer, Wire, http_answer

from payrules.adapters.messages.gateway_settings import GatewaySettings
from payrules.adapters.messages.http_gateway import GatewayMessages
from payrules.adapters.messages.smtp import SmtpMessages, SmtpSettings
from payrules.adapters.messages.twilio import TwilioSettings
from payrules.adapters.messages.twilio_sms import TwilioMessages
from payrules.app.ports import MessageAdapter, MessageRequest
from payrules.domain.action import Answer, Delivered

if TYPE_CHECKING:
    from payrules.adapters.messages.web import Connect

_HTML = b"<html><body>It works!</body></html>"
_ACCOUNT = "AC" + "0" * 32


class Sender:
    """A real adapter of messages. Each call has a connection of its own, to a provider that this class plays.

    `faults` are the words for what goes wrong with a call; those below go wrong in the same way everywhere.
    """

    faults: ClassVar[tuple[str, ...]] = ()
    anywhere: ClassVar[tuple[str, ...]] = (
        "no connection",
        "hangs at connecting",
        "breaks before effect",
        "breaks after effect",
        "breaks in mid-answer",
        "silent before effect",
        "silent after effect",
        "nonsense after effect",
        "effect comes late",
        "slow",
    )

    def __init__(self, scene: Scene, name: str, honoured_for: float) -> None:
        self.name = name
        self.down: tuple[datetime, datetime] | None = None
        self._scene = scene
        self._keys = Keys(scene, honoured_for)
        self._count = self._faults = 0
        self._calls: list[tuple[MessageRequest, str, datetime]] = []
        self._adapter = self._make(self._connect)
        self.limits = self._adapter.limits

    def send(self, message: MessageRequest) -> Answer:
        """One message, by the adapter."""
        asked_at = self._scene.now
        self._scene.called(message)
        # One after the other: there are more of them than messages.
        words = (*self.anywhere, *self.faults)
        fault = self._scene.draw_fault((words[(self._scene.seed + self._faults) % len(words)],), 8)
        self._faults += bool(fault)
        # Others come in between and send messages too: calls end in the order opposite to that they began in.
        self._calls.append((message, fault, asked_at))
        try:
            return self._adapter.send(message)
        finally:
            self._calls.pop()

    def _make(self, connect: "Connect") -> MessageAdapter:
        raise NotImplementedError

    def _serve(self, fault: str) -> Server:
        raise NotImplementedError

    def _nonsense(self) -> bytes:
        raise NotImplementedError

    def _connect(self, _: tuple[str, int], timeout: float) -> Any:
        fault = self._calls[-1][1]
        if fault == "no connection" or self._is_down():
            raise ConnectionRefusedError
        if fault == "hangs at connecting":
            self._scene.pass_time(seconds=timeout)
            raise TimeoutError
        return Wire(self._serve(fault))

    def _is_down(self) -> bool:
        return self.down is not None and self.down[0] <= self._scene.now < self.down[1]

    def _told(self, refuse: Callable[[], bytes], done: Callable[[str], bytes], *, refuses: bool) -> bytes:
        """The message has arrived whole: what the provider does with it, and what it says."""
        scene, keys = self._scene, self._keys
        message, fault, asked_at = self._calls[-1]
        scene.point("before effect")
        if not keys.may_take(message) or (refuses and keys.may_refuse(message)):
            keys.refuse(message)
            return refuse()
        match fault:
            case "breaks before effect":
                raise ConnectionResetError
            case "silent before effect":
                raise self._silence()
            case "effect comes late":
                keys.later(message, self._do)
                raise self._silence()
            case "slow":
                scene.pass_time(past_lease=True)
        answer = keys.once(message, self._do, asked_at)
        assert isinstance(answer, Delivered)
        scene.pass_time()
        scene.point("after effect")
        match fault:
            case "breaks after effect":
                raise ConnectionResetError
            case "breaks in mid-answer":
                said = done(answer.receipt)
                raise EndError(said[: max(len(said) // 4, 2)])
            case "silent after effect":
                raise self._silence()
            case "nonsense after effect":
                return self._nonsense()
        return done(answer.receipt)

    def _silence(self) -> TimeoutError:
        self._scene.pass_time(seconds=self.limits.timeout)
        return TimeoutError()

    def _do(self, message: MessageRequest) -> Delivered:
        self._count += 1
        return Delivered(f"{self.name}-{self._count}")

    def _same(self, what: str, arrived: object, wanted: object) -> None:
        if arrived != wanted:
            self._scene.wrong(f"{what} of {self._calls[-1][0].key} arrives as {arrived!r} instead of {wanted!r}")


class Mail(Sender):
    """Email by SMTP. Its receipt is the Message-ID, which must be the same whenever a message is sent again."""

    faults = (
        "not ready",
        "login refused",
        "recipient put off",
        "recipient refused",
        "sender blocked",
        "data refused",
        "content put off",
        "content refused",
    )
    _SAID: ClassVar[dict[str, dict[str, bytes]]] = {
        "not ready": {"CONNECT": b"421 4.3.2 not now\r\n"},
        "login refused": {"AUTH": b"535 5.7.8 who are you\r\n"},
        "recipient put off": {"RCPT": b"450 4.2.1 later\r\n"},
        "sender blocked": {"RCPT": b"554 5.7.1 not from you\r\n"},
        "data refused": {"DATA": b"451 4.3.0 later\r\n"},
    }

    def __init__(self, scene: Scene) -> None:
        self._ids: dict[str, str] = {}
        super().__init__(scene, "email", 0.0)

    def _make(self, connect: "Connect") -> MessageAdapter:
        fields = {"host": "localhost", "security": "none", "sender": "post@payrules.example"}
        return SmtpMessages(SmtpSettings.model_validate(fields | {"username": "u", "password": "p"}), connect)

    def _serve(self, fault: str) -> Server:
        said = self._SAID.get(fault, {})
        message = self._calls[-1][0]
        if fault == "recipient refused" and self._keys.may_refuse(message):
            self._keys.refuse(message)
            said = {"RCPT": b"550 5.1.1 nobody of that name\r\n"}
        return SmtpServer(said, self._deliver)

    def _deliver(self, recipient: str, content: bytes) -> bytes:
        message, fault, _ = self._calls[-1]
        mail = message_from_bytes(content, policy=policy.SMTP)
        self._same("recipient", recipient, message.to)
        self._same("address", mail["To"].addresses[0].addr_spec, message.to)
        message_id = str(mail["Message-ID"])
        self._same("Message-ID", message_id, self._ids.setdefault(message.key, message_id))
        if sum(known == message_id for known in self._ids.values()) > 1:
            self._scene.wrong(f"{message.key} has the Message-ID of another message")
        if fault == "content put off":
            return b"451 4.3.0 later\r\n"
        refuse, done = b"552 5.3.4 too long\r\n", b"250 2.0.0 queued\r\n"
        return self._told(lambda: refuse, lambda _: done, refuses=fault == "content refused")

    def _nonsense(self) -> bytes:
        return _HTML + b"\r\n"

    def _do(self, message: MessageRequest) -> Delivered:
        return Delivered(self._ids[message.key])


class _Web(Sender):
    """What providers over HTTP do alike. `asked_to_wait` is asked of in answers, and kept to: see `starts.py`."""

    faults = (
        "asks to wait",
        "asks to wait for long",
        "asks to wait, not for how long",
        "credentials refused",
        "refused for good",
        "not found",
        "moved",
        "error before effect",
        "error after effect",
        "HTML before effect",
    )

    def _serve(self, fault: str) -> Server:
        return HttpServer(self._answer)

    def _answer(self, headers: dict[str, str], body: bytes) -> bytes:
        message, fault, _ = self._calls[-1]
        self._check(headers, body)
        match fault:
            case "asks to wait" | "asks to wait for long":
                seconds = 420 if fault == "asks to wait" else 9 * 3600
                self._scene.asked_to_wait(message, timedelta(seconds=seconds))
                return http_answer(429, b"{}", Retry_After=str(seconds))
            case "asks to wait, not for how long":
                return http_answer(429, b"{}", Retry_After="Wed, 21 Oct 2037 07:28:00 GMT")
            case "credentials refused":
                return http_answer(401, b'{"code": 20003, "message": "Authenticate", "status": 401}')
            case "not found":
                return http_answer(404, _HTML, media_type="text/html")
            case "moved":
                return http_answer(301, Location="https://elsewhere.example/")
            case "error before effect":
                return http_answer(502, _HTML, media_type="text/html")
            case "HTML before effect":
                return self._nonsense()
        answered = self._told(self._refusal, self._done, refuses=fault == "refused for good")
        return http_answer(500, _HTML, media_type="text/html") if fault == "error after effect" else answered

    def _nonsense(self) -> bytes:
        return http_answer(200, _HTML, media_type="text/html")

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        raise NotImplementedError

    def _refusal(self) -> bytes:
        raise NotImplementedError

    def _done(self, receipt: str) -> bytes:
        raise NotImplementedError


class Gateway(_Web):
    """SMS by a gateway that knows idempotency keys for as long as it says, or takes none."""

    def __init__(self, scene: Scene, hours: int) -> None:
        self._hours = hours
        super().__init__(scene, "sms", hours * 3600.0)

    def _make(self, connect: "Connect") -> MessageAdapter:
        fields: dict[str, Any] = {
            "url": "http://127.0.0.1/send",
            "body": {"to": "{to}", "text": "{text}"},
            "reject": [422],
            "receipt": "messages.0.id",
        }
        if self._hours:
            fields |= {"idempotency_header": "Idempotency-Key", "key_honoured_for": f"{self._hours}h"}
        return GatewayMessages(GatewaySettings.model_validate(fields), connect)

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        message = self._calls[-1][0]
        if self._hours:
            self._same("key", headers["idempotency-key"], message.key)
        self._same("body", json.loads(body), {"to": message.to, "text": message.text})

    def _refusal(self) -> bytes:
        return http_answer(422, b'{"error": "no such number"}')

    def _done(self, receipt: str) -> bytes:
        return http_answer(202, json.dumps({"messages": [{"id": receipt}]}).encode())


class Twilio(_Web):
    """SMS by Twilio, through its SDK. It knows no keys."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "sms", 0.0)

    def _make(self, connect: "Connect") -> MessageAdapter:
        fields = {"account_sid": _ACCOUNT, "token": "t", "sender": "+12025550100", "base_url": "http://127.0.0.1"}
        return TwilioMessages(TwilioSettings.model_validate(fields), connect)

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        message, fields = self._calls[-1][0], parse_qs(body.decode())
        self._same("body", (fields["To"], fields["Body"]), ([message.to], [message.text]))

    def _refusal(self) -> bytes:
        return http_answer(400, b'{"code": 21610, "message": "unsubscribed", "status": 400}')

    def _done(self, receipt: str) -> bytes:
        return http_answer(201, json.dumps({"sid": receipt, "status": "queued", "error_code": None}).encode())
