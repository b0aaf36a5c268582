"""Whatever happens to a booking, in whatever order: what must hold after every event, and at the end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import BOTH, MANUAL, booking, payer, policy, rule
from tests.lives import (
    BEFORE,
    BY_HAND,
    CREATE,
    CREDIT,
    DELETE,
    ISSUE,
    LINK,
    OUTSIDE,
    REMIND,
    begun,
    claimable,
    claimed,
    delivery_of,
    terms,
)

from payrules.domain.action import SENDS, Action, ActionState, HeldCause, key_order
from payrules.domain.booking import Person
from payrules.domain.events import (
    Booked,
    Cancelled,
    Credited,
    DraftSent,
    Event,
    LinkResent,
    NoShow,
    Override,
    OverrideProcess,
    Paid,
    PriceChanged,
    Refunded,
    Rescheduled,
    SendFailed,
    Updated,
)
from payrules.domain.lifecycle import (
    Cover,
    advance,
    drop_held,
    found_delivered,
    hold_open,
    release_held,
    release_hold,
    retry_dead,
    send_draft,
)
from payrules.domain.money import Money
from payrules.domain.policy import Channel, Delivery, PayerKind, Policy, Range
from payrules.domain.record import BookingRecord, BookingState, InvoiceState
from payrules.domain.schedule import after_quiet_hours

LISTED = frozenset({ActionState.HELD, ActionState.DEAD})
WITHOUT = {
    BookingState.CANCELLED,
    BookingState.NO_CHARGE,
    BookingState.EXTERNALLY_BILLED,
    BookingState.UNDECIDED,
}

COVERS: list[Cover] = [
    policy(terms=terms()),
    policy(terms=terms("1h 1d", delivery=Delivery.FIRST_AVAILABLE)),
    policy(rule("dear", MANUAL, price=Range(200_000, None)), terms=terms()),
    BY_HAND,
    OUTSIDE,
    BEFORE,
]

MOMENTS = st.integers(-3 * 24, 10 * 24).map(lambda hours: booking().starts_at + timedelta(hours=hours))
PRICES = st.sampled_from([0, 100_000, 125_000, 250_000]).map(lambda minor: Money(minor, "NOK"))
AMOUNTS = st.sampled_from([1, 50_000, 100_000, 125_000, 250_000]).map(lambda minor: Money(minor, "NOK"))
FACTS = st.sampled_from(
    [
        {"practitioner": "practitioner-2"},
        {"client": Person(frozenset())},
        {"client": Person(BOTH)},
        {"client": Person(frozenset({Channel.EMAIL}))},
        {"payer": payer(PayerKind.GUARDIAN)},
        {"payer": None},
    ]
)


def outside(at: datetime, record: BookingRecord) -> st.SearchStrategy[Event]:
    """Events from the booking system and from persons, at a time."""
    when = st.just(at)
    renamed = record.booking._replace(id=f"{record.booking.id}+", price=Money(100_000, "NOK"))
    return st.one_of(
        MOMENTS.map(lambda start: Rescheduled(at, start, start + timedelta(minutes=50))),
        st.builds(PriceChanged, when, PRICES, st.booleans()),
        st.builds(Updated, when, FACTS),
        st.builds(Cancelled, when, charge=st.booleans()),
        st.builds(NoShow, when),
        st.builds(Override, when, st.sampled_from(OverrideProcess), st.just("p-1"), st.just("asked")),
        st.builds(Paid, when, AMOUNTS),
        st.builds(Refunded, when, AMOUNTS),
        st.builds(Credited, when),
        st.builds(DraftSent, when, st.sampled_from([None, at + timedelta(hours=3)])),
        st.builds(LinkResent, when, st.sampled_from([None, *Channel])),
        st.builds(Booked, when, st.just(renamed), st.sampled_from([record.booking.id, None])),
    )


@dataclass
class Life:
    """A booking with its provider: what was carried out, whatever was recorded."""

    cover: Cover
    record: BookingRecord
    now: datetime
    paid: int = 0
    effects: set[tuple[int, Any]] = field(default_factory=set)

    def happen(self, event: Event) -> None:
        before = self.record
        advanced = advance(before, event, self.cover)
        assert advanced == advance(before, event, self.cover)
        if advanced.refusal is not None or advanced.stale:
            assert advanced.record is before
            assert not advanced.decided
            return
        if isinstance(event, Paid | Refunded):
            self.paid += event.amount.minor if isinstance(event, Paid) else -event.amount.minor
        self.check(before, advanced.record)
        self.record = advanced.record
        if isinstance(event, Rescheduled | PriceChanged | Cancelled | NoShow | Booked | Credited):
            again = advance(self.record, event, self.cover)
            assert again.record == self.record

    def change(self, record: BookingRecord) -> None:
        """What a person or the ledger did."""
        self.check(self.record, record)
        self.record = record

    def check(self, before: BookingRecord, after: BookingRecord) -> None:
        assert after.stamp == before.stamp
        assert after.invoice.paid == self.paid
        assert after.booking.booked_at == before.booking.booked_at
        keys = [key_order(action.key) for action in after.actions]
        assert keys == sorted(set(keys))
        known = {action.key: action for action in after.actions}
        for action in before.actions:
            assert action.key in known
            if action.state in (ActionState.DELIVERED, ActionState.REJECTED):
                assert known[action.key] == action
        if before.invoice.state is InvoiceState.ISSUED and after.invoice.ordinal == before.invoice.ordinal:
            assert (after.invoice.total, after.invoice.number) == (before.invoice.total, before.invoice.number)
        for action in after.actions:
            self.check_action(after, action)

    def check_action(self, record: BookingRecord, action: Action) -> None:
        kind = action.key.type
        unsure = action.stopping or action.cause == HeldCause.NO_ANSWER
        if record.state in WITHOUT | {BookingState.PAID} and kind in SENDS:
            assert not action.is_open or unsure
        if record.state in WITHOUT and kind in (CREATE, ISSUE):
            assert not action.is_open or unsure
        if action.state is not ActionState.WAITING:
            return
        assert action.next_at is None or action.next_at >= action.due_at
        if kind in SENDS and not action.by_hand:
            assert action.due_at >= record.booking.booked_at
            self.check_quiet(record, action)
        if kind is LINK and not action.by_hand and record.state is BookingState.SCHEDULED:
            assert action.due_at >= record.decided.not_before
        if action.next_at is not None:
            done = {a.key.type for a in record.actions if self.is_earlier(a, action)}
            needed = {CREATE: set(), ISSUE: {CREATE}, LINK: {ISSUE}, REMIND: {ISSUE, LINK}, CREDIT: {ISSUE}}
            assert done >= needed.get(kind, {CREATE})

    @staticmethod
    def is_earlier(action: Action, than: Action) -> bool:
        return action.key.ordinal == than.key.ordinal and action.state is ActionState.DELIVERED

    def check_quiet(self, record: BookingRecord, action: Action) -> None:
        # Terms may change with the facts; here all that are quiet are quiet alike.
        if isinstance(self.cover, Policy) and (quiet := self.cover.terms.notification.quiet_hours) is not None:
            assert after_quiet_hours(action.due_at, quiet, self.cover.zone) == action.due_at

    def claim(self) -> None:
        ready = [a for a in claimable(self.record) if a.next_at is not None and a.next_at <= self.now]
        if ready:
            self.change(claimed(self.record, ready[0]))

    def settle(self, action: Action, how: str) -> None:
        if how == "delivered" or (how == "cancelled" and not action.stopping):
            self.effects.add((action.key.ordinal, action.key.type))
            self.happen(delivery_of(action, self.now))
        else:
            cause = HeldCause.NO_ANSWER if how == "held" else "refused"
            if action.key.type in (CREATE, ISSUE) and how == "held":
                self.effects.add((action.key.ordinal, "unsure"))
            self.happen(SendFailed(self.now, action.key, how, cause))

    def drain(self, most: int = 1_000) -> None:
        """Carry out what is left, in order."""
        for _ in range(most):
            taken = [a for a in self.record.actions if a.state is ActionState.CLAIMED]
            for action in taken:
                self.settle(action, "delivered")
            ready = claimable(self.record)
            if not ready:
                return
            self.now = max(self.now, ready[0].next_at or self.now)
            self.claim()

    def check_end(self) -> None:
        """Everything came to its end or is listed; at most one invoice stands, none where none may."""
        ordinals = {
            a.key.ordinal for a in self.record.actions if a.state in LISTED or a.cause in ("refused", "dropped")
        }
        ordinals |= {ordinal for ordinal, what in self.effects if what == "unsure"}
        for action in self.record.actions:
            if action.state is ActionState.WAITING:
                assert action.key.ordinal in ordinals
        standing = [n for n, what in self.effects if what is ISSUE and (n, CREDIT) not in self.effects]
        drafts = [n for n, what in self.effects if what is CREATE and (n, ISSUE) not in self.effects]
        drafts = [n for n in drafts if (n, DELETE) not in self.effects]
        if not ordinals:
            assert len(standing) + len(drafts) <= 1
            if self.record.state in WITHOUT:
                assert standing == drafts == []
            if self.record.state in (BookingState.ISSUED, BookingState.PAID):
                assert standing == [self.record.invoice.ordinal]
            if self.record.state in (BookingState.SCHEDULED, BookingState.DRAFT, BookingState.STOPPED):
                assert drafts == [self.record.invoice.ordinal]


ENDS = ["delivered"] * 6 + ["cancelled", "rejected", "dead", "held"]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A booking and a random life of it, checked after every step."""
    cover = draw(st.sampled_from(COVERS))
    record = begun(cover, booking(price=draw(st.sampled_from([None, 0, 125_000, 250_000]))))
    life = Life(cover, record, record.booking.booked_at)
    # Half of them live until something is issued or sent before anything else happens.
    life.drain(draw(st.sampled_from([0, 0, 1, 2, 3, 4])))
    for _ in range(draw(st.integers(0, 25))):
        life.now += timedelta(hours=draw(st.sampled_from([0, 0, 1, 20, 100])))
        match draw(st.sampled_from(["event", "event", "event", "claim", "claim", "settle", "settle", "run", "person"])):
            case "event":
                late = timedelta(hours=draw(st.sampled_from([0, 0, 0, 30])))
                life.happen(draw(outside(life.now - late, life.record)))
            case "claim":
                life.claim()
            case "run":
                if ready := claimable(life.record):
                    life.now = max(life.now, ready[0].next_at or life.now)
                    life.claim()
            case "settle":
                if taken := [a for a in life.record.actions if a.state is ActionState.CLAIMED]:
                    life.settle(draw(st.sampled_from(taken)), draw(st.sampled_from(ENDS)))
            case _:
                act(draw, life)
    return life


def act(draw: st.DrawFn, life: Life) -> None:
    """A person does something about the booking."""
    record, now = life.record, life.now
    keys = [a.key for a in record.actions if a.state in LISTED]
    if keys and draw(st.integers(0, 1)) == 1:
        key = draw(st.sampled_from(keys))
        done = [
            release_held(record, key),
            retry_dead(record, key),
            drop_held(record, key, now),
            found_delivered(record, key, life.cover, now, "by hand: ida"),
        ]
        life.change(draw(st.sampled_from(done)).record)
    else:
        held = hold_open(record, HeldCause.CLINIC_HELD, now)
        released = release_hold(record, HeldCause.CLINIC_HELD, now)
        sent = send_draft(record, life.cover, now, now).record
        life.change(draw(st.sampled_from([held, released, released, sent])))


@given(life=lives())
@settings(max_examples=200, deadline=None)
def test_nothing_breaks_a_booking(life: Life) -> None:
    life.change(release_hold(life.record, HeldCause.CLINIC_HELD, life.now))
    life.drain()
    life.check_end()
