"""The command line, run in this process at a fixed time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payrules.entrypoints.cli import main
from tests.builders import NOW

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `payrules` with arguments, and perhaps `input`; an exception that would be a traceback fails the test."""
    monkeypatch.setattr("payrules.bootstrap.now", lambda: NOW)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)

    def invoke(*args: str | Path, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], input=input, catch_exceptions=False)

    return invoke


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that payrules runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
