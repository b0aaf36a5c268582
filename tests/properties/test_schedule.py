"""Days keep the wall time, minutes are elapsed time, and quiet hours are kept, on nights when clocks change too.

The law of quiet hours: a time outside them stays. One inside them moves to the first end of quiet hours after it
that does not lie in quiet hours itself. The end is a wall time: where clocks leave it out it is moved forward by
the gap, where they show it twice both count. Away from changes of the clocks that is the first minute outside.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import examples
from tests.properties.plain_reading import Offset
from tests.properties.plain_times import allowed, ends_at, held, instants_at, moved
from tests.strategies.moments import ZONES, changes_of, instants, zone_of
from tests.strategies.texts import minutes

from payrules.domain.duration import Duration
from payrules.domain.policy import Channel, QuietHours
from payrules.domain.schedule import after_quiet_hours, shift, shifts

_MINUTE = timedelta(minutes=1)


class Night(NamedTuple):
    """An instant, quiet hours, and the zone of the clock on the wall."""

    zone: str
    instant: datetime
    start: int
    end: int

    @property
    def result(self) -> datetime:
        quiet = QuietHours(self.start, self.end, frozenset(Channel))
        return after_quiet_hours(self.instant, quiet, zone_of(self.zone))


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """Quiet hours, often such that they begin or end where clocks change, and an instant near them."""
    zone = draw(st.sampled_from(ZONES))
    instant = draw(instants(zone))
    local = instant.astimezone(zone_of(zone))
    now = local.hour * 60 + local.minute
    near = st.builds(lambda step: (now + step) % 1_440, st.sampled_from([0, 1, -1, 5, -5, 20, 45, 60, -60, 90]))
    start, end = draw(st.lists(minutes() | near, min_size=2, max_size=2, unique=True))
    return Night(zone, instant, start, end)


@examples(1_500)
@given(nights())
def test_a_send_waits_for_the_first_end_of_the_quiet_hours(night: Night) -> None:
    assert night.result == allowed(night.instant, (night.start, night.end), zone_of(night.zone))


@examples(700)
@given(nights())
def test_no_send_is_in_quiet_hours_or_before_its_time(night: Night) -> None:
    zone = zone_of(night.zone)
    assert night.result >= night.instant
    assert not held(night.result, (night.start, night.end), zone)
    if not held(night.instant, (night.start, night.end), zone):
        assert night.result == night.instant
    assert QuietHours(night.start, night.end, frozenset()).hold(night.start)
    assert not QuietHours(night.start, night.end, frozenset()).hold(night.end)


@examples(150)
@given(nights())
def test_no_earlier_minute_is_outside_unless_clocks_change_meanwhile(night: Night) -> None:
    zone = zone_of(night.zone)
    if night.instant.astimezone(zone).utcoffset() != night.result.astimezone(zone).utcoffset():
        return
    if any(night.instant < change <= night.result for change in changes_of(night.zone)):
        return
    minute = night.instant
    while minute < night.result:
        assert held(minute, (night.start, night.end), zone)
        minute = minute.replace(second=0, microsecond=0) + _MINUTE
    assert minute == night.result


@st.composite
def moves(draw: st.DrawFn) -> tuple[str, datetime, Duration, bool]:
    """A zone, an instant, an offset, and whether it is counted back."""
    zone = draw(st.sampled_from(ZONES))
    days = st.sampled_from([0, 1, 2, 3, 7, 31, 365]) | st.integers(0, 9_999)
    elapsed = st.sampled_from([0, 1, 15, 60, 1_440]) | st.integers(0, 9_999 * 60)
    offset = draw(st.builds(lambda n: Duration(days=n), days) | st.builds(lambda n: Duration(minutes=n), elapsed))
    instant = draw(instants(zone))
    changes = changes_of(zone)
    if offset.days and changes and draw(st.booleans()):
        # Land near a change of the clocks, rather than start from one.
        wall = instant.astimezone(zone_of(zone)).replace(tzinfo=None)
        change = draw(st.sampled_from(changes)).astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)
        step = draw(st.sampled_from([-90, -60, -30, -1, 0, 1, 29, 30, 59]))
        start = change.replace(second=wall.second) + timedelta(minutes=step) - timedelta(days=offset.days)
        instant = ends_at(start, zone_of(zone))[0]
    return zone, instant, offset, draw(st.booleans())


@examples(1_000)
@given(moves())
def test_an_offset_moves_as_the_plain_reading_says(case: tuple[str, datetime, Duration, bool]) -> None:
    name, instant, offset, back = case
    zone = zone_of(name)
    result = shift(instant, offset, zone, back=back)
    assert back or shifts(instant, [offset, Duration(minutes=1), offset], zone)[::2] == [result, result]
    sign = -1 if back else 1
    assert result == moved(instant, Offset(timedelta(minutes=offset.minutes), offset.days), zone, back=back)
    assert result.utcoffset() == timedelta(0)
    if not offset.days:
        assert result - instant == sign * timedelta(minutes=offset.minutes)
        return
    wall = instant.astimezone(zone).replace(tzinfo=None, fold=0) + sign * timedelta(days=offset.days)
    there = instants_at(wall, zone)
    if there:
        assert result == there[0]
    else:
        # Forward by the gap: as long after the gap as the wall time is after its beginning.
        shown = result.astimezone(zone).replace(tzinfo=None, fold=0)
        gap = shown - wall
        assert gap > timedelta(0)
        assert (result - gap).astimezone(zone).utcoffset() == result.astimezone(zone).utcoffset() or not instants_at(
            shown - gap, zone
        )


@examples(300)
@given(st.sampled_from(ZONES).flatmap(lambda zone: st.tuples(st.just(zone), instants(zone), instants(zone))))
def test_moving_keeps_the_order_of_instants_but_over_a_gap(case: tuple[str, datetime, datetime]) -> None:
    name, one, other = case
    zone, offset = zone_of(name), Duration(minutes=90)
    first, last = sorted([one, other])
    assert shift(first, offset, zone) <= shift(last, offset, zone)
    assert shift(shift(first, offset, zone), offset, zone, back=True) == first
