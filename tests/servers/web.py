"""A web server on this machine that answers as told: whole, by half, not at all, drop by drop."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple


class Manner(Enum):
    """How an answer is given."""

    WHOLE = auto()
    HALF = auto()
    """The connection breaks in the middle of the answer."""
    NOTHING = auto()
    """The connection breaks instead."""
    HANG = auto()
    """No answer, and the connection stays."""
    DRIP = auto()
    """A sign every now and then, without an end."""


class Reply(NamedTuple):
    """An answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.WHOLE


class Taken(NamedTuple):
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class WebServer:
    """`answer` says what a request gets. `taken` are the requests that came."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.taken: list[Taken] = []
        self.answer: Callable[[Taken], Reply] = lambda _: Reply()
        self.over = Event()
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.owner = self
        self._secure = tls is not None
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http{'s' * self._secure}://localhost:{self._server.server_port}"

    def stop(self) -> None:
        """Close the port, and let go of connections that hang."""
        self.over.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """A server for as long as the block lasts."""
    server = WebServer(tls)
    try:
        yield server
    finally:
        server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: WebServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


class _Request(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Taken(self.command, self.path, dict(self.headers), body)
        owner.taken.append(request)
        reply = owner.answer(request)
        self.close_connection = True
        if reply.manner is Manner.HANG:
            owner.over.wait(20)
        if reply.manner in (Manner.HANG, Manner.NOTHING):
            return
        head = [f"HTTP/1.1 {reply.status} Told", f"Content-Length: {len(reply.body)}"]
        head += [f"{name}: {value}" for name, value in reply.headers]
        if reply.manner is Manner.DRIP:
            self.wfile.write("\r\n".join(head).encode())
            while not owner.over.wait(0.05):
                self.wfile.write(b"x")
            return
        self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n")
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.manner is Manner.HALF else reply.body)

    do_PUT = do_POST  # noqa: N815  # the server's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the server's name
        """Nothing on standard error."""
