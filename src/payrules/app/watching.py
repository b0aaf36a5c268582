"""When to look at the clinic files again: pure, with the time as an argument.

An event of the file system is only a hint that something may have changed. Hints are gathered until it has been quiet
for a moment, a stream of them is cut off after a while, and a look is taken now and then without any hint, since hints
get lost. Times are seconds of a clock that never jumps.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, in seconds: for `quiet` after the last hint, `longest` after the first, `resync` without any.

    `retry` is the wait after a first failure; each further one doubles it, up to `resync`.
    """

    quiet: float = 0.3
    longest: float = 2.0
    resync: float = 30.0
    retry: float = 1.0


@dataclass(frozen=True, slots=True)
class Debounce:
    """What is known of the hints since the last look. A new one is due at once: nothing was looked at yet."""

    timing: Timing
    looked_at: float | None = None
    first_hint: float | None = None
    last_hint: float | None = None
    failures: int = 0

    def hint(self, at: float) -> "Debounce":
        """Something may have changed."""
        return replace(self, first_hint=at if self.first_hint is None else self.first_hint, last_hint=at)

    def looked(self, at: float) -> "Debounce":
        """A look that began at `at` succeeded: it saw whatever earlier hints meant."""
        return Debounce(self.timing, looked_at=at)

    def failed(self, at: float) -> "Debounce":
        """A look that began at `at` failed. Only what makes the next one due matters, so hints are answered too."""
        return Debounce(self.timing, looked_at=at, failures=self.failures + 1)

    @property
    def wait_until(self) -> float:
        """The time at which the next look is due."""
        if self.looked_at is None:
            return float("-inf")
        due = self.looked_at + self._longest_rest
        if self.first_hint is not None and self.last_hint is not None:
            due = min(due, self.last_hint + self.timing.quiet, self.first_hint + self.timing.longest)
        return due

    def due(self, now: float) -> bool:
        """Whether it is time to look."""
        return now >= self.wait_until

    @property
    def _longest_rest(self) -> float:
        if not self.failures:
            return self.timing.resync
        # 2.0 ** 1024 would overflow; long before that the limit holds.
        return min(self.timing.resync, self.timing.retry * 2.0 ** min(self.failures - 1, 60))
