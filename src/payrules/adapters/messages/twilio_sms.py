"""SMS through Twilio's own SDK, over connections that tell what was certainly not sent.

Twilio has no idempotency keys for messages: one that was handed over without a clear answer is not sent again.
"""

from urllib.parse import urlencode, urlsplit

from twilio.base.exceptions import TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]  # it has no types
from twilio.http import HttpClient  # type: ignore[import-untyped]  # it has no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # it has no types
from twilio.rest import Client  # type: ignore[import-untyped]  # it has no types

from payrules.adapters.messages.faults import NotConnectedError, UnclearAnswerError
from payrules.adapters.messages.sms_answers import wait_of
from payrules.adapters.messages.twilio import TwilioSettings
from payrules.adapters.messages.web import CONNECTING, Connect, Web, WebAnswer
from payrules.app.ports import Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

REJECTIONS = {
    21211: "not a phone number",
    21214: "the number cannot be reached",
    21217: "not a phone number",
    21265: "the number is a short code",
    21266: "the number is the sender's own",
    21401: "not a phone number",
    21407: "the number cannot get SMS",
    21602: "the text is empty",
    21604: "no number was given",
    21605: "the text is too long",
    21610: "the client has unsubscribed from SMS",
    21612: "the number cannot be reached",
    21614: "not a mobile number",
    21617: "the text is too long",
    21635: "the number is a landline",
}
"""The codes of https://www.twilio.com/docs/api/errors that are about this client or this text. Every other code
of a 4xx answer is about the account or the moment: tried again, and in the end listed for a person.
"""

_FAILED = {"failed", "undelivered", "canceled"}


class TwilioMessages:
    """A `payrules.app.ports.MessageAdapter` for SMS. The receipt is the message's SID."""

    name = "twilio"

    def __init__(self, settings: TwilioSettings, connect: Connect | None = None) -> None:
        self._settings = settings
        self._web = Web(settings.timeout, settings.ca_file, connect)
        self.limits = Limits(
            concurrency=settings.concurrency, per_second=settings.per_second, timeout=settings.timeout + CONNECTING
        )

    def send(self, message: MessageRequest) -> Answer:
        """Send the SMS. Raises UnansweredError and UnclearAnswerError once it was handed over."""
        settings, http = self._settings, _Http(self._web, self._settings.base_url)
        client = Client(
            settings.api_key or settings.account_sid,
            settings.token.get_secret_value(),
            settings.account_sid,
            region=settings.region,
            edge=settings.edge,
            http_client=http,
            # An empty one would make it look at the process's own environment.
            environment={"PAYRULES": "1"},
        )
        who = (
            {"messaging_service_sid": settings.messaging_service}
            if settings.sender is None
            else {"from_": settings.sender}
        )
        try:
            sent = client.messages.create(to=message.to, body=message.text, **who)
        except NotConnectedError as error:
            return RetryLater(error.cause)
        except (TwilioRestException, TwilioServiceException) as error:
            return self._refused(error.status, error.code, http)
        except (ValueError, TypeError, KeyError, AttributeError):
            # The SDK does not expect anything but what its provider says.
            raise UnclearAnswerError("not Twilio's JSON") from None
        if not isinstance(sent.sid, str) or not sent.sid:
            raise UnclearAnswerError("no SID")
        if str(sent.status) in _FAILED:
            return Rejected(f"not sent (Twilio {sent.error_code})")
        return Delivered(sent.sid)

    def _refused(self, status: int, code: int | None, http: "_Http") -> Answer:
        answer = http.answer
        if answer is None or not 400 <= answer.status < 500:
            raise UnclearAnswerError(f"HTTP {status}") from None
        if answer.status == 429:
            return RetryLater("Twilio asks to wait", wait_of(answer.headers))
        if answer.status in (401, 403):
            return RetryLater(f"Twilio refuses the credentials ({code})")
        if code in REJECTIONS:
            return Rejected(f"{REJECTIONS[code]} (Twilio {code})")
        return RetryLater(f"Twilio refuses (HTTP {answer.status}, {code})", wait_of(answer.headers))


class _Http(HttpClient):  # type: ignore[misc]  # its package has no types
    """The SDK's way to the network for one call; it keeps the answer, whose headers the SDK does not hand on."""

    def __init__(self, web: Web, base_url: str | None) -> None:
        super().__init__(None, is_async=False, timeout=None)
        self._web = web
        self._base_url = base_url
        self.answer: WebAnswer | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002  # the SDK's signature
    ) -> Response:
        """Raises as Web.send does."""
        url = uri if self._base_url is None else self._base_url + urlsplit(uri).path
        content = None if data is None else urlencode(data).encode()
        self.answer = self._web.send(method, url, headers=headers, content=content, auth=auth)
        return Response(self.answer.status, self.answer.body.decode("utf-8", "replace"), dict(self.answer.headers))
