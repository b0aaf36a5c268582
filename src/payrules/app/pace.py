"""How fast an adapter may be called: so many calls a second, spread evenly over the threads of a process."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock
from time import monotonic

from payrules.app.ports import Limits


class Pace:
    """Spaces the starts of calls. `seconds` is a clock that never goes back."""

    def __init__(self, limits: Limits, seconds: Callable[[], float] = monotonic) -> None:
        self._gap = 0.0 if limits.per_second is None else 1 / limits.per_second
        self._seconds = seconds
        self._lock = Lock()
        self._next = 0.0

    def wait(self, stop: Event) -> None:
        """Return when the next call may start, or as soon as `stop` is set."""
        if not self._gap:
            return
        with self._lock:
            start = max(self._next, self._seconds())
            self._next = start + self._gap
        stop.wait(max(start - self._seconds(), 0))

    def batch(self, most: int, lease: timedelta) -> int:
        """How many actions to claim at once, so that all of them can start well within a lease."""
        if not self._gap:
            return most
        return max(1, min(most, int(lease.total_seconds() / 4 / self._gap)))
