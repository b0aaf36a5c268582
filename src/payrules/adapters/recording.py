"""Adapters that record what they are asked, and answer as a script says: for tests and simulations.

A provider that fails is played by what its script returns: an answer instead of the effect, or a `Raise` before
the effect or after it. Whether the provider honours idempotency keys, and for how long, is its limits'.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from payrules.adapters.memory import MemoryInvoices
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater

Request = TypeVar("Request", InvoiceRequest, MessageRequest)


@dataclass(frozen=True, slots=True)
class Raise:
    """The call ends without an answer: `error` is raised, before the effect or after it.

    A worker that dies in a call is an error that no worker catches.
    """

    error: BaseException
    after_effect: bool = False


Step = RetryLater | Rejected | Raise | None
"""What a call comes to; None is the effect and its receipt."""


def willing(_: object) -> Step:
    """The script of a provider that always does what it is asked."""
    return None


def one_by_one(*steps: Step) -> Callable[[object], Step]:
    """A script of the first calls; the effect from then on."""
    planned = iter(steps)
    return lambda _: next(planned, None)


class _Recording(Generic[Request]):
    """What both adapters share. `calls` are all requests, `effects` those that had their effect, in order."""

    def __init__(self, limits: Limits, script: Callable[[Request], Step]) -> None:
        self.limits = limits
        self.script: Callable[[Request], Step] = script
        self.calls: list[Request] = []
        self.effects: list[Request] = []
        self._lock = Lock()
        self._known: dict[str, tuple[Delivered, datetime]] = {}

    def _answer(self, request: Request, effect: Callable[[Request], Answer]) -> Answer:
        self.calls.append(request)
        step = self.script(request)
        if isinstance(step, RetryLater):
            return step
        if isinstance(step, Raise) and not step.after_effect:
            raise step.error
        with self._lock:
            answer: Answer | None = self._remembered(request)
            if answer is None:
                answer = step if isinstance(step, Rejected) else effect(request)
                if isinstance(answer, Delivered):
                    self._known[request.key] = (answer, request.now)
                    self.effects.append(request)
        if isinstance(step, Raise):
            raise step.error
        return answer

    def _remembered(self, request: Request) -> Delivered | None:
        """What the key was answered before, where the provider has not forgotten it yet."""
        known = self._known.get(request.key)
        if known is None or request.now - known[1] >= timedelta(seconds=self.limits.key_honoured_for):
            return None
        return known[0]


class RecordingMessages(_Recording[MessageRequest]):
    """A `payrules.app.ports.MessageAdapter` that sends nothing. `effects` are the messages a payer would have got."""

    name = "recording"

    def __init__(self, limits: Limits | None = None, script: Callable[[MessageRequest], Step] = willing) -> None:
        super().__init__(limits or Limits(key_honoured_for=86_400.0), script)

    def send(self, message: MessageRequest) -> Answer:
        """Record it, and answer as the script says."""
        return self._answer(message, lambda _: Delivered(f"message-{len(self.effects) + 1}"))


class RecordingInvoices(_Recording[InvoiceRequest]):
    """A `payrules.app.ports.InvoiceAdapter` over invoices in memory, which are in `made`."""

    name = "recording"

    def __init__(self, limits: Limits | None = None, script: Callable[[InvoiceRequest], Step] = willing) -> None:
        self.made = MemoryInvoices()
        super().__init__(limits or self.made.limits, script)

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Record it, and answer as the script says."""
        return self._answer(request, self.made.carry_out)
