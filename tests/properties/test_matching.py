"""Which rule wins, by the tables and by the plain reading of the rules."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.properties import plain_reading
from tests.properties.compiling import compiled, examples
from tests.strategies.bookings import bookings
from tests.strategies.documents import CONDITION_KEYS, Document, clinic_documents

from payrules.domain import matching
from payrules.domain.booking import Booking
from payrules.domain.money import MINOR_UNITS


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, list[Booking]]:
    """A clinic with rules, and some bookings there."""
    document = draw(clinic_documents(6).filter(lambda found: found.get("rules")))
    return document, draw(st.lists(bookings(document), min_size=1, max_size=4))


def price_in_minor_units(booking: Booking, document: Document) -> int | None:
    price = plain_reading.price_of(booking, document)
    if price is None:
        return None
    minor: Fraction = price * 10 ** MINOR_UNITS[document["currency"]]
    assert minor.denominator == 1
    return minor.numerator


@examples(250)
@given(cases())
def test_the_tables_say_of_every_rule_what_the_plain_reading_says(case: tuple[Document, list[Booking]]) -> None:
    document, several = case
    policy = compiled(document).policy
    matcher = matching.matcher_of(policy)
    assert matching.matcher_of(policy) is matcher
    for booking in several:
        facts = matching.facts_of(booking, price_in_minor_units(booking, document), policy.zone)
        plain = plain_reading.facts_of(booking, document)
        verdicts = [plain_reading.verdict(rule["when"], plain) for rule in document["rules"]]
        # The defaults come after the last rule, and always hold.
        verdicts.append(True)
        may, surely = matcher.match(facts)
        assert may == sum(1 << number for number, verdict in enumerate(verdicts) if verdict is not False)
        assert surely == sum(1 << number for number, verdict in enumerate(verdicts) if verdict)


@examples(120)
@given(cases())
def test_each_condition_by_itself_holds_as_the_plain_reading_says(case: tuple[Document, list[Booking]]) -> None:
    document, several = case
    policy = compiled(document).policy
    for booking in several:
        facts = matching.facts_of(booking, price_in_minor_units(booking, document), policy.zone)
        plain = plain_reading.facts_of(booking, document)
        for written, rule in zip(document["rules"], policy.rules, strict=True):
            for name, condition, fact in zip(matching.FACTS, rule.when, facts, strict=True):
                assert (condition is None) == (name not in written["when"])
                if condition is not None:
                    wanted = plain_reading.holds(name, written["when"][name], plain[name])
                    assert matching.holds(name, condition, fact) is wanted


def test_facts_stand_in_the_order_of_the_reference() -> None:
    assert matching.FACTS == CONDITION_KEYS
