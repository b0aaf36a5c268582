"""Metrics for Prometheus, in a registry of their own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from payrules.app.rows import Lane
from payrules.domain.errors import PayrulesError


class MetricsError(PayrulesError):
    """The port for metrics cannot be used."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"metrics cannot be offered on {host}:{port}: {reason}")


class Metrics:
    """What `watch` and `run` measure. `monotonic` is a clock that never jumps, in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._monotonic = monotonic
        self._reconciled = monotonic()
        self._last_activation = self._gauge(
            "last_successful_activation_timestamp_seconds", "When a version was last activated, by whomever."
        )
        self._rejected = self._gauge("rejected_files", "Clinic files that are broken, empty, missing or double.")
        self._active = self._gauge("active_versions", "Clinics with a version in force.")
        self._events = self._gauge("watching_by_events", "1 while the file system tells of changes, 0 while polling.")
        lag = self._gauge("reconcile_lag_seconds", "Seconds since the files and the store were last compared.")
        lag.set_function(lambda: self._monotonic() - self._reconciled)
        self._actions = Counter(
            "payrules_actions", "Attempts of actions by lane and answer.", ["lane", "answer"], registry=self.registry
        )
        self._intake = Counter(
            "payrules_intake_events", "Booking events by what became of them.", ["result"], registry=self.registry
        )

    def reconciled(self, *, in_force: int, problems: int, by_events: bool, activated_at: datetime | None) -> None:
        """The files were compared with the store. `activated_at` is None where nothing was activated yet."""
        self._reconciled = self._monotonic()
        self._active.set(in_force)
        self._rejected.set(problems)
        self._events.set(by_events)
        if activated_at is not None:
            self._last_activation.set(activated_at.timestamp())

    def attempted(self, lane: Lane, answer: str) -> None:
        """An attempt of an action ended."""
        self._actions.labels(lane.name.lower(), answer).inc()

    def taken_in(self, result: str, count: int) -> None:
        """Booking events came in."""
        self._intake.labels(result).inc(count)

    @contextmanager
    def offered(self, host: str, port: int) -> Iterator[int]:
        """Answer `GET /metrics` meanwhile; yields the port, which the system chooses for 0.

        Raises MetricsError where the port is taken or the host is not this machine's.
        """
        try:
            server, thread = start_http_server(port, host, self.registry)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise MetricsError(host, port, reason.lower()) from error
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"payrules_{name}", text, registry=self.registry)
