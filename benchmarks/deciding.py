"""One decision with its actions: the time it takes, how it grows with the rules, and rule engines beside it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks import peers
from benchmarks.bookings import booking
from benchmarks.measuring import Row, absent, at_best, compared, in_turns
from benchmarks.peer_expressions import cel_matcher, rule_engine_matcher
from benchmarks.peer_policies import cedar_matcher, rego_matcher
from benchmarks.peer_tables import zen_matcher
from benchmarks.texts import CLINIC, clinic_file
from payrules.app.rendering import Renderer
from payrules.bootstrap import build
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Decision, decide

_UNRENDERED, _RENDERED = 15.0, 40.0
_GROWTH = 1.2
_BOOKINGS, _CHECKED = 32, 500
# A turn is short, so there can be more of them.
_TURNS = 10
# Draft, issue, two links, three reminders on two channels.
_ACTIONS = 10


class _Peer(NamedTuple):
    """A rule engine; `faster` tells that payrules is to be so many times faster, not at most so many times slower."""

    name: str
    matcher: Callable[[Version], peers.Matcher | None]
    target: float | None
    faster: bool = True


_PEERS = (
    _Peer("GoRules Zen", zen_matcher, 10.0),
    _Peer("cel-rust", cel_matcher, 1.5, faster=False),
    _Peer("rule-engine", rule_engine_matcher, None),
    _Peer("Cedar", cedar_matcher, None),
    _Peer("Rego in C++", rego_matcher, None),
)


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
        yield at_best(f"{what}, {name}", [seconds * 1e6 for seconds in spent], "µs", target)
    yield compared("a decision, 1,000 rules", "the same, 10 rules", grown, unrendered, _GROWTH)
    for peer in _PEERS:
        yield _beside(what, peer, ten, bookings, repetitions)


def _beside(what: str, peer: _Peer, version: Version, bookings: list[Booking], repetitions: int) -> Row:
    """A peer only finds the rule, from facts made ready for it; payrules makes the facts and the actions too."""
    against = f"{peer.name}, rule only"
    match = peer.matcher(version)
    if match is None:
        return absent(what, against, peer.target, at_least=peer.faster)
    ready = [peers.facts_for(version, one) for one in bookings]
    for one in map(booking, range(_CHECKED)):
        wanted = decide(version.policy, one, one.booked_at).rule
        assert match(peers.facts_for(version, one)) == wanted, (peer.name, one, wanted)

    def ask() -> None:
        for facts in ready:
            match(facts)

    turns = repetitions if peer.faster else repetitions * _TURNS
    sides = in_turns((_decider(version, bookings), ask), turns)
    ours, theirs = ([seconds / len(bookings) for seconds in spent] for spent in sides)
    return compared(what, against, ours, theirs, peer.target, faster=peer.faster)


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
