"""Making diagnostics: the severity comes from the table of codes, never from the place that finds the fault."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Location, Related

MOST_FOUND = 1_000
"""How many findings one stage, or one check, gathers of a file. A file may hold a hundred thousand of one kind,
and nobody reads them."""

# Beyond that a search for close words would take seconds.
_MOST_COMPARED = 1_000
_LONGEST_COMPARED = 40
_MOST_LISTED = 3


def diagnose(
    code: str, location: Location, message: str, help: str = "", related: Iterable[Related] = ()
) -> Diagnostic:
    """A diagnostic of a code of the table. Raises KeyError for a code the table does not have."""
    return Diagnostic(code, CODES[code].severity, location, message, help, tuple(related))


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Help that names the closest known word, or those that begin so; empty where none is close.

    A long text has no guess, and of very many known words only the first are looked at.
    """
    if not written or len(written) > _LONGEST_COMPARED:
        return ""
    names = list(islice(known, _MOST_COMPARED))
    close = get_close_matches(written, names, 1) or get_close_matches(written.lower(), names, 1)
    close = close or [name for name in names if name.startswith(written)][:_MOST_LISTED]
    return f"did you mean {listed(close).replace(', ', ' or ')}?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Words in backticks, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


def stem_of(file: str) -> str:
    """The name of a clinic file without folders and ending: the clinic it must be of."""
    return file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml")
