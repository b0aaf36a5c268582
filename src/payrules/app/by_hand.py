"""Who changes something by hand, and why: kept with what was changed."""

from typing import NamedTuple

from payrules.domain.errors import PayrulesError

LONGEST = 300
"""Characters of a name and of a reason."""


class ByHandError(PayrulesError):
    """A name or a reason that cannot be kept."""


class ByHand(NamedTuple):
    """A person and their reason. Neither is to name a client: both are shown in lists and never erased."""

    name: str
    reason: str

    def said(self, verb: str = "") -> str:
        """`released by kari: she called`."""
        return f"{verb} by {self.name}: {self.reason}".lstrip()


def by_hand(name: str, reason: str) -> ByHand:
    """Both on one line each. Raises ByHandError where one is empty, too long, or does not print."""
    return ByHand(plain_line("name of who does it", name), plain_line("reason", reason))


def plain_line(what: str, text: str) -> str:
    """The text on one line; `what` it is stands in the error. Raises ByHandError as `by_hand` does."""
    text = " ".join(text.split())
    if not text:
        raise ByHandError(f"the {what} is empty: say it, for whoever asks later")
    if len(text) > LONGEST or not text.isprintable():
        raise ByHandError(f"the {what} is longer than {LONGEST} characters, or holds characters that do not print")
    return text
