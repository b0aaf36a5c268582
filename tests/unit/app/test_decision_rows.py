"""Recorded decisions: what was wanted is read as it was written."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import at

from payrules.app.decision_rows import read_wanted, wanted_text
from payrules.domain.decision import ActionSpec, ActionType, Shift
from payrules.domain.policy import Channel

instants = st.integers(-(10**16), 3 * 10**16).map(
    lambda micros: at("1970-01-01T00:00Z") + timedelta(microseconds=micros)
)
specs = st.builds(
    ActionSpec,
    st.sampled_from(ActionType),
    st.none() | st.sampled_from(Channel),
    instants,
    st.none() | st.sampled_from(Shift),
    st.integers(1, 20),
)


@given(st.lists(specs, max_size=5))
def test_what_was_wanted_is_read_as_it_was_written(actions: list[ActionSpec]) -> None:
    assert read_wanted(wanted_text(actions)) == tuple(actions)


def test_it_is_json_that_a_person_can_read() -> None:
    link = ActionSpec(ActionType.SEND_PAYMENT_LINK, Channel.SMS, at("2026-12-01T10:00Z"), Shift.QUIET_HOURS)
    create = ActionSpec(ActionType.CREATE_INVOICE, None, at("1970-01-01T00:00:01Z"))
    assert wanted_text([create, link]) == (
        '[["create_invoice",null,1000000,null,1],["send_payment_link","sms",1796119200000000,"quiet_hours",1]]'
    )
