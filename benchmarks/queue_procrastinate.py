"""Procrastinate: a table of jobs on PostgreSQL, from which workers fetch one at a time."""

import asyncio
from importlib import import_module
from itertools import chain
from time import perf_counter

from benchmarks.queue_jobs import Job, Measured, check_done

_CONCURRENCY = 10


def measure(url: str, bookings: list[list[Job]], due: list[Job]) -> Measured:
    """All actions in one statement, each with its time and a lock that refuses a second job while it waits."""
    return asyncio.run(_measure(url, [*chain.from_iterable(bookings)], due))


async def _measure(url: str, waiting: list[Job], due: list[Job]) -> Measured:
    procrastinate = import_module("procrastinate")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    done: list[tuple[float, str]] = []

    async def act(key: str) -> None:
        done.append((perf_counter(), key))

    task = app.task(name="act")(act)

    async def defer(jobs: list[Job]) -> None:
        made = [task.configure(schedule_at=job.due, queueing_lock=job.key).make_new_job(key=job.key) for job in jobs]
        await app.job_manager.batch_defer_jobs_async(made)

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        start = perf_counter()
        await defer(waiting)
        at_once = perf_counter() - start
        found = await app.job_manager.list_jobs_async(status="todo")
        assert sorted(job.queueing_lock for job in found) == sorted(job.key for job in waiting)
        await defer(due)
        await app.run_worker_async(
            wait=False, concurrency=_CONCURRENCY, install_signal_handlers=False, listen_notify=False
        )
        end = perf_counter()
    check_done([key for _, key in done], due)
    return Measured(None, at_once, end - done[0][0])
