"""Activation against stamping on PostgreSQL: whoever comes first, every stamp is what the timeline says."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier

from tests.builders import CLINIC, COMPILER, clinic_text, version_of
from tests.processing import NOW, Fields, activated, booked, event, records

from payrules.adapters.store import open_store
from payrules.adapters.zones import load_zone
from payrules.app.batch import Tools
from payrules.app.fates import Fate, Report
from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger, Lock, Transaction
from payrules.app.process import Processor
from payrules.app.rows import ActivationRow, PolicyRow
from payrules.app.timelines import Rewritten, timeline_of, write_timelines
from payrules.app.transactions import in_transaction
from payrules.app.versions import Versions
from payrules.domain.record import BookingState

ACTIVATIONS = 12
PROCESSORS = 2
BATCHES = 6
IN_BATCH = 10
STARTS_AT, ENDS_AT = "2999-01-01T10:00:00Z", "2999-01-01T11:00:00Z"


def now() -> datetime:
    return datetime.now(UTC)


def activate(tx: Transaction, text: str) -> None:
    """As activation does: the time is read under the lock, and is later than everything that is stamped."""
    clinic_no = tx.clinics([CLINIC], Lock.EXCLUSIVE)[CLINIC].clinic_no
    version, at = version_of(text), now()
    tx.add_policy(PolicyRow(version.digest, version.canonical, f"clinics/{CLINIC}.yaml", text.encode()))
    before = timeline_of(tx.timelines([clinic_no])[clinic_no])
    after = before.record(version.digest, None, at, tx.latest_booked_at(clinic_no)).timeline
    rewritten = Rewritten(clinic_no, before, after, lambda activation: ActivationRow(activation, "race"))
    write_timelines(tx, [rewritten])


def desk_on(ledger: Ledger, clock: Callable[[], datetime] = now) -> Processor:
    return Processor(ledger, Tools(Versions(COMPILER), load_zone, "0.1.0", "2026a", InForceCache()), clock)


def together(url: str, *works: Callable[[Ledger], None]) -> None:
    """Do works at the same time, each with a connection of its own; what one raises is raised here."""
    begin = Barrier(len(works))

    def run(work: Callable[[Ledger], None]) -> None:
        with closing(open_store(url)) as ledger:
            begin.wait(60)
            work(ledger)

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result(120)


def test_every_stamp_equals_the_timeline_at_booked_at(postgres_url: str) -> None:
    reports: list[Report] = []

    def process(worker: int, ledger: Ledger) -> None:
        desk = desk_on(ledger)
        for batch in range(BATCHES):
            first = (worker * BATCHES + batch) * IN_BATCH
            # Some from a clock that runs ahead: they count as made when they came.
            times = [now() + timedelta(milliseconds=20 * (n % 3 - 1)) for n in range(IN_BATCH)]
            events = [
                booked(first + n, booked_at=time.isoformat(), starts_at=STARTS_AT, ends_at=ENDS_AT)
                for n, time in enumerate(times)
            ]
            reports.append(desk.process(records(*events)))

    def activations(ledger: Ledger) -> None:
        for number in range(ACTIVATIONS):
            text = clinic_text(name=f"Fjord {number}")
            in_transaction(ledger, partial(activate, text=text))

    with closing(open_store(postgres_url)) as ledger:
        activated(ledger)
        together(postgres_url, activations, *(partial(process, worker) for worker in range(PROCESSORS)))
        with ledger.reading() as tx:
            clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no
            timeline = timeline_of(tx.timelines([clinic_no])[clinic_no])
            stored = tx.records_by_number(tx.booking_numbers(clinic_no), lock=False)
    assert sum(report.counts[Fate.NEW] for report in reports) == len(stored) == PROCESSORS * BATCHES * IN_BATCH
    assert len(timeline.activations) == ACTIVATIONS + 1
    for found in stored.values():
        activation = timeline.in_force(found.record.booking.booked_at)
        assert activation is not None
        assert (found.record.stamp.sequence, found.record.stamp.digest) == (activation.sequence, activation.digest)


def test_an_event_and_its_booking_in_two_processes_find_each_other(postgres_url: str) -> None:
    count = 20

    def process(events: list[Fields], ledger: Ledger) -> None:
        desk = desk_on(ledger, lambda: NOW)
        for fields in events:
            desk.process(records(fields))

    with closing(open_store(postgres_url)) as ledger:
        activated(ledger)
        cancelled, made = [event("cancelled", n) for n in range(count)], [booked(n) for n in range(count)]
        together(postgres_url, partial(process, cancelled), partial(process, made))
        with ledger.reading() as tx:
            stored = tx.records([(1, f"bk-{n}") for n in range(count)], lock=False)
    assert {found.record.state for found in stored.values()} == {BookingState.CANCELLED}
    assert len(stored) == count
