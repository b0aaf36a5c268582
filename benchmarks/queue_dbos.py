"""DBOS: durable workflows, each a row that is written before it runs and after it ended. On SQLite and PostgreSQL."""

from importlib import import_module
from itertools import chain
from time import monotonic, perf_counter, sleep
from typing import Any

from sqlalchemy import create_engine

from benchmarks.queue_jobs import Job, Measured, check_done

_LATER, _NOW = "later", "now"
_PATIENCE = 120.0
# Fewer are slower, and with more of them all are taken before the first one runs.
_AT_A_TIME = 100


def measure(url: str, bookings: list[list[Job]], due: list[Job]) -> Measured:
    """Intake: a workflow a booking, with its actions as arguments, enqueued under the id of the event until the first
    of them is due. At once: a workflow an action, all enqueued in one transaction, as an outbox of its own would.
    """
    dbos = import_module("dbos")
    done: list[tuple[float, str]] = []

    def act(key: str) -> None:
        done.append((perf_counter(), key))

    dbos.DBOS.workflow(name="act")(act)
    dbos.DBOS(config={"name": "benchmark", "system_database_url": url, "log_level": "ERROR"})
    dbos.DBOS.launch()
    client = dbos.DBOSClient(system_database_url=url)
    try:
        intake, at_once = _one_by_one(client, bookings), _at_once(client, url, bookings)
        for job in due:
            client.enqueue(_options(_NOW, "act", job), job.key)
        dbos.DBOS.register_queue(_NOW, worker_concurrency=_AT_A_TIME, polling_interval_sec=0.01)
        patience = monotonic() + _PATIENCE
        while client.list_queued_workflows(queue_name=_NOW, limit=1, load_input=False) and monotonic() < patience:
            sleep(0.02)
        end = perf_counter()
    finally:
        client.destroy()
        dbos.DBOS.destroy()
    check_done([key for _, key in done], due)
    return Measured(intake, at_once, end - done[0][0])


def _options(queue: str, workflow: str, job: Job) -> Any:
    options: dict[str, Any] = {"queue_name": queue, "workflow_name": workflow, "workflow_id": job.key}
    # One that waits, be it for no time at all, is looked at once more than one that does not.
    return options | {"delay_seconds": delay} if (delay := job.delay) else options


def _one_by_one(client: Any, bookings: list[list[Job]]) -> float:
    """Seconds to enqueue a workflow a booking."""
    firsts = [Job(f"e-{number}", min(job.due_at for job in jobs)) for number, jobs in enumerate(bookings)]
    start = perf_counter()
    for first, jobs in zip(firsts, bookings, strict=True):
        client.enqueue(_options(_LATER, "booking", first), [tuple(job) for job in jobs])
    seconds = perf_counter() - start
    _check_waiting(client, "booking", firsts)
    return seconds


def _at_once(client: Any, url: str, bookings: list[list[Job]]) -> float:
    """Seconds to enqueue a workflow an action in one transaction."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    jobs = [*chain.from_iterable(bookings)]
    start = perf_counter()
    with engine.begin() as connection:
        for job in jobs:
            client.enqueue_in_transaction(connection, _options(_LATER, "act", job), job.key)
    seconds = perf_counter() - start
    engine.dispose()
    _check_waiting(client, "act", jobs)
    return seconds


def _check_waiting(client: Any, workflow: str, jobs: list[Job]) -> None:
    found = client.list_workflows(name=workflow, status="DELAYED", load_input=False)
    assert sorted(each.workflow_id for each in found) == sorted(job.key for job in jobs), f"{len(found)}: {workflow}"
