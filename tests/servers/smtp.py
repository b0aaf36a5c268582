"""A mail server on this machine that behaves as told: aiosmtpd, with real TLS and authentication."""

import asyncio
import email
import email.policy
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from payrules.adapters.messages.smtp import SmtpMessages, SmtpSettings
from payrules.testing import Arrived, Behaviour

# It logs every address it sees.
logging.getLogger("mail.log").disabled = True

USER, PASSWORD = "clinic", "correct horse"


class Mail(NamedTuple):
    """What came in: the envelope, and the message as it reads."""

    sender: str
    to: tuple[str, ...]
    content: bytes
    options: list[str]

    @property
    def message(self) -> EmailMessage:
        """The message."""
        found = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found


class MailServer:
    """`answers` maps a command (`MAIL`, `RCPT`, `DATA`) to the reply it gets instead of the usual one.

    The reply `hang` is none at all, and `drop` a connection that ends.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False, **options: Any) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[Mail] = []
        self.logins: list[bool] = []
        if tls is not None and not implicit:
            options |= {"tls_context": tls, "require_starttls": True}
        options |= {"authenticator": self._authenticate, "auth_require_tls": tls is not None and not implicit}
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(self, hostname="localhost", loop=self._loop, **options),
                "127.0.0.1",
                0,
                ssl=tls if implicit else None,
            )
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = Thread(target=self._run)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port, and let go of connections that hang."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        await self._over.wait()
        self._server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, way: str, proof: object) -> AuthResult:
        del server, session, envelope, way
        known = isinstance(proof, LoginPassword) and proof == LoginPassword(USER.encode(), PASSWORD.encode())
        self.logins.append(known and "AUTH" not in self.answers)
        return AuthResult(success=self.logins[-1], handled=False)

    async def handle_MAIL(  # noqa: N802  # the server's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        envelope.mail_from, envelope.mail_options = address, options
        return await self._answer("MAIL", server) or "250 OK"

    async def handle_RCPT(  # noqa: N802  # the server's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session, options
        told = await self._answer("RCPT", server)
        if told is None:
            envelope.rcpt_tos.append(address)
        return told or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # see above
        del session
        if not self.answers.get("DATA", "250").startswith(("4", "5")):
            assert isinstance(envelope.content, bytes)
            options = envelope.mail_options or []
            self.taken.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content, options))
        return await self._answer("DATA", server) or "250 2.0.0 queued as 4bQ7"

    async def _answer(self, command: str, server: SMTP) -> str | None:
        told = self.answers.get(command)
        if told == "hang":
            await self._over.wait()
            return "421 over"
        if told == "drop" and server.transport is not None:
            server.transport.close()
        return told


class SmtpDouble:
    """A mail server for the conformance suite. SMTP tells no delay, and what it calls a failure did not happen."""

    can = frozenset(Behaviour) - {Behaviour.FAILS_AFTER}
    delay: timedelta | None = None

    _ANSWERS = {  # noqa: RUF012  # never changed
        Behaviour.REJECTS: {"RCPT": "550 5.1.1 <kari@client.example>: no such user"},
        Behaviour.LIMITS_RATE: {"RCPT": "451 4.7.1 kari@client.example: too many"},
        Behaviour.DENIES: {"AUTH": "no"},
        Behaviour.HANGS: {"DATA": "hang"},
        Behaviour.GARBLES: {"DATA": "<html>kari@client.example</html>"},
        Behaviour.DROPS: {"DATA": "drop"},
    }

    def __init__(self, server: MailServer, settings: SmtpSettings) -> None:
        self._server = server
        self._settings = settings

    def adapter(self) -> SmtpMessages:
        return SmtpMessages(self._settings)

    def behave(self, how: Behaviour) -> None:
        if how is Behaviour.AWAY:
            self._server.stop()
        self._server.answers = dict(self._ANSWERS.get(how, {}))

    def arrived(self) -> list[Arrived]:
        found = []
        for mail in self._server.taken:
            body = mail.message.get_body(("plain",))
            assert isinstance(body, EmailMessage)
            recipients = {*mail.to, *(a.addr_spec for name in ("To", "Cc", "Bcc") for a in _addresses(mail, name))}
            found.append(Arrived(tuple(recipients), body.get_content().replace("\r\n", "\n")))
        return found


@contextmanager
def smtp_double(tls: ssl.SSLContext, **changes: Any) -> Iterator[SmtpDouble]:
    """A mail server with STARTTLS and authentication, and the adapter's settings for it."""
    with MailServer(tls) as server:
        yield SmtpDouble(server, settings_for(server, **changes))


def settings_for(server: MailServer, **changes: Any) -> SmtpSettings:
    """Settings that fit the server. `ca_file` is among the changes where it has TLS."""
    fields = {
        "host": "localhost",
        "port": server.port,
        "username": USER,
        "password": PASSWORD,
        "sender": "post@clinic.example",
        "timeout": 1.5,
    }
    return SmtpSettings.model_validate(fields | changes)


def _addresses(mail: Mail, header: str) -> tuple[Any, ...]:
    found = mail.message[header]
    return () if found is None else found.addresses
