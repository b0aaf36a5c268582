"""What `audit` calls impossible never comes to be, whatever happens to a booking."""

from datetime import timedelta

from hypothesis import given, settings
from tests.properties.test_lifecycle import Life, lives

from payrules.app.audit_checks import action_differences


@given(life=lives())
@settings(max_examples=200)
def test_no_life_is_impossible(life: Life) -> None:
    # Long before it began no lease has ended, however the days of this life went by.
    before = life.record.booking.booked_at - timedelta(days=1_000)
    assert list(action_differences(life.record, before, ())) == []
