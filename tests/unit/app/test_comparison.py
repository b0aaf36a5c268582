"""What differs between two decisions, and that it agrees with what the exact difference takes for different."""

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import AUTOMATIC, MANUAL, booking, policy, rule

from payrules.app.comparison import COMPARED, differences
from payrules.domain.booking import Booking
from payrules.domain.decision import decide
from payrules.domain.difference import differ
from payrules.domain.duration import Duration
from payrules.domain.policy import Channel, Manual, Notification, Policy, QuietHours, Send, Terms
from payrules.domain.treatment import is_alike

TERMS = st.builds(
    lambda base, offset, due, quiet, manual: base._replace(
        notification=Notification(Send.AFTER_APPOINTMENT, offset, quiet_hours=quiet),
        invoice=base.invoice._replace(due_in=due),
        manual=manual,
    ),
    st.sampled_from([AUTOMATIC, MANUAL]),
    st.sampled_from([Duration(15), Duration(30)]),
    st.sampled_from([Duration(days=7), Duration(days=14)]),
    st.sampled_from([None, QuietHours(180, 240, frozenset(Channel))]),
    st.sampled_from([Manual(), Manual(create_draft=False)]),
)
POLICIES = st.builds(
    lambda terms, other, active, price: policy(
        rule("r", other, first_visit=True), terms=terms, active=active, prices={"a": price}
    ),
    TERMS,
    TERMS,
    st.booleans(),
    st.sampled_from([None, 0, 50_000, 60_000]),
)
BOOKINGS = st.builds(
    lambda price, kind, first, contacts: booking(price=price, session_type=kind, first_visit=first, contacts=contacts),
    st.sampled_from([None, 0, 125_000]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, True, False]),
    st.frozensets(st.sampled_from(list(Channel))),
)


def compared(before: Policy, after: Policy, of: Booking) -> tuple[str, ...]:
    return differences(before, decide(before, of, of.booked_at), after, decide(after, of, of.booked_at))


@given(POLICIES, POLICIES, BOOKINGS)
def test_it_is_different_where_the_treatment_is(before: Policy, after: Policy, of: Booking) -> None:
    alike = is_alike(decide(before, of, of.booked_at), decide(after, of, of.booked_at))
    assert bool(compared(before, after, of)) == (not alike)
    assert set(compared(before, after, of)) <= set(COMPARED)


@given(POLICIES, POLICIES, BOOKINGS)
def test_a_certificate_never_stands_beside_a_booking_that_differs(before: Policy, after: Policy, of: Booking) -> None:
    if differ(before, after).nothing:
        assert compared(before, after, of) == ()


def test_a_time_zone_counts_where_both_bill_even_if_no_time_is_another() -> None:
    before, after = policy(), policy(timezone="Europe/Stockholm")
    assert compared(before, after, booking()) == ("timezone",)
    assert compared(before, after, booking(price=0)) == ()
    assert compared(policy(active=False), policy(active=False, timezone="Europe/Stockholm"), booking()) == ()


def test_settings_that_nothing_uses_do_not_count() -> None:
    elsewhere = Terms(MANUAL.process, AUTOMATIC.notification, manual=Manual(create_draft=False))
    other = elsewhere._replace(notification=Notification(Send.AFTER_BOOKING))
    assert compared(policy(terms=elsewhere), policy(terms=other), booking()) == ()
    assert compared(policy(prices={"a": 1}), policy(prices={"a": 2}), booking(session_type="a", price=None)) == (
        "price",
    )
