"""What both suites have in common: limits that can be kept, and providers that misbehave."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from payrules.app.ports import InvoiceAdapter, MessageAdapter
from payrules.domain.action import Answer, NoAnswer
from payrules.testing.behaviour import UNKNOWN, Behaviour, Double, check, check_ending, check_limits, made_to


class Provider(Double, Protocol):
    """A provider of anything as tests need it."""

    def adapter(self) -> InvoiceAdapter | MessageAdapter:
        """An adapter that talks to this double. Give it a short timeout, or tests of hanging take as long."""


P = TypeVar("P", bound=Provider)


class TroubleConformance(Generic[P]):
    """The tests in which it does not matter what the adapter is asked for.

    A test that the double cannot be used for is skipped.
    """

    def provider(self) -> AbstractContextManager[P]:
        """A new double, that behaves, and holds nothing yet."""
        raise NotImplementedError("say how to make the provider's double")

    def call_of(self, provider: P) -> Callable[[], Answer | NoAnswer]:
        """One call to an adapter that is ready now."""
        raise NotImplementedError("say what the adapter is asked")

    def effects(self, provider: P) -> int:
        """How many effects the provider holds."""
        raise NotImplementedError("say what counts as an effect")

    def test_limits_can_be_kept(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            check_limits(adapter.limits)
            check(bool(adapter.name.strip()), "an adapter has a name")

    def test_rejection_is_told(self) -> None:
        self._refuse(Behaviour.REJECTS)

    def test_rate_limit_is_a_retry_after_the_delay_asked_for(self) -> None:
        self._refuse(Behaviour.LIMITS_RATE)

    def test_refused_credentials_are_no_clients_fault(self) -> None:
        self._refuse(Behaviour.DENIES)

    def test_provider_that_is_away_loses_nothing(self) -> None:
        self._refuse(Behaviour.AWAY)

    def test_provider_that_hangs_is_given_up_in_time(self) -> None:
        self._refuse(Behaviour.HANGS)

    def test_answer_that_makes_no_sense_is_none(self) -> None:
        self._refuse(Behaviour.GARBLES)

    def test_failure_after_the_effect_is_no_answer(self) -> None:
        self._refuse(Behaviour.FAILS_AFTER)

    def test_connection_that_breaks_before_the_answer_is_no_answer(self) -> None:
        self._refuse(Behaviour.DROPS)

    def _refuse(self, how: Behaviour) -> None:
        with self.provider() as provider:
            call = self.call_of(provider)
            made_to(provider, how)
            check_ending(provider, how, call())
            most = 1 if how in UNKNOWN else 0
            count = self.effects(provider)
            check(count <= most, f"a provider that {how} did it {count} times, and may at most {most}")
