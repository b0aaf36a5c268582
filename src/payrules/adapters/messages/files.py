"""Messages as files, for trying payrules out and for providers that pick files up: emails as `.eml`, SMS as JSONL.

The files hold names and addresses, so only their owner may read them. A key is honoured: an email is a file of its
key's name, and an SMS is looked for among the lines of yesterday and today.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from payrules.adapters.addresses import Unreachable
from payrules.adapters.messages.mail import Mailbox, mail_of, mailbox_of
from payrules.app.ports import Limits, MessageRequest
from payrules.domain.action import Delivered, Rejected

_DAY = timedelta(days=1)
_SENDER = Mailbox("payrules@payrules.example", international=False)
_FOR_EVER = 100 * 365 * _DAY


class EmailFiles:
    """Writes each email as `<folder>/email/<key>.eml`, once."""

    name = "email files"
    limits = Limits(concurrency=2, key_honoured_for=_FOR_EVER.total_seconds(), timeout=10)

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "email"

    def send(self, message: MessageRequest) -> Delivered | Rejected:
        """Write the email. Raises OSError where the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = message.key.replace("/", "_").replace(":", "=") + ".eml"
        path = self._folder / name
        if not path.exists():
            to = mailbox_of(message.to)
            if isinstance(to, Unreachable):
                return Rejected(to.cause)
            mail = mail_of(message, to, _SENDER, None)
            mail["X-Payrules-Key"] = message.key
            _write_whole(path, mail.as_bytes(policy=SMTPUTF8 if to.international else SMTP))
        return Delivered(f"email/{name}")


class SmsFiles:
    """Appends each SMS to `<folder>/sms/<UTC date>.jsonl`, once; several processes may do so."""

    name = "sms files"
    limits = Limits(concurrency=1, key_honoured_for=_DAY.total_seconds(), timeout=10)

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sms"
        self._lock = Lock()
        self._read: dict[Path, int] = {}
        self._keys: set[str] = set()

    def send(self, message: MessageRequest) -> Delivered:
        """Append the SMS. Raises OSError where the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        today = self._path(message.now)
        line = {"key": message.key, "to": message.to, "text": message.text, "at": message.now.isoformat()}
        with self._lock, _exclusive(self._folder / ".lock"):
            for path in (self._path(message.now - _DAY), today):
                self._learn(path)
            if message.key not in self._keys:
                with _private(today, os.O_APPEND) as file:
                    # What a crash left behind as half a line stays a line of its own.
                    torn = file.tell() and not _ends_in_newline(today)
                    file.write(b"\n" * bool(torn) + json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
        return Delivered(f"sms/{today.name}")

    def _path(self, at: datetime) -> Path:
        return self._folder / f"{at.date().isoformat()}.jsonl"

    def _learn(self, path: Path) -> None:
        """Read the keys of what was appended since the last look."""
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read[path] = self._read.get(path, 0) + len(line)
                try:
                    self._keys.add(json.loads(line)["key"])
                except ValueError:
                    continue


def _write_whole(path: Path, content: bytes) -> None:
    """A file appears whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _private(part, os.O_TRUNC) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _private(path: Path, how: int) -> BinaryIO:
    """Open for writing, for the owner alone; `how` is O_TRUNC or O_APPEND."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb")
    file.seek(0, os.SEEK_END)
    return file


def _ends_in_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Only one process at a time, where the system can lock files."""
    with _private(path, os.O_APPEND) as file:
        try:
            from fcntl import LOCK_EX, flock
        except ImportError:
            yield
            return
        flock(file, LOCK_EX)
        yield
