"""Making diagnostics: the severity comes from the table of codes, never from the place that finds the fault."""

from collections.abc import Iterable
from difflib import get_close_matches

from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Related


def diagnose(
    code: str, location: Location, message: str, help: str = "", related: Iterable[Related] = ()
) -> Diagnostic:
    """A diagnostic of a code of the table. Raises KeyError for a code the table does not have."""
    return Diagnostic(code, CODES[code].severity, location, message, help, tuple(related))


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Help that names the closest known word, or the one that begins so; empty where none is close."""
    names = list(known)
    close = get_close_matches(written, names, 1) or get_close_matches(written.lower(), names, 1)
    close = close or [name for name in names if name.startswith(written)]
    return f"did you mean `{close[0]}`?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Words in backticks, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)
