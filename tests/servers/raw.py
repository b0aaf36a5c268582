"""A server that does to one connection after the other whatever a test wants."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import BinaryIO

Play = Callable[[socket.socket, Event], object]
"""What is done to a connection; the event is set when the test is over."""


@contextmanager
def raw_server(play: Play) -> Iterator[int]:
    """The port of the server, for as long as the block lasts."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = Thread(target=_serve, args=(listening, play, over))
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            over.set()
            thread.join()


def speak(connection: socket.socket, *replies: str) -> BinaryIO:
    """Greet, then answer each line that comes with the next reply; gives what reads the rest."""
    lines = connection.makefile("rb")
    for reply in replies:
        connection.sendall(f"{reply}\r\n".encode())
        if not lines.readline():
            break
    return lines


def _serve(listening: socket.socket, play: Play, over: Event) -> None:
    while not over.is_set():
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(10)
                play(connection, over)
