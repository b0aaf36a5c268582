"""What persons do to a ledger: the commands of production, and the sending of drafts in its own words."""

from collections.abc import Callable
from datetime import datetime

from payrules.app.audit import Engine
from payrules.app.by_hand import ByHand
from payrules.app.holding import Holder, Stops, in_line
from payrules.app.ports import Ledger, Lock
from payrules.app.requests import Requests
from payrules.app.restamp import Restamper
from payrules.app.rows import Change
from payrules.app.stuck import Desk, Verb
from payrules.app.versions import Versions
from payrules.domain.lifecycle import send_draft

Clock = Callable[[], datetime]
Place = tuple[int, int]

IDA = ByHand("ida", "agreed by phone")
FOUND = "by hand: ida"
"""The receipt of a message that she says has arrived."""


class People:
    """Persons with their commands, as a process of their own."""

    def __init__(self, ledger: Ledger, versions: Versions, engine: Engine, clock: Clock) -> None:
        self._ledger = ledger
        self._requests = Requests(versions)
        self._clock = clock
        self._desk = Desk(ledger, self._requests, clock)
        self._holder = Holder(ledger, clock)
        self._restamper = Restamper(ledger, versions, engine, clock)

    def act(self, verb: Verb, key: str) -> bool:
        """Release, retry or drop one action, or say that it arrived; whether it was done."""
        return all(not done.is_refused for done in self._desk.act(verb, [key], IDA))

    def hold(self, clinic: str) -> None:
        """Stop everything of a clinic."""
        self._holder.hold(clinic, IDA)

    def let_go(self, clinic: str) -> None:
        """Let everything of a clinic go on."""
        self._holder.release(clinic, IDA)

    def restamp(self, clinic: str, booking_id: str) -> None:
        """Move a booking to what is in force now, if that can be."""
        list(self._restamper.restamp([booking_id], IDA, clinic))

    def send(self, clinic: str, place: Place, send_at: datetime) -> None:
        """Send a draft at a time, if there is one."""
        with self._ledger.writing() as tx:
            tx.clinics([clinic], Lock.SHARE)
            before = tx.records_by_number([place], lock=True)[place]
            now, cover = self._clock(), self._requests.cover(tx, before.record.stamp)
            advanced = send_draft(before.record, cover, send_at, now)
            record = in_line(advanced.record, Stops.of(tx, place[0]), now)
            if advanced.refusal is None:
                tx.save([Change(before, before._replace(record=record))])
