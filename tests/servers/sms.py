"""Providers of SMS on this machine, for the conformance suite: Twilio's protocol, and a plain gateway."""

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.servers.web import Manner, Reply, Taken, WebServer

from payrules.adapters.messages.gateway_settings import GatewaySettings
from payrules.adapters.messages.http_gateway import GatewayMessages
from payrules.adapters.messages.twilio import TwilioSettings
from payrules.adapters.messages.twilio_sms import TwilioMessages
from payrules.testing import Arrived, Behaviour

ACCOUNT, TOKEN = f"AC{'0' * 32}", "a token"
HTML = Reply(200, b"<html><body>Welcome</body></html>", (("Content-Type", "text/html"),))


class SmsDouble:
    """What both have in common. `messages` are those that went out."""

    can = frozenset(Behaviour)
    delay: timedelta | None = timedelta(seconds=17)

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.how = Behaviour.WORKS
        self.messages: list[Arrived] = []
        server.answer = self._answer

    def behave(self, how: Behaviour) -> None:
        self.how = how
        if how is Behaviour.AWAY:
            self.server.stop()

    def arrived(self) -> list[Arrived]:
        return list(self.messages)

    def refuse(self, how: Behaviour) -> Reply | None:
        """How nothing is done."""
        raise NotImplementedError

    def take(self, request: Taken) -> Reply:
        """Send it."""
        raise NotImplementedError

    def _answer(self, request: Taken) -> Reply:
        refused = self.refuse(self.how)
        if refused is not None:
            return refused
        reply = self.take(request)
        match self.how:
            case Behaviour.HANGS:
                return Reply(manner=Manner.HANG)
            case Behaviour.GARBLES:
                return HTML
            case Behaviour.FAILS_AFTER:
                return Reply(500, b"<html>oops</html>")
            case Behaviour.DROPS:
                return reply._replace(manner=Manner.HALF)
        return reply


class TwilioDouble(SmsDouble):
    """https://www.twilio.com/docs/messaging/api/message-resource, as far as creating a message goes."""

    def __init__(self, server: WebServer, **changes: Any) -> None:
        super().__init__(server)
        fields = {"account_sid": ACCOUNT, "token": TOKEN, "sender": "+12025550100", "base_url": server.url}
        self._settings = TwilioSettings.model_validate(fields | {"timeout": 1.5} | changes)

    def adapter(self) -> TwilioMessages:
        return TwilioMessages(self._settings)

    def refuse(self, how: Behaviour) -> Reply | None:
        match how:
            case Behaviour.REJECTS:
                return twilio_error(400, 21211, "The 'To' number +4799000123 is not a valid phone number.")
            case Behaviour.LIMITS_RATE:
                return twilio_error(429, 20429, "Too Many Requests")._replace(headers=(("Retry-After", "17"),))
            case Behaviour.DENIES:
                return twilio_error(401, 20003, "Authenticate")
        return None

    def take(self, request: Taken) -> Reply:
        proof = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        assert request.headers["Authorization"] == f"Basic {proof}"
        assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        fields = parse_qs(request.body.decode(), strict_parsing=True)
        assert fields["From"] == ["+12025550100"]
        if len(fields["Body"][0]) > 1600:
            return twilio_error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        self.messages.append(Arrived(tuple(fields["To"]), fields["Body"][0]))
        sid = f"SM{len(self.messages):032x}"
        # A real answer repeats the number and the text.
        told = {"sid": sid, "status": "queued", "to": fields["To"][0], "body": fields["Body"][0], "error_code": None}
        return Reply(201, json.dumps(told).encode(), (("Content-Type", "application/json"),))


def twilio_error(status: int, code: int, message: str) -> Reply:
    """An error as Twilio writes it."""
    told = {"code": code, "message": message, "status": status}
    return Reply(status, json.dumps(told).encode(), (("Content-Type", "application/json"),))


class GatewayDouble(SmsDouble):
    """A gateway that takes JSON, and keeps keys when `keys` says so."""

    def __init__(self, server: WebServer, *, keys: bool = True, **changes: Any) -> None:
        super().__init__(server)
        self._known: dict[str, Reply] = {}
        fields: dict[str, Any] = {
            "url": f"{server.url}/v1/send",
            "headers": {"Authorization": "Bearer {token}"},
            "token": TOKEN,
            "body": {"to": ["{to}"], "message": {"text": "{text}"}, "from": "{sender}"},
            "sender": "Nordlys",
            "reject": [422],
            "receipt": "messages.0.id",
            "timeout": 1.5,
        }
        if keys:
            fields |= {"idempotency_header": "Idempotency-Key", "key_honoured_for": "24h"}
        self._settings = GatewaySettings.model_validate(fields | changes)

    def adapter(self) -> GatewayMessages:
        return GatewayMessages(self._settings)

    def refuse(self, how: Behaviour) -> Reply | None:
        match how:
            case Behaviour.REJECTS:
                return Reply(422, b'{"error": "no such number: +4799000123"}')
            case Behaviour.LIMITS_RATE:
                return Reply(429, b"{}", (("Retry-After", "17"),))
            case Behaviour.DENIES:
                return Reply(403, b"<html>who are you?</html>")
        return None

    def take(self, request: Taken) -> Reply:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        fields = json.loads(request.body)
        assert fields["from"] == "Nordlys"
        key = request.headers.get("Idempotency-Key", "")
        if key in self._known:
            return self._known[key]
        self.messages.append(Arrived(tuple(fields["to"]), fields["message"]["text"]))
        reply = Reply(202, json.dumps({"messages": [{"id": f"m-{len(self.messages)}"}]}).encode())
        if key:
            self._known[key] = reply
        return reply
