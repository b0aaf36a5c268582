"""Numbers in place of enums: one for every member, the same for ever."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payrules.adapters.store import codes, mapping
from payrules.adapters.store.tables import ACTIONS, BOOKINGS, EVENTS
from payrules.app.rows import EventState, lane_of
from payrules.domain.action import ActionKey, ActionState
from payrules.domain.decision import ActionType, Outcome, Reason, Shift
from payrules.domain.events import EventType
from payrules.domain.policy import Channel
from payrules.domain.record import BookingState, InvoiceState

CODES: list[tuple[type[Enum], codes.Codes[Any]]] = [
    (EventType, codes.EVENT_TYPES),
    (EventState, codes.EVENT_STATES),
    (BookingState, codes.BOOKING_STATES),
    (InvoiceState, codes.INVOICE_STATES),
    (Outcome, codes.OUTCOMES),
    (Reason, codes.REASONS),
    (ActionType, codes.ACTION_TYPES),
    (ActionState, codes.ACTION_STATES),
    (Shift, codes.SHIFTS),
]


@pytest.mark.parametrize(("enum", "known"), CODES, ids=lambda value: getattr(value, "__name__", ""))
def test_every_member_has_one_number(enum: type[Enum], known: codes.Codes[Any]) -> None:
    assert set(known.numbers) == set(enum)
    assert {known.members[number] for number in known.numbers.values()} == set(enum)


def test_every_channel_has_one_number() -> None:
    assert set(codes.CHANNEL_NUMBERS) == {None, *Channel}
    assert set(codes.CHANNELS) == set(codes.CHANNEL_NUMBERS.values())


@pytest.mark.parametrize(
    ("table", "column", "known"),
    [
        (EVENTS, "type", codes.EVENT_TYPES),
        (EVENTS, "state", codes.EVENT_STATES),
        (BOOKINGS, "state", codes.BOOKING_STATES),
        (BOOKINGS, "invoice_state", codes.INVOICE_STATES),
        (ACTIONS, "type", codes.ACTION_TYPES),
        (ACTIONS, "state", codes.ACTION_STATES),
    ],
)
def test_the_tables_take_exactly_these_numbers(table: Any, column: str, known: codes.Codes[Any]) -> None:
    checks = [str(check.sqltext) for check in table.constraints if hasattr(check, "sqltext")]
    assert any(f"{column} BETWEEN 1 AND {max(known.members)}" in check for check in checks)


def test_every_key_comes_back() -> None:
    for kind, channel in product(ActionType, (None, *Channel)):
        key = ActionKey(2, kind, channel, 3)
        assert mapping.key_of(*mapping.key_values(key)) == key
        assert mapping._KEYS[kind, channel][2] == lane_of(key)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001  # bounds
def test_every_instant_comes_back(at: datetime) -> None:
    number = codes.micros(at)
    assert codes.instant(number) == at
    assert number == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
