"""People at two desks do the same at once, on both stores: one wins, the other is told, nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Barrier

import pytest
from tests.builders import COMPILER, clinic_text
from tests.processing import activated, booked, records

from payrules.adapters.addresses import why_unreachable
from payrules.adapters.store import open_store
from payrules.adapters.zones import load_zone
from payrules.app.batch import Tools
from payrules.app.bookings import Bookings
from payrules.app.fates import Fate
from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger
from payrules.app.practice import Asked, Done, Practice
from payrules.app.process import Processor
from payrules.app.versions import Versions
from payrules.domain.decision import ActionType
from payrules.domain.lifecycle import Refusal

DESKS = 4
ROUNDS = 5
MANUAL = clinic_text(process="manual")


def now() -> datetime:
    return datetime.now(UTC)


def processor(ledger: Ledger) -> Processor:
    return Processor(ledger, Tools(Versions(COMPILER), load_zone, "0.1.0", "2026a", InForceCache()), now)


def practice(ledger: Ledger) -> Practice:
    return Practice(ledger, Bookings(Versions(COMPILER), now), processor(ledger), load_zone, now, why_unreachable)


def at_once(url: str, what: str, *args: str, event_ids: list[str]) -> list[Done]:
    """Everybody asks at the same moment, each over a connection of their own."""
    begin = Barrier(len(event_ids))

    def ask(event_id: str) -> Done:
        with closing(open_store(url)) as ledger:
            desk = practice(ledger)
            begin.wait(60)
            done: Done = getattr(desk, what)(Asked("bk-1", event_id, event_id), *args)
            return done

    with ThreadPoolExecutor(len(event_ids)) as pool:
        return list(pool.map(ask, event_ids))


@pytest.fixture
def url(store_url: str) -> str:
    with closing(open_store(store_url)) as ledger:
        began = datetime(2020, 1, 1, tzinfo=UTC)
        processor(activated(ledger, MANUAL, effective_at=(began,))).process(
            records(booked(1, booked_at="2026-01-01T09:00:00+01:00"))
        )
    return store_url


def test_one_of_many_sends_the_draft(url: str) -> None:
    done = at_once(url, "send", event_ids=[f"desk-{number}" for number in range(DESKS)])
    assert [one.fate for one in done].count(Fate.APPLIED) == 1
    others = [one for one in done if one.fate is not Fate.APPLIED]
    assert all(one.sentence and (one.code == Refusal.ALREADY_SENT or one.fate is Fate.STALE) for one in others)
    links = [a for a in done[0].after.stored.record.actions if a.key.type is ActionType.SEND_PAYMENT_LINK]
    assert [link.key.occurrence for link in links] == [1, 1]


def test_every_payment_counts_and_the_same_one_once(url: str) -> None:
    event_ids = [f"till-{number}" for number in range(ROUNDS)]
    done = at_once(url, "pay", "100", event_ids=event_ids)
    assert {one.fate for one in done} == {Fate.APPLIED}
    again = at_once(url, "pay", "7", event_ids=["till-x"] * DESKS)
    # The name is the event's too, so that all of them say the very same.
    assert sorted(one.fate for one in again) == [Fate.APPLIED, *[Fate.REPEATED] * (DESKS - 1)]
    assert again[0].after.stored.record.invoice.paid == ROUNDS * 10_000 + 700
