"""What the providers of SMS have in common: how long they ask to wait."""

from collections.abc import Mapping
from datetime import timedelta

LONGEST_WAIT = timedelta(hours=24)


def wait_of(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` in seconds, at most a day; None where it is absent, a date, or no number."""
    written = headers.get("Retry-After", "").strip()
    if not (written.isascii() and written.isdigit() and len(written) <= len("99999999")):
        return None
    return min(timedelta(seconds=int(written)), LONGEST_WAIT)
