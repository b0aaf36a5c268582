"""The simulation can fail: each of these wounds to the program must be noticed within a few hundred seeds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.simulation.case import Case
from tests.simulation.playing import noticed

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.memory.bookings import BookingRows
from payrules.adapters.memory.invoices import MemoryInvoices
from payrules.adapters.memory.outbox import OutboxRows
from payrules.app import dispatch, requests, stuck
from payrules.app.batch import Batch
from payrules.app.requests import Requests
from payrules.app.rows import Claimed
from payrules.domain import lifecycle, settling
from payrules.domain.action import Action, ActionState
from payrules.domain.decision import ActionType
from payrules.domain.lifecycle import deciding, outbox_events, release_held, reminding
from payrules.domain.timeline import Timeline

MOST = 400
"""Seeds until a wound must have been noticed."""


def no_start_check(patch: pytest.MonkeyPatch) -> None:
    """Nothing is asked before a call."""
    patch.setattr(MemoryLedger, "may_start", lambda *_: True)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    """What is claimed may be claimed by others at once."""
    claim = OutboxRows.claim

    def claimed(self: Any, lane: Any, now: datetime, lease_until: datetime, worker: str, limit: int) -> Any:
        return [
            c._replace(expired=False, unsure=False)
            for c in claim(self, lane, now + timedelta(hours=1), lease_until, worker, limit)
        ]

    patch.setattr(OutboxRows, "claim", claimed)


def start_check_forgets_the_lease(patch: pytest.MonkeyPatch) -> None:
    """An action starts as long as anybody has claimed it."""

    def may_start(self: MemoryLedger, claimed: Claimed) -> bool:
        place = (claimed.clinic_no, claimed.booking_no)
        with self.reading() as tx:
            actions = tx.records_by_number([place], lock=False)[place].record.actions
        return any(a.key == claimed.key and a.state is ActionState.CLAIMED and not a.stopping for a in actions)

    patch.setattr(MemoryLedger, "may_start", may_start)


def settling_forgets_the_lease(patch: pytest.MonkeyPatch) -> None:
    """How an attempt ended is written, whoever has claimed the action meanwhile."""
    settled = settling.settle

    def settle(record: Any, ended: Any, cover: Any, **options: Any) -> Any:
        attempt = next((a.attempt for a in record.actions if a.key == ended.key), ended.attempt)
        return settled(record, ended._replace(attempt=attempt), cover, **options)

    patch.setattr(dispatch, "settle", settle)


def save_without_fence(patch: pytest.MonkeyPatch) -> None:
    """A later write wins, whatever was there, and the record is read before its lock."""
    patch.setattr(BookingRows, "_merged", lambda self, there, before, after: after)
    stale: dict[Any, Any] = {}
    read = BookingRows.records_by_number

    def records(self: Any, bookings: Any, *, lock: bool) -> Any:
        found = read(self, bookings, lock=lock)
        return {key: stale.setdefault(key, row) if lock and key[1] % 2 else row for key, row in found.items()}

    patch.setattr(BookingRows, "records_by_number", records)


def reminders_from_due_at(patch: pytest.MonkeyPatch) -> None:
    """Reminders count from when the link was due."""
    made = reminding.reminders

    def reminders(record: Any, actions: Any, cover: Any, sent_at: datetime) -> Any:
        links = [a.due_at for a in record.actions if a.key.type is ActionType.SEND_PAYMENT_LINK]
        return made(record, actions, cover, min(links))

    patch.setattr(outbox_events, "reminders", reminders)


def number_from_the_draft(patch: pytest.MonkeyPatch) -> None:
    """A draft takes a number, as if it were issued."""
    do = MemoryInvoices._do

    def with_number(self: Any, request: Any) -> Any:
        if request.type is ActionType.CREATE_INVOICE:
            self._counters[request.clinic_no].give("", request.now.date())
        return do(self, request)

    patch.setattr(MemoryInvoices, "_do", with_number)


def keys_are_always_honoured(patch: pytest.MonkeyPatch) -> None:
    """Whatever got no answer is simply tried again."""
    patch.setattr(Requests, "honoured", lambda *_: True)


def stamped_by_arrival(patch: pytest.MonkeyPatch) -> None:
    """The version in force now decides, not that at `booked_at`."""
    in_force = Timeline.in_force
    patch.setattr(Timeline, "in_force", lambda self, instant: in_force(self, instant + timedelta(days=2)))


def no_quiet_hours(patch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps."""
    for module in (deciding, outbox_events, reminding, requests, settling):
        if hasattr(module, "due_outside_quiet_hours"):
            patch.setattr(module, "due_outside_quiet_hours", lambda key, at, *_: Action(key, at))
    patch.setattr("payrules.domain.decision.after_quiet_hours", lambda instant, *_: instant)


def never_too_late(patch: pytest.MonkeyPatch) -> None:
    """A message goes out days later."""
    patch.setattr(requests, "is_too_late", lambda *_: False)


def early_events_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What came before its booking is not asked for."""
    patch.setattr(BookingRows, "early_events", lambda *_: {})


def stages_in_any_order(patch: pytest.MonkeyPatch) -> None:
    """Nothing waits for what comes before it."""

    def scheduled(actions: Any) -> Any:
        return tuple(
            a._replace(next_at=max(a.due_at, a.next_at or a.due_at)) if a.state is ActionState.WAITING else a
            for a in actions
        )

    patch.setattr(lifecycle.acting, "scheduled", scheduled)


def cancellation_leaves_actions(patch: pytest.MonkeyPatch) -> None:
    """A cancelled booking keeps its actions."""
    patch.setattr(lifecycle.booking_events, "withdraw", lambda record, *_: record)


def holds_are_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """What an event adds in a held clinic runs."""
    patch.setattr("payrules.app.in_force.InForce.held", lambda *_: None)


def payments_are_counted_twice(patch: pytest.MonkeyPatch) -> None:
    """A payment told twice counts twice, as long as its id differs by chance of the batch."""
    recognise = Batch._recognise

    def applied(self: Any, items: Any) -> None:
        payments = [item for item in items if item.event.type == "paid"]
        recognise(self, [item for item in items if item not in payments])

    patch.setattr(Batch, "_recognise", applied)


def what_a_person_found_out_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A message that a person says has arrived is sent once more."""

    def found_delivered(record: Any, key: Any, cover: Any, now: datetime, receipt: str) -> Any:
        return release_held(record, key, receipt)

    patch.setattr(stuck, "found_delivered", found_delivered)


WOUNDS: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    no_start_check,
    no_lease,
    start_check_forgets_the_lease,
    settling_forgets_the_lease,
    save_without_fence,
    reminders_from_due_at,
    number_from_the_draft,
    keys_are_always_honoured,
    stamped_by_arrival,
    no_quiet_hours,
    never_too_late,
    early_events_are_forgotten,
    stages_in_any_order,
    cancellation_leaves_actions,
    holds_are_not_asked_for,
    payments_are_counted_twice,
    what_a_person_found_out_is_forgotten,
)


@pytest.mark.parametrize("wound", WOUNDS)
def test_wound_is_noticed(wound: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    wound(monkeypatch)
    assert any(noticed(Case(seed)) for seed in range(MOST))
