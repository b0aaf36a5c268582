"""HTTP calls to providers that tell apart what was certainly not sent.

Each call has a connection of its own: on one that was kept open, a call that meets its end would be without an
answer. Proxies, netrc and the like of the environment are not used, redirects are not followed, certificates are
always verified, and a call that takes too long is cut off whatever the provider does meanwhile.
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from payrules.adapters.messages.faults import NotConnectedError, UnansweredError, UnclearAnswerError

MOST_BYTES = 256 * 1024
CONNECTING = 10.0
"""The longest a connection may take to be made, in seconds."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Connect = Callable[[tuple[str, int], float], socket.socket]
"""Makes a connection to a host and port, in so many seconds; raises OSError. For whoever plays a provider."""


class WebAnswer(NamedTuple):
    """What a provider answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web:
    """Makes calls. `timeout` is for a whole call, in seconds; `ca_file` replaces the usual authorities.

    `connect` replaces the usual connections, TLS apart.
    """

    def __init__(self, timeout: float, ca_file: Path | None = None, connect: Connect | None = None) -> None:
        self._timeout = timeout
        self._connect = connect
        self._verify: str | bool = True if ca_file is None else str(ca_file)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        auth: tuple[str, str] | None = None,
    ) -> WebAnswer:
        """Make one call.

        Raises NotConnectedError where nothing was sent; UnansweredError and UnclearAnswerError where it may have been.
        """
        call = _Call(self._connect)
        timer = Timer(self._timeout, call.end)
        timer.daemon = True
        timer.start()
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.mount("http://", call)
                session.mount("https://", call)
                response = session.request(
                    method,
                    url,
                    headers={**(headers or {}), "Connection": "close"},
                    data=content,
                    auth=auth,
                    timeout=(min(CONNECTING, self._timeout), self._timeout),
                    verify=self._verify,
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    answer = WebAnswer(response.status_code, response.headers, _body(response))
        except (requests.RequestException, HTTPError, OSError) as error:
            not_sent = _not_sent(error)
            if not_sent is None:
                raise UnansweredError from None
            raise NotConnectedError(not_sent) from None
        finally:
            timer.cancel()
        if call.over:
            # What was cut off among the headers looks like an answer without a body.
            raise UnansweredError
        return answer


def safe_url(url: str, *, allow_plain: bool = False) -> str:
    """The URL, where nobody on the way can read what is sent to it: raises ValueError for others."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with https:// and name a host")
    if parts.username or parts.password:
        raise ValueError("may hold no name and no password")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allow_plain:
        raise ValueError("must begin with https:// unless it is this machine")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, so that nothing goes over a network."""
    return host in _LOOPBACK


def cut(sock: socket.socket) -> None:
    """End a connection while another thread waits on it."""
    with suppress(OSError):
        # Not the TLS socket's own way, which would let the other thread go on in plain text.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _body(response: requests.Response) -> bytes:
    read = bytearray()
    for piece in response.iter_content(16 * 1024):
        read += piece
        if len(read) > MOST_BYTES:
            raise UnclearAnswerError(f"more than {MOST_BYTES // 1024} KiB")
    return bytes(read)


def _not_sent(error: Exception) -> str | None:
    """Why nothing was sent, or None where it may have been."""
    reason = error.args[0] if error.args else None
    if not (isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)):
        return None
    cause: BaseException | None = reason.reason
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate not trusted"
        cause = cause.__cause__ or cause.__context__
    return "no connection"


class _Call(HTTPAdapter):
    """One call, with the socket it goes over."""

    def __init__(self, connect: Connect | None) -> None:
        self.over = False
        self._connect = connect
        self._sockets: list[socket.socket] = []
        super().__init__(max_retries=0)

    def end(self) -> None:
        """The time is up."""
        self.over = True
        for sock in self._sockets:
            cut(sock)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        sockets, connect = self._sockets, self._connect

        class Noted:
            """A connection that fails to connect in one way only, and whose socket is known."""

            sock: Any
            host: str
            port: int

            def _new_conn(self) -> socket.socket:
                if connect is None:
                    return super()._new_conn()  # type: ignore[misc,no-any-return]  # mixed into a connection
                return connect((self.host, self.port), CONNECTING)

            def connect(self) -> None:
                try:
                    super().connect()  # type: ignore[misc]  # mixed into a connection
                except (OSError, HTTPError) as error:
                    raise NewConnectionError(self, "no connection") from error  # type: ignore[arg-type]  # it is one
                sockets.append(self.sock)

        class Plain(Noted, HTTPConnection):
            pass

        class Tls(Noted, HTTPSConnection):
            pass

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class TlsPool(HTTPSConnectionPool):
            ConnectionCls = Tls

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
