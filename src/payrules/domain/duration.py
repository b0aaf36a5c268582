"""Offsets as people write them: `15m`, `2h`, `3d`."""

from typing import NamedTuple

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


class Duration(NamedTuple):
    """An offset. Minutes are elapsed time; days are calendar days with the wall time kept.

    One of the two is zero, because a clinic file names one unit. Hours are kept as minutes: `60m` is `1h`.
    """

    minutes: int = 0
    days: int = 0

    @property
    def is_zero(self) -> bool:
        """Whether the offset moves nothing."""
        return not self.minutes and not self.days

    @property
    def nominal_seconds(self) -> int:
        """Length in seconds with every day taken as 24 hours; for comparing, never for scheduling."""
        return self.minutes * 60 + self.days * 86_400

    def __str__(self) -> str:
        if self.days:
            return f"{self.days}d"
        if self.minutes and self.minutes % 60 == 0:
            return f"{self.minutes // 60}h"
        return f"{self.minutes}m"


ZERO = Duration()


def parse_duration(text: str) -> Duration:
    """Read `<n>m`, `<n>h` or `<n>d`; the schema has checked the form.

    Raises ValueError or KeyError on any other form.
    """
    number = int(text[:-1])
    match text[-1]:
        case "d":
            return Duration(days=number)
        case "h":
            return Duration(minutes=number * 60)
        case unit:
            return Duration(minutes=number * _SECONDS[unit] // 60)


def parse_seconds(text: str) -> int:
    """Read a length for a condition, where `1d` is 24 hours. Raises as `parse_duration`."""
    return int(text[:-1]) * _SECONDS[text[-1]]


def format_seconds(seconds: int) -> str:
    """A condition's length in its largest whole unit: 7200 is `2h`, 86400 is `1d`."""
    for unit in ("d", "h"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds // 60}m"
