"""PGQueuer: a table of jobs on PostgreSQL, which a worker takes and settles in batches."""

import asyncio
from datetime import timedelta
from importlib import import_module
from itertools import chain
from time import perf_counter
from typing import Any

from benchmarks.queue_jobs import Job, Measured, check_done

_BATCH = 100


def measure(url: str, bookings: list[list[Job]], due: list[Job]) -> Measured:
    """All actions in one statement, each with its time and a key that refuses a second job while it waits."""
    return asyncio.run(_measure(url, [*chain.from_iterable(bookings)], due))


async def _measure(url: str, waiting: list[Job], due: list[Job]) -> Measured:
    driver, modes = import_module("pgqueuer.db").PsycopgDriver, import_module("pgqueuer.types").QueueExecutionMode
    connect = import_module("psycopg").AsyncConnection.connect
    done: list[tuple[float, str]] = []
    async with await connect(url, autocommit=True) as own, await connect(url, autocommit=True) as watching:
        worker = import_module("pgqueuer").PgQueuer(driver(own)).qm
        await worker.queries.install()

        async def act(job: Any) -> None:
            done.append((perf_counter(), job.payload.decode()))

        async def enqueue(entrypoint: str, jobs: list[Job]) -> None:
            keys, count = [job.key for job in jobs], len(jobs)
            delays = [timedelta(seconds=job.delay) for job in jobs]
            await worker.queries.enqueue(
                [entrypoint] * count, [key.encode() for key in keys], [0] * count, delays, keys
            )

        async def all_settled() -> float:
            # The worker itself ends some seconds after its last job, and the table is all there is to look at.
            left = "SELECT 1 FROM pgqueuer WHERE entrypoint = 'act' LIMIT 1"
            while await (await watching.execute(left)).fetchone():  # noqa: ASYNC110  # as told above
                await asyncio.sleep(0.005)
            return perf_counter()

        worker.entrypoint("act")(act)
        start = perf_counter()
        # A worker that is to end when nothing is left does not look at what waits under another name.
        await enqueue("later", waiting)
        at_once = perf_counter() - start
        rows = await (await own.execute("SELECT dedupe_key FROM pgqueuer WHERE status = 'queued'")).fetchall()
        assert sorted(row[0] for row in rows) == sorted(job.key for job in waiting)
        await enqueue("act", due)
        end, _ = await asyncio.gather(all_settled(), worker.run(batch_size=_BATCH, mode=modes.drain))
    check_done([key for _, key in done], due)
    return Measured(None, at_once, end - done[0][0])
