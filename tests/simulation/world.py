"""The simulated world: processes over one ledger, a stepped clock, and what is known of them by watching."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.simulation import starts
from tests.simulation.claims import Claims
from tests.simulation.faults import Crash, InlineExecutor, PowerCut, WatchedLedger
from tests.simulation.model import Known
from tests.simulation.outside import Outside, Way
from tests.simulation.people import FOUND, People
from tests.simulation.plan import DAY, HOUR, MINUTE, Document, Input, Plan
from tests.simulation.processes import Disk, Memory, Processes, digest_of
from tests.simulation.providers import Request
from tests.simulation.steps import Effect, Identity, Odds, Seen, Step, Wait, turn

from payrules.adapters.memory import Invoice
from payrules.app.ports import Adapters, Ledger
from payrules.app.rows import Claimed, EventRow, EventState, Lane
from payrules.domain.action import SENDS, ActionKey, ActionState, Answer, Delivered

TICK = timedelta(microseconds=1)


@dataclass
class World:
    """Everything of one simulation. Decisions come from `rng`, deaths from one of their own."""

    seed: int
    rng: Random
    deaths: Random
    plan: Plan
    odds: Odds
    store: Memory | Disk
    way: Way
    now: datetime = field(init=False)
    say: Callable[[str], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    moment: int = 0
    points: list[str] = field(default_factory=list)
    calm: bool = False
    stack: list[Step] = field(default_factory=list)
    known: dict[tuple[str, int], Known] = field(default_factory=dict)
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    effects: dict[Identity, list[Effect]] = field(default_factory=dict)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    asked_for: dict[Identity, Wait] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    """The latest attempt that was begun, by its key."""
    issue_moments: dict[tuple[str, int, int], int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    unverified: set[str] = field(default_factory=set)
    in_force: dict[tuple[str, int], tuple[str | None, datetime]] = field(default_factory=dict)
    clinic_nos: dict[str, int] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    asked: tuple[str, str, int, object] = ("", "", 0, None)
    claimed: Claimed | None = None
    claims: Claims = field(default_factory=Claims)
    turned_away: set[str] = field(default_factory=set)
    other: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.now = self.plan.start
        self.documents = {digest_of(content): document for content, document in self.plan.documents.items()}
        self.slack = 30 * MINUTE if self.odds.freezing else 0 * MINUTE
        self.outside = Outside.of(self, self.rng)
        self.invoices, self.messages = self.outside.invoices, self.outside.messages
        if self.rng.random() < 0.25:
            broken = self.rng.choice((self.invoices, *self.messages.values()))
            begins_at = self.now + self.rng.random() * 3 * DAY
            broken.down = (begins_at, begins_at + 4 * DAY)
        self.open()
        for one in (self.invoices, *self.messages.values()):
            self.trace(f"{one.name} honours a key for {one.limits.key_honoured_for:.0f} s")

    # ---- processes

    def open(self) -> None:
        """Start every process anew on what is durable."""
        self.raw: Ledger = self.store.open()
        self.ledger = WatchedLedger(self.raw, self)
        self.outside.open(self.raw)
        adapters = Adapters(self.invoices, self.messages)
        self.processes = Processes(
            self.ledger, adapters, self.outside.write, self.clock, self.chance, InlineExecutor, self.pause
        )

    def clock(self) -> datetime:
        """The time; it may stand still between two looks."""
        if self.rng.random() < 0.5:
            self.now += self.rng.randrange(1, 900_000) * TICK
        return self.now - self.stack[-1].behind if self.stack else self.now

    def chance(self) -> float:
        """A number from 0 up to 1."""
        return self.rng.random()

    def pause(self, seconds: float) -> None:
        """A process waits."""
        self.now += timedelta(seconds=seconds)

    def run(
        self, actor: str, work: Callable[[], object], inputs: tuple[Input, ...] = (), lane: Lane | None = None
    ) -> bool:
        """One step of a process; False where it died in it, and was started anew."""
        self.stack.append(Step(actor, self.moment, self.now, inputs, lane))
        self.trace(f"{actor} begins", *(f"{one.kind} {one.event_id}" for one in inputs))
        try:
            work()
        except Crash:
            self.counts[f"{actor.split(maxsplit=1)[0]} died"] += 1
            self.trace(f"{actor} DIES and is started anew")
            self.processes.restart(actor)
            return False
        finally:
            self.stack.pop()
        return True

    # ---- where things go wrong

    def point(self, place: str) -> None:
        """Somebody else may run here, and the process may die."""
        self.may_die(place)
        depth = len(self.stack)
        if self.calm or self.other is None or not 0 < depth <= self.odds.depth:
            return
        # Between the last look and the call it matters most, and there are few of these.
        odds = self.odds.between * (2 if place == "before start check" else 1)
        if self.rng.random() < odds:
            self.counts[f"between: {place}" if depth == 1 else f"between between: {place}"] += 1
            self.other()

    def may_die(self, place: str) -> None:
        """The process may die here."""
        if self.calm or not self.stack:
            return
        self.points.append(place)
        only = self.odds.only
        if len(self.points) != only if only is not None else self.deaths.random() >= self.odds.crash:
            return
        self.counts[f"crash: {place}"] += 1
        if self.deaths.random() < 0.3:
            self.counts["power cut"] += 1
            self.store.cut()
            self.outside.cut()
            self.trace(f"POWER CUT {place}")
            raise PowerCut
        self.trace(f"crash {place}")
        raise Crash

    def may_conflict(self) -> bool:
        """Whether a commit loses; only where the program tries again."""
        retried = self.stack[-1].actor.split()[0] in ("processor", "activator", "verifier")
        lost = not self.calm and retried and self.rng.random() < self.odds.conflict
        self.counts["conflict"] += lost
        return lost

    def draw_fault(self, faults: Sequence[str], times: int = 1) -> str:
        """What goes wrong with a call."""
        if self.calm or self.rng.random() >= self.odds.fault * times:
            return ""
        fault = self.rng.choice(faults)
        self.counts[f"fault: {fault}"] += 1
        self.trace(f"    provider: {fault}")
        return fault

    def pass_time(self, *, past_lease: bool = False, seconds: float | None = None) -> None:
        """A call takes seconds, or as long as a lease."""
        drawn = self.rng.random() * 10 if seconds is None else seconds
        self.now += 6 * MINUTE if past_lease else timedelta(seconds=drawn)

    def later(self, effect: Callable[[], None]) -> None:
        """A provider does it on its own, up to two hours from now."""
        self.late.append((self.now + self.rng.random() * 2 * HOUR, effect))

    def due_effects(self) -> None:
        """Let providers do what they had put off."""
        due = [effect for at, effect in self.late if at <= self.now]
        self.late = [(at, effect) for at, effect in self.late if at > self.now]
        for effect in due:
            effect()

    # ---- watching

    def trace(self, *words: str) -> None:
        """Tell a reader what happens."""
        if self.say is not None:
            self.say(f"{self.now:%m-%d %H:%M:%S} {'  ' * len(self.stack)}{' '.join(words)}")

    def wrong(self, what: str) -> None:
        """Something that must never be; told when the step is over, since programs catch exceptions."""
        self.trace(f"WRONG: {what}")
        self.violations.append(what)

    def starting(self, claimed: Claimed) -> None:
        """The program has found that an action may start: the call that follows is this claim's."""
        self.claimed = claimed

    def called(self, request: Request) -> None:
        """A call begins: everything that must be true of it now."""
        self.counts[f"called: {request.type}"] += 1
        self.trace(f"    call {request.key}")
        claimed, self.claimed = self.claimed, None
        starts.check(self, request, claimed, self.stack[-1].moment)

    def happened(self, request: Request, answer: Answer) -> None:
        """A provider did it, or refused."""
        self.trace(f"    effect {request.key}: {answer}")
        starts.note(self, Effect(self.now, self.moment, request, answer))

    def committed(self) -> None:
        """A transaction is committed: from now on everybody must go by it."""
        self.moment += 1
        self.counts["commits"] += 1
        step = self.stack[-1]
        kind = step.actor.split()[0]
        if kind == "processor":
            self._see_events(step)
        elif kind == "person":
            self._see_person()
        elif kind in ("activator", "verifier"):
            self._see_clinics()
        self.claims.look(self, step.actor)

    def made(self, clinic: str) -> list[Invoice]:
        """What the provider of invoices has of a clinic."""
        return self.invoices.of_clinic(clinic, self.clinic_nos[clinic])

    def invoice(self, clinic: str, number: int, ordinal: int) -> Invoice | None:
        """What it has of a booking."""
        # It names the booking by its number, or as it was called when the invoice was made.
        names = {str(number), *(name for (where, name), no in self.aliases.items() if (where, no) == (clinic, number))}
        return next((one for one in self.made(clinic) if one.ordinal == ordinal and one.booking_id in names), None)

    def has_arrived(self, clinic: str, number: int, key: ActionKey) -> bool:
        """Whether an action is a message that its provider has sent."""
        effects = self.effects.get((clinic, number, key), ())
        return key.type in SENDS and any(isinstance(effect.answer, Delivered) for effect in effects)

    def asked_to_wait(self, request: Request, wait: timedelta) -> None:
        """A provider says how long it does not want to hear of a request."""
        identity = self.identity_of(request)
        self.asked_for[identity] = Wait(
            self.now + wait, self.attempts[request.key], self.known[identity[:2]].releases[identity[2]]
        )

    @property
    def people(self) -> People:
        """Persons, as they are since their last crash."""
        return self.processes.people

    def identity_of(self, request: Request) -> Identity:
        """Which action a request is about."""
        channel = getattr(request, "channel", None)
        key = ActionKey(request.ordinal, request.type, channel, getattr(request, "occurrence", 1))
        if channel is None:
            # A request for an invoice does not tell which occurrence it is, but its key does.
            key = key._replace(occurrence=int(request.key.rpartition("/")[2]))
        return request.clinic, self.aliases[request.clinic, request.booking_id], key

    def _see_events(self, step: Step) -> None:
        ids = {(one.clinic, one.event_id): one for one in reversed(step.inputs) if one.clinic in self.clinic_nos}
        for key, seen in self.seen.items():
            if seen.row.state is EventState.EARLY:
                ids.setdefault(key, seen.told)
        numbers = self.clinic_nos
        with self.raw.reading() as tx:
            rows = tx.events([(numbers[clinic], event_id) for clinic, event_id in ids])
        applied: list[tuple[EventRow, Input]] = []
        for key, told in ids.items():
            row = rows.get((numbers[key[0]], key[1]))
            if row is None:
                continue
            before = self.seen.setdefault(key, Seen(told, row._replace(state=EventState.REFUSED)))
            self.counts[f"event: {row.state}"] += before.row.state is not row.state
            if row.state is EventState.APPLIED and before.row.state is not EventState.APPLIED:
                applied.append((row, before.told))
            before.row = row
        places = {event_id: place for place, event_id in reversed([*enumerate(one.event_id for one in step.inputs)])}
        for row, told in sorted(applied, key=lambda one: turn(one, applied, places)):
            self._apply(row, told)

    def _apply(self, row: EventRow, told: Input) -> None:
        place = (told.clinic, row.booking_no or 0)
        self.aliases[told.clinic, told.booking_id] = place[1]
        if told.fields.get("replaces"):
            self.aliases[told.clinic, told.fields["replaces"]] = place[1]
        self.counts[f"applied: {told.kind}"] += 1
        self.trace(f"  {told.kind} is applied to booking {place[1]} of {told.clinic}", str(told.fields))
        with self.raw.reading() as tx:
            number = (self.clinic_nos[told.clinic], place[1])
            record = tx.records_by_number([number], lock=False)[number].record
        known = self.known.get(place)
        if known is None:
            digest = record.stamp.digest
            self.known[place] = starts.first_known(
                self, told, record, None if digest is None else self.documents[digest]
            )
            return
        starts.apply(self, known, told, record)

    def _see_person(self) -> None:
        what, clinic, number, detail = self.asked
        if what in ("hold", "let go"):
            if what == "let go":
                self.held.discard(clinic)
            return
        known, place = self.known[clinic, number], (self.clinic_nos[clinic], number)
        with self.raw.reading() as tx:
            record = tx.records_by_number([place], lock=False)[place].record
        if what == "restamp":
            digest = record.stamp.digest
            if digest is not None and self.documents[digest] != known.document:
                known.restamp(self.moment, self.documents[digest])
                self.counts["person: restamp"] += 1
            return
        if isinstance(detail, datetime):
            if record.by_person.send_at != detail:
                return
            known.send_at, known.was_sent = detail, True
        elif isinstance(detail, ActionKey):
            action = next(a for a in record.actions if a.key == detail)
            if what == "dropped" and action.state is ActionState.CANCELLED:
                known.dropped.add(detail)
            elif what == "delivered" and action.receipt == FOUND:
                known.found[detail] = self.stack[-1].at
            elif what in ("released", "retried") and action.by_hand:
                known.releases[detail] += 1
            else:
                return
        self.counts[f"person: {what}"] += 1
        self.trace(f"  {what} {clinic} {number} {detail}")

    def ask(self, what: str, clinic: str, number: int = 0, detail: object = None) -> None:
        """A person is about to do something."""
        self.asked = (what, clinic, number, detail)

    def _see_clinics(self) -> None:
        with self.raw.reading() as tx:
            self.clinic_nos = {row.clinic: row.clinic_no for row in tx.all_clinics()}
            timelines = tx.timelines(self.clinic_nos.values())
            verifications = tx.verifications(self.clinic_nos.values())
        for clinic, number in self.clinic_nos.items():
            rows = verifications.get(number, [])
            verified = bool(rows) and rows[-1].verified
            if verified == (clinic in self.unverified):
                self.trace(f"  {clinic} is {'' if verified else 'not '}verified")
            (self.unverified.discard if verified else self.unverified.add)(clinic)
            starts.check_timeline(self, clinic, [row.activation for row in timelines[number]])
