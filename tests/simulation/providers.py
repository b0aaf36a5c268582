"""Providers that fail in every way: before the effect and after it, with words or without, late, or never."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from tests.simulation.faults import Hang

from payrules.adapters.memory import Invoice, MemoryInvoices
from payrules.adapters.store import SqlLedger
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

R = TypeVar("R", InvoiceRequest, MessageRequest)
Request = InvoiceRequest | MessageRequest


class Scene(Protocol):
    """What providers need of the simulated world."""

    seed: int
    now: datetime
    slack: timedelta
    """For how much longer than they promise providers remember keys: a process that stands still may be late."""

    def draw_fault(self, faults: Sequence[str], times: int = 1) -> str:
        """What goes wrong with a call: one of the words, or empty. It goes wrong so many times as often as others."""

    def wrong(self, what: str) -> None:
        """Something that must never be."""

    def point(self, place: str) -> None:
        """Others may run here, and the process may die."""

    def called(self, request: Request) -> None:
        """A call begins."""

    def happened(self, request: Request, answer: Answer) -> None:
        """A provider carried something out, or refused to."""

    def pass_time(self, *, past_lease: bool = False, seconds: float | None = None) -> None:
        """A call takes a while."""

    def asked_to_wait(self, request: Request, wait: timedelta) -> None:
        """A provider says how long it does not want to hear of a request."""

    def later(self, effect: Callable[[], None]) -> None:
        """A provider does something on its own, some time later."""


TIMEOUT = 30.0
"""Seconds that a call may take."""

FAULTS = (
    "retry later",
    "retry much later",
    "rejected",
    "fails before effect",
    "fails after effect",
    "hangs before effect",
    "hangs after effect",
    "effect comes late",
    "slow",
)
"""Ways in which a call goes wrong."""


class Keys:
    """What a provider remembers of idempotency keys, for so many seconds, and does of them.

    What it has taken it does not refuse any more, nor take what it has refused.
    """

    def __init__(self, scene: Scene, honoured_for: float) -> None:
        self.honoured_for = honoured_for
        self._scene = scene
        self._known: dict[str, tuple[Answer, datetime]] = {}
        self._taken: set[str] = set()
        self._refused: set[str] = set()

    def may_take(self, request: Request) -> bool:
        """Whether it has not refused it yet: by a call that overtook another one."""
        return request.key not in self._refused

    def may_refuse(self, request: Request) -> bool:
        """Whether it has not taken it yet."""
        return request.key not in self._taken

    def refuse(self, request: Request) -> Rejected:
        """Refuse it, now and for ever."""
        self._refused.add(request.key)
        refused = Rejected("refused")
        self._scene.happened(request, refused)
        return refused

    def once(self, request: R, effect: Callable[[R], Answer], asked_at: datetime) -> Answer:
        """Carry it out, unless the key is remembered."""
        known = self._known.get(request.key)
        # From the request on: that is when the caller's reckoning begins.
        remembered_for = timedelta(seconds=self.honoured_for) + self._scene.slack
        if known is not None and self.honoured_for and asked_at - known[1] < remembered_for:
            return known[0]
        answer = effect(request)
        if isinstance(answer, Delivered):
            self._taken.add(request.key)
            self._known[request.key] = (answer, self._scene.now)
        self._scene.happened(request, answer)
        return answer

    def later(self, request: R, effect: Callable[[R], Answer]) -> None:
        """Take it, and do it some time later, unless it is asked for again and done meanwhile."""
        self._taken.add(request.key)

        def do() -> None:
            if request.key not in self._known or not self.honoured_for:
                self.once(request, effect, self._scene.now)

        self._scene.later(do)


class Provider:
    """What recorded providers of invoices and of messages share: faults around an effect."""

    def __init__(self, scene: Scene, name: str, honoured_for: float) -> None:
        self.name = name
        self.limits = Limits(concurrency=2, key_honoured_for=honoured_for, timeout=TIMEOUT)
        self._scene = scene
        self.down: tuple[datetime, datetime] | None = None
        """From when till when it does nothing."""
        self._keys = Keys(scene, honoured_for)

    def _answer(self, request: R, effect: Callable[[R], Answer]) -> Answer:
        scene, keys, asked_at = self._scene, self._keys, self._scene.now
        scene.called(request)
        fault = scene.draw_fault(FAULTS)
        scene.point("before effect")
        if not keys.may_take(request):
            return keys.refuse(request)
        if self.down is not None and self.down[0] <= scene.now < self.down[1]:
            return RetryLater("down")
        match fault:
            case "retry later":
                return RetryLater("busy")
            case "retry much later":
                return RetryLater("closed", timedelta(hours=9))
            case "rejected" if keys.may_refuse(request):
                return keys.refuse(request)
            case "fails before effect":
                raise ConnectionError
            case "hangs before effect":
                scene.pass_time(past_lease=True)
                raise Hang
            case "effect comes late":
                keys.later(request, effect)
                scene.pass_time(past_lease=True)
                raise Hang
            case "slow":
                scene.pass_time(past_lease=True)
        answer = keys.once(request, effect, asked_at)
        scene.pass_time()
        scene.point("after effect")
        if fault == "fails after effect":
            raise ConnectionError
        if fault == "hangs after effect":
            scene.pass_time(past_lease=True)
            raise Hang
        return answer


class Invoices(Provider):
    """Invoices in memory behind faults."""

    def __init__(self, scene: Scene, honoured_for: float) -> None:
        super().__init__(scene, "invoices", honoured_for)
        self._made = MemoryInvoices()
        self._count = 0

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """One request."""
        return self._answer(request, self._do)

    def of_clinic(self, clinic: str, clinic_no: int) -> list[Invoice]:
        """All invoices of a clinic."""
        return [one for one in self._made.invoices() if one.clinic == clinic]

    def open(self, store: SqlLedger | None) -> None:
        """Nothing of it dies with the processes."""

    def cut(self) -> None:
        """The same when the power is cut."""

    def check(self, doubtful: Collection[tuple[int, int]]) -> None:
        """Nothing is to be judged that is not by its effects."""

    def _do(self, request: InvoiceRequest) -> Answer:
        # What this provider remembers of keys is decided above, so that it can forget.
        self._count += 1
        return self._made.carry_out(request._replace(key=f"{request.key}#{self._count}"))


class Messages(Provider):
    """Messages of one channel behind faults."""

    def __init__(self, scene: Scene, name: str, honoured_for: float) -> None:
        super().__init__(scene, name, honoured_for)
        self._count = 0

    def send(self, message: MessageRequest) -> Answer:
        """One message."""
        return self._answer(message, self._do)

    def _do(self, message: MessageRequest) -> Answer:
        self._count += 1
        return Delivered(f"{self.name}-{self._count}")
