"""One decision with its actions: the time it takes, how it grows with the rules, and rule engines beside it."""

from collections.abc import Callable, Iterator

from benchmarks import peers
from benchmarks.bookings import booking
from benchmarks.measuring import Row, absent, in_turns, ratio, shown
from benchmarks.texts import CLINIC, clinic_file
from payrules.app.rendering import Renderer
from payrules.bootstrap import build
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Decision, decide

_UNRENDERED, _RENDERED = 15.0, 40.0
_GROWTH = 1.2
_ZEN, _CEL = 10.0, 1.5
_BOOKINGS = 32
# A turn is short, so there can be more of them.
_TURNS = 10
# Draft, issue, two links, three reminders on two channels.
_ACTIONS = 10


def rows(repetitions: int) -> Iterator[Row]:
    """The last rule wins every booking: automatic, two channels, three reminders, quiet hours."""
    ten, thousand = (_version(rules) for rules in (10, 1_000))
    bookings = _won_by_the_last(ten, thousand)
    decide_ten, decide_thousand = _decider(ten, bookings), _decider(thousand, bookings)
    renderer = Renderer(ten)

    def render() -> None:
        for one in bookings:
            renderer.render(one, decide(ten.policy, one, one.booked_at))

    sides = in_turns((decide_ten, render, decide_thousand), repetitions * _TURNS)
    unrendered, rendered, grown = ([seconds / len(bookings) for seconds in spent] for spent in sides)
    what = "a decision with its actions, 10 rules"
    for name, spent, target in (("unrendered", unrendered, _UNRENDERED), ("rendered", rendered, _RENDERED)):
        # Nothing runs beside it that would tell how fast the machine is just now, so the best turn counts.
        yield Row(f"{what}, {name}", "", min(spent) * 1e6, "µs", target, f"at best; median {shown(spent)}")
    times = f"{shown(grown)} to {shown(unrendered)}"
    yield Row("a decision, 1,000 rules", "the same, 10 rules", ratio(grown, unrendered), "×", _GROWTH, times)
    yield _peer(what, "GoRules Zen", peers.zen_matcher, ten, bookings, repetitions)
    yield _peer(what, "cel-rust", peers.cel_matcher, ten, bookings, repetitions)


def _peer(
    what: str,
    name: str,
    matcher: Callable[[Version], peers.Matcher | None],
    version: Version,
    bookings: list[Booking],
    repetitions: int,
) -> Row:
    """A peer only finds the rule, from facts made ready for it; payrules makes the facts and the actions too."""
    faster = matcher is peers.zen_matcher
    target = _ZEN if faster else _CEL
    match = matcher(version)
    if match is None:
        return absent(what, name, target, at_least=faster)
    ready = [peers.facts_for(version, one) for one in bookings]
    mixed = [booking(number) for number in range(500)]
    for one in mixed:
        wanted = decide(version.policy, one, one.booked_at).rule
        assert match(peers.facts_for(version, one)) == wanted, (name, one, wanted)

    def ask() -> None:
        for facts in ready:
            match(facts)

    ours, theirs = in_turns((_decider(version, bookings), ask), repetitions * _TURNS)
    times = f"{shown([s / len(bookings) for s in ours])} to {shown([s / len(bookings) for s in theirs])}"
    if faster:
        return Row(what, f"{name}, rule only", ratio(theirs, ours), "× faster", target, times, at_least=True)
    return Row(what, f"{name}, rule only", ratio(ours, theirs), "×", target, times)


def _version(rules: int) -> Version:
    compiled = build().compiler.compile(clinic_file(rules), f"{CLINIC}.yaml", analysis=False)
    assert compiled.version is not None
    assert not compiled.diagnostics
    assert len(compiled.version.policy.rules) == rules
    return compiled.version


def _won_by_the_last(*versions: Version) -> list[Booking]:
    """Bookings with various facts that the last rule of every version wins, and that get every message."""
    found: list[Booking] = []
    number = 0
    while len(found) < _BOOKINGS:
        one, number = booking(number), number + 1
        if all(_is_full(version, decide(version.policy, one, one.booked_at)) for version in versions):
            found.append(one)
        assert number < 100 * _BOOKINGS
    return found


def _is_full(version: Version, decision: Decision) -> bool:
    return decision.rule == len(version.policy.rules) - 1 and len(decision.actions) == _ACTIONS


def _decider(version: Version, bookings: list[Booking]) -> Callable[[], None]:
    policy = version.policy

    def decide_all() -> None:
        for one in bookings:
            decide(policy, one, one.booked_at)

    return decide_all
