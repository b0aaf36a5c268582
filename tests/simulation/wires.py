"""Connections without a network: what an adapter sends arrives at a provider in this process, which answers at once.

The time a call takes is the simulation's, so a server that never answers costs nothing.
"""

import io
from collections.abc import Callable
from typing import Any, Protocol


class Server(Protocol):
    """The other end of one connection."""

    def take(self, content: bytes) -> None:
        """Bytes have arrived."""

    def tell(self) -> bytes:
        """What comes back next; empty where the connection ends. Raises what a broken or silent one raises."""


class Wire:
    """As much of a socket as the clients of SMTP and HTTP use."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def sendall(self, content: bytes) -> None:
        """Hand it to the server."""
        self._server.take(bytes(content))

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """For reading."""
        return io.BufferedReader(_Answers(self._server))

    def settimeout(self, _: object) -> None:
        """Time is the simulation's."""

    def setsockopt(self, *_: object) -> None:
        """There is nothing to set."""

    def close(self) -> None:
        """Nothing is open."""


class _Answers(io.RawIOBase):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        self._left = self._left or self._server.tell()
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class EndError(Exception):
    """The connection ends here, with these bytes as the last."""

    def __init__(self, last: bytes = b"") -> None:
        super().__init__("the connection ends")
        self.last = last


class SmtpServer:
    """One conversation by SMTP. `said` is what it answers where that is not as usual, by command; `deliver` takes the
    mail and says the last answer: it may raise OSError, and `EndError`.
    """

    def __init__(self, said: dict[str, bytes], deliver: Callable[[str, bytes], bytes]) -> None:
        self._said = said
        self._deliver = deliver
        self._recipient = ""
        self._mail = b""
        self._reading = False
        self._ended = False
        self._next: Callable[[], bytes] | None = lambda: self._answer("CONNECT", b"220 mail.example ESMTP\r\n")

    def take(self, content: bytes) -> None:
        if self._reading:
            self._mail += content
            if self._mail.endswith(b"\r\n.\r\n"):
                self._reading, mail = False, self._mail[:-5]
                self._next = lambda: self._deliver(self._recipient, mail)
            return
        line = content.decode("ascii").strip()
        command = line.split(maxsplit=1)[0].upper()
        self._next = lambda: self._answer(command, self._usual(command, line))

    def tell(self) -> bytes:
        answer, self._next = self._next, None
        if answer is None or self._ended:
            return b""
        try:
            return answer()
        except EndError as ending:
            self._ended = True
            return ending.last

    def _answer(self, command: str, usual: bytes) -> bytes:
        return self._said.get(command, usual)

    def _usual(self, command: str, line: str) -> bytes:
        match command:
            case "EHLO":
                return b"250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
            case "AUTH":
                return b"235 2.7.0 ok\r\n"
            case "RCPT":
                self._recipient = line.partition("<")[2].partition(">")[0]
                return b"250 2.1.5 ok\r\n"
            case "DATA":
                self._reading = "DATA" not in self._said
                return b"354 go on\r\n"
            case "QUIT":
                return b"221 bye\r\n"
        return b"250 ok\r\n"


class HttpServer:
    """One request by HTTP. `answer` takes its head and its body and says what comes back, as `deliver` above."""

    def __init__(self, answer: Callable[[dict[str, str], bytes], bytes]) -> None:
        self._answer = answer
        self._arrived = b""
        self._answered = False

    def take(self, content: bytes) -> None:
        self._arrived += content

    def tell(self) -> bytes:
        if self._answered:
            return b""
        self._answered = True
        head, _, body = self._arrived.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert len(body) == int(headers["content-length"])
        try:
            return self._answer(headers, body)
        except EndError as ending:
            return ending.last


def http_answer(status: int, body: bytes = b"", *, media_type: str = "application/json", **headers: str) -> bytes:
    """An answer as it goes over the wire; an underscore in a header's name is a hyphen."""
    written = {"Content-Type": media_type, "Content-Length": str(len(body)), "Connection": "close"}
    written |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in written.items())
    return f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body
