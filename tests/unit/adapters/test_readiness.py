"""The ready file."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from payrules.adapters.readiness import ReadyFile

FIRST, SECOND = datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, 0, 30, 250_000, UTC)


def test_it_says_since_when_and_how(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    ready = ReadyFile(path)
    ready.write(watches="events", reconciled_at=FIRST)
    ready.write(watches="polling: nfs gives no events", reconciled_at=SECOND)
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "pid": os.getpid(),
        "since": "2026-11-22T12:00:00.000Z",
        "watches": "polling: nfs gives no events",
        "reconciled_at": "2026-11-22T12:00:30.250Z",
    }
    assert list(tmp_path.iterdir()) == [path]


def test_readiness_begins_anew_after_it_was_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    ready = ReadyFile(path)
    ready.write(watches="events", reconciled_at=FIRST)
    ready.withdraw()
    assert not path.exists()
    ready.withdraw()
    ready.write(watches="events", reconciled_at=SECOND)
    assert json.loads(path.read_text(encoding="utf-8"))["since"] == "2026-11-22T12:00:30.250Z"


def test_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ready.json"
    ready = ReadyFile(path)
    ready.write(watches="events", reconciled_at=FIRST)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        ready.write(watches="events", reconciled_at=SECOND)
    assert json.loads(path.read_text(encoding="utf-8"))["reconciled_at"] == "2026-11-22T12:00:00.000Z"
