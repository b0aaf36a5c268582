"""The schemas of what commands print name the same codes as the code does, and refuse what is not of their form."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from tests.shapes import SCHEMAS, faults

from payrules.app.fates import Fate
from payrules.app.look import Problem
from payrules.app.rows import EventState, LegalForm
from payrules.app.stuck import Verb
from payrules.domain.action import ActionState
from payrules.domain.decision import ActionType, Outcome, Reason, Shift
from payrules.domain.events import OverrideProcess
from payrules.domain.policy import Channel
from payrules.domain.record import BookingState, InvoiceState

LoadSchema = Callable[[str], dict[str, Any]]
STORY, STATUS, HELD = "booking-story", "status", "held"

CODES: list[tuple[type[Enum], str, str]] = [
    (BookingState, STORY, "properties/state"),
    (BookingState, "bookings", "properties/state"),
    (InvoiceState, STORY, "properties/invoice/properties/state"),
    (OverrideProcess, STORY, "properties/override"),
    (Channel, STORY, "$defs/channel"),
    (ActionType, STORY, "$defs/actionType"),
    (ActionType, HELD, "$defs/actionType"),
    (ActionState, STORY, "$defs/action/properties/state"),
    (Shift, STORY, "$defs/action/properties/shifted_by"),
    (EventState, STORY, "properties/events/items/properties/state"),
    (Outcome, STORY, "properties/decisions/items/properties/outcome"),
    (Reason, STORY, "properties/decisions/items/properties/reason"),
    (Verb, STORY, "properties/deeds/items/properties/verb"),
    (LegalForm, STATUS, "$defs/verification/properties/legal_form"),
    (Problem, STATUS, "$defs/file/properties/problem"),
]


@pytest.mark.parametrize(("codes", "name", "place"), CODES)
def test_codes_are_those_of_the_code(codes: type[Enum], name: str, place: str, load_schema: LoadSchema) -> None:
    part: Any = load_schema(name)
    for step in place.split("/"):
        part = part[step]
    assert {code for code in part["enum"] if code is not None} == {code.value for code in codes}


def test_fates_and_outcomes_are_counted(load_schema: LoadSchema) -> None:
    summary = load_schema("process")["$defs"]["summary"]["properties"]
    assert {fate.value for fate in Fate} <= summary.keys()
    assert summary["outcomes"]["properties"].keys() == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("name", sorted(set(SCHEMAS.values())))
def test_the_examples_are_taken_and_nothing_beside_them(name: str, load_schema: LoadSchema) -> None:
    examples = load_schema(name)["examples"]
    assert faults(name, examples) == []
    for example in examples:
        assert faults(name, [example | {"surplus": 1}])
        for left_out in example:
            assert faults(name, [{key: value for key, value in example.items() if key != left_out}])
