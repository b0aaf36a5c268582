"""Emails by SMTP: one connection a message, encrypted unless the server is this machine.

SMTP has no idempotency keys. So what counts is the moment the message is handed over: whatever fails earlier is a
retry, and whatever breaks later, before the answer, is no answer.
"""

import re
import smtplib
import socket
import ssl
from contextlib import closing, suppress
from enum import StrEnum
from threading import Timer
from typing import Any

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from payrules.adapters.addresses import Unreachable
from payrules.adapters.messages.faults import UnansweredError, UnclearAnswerError
from payrules.adapters.messages.mail import Mailbox, bytes_of, mail_of, mailbox_of, message_id
from payrules.adapters.messages.web import CONNECTING, Connect, cut, is_loopback
from payrules.adapters.plugins import AdapterSettings, Kind, Plugin, PluginError, Surroundings
from payrules.app.ports import Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
# What a server says of whoever sends, not of the recipient (RFC 4954, RFC 5321).
_OF_THE_SENDER = {503, 530, 534, 535, 538}
# smtplib's own are OSErrors; ValueError where an answer to a login cannot be read.
_FAILURES = (OSError, ValueError)


class Security(StrEnum):
    """How the connection is encrypted: later on by STARTTLS, from its beginning, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpSettings(AdapterSettings):
    """The table `[smtp]`."""

    host: str = Field(min_length=1, max_length=253, description="The mail server.")
    port: int = Field(587, ge=1, le=65535, description="Its port: 587 for STARTTLS, 465 for TLS as a rule.")
    security: Security = Field(
        Security.STARTTLS,
        description="`starttls`, `tls` (from the beginning), or `none`. Certificates are always verified.",
    )
    allow_plain: bool = Field(
        default=False,
        description='Allows `security = "none"` for a server that is not this machine: everybody may read.',
    )
    username: str | None = Field(None, min_length=1, description="Who logs in; without it nobody does.")
    password: SecretStr | None = Field(None, description="The password.")
    sender: str = Field(description="The address emails come from. The name beside it is the clinic's.")
    reply_to: str | None = Field(None, description="Where answers go, if not to the clinic's contact.")
    ca_file: FilePath | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")
    timeout: float = Field(30, ge=0.1, le=120, description="The longest an email may take, in seconds.")
    concurrency: int = Field(4, ge=1, le=64, description="Emails at once.")
    per_second: float | None = Field(None, gt=0, description="The most emails a second.")

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            _own_mailbox(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "SmtpSettings":
        if self.security is Security.NONE and not self.allow_plain and not is_loopback(self.host):
            raise ValueError(
                '`security = "none"` is for a server on this machine; for another set `allow_plain = true`'
            )
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and the password (PAYRULES_SMTP_PASSWORD) belong together; one is missing")
        login = f"{self.username or ''}{self.password.get_secret_value() if self.password else ''}"
        if not login.isascii():
            raise ValueError("`username` and the password may only hold ASCII characters")
        return self


class SmtpMessages:
    """A `payrules.app.ports.MessageAdapter` for emails. The receipt is the Message-ID.

    `connect` replaces the usual connections, TLS from the beginning apart.
    """

    name = "smtp"

    def __init__(self, settings: SmtpSettings, connect: Connect | None = None) -> None:
        self._settings = settings
        self._connect = connect
        self._sender = _own_mailbox(settings.sender)
        self._reply_to = None if settings.reply_to is None else _own_mailbox(settings.reply_to)
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self.limits = Limits(
            concurrency=settings.concurrency, per_second=settings.per_second, timeout=settings.timeout + CONNECTING
        )

    def send(self, message: MessageRequest) -> Answer:
        """Send the email. Raises UnansweredError and UnclearAnswerError once it was handed over."""
        to = mailbox_of(message.to)
        if isinstance(to, Unreachable):
            return Rejected(to.cause)
        content = bytes_of(mail_of(message, to, self._sender, self._reply_to), international=to.international)
        try:
            smtp = self._open()
        except _FAILURES as error:
            return RetryLater(_cause(error))
        with closing(smtp):
            try:
                refused = self._announce(smtp, to)
            except _FAILURES as error:
                return RetryLater(_cause(error))
            if refused is not None:
                return refused
            return _hand_over(smtp, content, message_id(message, self._sender))

    def _open(self) -> smtplib.SMTP:
        settings, domain = self._settings, self._sender.domain
        if settings.security is Security.TLS:
            return _TlsConversation(settings.timeout, settings.host, settings.port, domain, context=self._tls)
        return _Conversation(settings.timeout, settings.host, settings.port, domain, self._connect)

    def _announce(self, smtp: smtplib.SMTP, to: Mailbox) -> Answer | None:
        """Everything before the message itself; an answer where it ends there. Raises what smtplib raises."""
        settings = self._settings
        smtp.ehlo_or_helo_if_needed()
        if settings.security is Security.STARTTLS:
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
        if settings.username is not None and settings.password is not None:
            smtp.login(settings.username, settings.password.get_secret_value())
        if to.international and not smtp.has_extn("smtputf8"):
            return Rejected("the mail server takes no address of that kind")
        code, text = smtp.mail(self._sender.address, ["SMTPUTF8", "BODY=8BITMIME"] if to.international else [])
        if code != 250:
            return RetryLater(_told("sender refused", code, text))
        code, text = smtp.rcpt(to.address)
        if code not in (250, 251):
            return _refused(code, text)
        code, text = smtp.docmd("DATA")
        return None if code == 354 else RetryLater(_told("message not wanted now", code, text))


def _hand_over(smtp: smtplib.SMTP, content: bytes, receipt: str) -> Answer:
    """The message itself. From here on nobody knows what happened unless the server says so."""
    try:
        smtp.send(content)
        code, text = smtp.getreply()
    except _FAILURES:
        raise UnansweredError from None
    match code // 100:
        case 2:
            with suppress(*_FAILURES):
                smtp.quit()
            return Delivered(receipt)
        case 4 | 5:
            return _refused(code, text)
    raise UnclearAnswerError("no code of SMTP")


def _refused(code: int, text: bytes) -> Answer:
    """What a refusal of the recipient or the message means.

    For good only where it is about them: a server that does not let us send, by its own words, may be set right.
    """
    found = _ENHANCED.match(text)
    if code // 100 != 5 or code in _OF_THE_SENDER or (found and found[0].startswith(b"5.7.")):
        return RetryLater(_told("not accepted", code, text))
    return Rejected(_told("recipient or message refused", code, text))


def _told(what: str, code: int, text: bytes) -> str:
    """A cause with the server's codes, but without its words: they may quote the address."""
    found = _ENHANCED.match(text)
    return f"{what} ({code}{' ' + found[0].decode() if found else ''})"


def _cause(error: Exception) -> str:
    """Why it ended before the message was handed over."""
    match error:
        case ssl.SSLCertVerificationError():
            return "certificate not trusted"
        case smtplib.SMTPAuthenticationError():
            return f"authentication failed ({error.smtp_code})"
        case smtplib.SMTPNotSupportedError():
            return "no STARTTLS or no authentication offered"
        case smtplib.SMTPResponseException():
            return f"the mail server is not ready ({error.smtp_code})"
        case _:
            return "no connection"


class _Conversation(smtplib.SMTP):
    """A conversation that is cut off when its time is up, whatever the server does meanwhile."""

    def __init__(
        self, seconds: float, host: str, port: int, domain: str, connect: Connect | None = None, **options: Any
    ) -> None:
        self._over = False
        self._connect = connect
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()
        try:
            # The name is given because smtplib would ask the DNS for it, without an end.
            super().__init__(host, port, domain, timeout=min(CONNECTING, seconds), **options)
        except BaseException:
            self.close()
            raise
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        if self._connect is None:
            return super()._get_socket(host, port, timeout)  # type: ignore[misc,no-any-return]  # smtplib's own hook
        return self._connect((host, port), timeout)

    def send(self, s: Any) -> None:
        if self._over:
            raise smtplib.SMTPServerDisconnected("the time is up")
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        reply = super().getreply()
        if self._over:
            # Half a line that was cut off would pass for a reply.
            raise smtplib.SMTPServerDisconnected("the time is up")
        return reply

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _cut(self) -> None:
        self._over = True
        if self.sock is not None:
            cut(self.sock)


class _TlsConversation(_Conversation, smtplib.SMTP_SSL):
    pass


def _own_mailbox(address: str) -> Mailbox:
    found = mailbox_of(address)
    if isinstance(found, Unreachable) or found.international:
        raise ValueError("must be an email address, in ASCII before the @")
    return found


def _build(settings: SmtpSettings, _: Surroundings) -> SmtpMessages:
    try:
        return SmtpMessages(settings)
    except ssl.SSLError as error:
        raise PluginError("`smtp.ca_file` holds no certificates in PEM form") from error


PLUGIN = Plugin("smtp", Kind.EMAIL, SmtpSettings, _build)
