"""Emails by SMTP: one connection a message, encrypted unless the server is this machine.

SMTP has no idempotency keys. So what counts is the moment the message is handed over: whatever fails earlier is a
retry, and whatever breaks later, before the answer, is no answer.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from threading import Timer
from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator

from payrules.adapters.addresses import Unreachable
from payrules.adapters.messages.faults import NotConnectedError, UnansweredError, UnclearAnswerError
from payrules.adapters.messages.mail import Mailbox, bytes_of, mail_of, mailbox_of, message_id
from payrules.adapters.messages.web import CONNECTING, cut, is_loopback
from payrules.adapters.plugins import AdapterSettings, Kind, Plugin
from payrules.app.ports import Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
# What a server says of whoever sends, not of the recipient (RFC 4954, RFC 5321).
_OF_THE_SENDER = {503, 530, 534, 535, 538}


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
        False, description="Allows `security = \"none\"` for a server that is not this machine: everybody may read."
    )
    username: str | None = Field(None, min_length=1, description="Who logs in; without it nobody does.")
    password: SecretStr | None = Field(None, description="The password.")
    sender: str = Field(description="The address emails come from. The name beside it is the clinic's.")
    reply_to: str | None = Field(None, description="Where answers go, if not to `sender`.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")
    timeout: float = Field(30, ge=0.1, le=120, description="The longest an email may take, in seconds.")
    concurrency: int = Field(4, ge=1, le=64, description="Emails at once.")
    per_second: float | None = Field(None, gt=0, description="The most emails a second.")

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        found = None if value is None else mailbox_of(value)
        if isinstance(found, Unreachable) or (found is not None and found.international):
            raise ValueError("must be an email address, in ASCII before the @")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "SmtpSettings":
        if self.security is Security.NONE and not self.allow_plain and not is_loopback(self.host):
            raise ValueError('`security = "none"` is for a server on this machine; for another set `allow_plain = true`')
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and the password (PAYRULES_SMTP_PASSWORD) belong together; one is missing")
        login = f"{self.username or ''}{self.password.get_secret_value() if self.password else ''}"
        if not login.isascii():
            raise ValueError("`username` and the password may only hold ASCII characters")
        return self


class SmtpMessages:
    """A `payrules.app.ports.MessageAdapter` for emails. The receipt is the Message-ID."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._sender = _mailbox(settings.sender)
        self._reply_to = None if settings.reply_to is None else _mailbox(settings.reply_to)
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
            with self._connected() as smtp:
                refused = self._announce(smtp, to)
                return refused or _hand_over(smtp, content, message_id(message, self._sender))
        except NotConnectedError as error:
            return RetryLater(error.cause)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that is ready for a message. Raises NotConnectedError."""
        with _telling(), _Conversations(self._settings, self._sender.domain, self._tls) as smtp:
            with _telling():
                smtp.ehlo_or_helo_if_needed()
                if self._settings.security is Security.STARTTLS:
                    smtp.starttls(context=self._tls)
                    smtp.ehlo_or_helo_if_needed()
                if self._settings.username is not None and self._settings.password is not None:
                    smtp.login(self._settings.username, self._settings.password.get_secret_value())
            yield smtp
