"""No name, phone or email of a client in any log line of a whole test run: a plugin of pytest that conftest.py loads.

It listens to what structlog and the standard library log in the tests' own process, to the standard error of commands
that CliRunner runs and of every process that a test starts, and to whatever else reached standard error while a test
ran. The test that was running when somebody was named fails, with the name of the event or the command.

Any address and any phone number of the ranges that tests use counts, wherever it comes from; names are those that
stand in the fixtures. Not heard are standard error that a test reads off a pipe itself or mixes into standard output,
and what a database server writes into its own log.
"""

import json
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[1]
FIXTURES = ("examples", "tests", "src/payrules/entrypoints/demo", "src/payrules/testing")

# `post@` is a clinic's own, from its file, which a diagnostic may quote.
_EMAIL = re.compile(r"\b(?!post@)[\w.+'-]+@(?:[\w-]+\.)+(?:example|test)\b")
# A user of a database, in the address of a store, is nobody's client.
_STORE = re.compile(r"\w+://\S*?@\S+")
# The ranges that no telephone has; digits of a digest do not count.
_PHONE = re.compile(
    r"(?<![0-9a-f])(?:(?:\+?47)?99000\d{3}|\+?447700900\d{3}|\+?1?20255501\d\d|\+?467017406\d\d|\+?61491570\d{3})(?![0-9a-f])"
)
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ ().-]{1,2}(?=\d)")
_PERSON = re.compile(r"\{[^{}]*\b(?:email|phone|kind|tags)\b[^{}]*\}")
_NAME = re.compile(r'"?\bname"?: ?"([^",{}\n]{3,})"|\bContact\("([^"]{3,})"')


def names() -> frozenset[str]:
    """The names of clients and payers that stand in the fixtures: JSON, CSV and Python alike."""
    found: set[str] = set()
    for folder in FIXTURES:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".json", ".jsonl"}:
                text = path.read_text(encoding="utf-8", errors="replace")
                persons = "\n".join([*_PERSON.findall(text), *re.findall(r"\bContact\([^)]*\)", text)])
                found.update(first or second for first, second in _NAME.findall(persons))
    return frozenset(found)


class Listener:
    """What was said in a test run, and who was named."""

    def __init__(self) -> None:
        self._names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names())))
        self._found: list[str] = []
        self._files: dict[Path, str] = {}

    def hear(self, text: str, source: str) -> None:
        """Something was said; `source` is told where it names somebody."""
        plain = _STORE.sub("", text)
        joined = _BETWEEN_DIGITS.sub("", plain)
        for kind, match in (
            ("an email", _EMAIL.search(plain)),
            ("a phone", _PHONE.search(joined)),
            ("a name", self._names.search(plain)),
        ):
            if match is not None:
                self._found.append(f"{source} tells {kind} of a client: {match[0]}")

    def hear_line(self, text: str) -> None:
        """One line of structlog."""
        try:
            event = json.loads(text)["event"]
        except ValueError:
            event = text.strip()[:80]
        self.hear(text, f"log event {event!r}")

    def will_read(self, path: Path, command: str) -> None:
        """A process writes its standard error to this file until the test ends."""
        self._files[path] = command

    def findings(self) -> list[str]:
        """Who was named since this was last asked, the files of processes read now."""
        for path, command in self._files.items():
            if path.exists():
                self.hear(path.read_text(encoding="utf-8", errors="replace"), f"standard error of {command}")
            else:
                self._found.append(f"standard error of {command} was deleted before anybody read it")
        found = list(dict.fromkeys(self._found))
        self._files, self._found = {}, []
        return found


def pytest_configure(config: pytest.Config) -> None:
    """Listen from now on, to the end of the run."""
    listener = Listener()
    patch = pytest.MonkeyPatch()
    patch.setattr(structlog, "WriteLogger", _write_logger(listener))
    patch.setattr(subprocess, "Popen", _popen(listener))
    patch.setattr(CliRunner, "invoke", _invoke(listener))
    records = _Records(listener)
    logging.getLogger().addHandler(records)
    config.add_cleanup(patch.undo)
    config.add_cleanup(lambda: logging.getLogger().removeHandler(records))
    config.pluginmanager.register(_Verdict(listener))


class _Verdict:
    """Lets the test fail that was running."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Iterator[None]:
        report: pytest.TestReport = yield  # type: ignore[assignment]  # wrappers are typed as iterators only
        if call.when == "teardown":
            self._listener.hear(report.capstderr, "standard error")
            if found := self._listener.findings():
                report.outcome = "failed"
                report.longrepr = "\n".join([*([str(report.longrepr)] if report.longrepr else []), *found])
        return report  # type: ignore[return-value]  # see above


class _Records(logging.Handler):
    """Hears what the standard library would write."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        # Where payrules has its own handler, that writes a line without the text, which is heard by itself.
        if not any(type(handler).__module__.startswith("payrules.") for handler in logging.getLogger().handlers):
            self._listener.hear(self.format(record), f"logger {record.name!r}")


def _write_logger(listener: Listener) -> type[structlog.WriteLogger]:
    class HeardWriteLogger(structlog.WriteLogger):
        def msg(self, message: str) -> None:
            listener.hear_line(message)
            super().msg(message)

        log = debug = info = warning = error = critical = msg

    return HeardWriteLogger


def _popen(listener: Listener) -> type[subprocess.Popen[Any]]:
    class HeardPopen(subprocess.Popen[Any]):
        def __init__(self, args: Any, *more: Any, **options: Any) -> None:
            self._command = repr(args if isinstance(args, str) else " ".join(map(str, args)))
            super().__init__(args, *more, **options)
            name = getattr(options.get("stderr"), "name", None)
            if isinstance(name, str) and Path(name).is_file():
                listener.will_read(Path(name).absolute(), self._command)

        def communicate(self, *more: Any, **options: Any) -> tuple[Any, Any]:
            said = super().communicate(*more, **options)
            if said[1]:
                text = said[1] if isinstance(said[1], str) else said[1].decode(errors="replace")
                listener.hear(text, f"standard error of {self._command}")
            return said

    return HeardPopen


def _invoke(listener: Listener) -> Any:
    run = CliRunner.invoke

    def invoke(self: CliRunner, cli: Any, args: Any = None, *more: Any, **options: Any) -> Result:
        result = run(self, cli, args, *more, **options)
        words = args if isinstance(args, str) else " ".join(map(str, args or ()))
        listener.hear(result.stderr, f"standard error of `{words}`")
        return result

    return invoke
