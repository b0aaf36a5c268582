"""Providers that fail in every way: before the effect and after it, with words or without, late, or never."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from tests.simulation.faults import Hang

from payrules.adapters.memory import MemoryInvoices
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

R = TypeVar("R", InvoiceRequest, MessageRequest)
Request = InvoiceRequest | MessageRequest


class Scene(Protocol):
    """What providers need of the simulated world."""

    now: datetime

    def draw_fault(self) -> str:
        """What goes wrong with a call: a word of `FAULTS`, or empty."""

    def point(self, place: str) -> None:
        """Others may run here, and the process may die."""

    def called(self, request: Request) -> None:
        """A call begins."""

    def happened(self, request: Request, answer: Answer) -> None:
        """A provider carried something out, or refused to."""

    def pass_time(self, *, past_lease: bool = False) -> None:
        """A call takes a while."""

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


class Provider:
    """What providers of invoices and of messages share: faults around an effect, and the memory for keys."""

    def __init__(self, scene: Scene, name: str, honoured_for: float) -> None:
        self.name = name
        self.limits = Limits(concurrency=2, key_honoured_for=honoured_for, timeout=TIMEOUT)
        self._scene = scene
        self.down: tuple[datetime, datetime] | None = None
        """From when till when it does nothing."""
        self._known: dict[str, tuple[Answer, datetime]] = {}
        # What a provider has taken it does not refuse any more.
        self._taken: set[str] = set()

    def _answer(self, request: R, effect: Callable[[R], Answer]) -> Answer:
        scene = self._scene
        scene.called(request)
        fault = scene.draw_fault()
        scene.point("before effect")
        if self.down is not None and self.down[0] <= scene.now < self.down[1]:
            return RetryLater("down")
        match fault:
            case "retry later":
                return RetryLater("busy")
            case "retry much later":
                return RetryLater("closed", timedelta(hours=9))
            case "rejected" if request.key not in self._taken:
                refused = Rejected("refused")
                scene.happened(request, refused)
                return refused
            case "fails before effect":
                raise ConnectionError
            case "hangs before effect":
                scene.pass_time(past_lease=True)
                raise Hang
            case "effect comes late":
                self._taken.add(request.key)
                scene.later(lambda: self._late(request, effect))
                scene.pass_time(past_lease=True)
                raise Hang
            case "slow":
                scene.pass_time(past_lease=True)
        answer = self._once(request, effect)
        scene.pass_time()
        scene.point("after effect")
        if fault == "fails after effect":
            raise ConnectionError
        if fault == "hangs after effect":
            scene.pass_time(past_lease=True)
            raise Hang
        return answer

    def _once(self, request: R, effect: Callable[[R], Answer]) -> Answer:
        """Carry it out, unless the key is remembered."""
        now = self._scene.now
        known = self._known.get(request.key)
        # From the request on: that is when the caller's reckoning begins.
        if known is not None and (now - known[1]).total_seconds() < self.limits.key_honoured_for:
            return known[0]
        answer = effect(request)
        if isinstance(answer, Delivered):
            self._taken.add(request.key)
            self._known[request.key] = (answer, now)
        self._scene.happened(request, answer)
        return answer

    def _late(self, request: R, effect: Callable[[R], Answer]) -> None:
        """What was taken before is done now, unless it was asked for again and done meanwhile."""
        if request.key not in self._known or not self.limits.key_honoured_for:
            self._once(request, effect)


class Invoices(Provider):
    """Invoices in memory behind faults."""

    def __init__(self, scene: Scene, honoured_for: float) -> None:
        super().__init__(scene, "invoices", honoured_for)
        self.made = MemoryInvoices()
        self._count = 0

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """One request."""
        return self._answer(request, self._do)

    def _do(self, request: InvoiceRequest) -> Answer:
        # What this provider remembers of keys is decided above, so that it can forget.
        self._count += 1
        return self.made.carry_out(request._replace(key=f"{request.key}#{self._count}"))


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
