"""A small file that is there while the daemon is ready."""

import json
import os
from datetime import datetime
from pathlib import Path


class ReadyFile:
    """Says to whoever starts the daemon (systemd, Kubernetes, a script) that the clinic files are in force.

    One JSON object: `pid`, `since`, `watches` (how changes are noticed) and `reconciled_at`; times are ISO 8601 in
    UTC. It is written anew after every reconcile, so that its age tells whether the daemon lives. Writing raises
    OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since: datetime | None = None

    def write(self, *, watches: str, reconciled_at: datetime) -> None:
        """Ready, since the first call after the last `withdraw`. Readers see the old file or the new one."""
        self._since = self._since or reconciled_at
        content = {
            "pid": os.getpid(),
            "since": _text(self._since),
            "watches": watches,
            "reconciled_at": _text(reconciled_at),
        }
        temporary = self._path.with_name(f"{self._path.name}.new")
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")
        temporary.replace(self._path)

    def withdraw(self) -> None:
        """Not ready, from now on."""
        self._since = None
        self._path.unlink(missing_ok=True)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
