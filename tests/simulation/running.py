"""One simulation from its seed: the plan is played with faults, then everything comes to rest and is judged."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from threading import Event

from tests.simulation import ends
from tests.simulation.case import Case, Outcome
from tests.simulation.faults import PowerCut
from tests.simulation.outside import Real, Way
from tests.simulation.plan import DAY, HOUR, MINUTE, Clinic, Input, Upload, draw_plan
from tests.simulation.processes import COMPILED, PROCESSORS, WORKERS, Disk, Memory
from tests.simulation.steps import Odds
from tests.simulation.world import World

from payrules.app.catalogue import ClinicFile
from payrules.app.records import Record
from payrules.app.rows import Lane, LegalForm
from payrules.app.stuck import StuckAction, Verb, stuck_actions
from payrules.app.verification import Verification
from payrules.domain.action import ActionState

STEPS = 90
"""Steps of a simulation before things come to rest."""
MOST_STEPS = 3_000

_STOP = Event()
_NEVER = timedelta(days=3_650)


def simulate(case: Case, disk: Callable[[], Disk] | None = None, say: Callable[[str], None] | None = None) -> Outcome:
    """Play a case. `disk` makes an empty store for one that needs it."""
    rng = Random(case.seed)  # noqa: S311  # the same on every run, on purpose
    plan = draw_plan(rng)
    odds = _odds(rng, case)
    place = disk() if disk is not None and case.needs_disk else None
    store = place if place is not None and case.on_disk else Memory()
    way = Way(case.real, None if case.on_disk else place, None if place is None else place.folder)
    world = World(case.seed, rng, Random(~case.seed), plan, odds, store, way, say=say)  # noqa: S311  # as above
    play = _Play(world)
    play.all()
    return Outcome(world.counts, world.violations, world.points)


def _odds(rng: Random, case: Case) -> Odds:
    crash, fault = rng.choice((0.0, 0.01, 0.05)), rng.choice((0.0, 0.1, 0.4))
    between, conflict = rng.choice((0.0, 0.1, 0.3)), rng.choice((0.0, 0.05))
    depth, freezing = rng.choice((1, 2)), rng.random() < 0.5
    if case.real is not Real.NONE:
        # Most messages go wrong; few of them would be sent if everything before did, too.
        crash, fault = crash or 0.03, 0.1
    if case.only is not None:
        crash = 0.0
    return Odds(crash, fault, between, depth, freezing, conflict, case.only)


class _Play:
    """The scheduler: which process does its next step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self.files: dict[str, bytes] = {}
        self.uploads = list(world.plan.uploads)
        self.inbox = list(world.plan.inputs)
        self.stale_files = False
        world.other = self.somebody

    def all(self) -> None:
        """From the first file to rest."""
        world = self.world
        for clinic in world.plan.clinics:
            if self.rng.random() < 0.9:
                self._upload_due()
                self._guarded(self.activate)
                self._guarded(lambda clinic=clinic: self.verify(clinic))  # type: ignore[misc]  # a bound default
        for _ in range(STEPS):
            if world.violations:
                return
            self._guarded(self.step)
        self.rest()

    def _guarded(self, work: Callable[[], object]) -> None:
        world = self.world
        try:
            work()
        except PowerCut:
            world.stack.clear()
            world.counts["restarted after a power cut"] += 1
            world.open()

    # ---- steps

    def step(self) -> None:
        """One step of whoever has something to do; else time passes."""
        world, rng = self.world, self.rng
        world.due_effects()
        choice = rng.random()
        if choice < 0.06:
            self.command()
        elif choice < 0.35 and (self._upload_due() or self.stale_files):
            self.activate()
        elif choice < 0.16:
            clinic = rng.choice(world.plan.clinics)
            (self.verify if rng.random() < 0.75 else self.withdraw)(clinic)
        elif choice < 0.55 and self._arrived():
            self.process()
        elif self._due_lanes() and rng.random() < 0.85:
            self.work(rng.choice(self._due_lanes()))
        elif self._arrived() and rng.random() < 0.8:
            self.process()
        else:
            self.wait()

    def somebody(self) -> None:
        """Somebody else's whole step, while another one is in the middle of his."""
        rng = self.rng
        interrupted = self.world.stack[-1]
        choice = rng.random()
        if interrupted.lane is not None and rng.random() < 0.3:
            # He loses his lease, and another one takes it.
            self._pass_time(6 * MINUTE)
            if self.world.odds.freezing:
                interrupted.behind += 6 * MINUTE
            self.work(interrupted.lane)
        elif choice < 0.4 and self.inbox:
            self.process(ahead=True)
        elif choice < 0.55:
            self.command()
        elif choice < 0.65:
            (self.verify if rng.random() < 0.7 else self.withdraw)(rng.choice(self.world.plan.clinics))
        elif choice < 0.7 and (self._upload_due() or self.stale_files):
            self.activate()
        elif choice < 0.8:
            self._pass_time(rng.choice((MINUTE, 6 * MINUTE)))
        else:
            self.work(rng.choice(self._due_lanes() or list(Lane)))

    def _pass_time(self, time: timedelta) -> None:
        self.world.now += time
        self.world.due_effects()

    def wait(self) -> None:
        """Time passes: a little, to the next thing, or a long outage."""
        world, rng = self.world, self.rng
        with world.raw.reading() as tx:
            coming = [at for lane in Lane if (at := tx.next_at(lane)) is not None and at > world.now]
        coming += [one.arrives_at for one in self.inbox[:1]] + [one.at for one in self.uploads[:1]]
        coming += [at for at, _ in world.late]
        nearest = min((at for at in coming if at > world.now), default=world.now + HOUR)
        kind = rng.random()
        if kind < 0.15:
            world.now += rng.random() * 10 * MINUTE
        elif kind < 0.95:
            world.now = nearest + rng.choice((0 * MINUTE, rng.random() * MINUTE, rng.random() * HOUR))
        else:
            world.now = nearest + rng.choice((5 * HOUR, 26 * HOUR, 2 * DAY))
            world.counts["long outage"] += 1
        world.trace("time passes")

    def work(self, lane: Lane) -> bool:
        """A worker takes one batch of a lane."""
        world = self.world
        free = [name for name in WORKERS if all(step.actor != name for step in world.stack)]
        name = self.rng.choice(free)
        return world.run(name, lambda: world.processes.workers[name].work(lane, _STOP), lane=lane)

    def _due_lanes(self) -> list[Lane]:
        with self.world.raw.reading() as tx:
            return [lane for lane in Lane if (at := tx.next_at(lane)) is not None and at <= self.world.now]

    def _arrived(self) -> bool:
        return bool(self.inbox) and self.inbox[0].arrives_at <= self.world.now

    def process(self, *, ahead: bool = False) -> None:
        """A processor takes a few of the events that have arrived, in any order; what it dies over comes again."""
        world, rng = self.world, self.rng
        free = [name for name in PROCESSORS if all(step.actor != name for step in world.stack)]
        if not free:
            return
        name = rng.choice(free)
        arrived = [one for one in self.inbox[:8] if one.arrives_at <= world.now] or (self.inbox[:1] if ahead else [])
        batch = rng.sample(arrived, min(len(arrived), rng.choice((1, 1, 2, 4))))
        if not batch:
            return
        if any(one.arrives_at > world.now for one in batch):
            # What did not happen yet cannot be told; at most its clock is ahead.
            return
        for one in batch:
            self.inbox.remove(one)
        records = [Record(n, 0, one.fields) for n, one in enumerate(batch, 1)]
        told: list[object] = []
        known = [one.clinic in world.clinic_nos for one in batch]

        def work() -> None:
            report = world.processes.processors[name].process(records)
            told.append(report)
            refused = [r for r in report.refused if r.number]
            # Of a clinic that nobody knows nothing is kept; whoever sent it is told.
            world.turned_away |= {batch[r.number - 1].event_id for r in refused if not known[r.number - 1]}
            self._again([batch[r.number - 1] for r in refused], refused=True)
            for fate, count in report.counts.items():
                world.counts[f"fate: {fate}"] += count

        try:
            world.run(name, work, tuple(batch))
        finally:
            if not told:
                self._again(batch, refused=False)

    def _again(self, batch: list[Input], *, refused: bool) -> None:
        """What a process died over comes again at once; what was refused comes again later, once or twice."""
        for one in batch:
            if not refused:
                self.inbox.append(one)
            elif self.rng.random() < 0.5:
                self.inbox.append(one._replace(arrives_at=self.world.now + self.rng.random() * DAY))
        self.inbox.sort(key=lambda one: one.arrives_at)

    def _upload_due(self) -> bool:
        while self.uploads and self.uploads[0].at <= self.world.now:
            upload: Upload = self.uploads.pop(0)
            path = f"clinics/{upload.clinic.name}.yaml"
            if upload.content is None:
                self.files.pop(path, None)
            else:
                self.files[path] = upload.content
            self.stale_files = True
        return self.stale_files

    def activate(self) -> None:
        """The daemon looks at the files."""
        world = self.world
        if any(step.actor == "activator" for step in world.stack):
            return
        files = [ClinicFile(path, content) for path, content in self.files.items()]

        def work() -> None:
            done = world.processes.activator.reconcile(
                files, COMPILED, actor="daemon", revision_of=lambda _: None, roots=["clinics"]
            )
            for result in done.results:
                world.counts[f"file: {result.outcome}"] += 1
            self.stale_files = False

        world.run("activator", work)

    def verify(self, clinic: Clinic) -> None:
        """The payment side says that a clinic is verified."""
        if clinic.name in self.world.clinic_nos:
            told = Verification(LegalForm.SOLE_PROPRIETORSHIP, clinic.name)
            self.world.run("verifier", lambda: self.world.processes.verifier.verify(clinic.name, told, actor="psp"))

    def withdraw(self, clinic: Clinic) -> None:
        """The payment side takes it back."""
        if clinic.name in self.world.clinic_nos:
            self.world.counts["withdrawn"] += 1
            self.world.run("verifier", lambda: self.world.processes.verifier.withdraw(clinic.name, actor="psp"))

    def command(self) -> None:
        """A person does something."""
        world, rng = self.world, self.rng
        if any(step.actor == "person" for step in world.stack):
            return
        choice = rng.random()
        if choice < 0.2:
            clinic = rng.choice(world.plan.clinics).name
            if clinic in world.clinic_nos:
                (self.let_go if clinic in world.held else self.hold)(clinic)
        elif choice < 0.45 and world.known:
            clinic, number = rng.choice(list(world.known))
            if rng.random() < 0.5:
                self.send(clinic, number, world.now + rng.choice((-MINUTE, 5 * HOUR, DAY)))
            else:
                self.restamp(clinic, number)
        else:
            for listed in self._listed()[:1]:
                self.see_to(listed, drop=rng.random() < 0.3)

    def hold(self, clinic: str) -> None:
        """A person stops a clinic; from when that is done nothing starts."""
        world = self.world
        world.ask("hold", clinic)

        def work() -> None:
            world.people.hold(clinic)
            world.held.add(clinic)

        world.counts["person: hold"] += world.run("person", work)

    def let_go(self, clinic: str) -> None:
        """A person lets a clinic go on."""
        world = self.world
        world.ask("let go", clinic)
        world.counts["person: let go"] += world.run("person", lambda: world.people.let_go(clinic))

    def send(self, clinic: str, number: int, at: datetime) -> None:
        """A person sends a draft."""
        world = self.world
        world.ask("send", clinic, number, at)
        world.run("person", lambda: world.people.send(clinic, (world.clinic_nos[clinic], number), at))

    def restamp(self, clinic: str, number: int) -> None:
        """A person moves a booking to what is in force now."""
        world = self.world
        world.ask("restamp", clinic, number)
        booking_id = next(name for (where, name), no in world.aliases.items() if (where, no) == (clinic, number))
        world.run("person", lambda: world.people.restamp(clinic, booking_id))

    def see_to(self, listed: StuckAction, *, drop: bool) -> None:
        """A person sees to an action that is listed."""
        world = self.world
        number = world.aliases[listed.clinic, listed.booking_id]
        verb = Verb.DROP if drop else Verb.RETRY if listed.action.state is ActionState.DEAD else Verb.RELEASE
        if verb is Verb.RELEASE and world.has_arrived(listed.clinic, number, listed.action.key):
            # Its provider can be asked, and not everybody asks.
            verb = self.rng.choice((verb, Verb.FIND_DELIVERED))
        world.ask(verb.value, listed.clinic, number, listed.action.key)
        world.run("person", lambda: world.people.act(verb, listed.key))

    def _listed(self) -> list[StuckAction]:
        with self.world.raw.reading() as tx:
            found = [one for state in (ActionState.HELD, ActionState.DEAD) for one in stuck_actions(tx, state)]
        self.rng.shuffle(found)
        return found

    # ---- rest

    def rest(self) -> None:
        """Nothing goes wrong any more; everything that is left happens, and then persons see to what is listed."""
        world = self.world
        world.calm = True
        self._run_on()
        for clinic in world.plan.clinics:
            if clinic.name in world.clinic_nos:
                self.let_go(clinic.name)
                self.verify(clinic)
        self._run_on()
        if not world.violations:
            ends.check(world)
        if world.violations or self.rng.random() < 0.5:
            return
        for drop in (False, True, True):
            for listed in self._listed():
                self.see_to(listed, drop=drop)
            self._run_on()
        if not world.violations:
            ends.check(world)
            if self._listed():
                world.wrong("persons dropped everything, and something is listed")

    def _run_on(self) -> None:
        world = self.world
        for _ in range(MOST_STEPS):
            if world.violations:
                return
            world.due_effects()
            if self._arrived():
                self.process()
            elif self._upload_due():
                self.activate()
            elif lanes := self._due_lanes():
                self.work(lanes[0])
            elif not self._skip():
                return
        world.wrong("it never comes to rest")

    def _skip(self) -> bool:
        """To the next thing that will happen; False where nothing will."""
        world = self.world
        with world.raw.reading() as tx:
            coming = [at for lane in Lane if (at := tx.next_at(lane)) is not None]
        coming += [one.arrives_at for one in self.inbox[:1]] + [one.at for one in self.uploads[:1]]
        coming += [at for at, _ in world.late]
        if not coming:
            return False
        world.now = max(world.now, min(coming))
        return True
