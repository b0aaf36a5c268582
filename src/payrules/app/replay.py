"""Replay: known bookings decided under the files before and after, as numbers. Nothing of a booking is kept."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payrules.app.comparison import differences
from payrules.app.intake import Zones, read_booking
from payrules.app.planning import Kind, Plan
from payrules.app.ports import Ledger
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType, Decision, Outcome, decide

PAGE = 500
"""Bookings a transaction reads from a ledger."""

Step = tuple[Outcome | None, Outcome]
"""Outcome before and after; before is None where no file can be compared with."""

_ZERO = timedelta(0)


@dataclass(slots=True)
class Moved:
    """First payment links that go out earlier, or later: how many, and the least and the most by which."""

    links: int = 0
    least: timedelta = _ZERO
    most: timedelta = _ZERO

    def add(self, by: timedelta) -> None:
        """Count one that moves by a span of time longer than nothing."""
        self.least = min(self.least, by) if self.links else by
        self.most = max(self.most, by)
        self.links += 1


@dataclass(slots=True)
class Replay:
    """The known bookings of one clinic, as if they were booked under the file before and under the one after.

    `outcomes` counts those treated differently; `money` sums the prices (minor units) by outcome and currency of those
    whose outcome changes, and `unpriced` counts the ones among them that have none. `repriced` sums prices before and
    after, by currency, of those billed as before for another amount. `other_currency` counts stored bookings whose
    price is in another currency than the file's, which nothing can be said of. `stored` tells where they come from.
    Those of a clinic whose file is removed are counted, and no more.
    """

    stored: bool = False
    bookings: int = 0
    outcomes: Counter[Step] = field(default_factory=Counter)
    money: Counter[tuple[Step, str]] = field(default_factory=Counter)
    unpriced: Counter[Step] = field(default_factory=Counter)
    repriced: dict[str, tuple[int, int]] = field(default_factory=dict)
    earlier: Moved = field(default_factory=Moved)
    later: Moved = field(default_factory=Moved)
    other_currency: int = 0

    @property
    def different(self) -> int:
        """How many bookings are treated differently."""
        return self.outcomes.total()

    def add(self, before: Version | None, after: Version, booking: Booking) -> None:
        """Decide one booking under both."""
        self.bookings += 1
        if booking.price is not None and booking.price.currency != after.policy.currency:
            self.other_currency += 1
            return
        new = decide(after.policy, booking, booking.booked_at)
        if before is None:
            self.outcomes[None, new.outcome] += 1
            return
        old = decide(before.policy, booking, booking.booked_at)
        if differences(before.policy, old, after.policy, new):
            self._count(old, new)

    def _count(self, old: Decision, new: Decision) -> None:
        step = old.outcome, new.outcome
        self.outcomes[step] += 1
        price = new.price or old.price
        if old.outcome is not new.outcome:
            if price is None:
                self.unpriced[step] += 1
            else:
                self.money[step, price.currency] += price.minor
        elif old.price is not None and new.price is not None and old.price != new.price:
            was, now = self.repriced.get(new.price.currency, (0, 0))
            self.repriced[new.price.currency] = was + old.price.minor, now + new.price.minor
        was_at, now_at = _link_at(old), _link_at(new)
        if was_at is not None and now_at is not None and was_at != now_at:
            (self.later if now_at > was_at else self.earlier).add(abs(now_at - was_at))


def _link_at(decision: Decision) -> datetime | None:
    """When the first payment link goes out by itself; the actions stand in order of their times."""
    links = (action.due_at for action in decision.actions if action.type is ActionType.SEND_PAYMENT_LINK)
    return next(links, None)


def replay_records(
    plan: Plan, records: Iterable[Record | Refusal], zones: Zones, replays: dict[str, Replay]
) -> Iterator[Refusal | None]:
    """Count records into `replays`, by clinic; for each a refusal, or None. Other clinics' bookings are passed over."""
    planned = {clinic.clinic: clinic for clinic in plan.clinics}
    currencies = {name: one.after.policy.currency for name, one in planned.items() if one.after is not None}
    removed = {name for name, one in planned.items() if one.kind is Kind.REMOVED}
    for record in records:
        if isinstance(record, Refusal):
            yield record
            continue
        clinic = record.fields.get("clinic")
        if isinstance(clinic, str):
            if clinic in removed:
                replays.setdefault(clinic, Replay()).bookings += 1
            if clinic in plan.unchanged or clinic in removed:
                yield None
                continue
            if clinic in planned and clinic not in currencies:
                fault = Fault("clinic", f"the file of the clinic `{clinic}` has errors", "correct the file first")
                yield refuse(record.number, record.line, [fault], record.fields)
                continue
        booking = read_booking(record, currencies, zones)
        if isinstance(booking, Refusal):
            yield booking
            continue
        one = planned[booking.clinic]
        if one.after is not None:
            replays.setdefault(booking.clinic, Replay()).add(one.before, one.after, booking)
        yield None


def replay_stored(plan: Plan, ledger: Ledger, numbers: Mapping[str, int]) -> Iterator[tuple[str, Replay]]:
    """Count the bookings of a ledger, a page at a time; `numbers` tells the clinics' numbers in it.

    Each clinic is told after every page, as far as it has come.
    """
    for one in plan.clinics:
        clinic_no = numbers.get(one.clinic)
        if clinic_no is None or one.after is None:
            continue
        replay, after = Replay(stored=True), (clinic_no, 0)
        while True:
            with ledger.reading() as tx:
                page = tx.booking_numbers(clinic_no, after=after, limit=PAGE)
                found = tx.records_by_number(page, lock=False)
            for stored in found.values():
                replay.add(one.before, one.after, stored.record.booking)
            yield one.clinic, replay
            if len(page) < PAGE:
                break
            after = page[-1]
