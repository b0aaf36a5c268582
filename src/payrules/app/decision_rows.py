"""Decisions as they are recorded for `audit`: the facts they rest on and the actions they wanted."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from payrules.app.rows import DecisionRow
from payrules.domain.decision import ActionSpec, ActionType, Shift
from payrules.domain.policy import Channel
from payrules.domain.record import BookingRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_WHAT = {
    (kind, channel): f'["{kind.value}",null,' if channel is None else f'["{kind.value}","{channel.value}",'
    for kind in ActionType
    for channel in (None, *Channel)
}
_SHIFTED = {None: ",null,"} | {shift: f',"{shift.value}",' for shift in Shift}


def decision_row(
    booking_no: int, record: BookingRecord, actions: Iterable[ActionSpec], facts: str, decided_at: datetime
) -> DecisionRow:
    """The row of the decision that a record holds, which wanted `actions`."""
    return DecisionRow(booking_no, record.decided.number, record.stamp.number, decided_at, facts, wanted_text(actions))


def wanted_text(actions: Iterable[ActionSpec]) -> str:
    """Actions as a JSON list of [type, channel, due_at, shifted_by, occurrence], in their order.

    `due_at` is in microseconds since 1970, as everywhere in a ledger.
    """
    # Closed words need no escaping, and joined by hand they take a tenth of the time.
    parts = [
        f"{_WHAT[kind, channel]}{(due_at - _EPOCH) // _TICK}{_SHIFTED[shift]}{occurrence}]"
        for kind, channel, due_at, shift, occurrence in actions
    ]
    return f"[{','.join(parts)}]"


def read_wanted(text: str) -> tuple[ActionSpec, ...]:
    """The actions of a recorded decision."""
    return tuple(
        ActionSpec(
            ActionType(kind),
            None if channel is None else Channel(channel),
            _EPOCH + due_at * _TICK,
            None if shift is None else Shift(shift),
            occurrence,
        )
        for kind, channel, due_at, shift, occurrence in json.loads(text)
    )
