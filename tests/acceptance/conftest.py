"""The command line, run in this process at a fixed time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.builders import NOW

from payrules.entrypoints.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `payrules` with arguments, and perhaps `stdin`; an exception that would be a traceback fails the test."""
    monkeypatch.setattr("payrules.bootstrap.now", lambda: NOW)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)

    def invoke(*args: str | Path, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin, catch_exceptions=False)

    return invoke


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that payrules runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
