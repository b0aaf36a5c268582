"""Metrics as Prometheus reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest

from payrules.adapters.metrics import Metrics, MetricsError
from payrules.app.rows import Lane

ACTIVATED = datetime.fromtimestamp(1.7953488e9, UTC)


def test_what_a_reconcile_told_is_offered() -> None:
    metrics = Metrics()
    metrics.reconciled(in_force=16, problems=2, by_events=True, activated_at=ACTIVATED)
    metrics.attempted(Lane.SMS, "delivered")
    metrics.attempted(Lane.SMS, "delivered")
    metrics.taken_in("new", 3)
    with metrics.offered("127.0.0.1", 0) as port, urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    for line in (
        "payrules_last_successful_activation_timestamp_seconds 1.7953488e+09",
        "payrules_active_versions 16.0",
        "payrules_rejected_files 2.0",
        "payrules_watching_by_events 1.0",
        'payrules_actions_total{answer="delivered",lane="sms"} 2.0',
        'payrules_intake_events_total{result="new"} 3.0',
    ):
        assert line in text.splitlines(), text


def test_lag_grows_until_the_next_reconcile() -> None:
    times: Iterator[float] = iter([100.0, 107.5, 110.0, 111.0])
    metrics = Metrics(lambda: next(times))
    assert metrics.registry.get_sample_value("payrules_reconcile_lag_seconds") == 7.5
    metrics.reconciled(in_force=0, problems=0, by_events=False, activated_at=None)
    assert metrics.registry.get_sample_value("payrules_reconcile_lag_seconds") == 1.0
    assert metrics.registry.get_sample_value("payrules_last_successful_activation_timestamp_seconds") == 0.0


def test_two_processes_parts_do_not_share_a_registry() -> None:
    one, other = Metrics(), Metrics()
    one.taken_in("new", 1)
    assert other.registry.get_sample_value("payrules_intake_events_total", {"result": "new"}) is None


def test_port_that_is_taken_is_a_clear_error() -> None:
    with Metrics().offered("127.0.0.1", 0) as port:
        second = Metrics().offered("127.0.0.1", port)
        with pytest.raises(MetricsError, match=f"127.0.0.1:{port}: address already in use"):
            second.__enter__()


def test_port_is_free_again_afterwards() -> None:
    metrics = Metrics()
    with metrics.offered("127.0.0.1", 0) as port:
        pass
    with metrics.offered("127.0.0.1", port) as again:
        assert again == port
