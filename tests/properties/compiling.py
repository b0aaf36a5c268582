"""What the property tests share: the compiler as it ships, and how many examples they take."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from hypothesis import settings
from tests.strategies.writing import plainly

from payrules.bootstrap import build
from payrules.compiler.compile import Compiled, Version
from payrules.domain.diagnostics import Severity

COMPILER = build().compiler


def examples(count: int) -> settings:
    """So many examples on the daily run, many times more under the profile `torture`."""
    more = 25 if settings.get_current_profile_name() == "torture" else 1
    return settings(max_examples=count * more)


def compile_text(content: bytes, clinic: str = "nordlys", *, analysis: bool = False) -> Compiled:
    """Compile a text as the file of a clinic."""
    return COMPILER.compile(content, f"clinics/{clinic}.yaml", analysis=analysis)


def compiled(document: dict[str, Any], content: bytes | None = None, *, analysis: bool = False) -> Version:
    """The version of a document without errors; `content` is its text, if it is to be a certain one."""
    result = compile_text(plainly(document) if content is None else content, document["clinic"], analysis=analysis)
    errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert errors == [], errors
    assert result.version is not None
    return result.version


@contextmanager
def ending() -> Iterator[None]:
    """Fail instead of running for ever. The limit, of computing time, is far beyond what any example takes."""

    def stop(_: int, __: FrameType | None) -> None:
        raise AssertionError("did not end")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
