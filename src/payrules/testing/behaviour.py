"""How a provider behaves, well or badly, and what every adapter has to make of it."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import timedelta
from enum import StrEnum
from math import isfinite
from time import monotonic
from typing import Protocol
from unittest import SkipTest

from payrules.app.ports import Limits
from payrules.domain.action import Answer, Delivered, NoAnswer, Rejected, RetryLater

LEASE = 300.0
"""For how many seconds a worker has an action: a call must end well before."""

SLACK = 2.0
"""Seconds a call may take beyond its limit, for a machine that is busy."""


class Behaviour(StrEnum):
    """How a provider's double answers every call from now on."""

    WORKS = "works"
    REJECTS = "rejects"
    """It does nothing, and says that it never will for this recipient or this invoice."""
    LIMITS_RATE = "limits_rate"
    """It does nothing, and says that there were too many calls; with the delay `Double.delay` where it can say one."""
    DENIES = "denies"
    """It does nothing, and refuses the credentials."""
    AWAY = "away"
    """Nothing listens where it should be."""
    HANGS = "hangs"
    """It takes the call and never answers, whether or not it does what it was asked."""
    GARBLES = "garbles"
    """It does it, and answers with what its protocol does not know, such as an HTML page."""
    FAILS_AFTER = "fails_after"
    """It does it, and answers that something went wrong on its side, such as HTTP 500."""
    DROPS = "drops"
    """It does it, and drops the connection in the middle of its answer, or before it."""


class Double(Protocol):
    """A provider as tests need it, real protocol and all."""

    @property
    def can(self) -> AbstractSet[Behaviour]:
        """The behaviours it knows; tests of others are skipped."""

    @property
    def delay(self) -> timedelta | None:
        """What it asks for when it limits the rate; None where its protocol cannot say."""

    def behave(self, how: Behaviour) -> None:
        """Answer like that from now on."""


NOTHING_DONE = (Behaviour.LIMITS_RATE, Behaviour.DENIES, Behaviour.REJECTS)
"""Behaviours in which nothing has happened, and the answer says so."""

UNKNOWN = (Behaviour.HANGS, Behaviour.GARBLES, Behaviour.FAILS_AFTER, Behaviour.DROPS)
"""Behaviours after which nobody knows what happened."""


def made_to(double: Double, how: Behaviour) -> None:
    """Let a double behave like that; skips the test where it cannot."""
    if how not in double.can:
        raise SkipTest(f"the provider's double cannot be made one that {how.replace('_', ' ')}")
    double.behave(how)


def outcome_of(call: Callable[[], Answer], limits: Limits, secrets: tuple[str, ...]) -> Answer | NoAnswer:
    """What came of a call, as the dispatcher sees it.

    Raises AssertionError where it took longer than its limit, the answer is none of the closed list, or its words or
    those of an exception hold one of `secrets`: the client's address and name.
    """
    began = monotonic()
    ending: Answer | NoAnswer
    try:
        ending = call()
    except Exception as error:  # noqa: BLE001  # whatever an adapter raises is no answer
        ending = NoAnswer(type(error).__name__)
        _hold_none(str(error), secrets)
    check(
        monotonic() - began <= limits.timeout + SLACK, f"the call took longer than limits.timeout ({limits.timeout} s)"
    )
    check(
        isinstance(ending, Delivered | RetryLater | Rejected | NoAnswer),
        f"the answer is neither Delivered nor RetryLater nor Rejected, but {type(ending).__name__}",
    )
    _hold_none(ending.receipt if isinstance(ending, Delivered) else ending.cause, secrets)
    return ending


def check_ending(double: Double, how: Behaviour, ending: Answer | NoAnswer) -> None:
    """Hold what came of a call to what may come of it, the provider behaving like that."""
    if how in UNKNOWN:
        check(
            isinstance(ending, NoAnswer), f"nobody knows what a provider did that {how}: raise, do not return {ending}"
        )
    elif how is Behaviour.AWAY:
        check(
            isinstance(ending, RetryLater | NoAnswer),
            f"a provider that is away did nothing for good: RetryLater (or raise), not {ending}",
        )
    elif how is Behaviour.REJECTS:
        check(isinstance(ending, Rejected), f"the provider said never: Rejected, not {ending}")
    elif how is Behaviour.WORKS:
        check(isinstance(ending, Delivered), f"the provider did it: Delivered, not {ending}")
    else:
        check(
            isinstance(ending, RetryLater),
            f"a provider that {how} did nothing, and it is not about this client: RetryLater, not {ending}",
        )
    if how is Behaviour.LIMITS_RATE and isinstance(ending, RetryLater):
        check(ending.after == double.delay, f"the provider asked to wait {double.delay}, not {ending.after}")


def check_limits(limits: Limits) -> None:
    """Limits that a worker can keep."""
    check(limits.concurrency >= 1, "limits.concurrency must be at least 1")
    check(limits.per_second is None or limits.per_second > 0, "limits.per_second must be above 0, or None")
    check(0 < limits.timeout < LEASE, f"limits.timeout must be above 0 and below {LEASE:.0f} s, the lease of a worker")
    check(limits.key_honoured_for >= 0, "limits.key_honoured_for may not be negative")
    check(isfinite(limits.key_honoured_for), "limits.key_honoured_for must be a number of seconds")


def check(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # it is all that it is about
    """Raise AssertionError with a sentence. Plain `assert` would say nothing here: pytest explains tests alone."""
    if not holds:
        raise AssertionError(otherwise)


def _hold_none(text: str, secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        check(secret not in text, f"the client's address or name is in what is kept: {text!r}")
