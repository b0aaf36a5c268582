"""What can be said of a policy's rules for all possible bookings: which rule can never match, and which
changes nothing.

What it speaks of are bookings whose facts are all known; a booking with an unknown fact never *wins* a rule
that a known one could not win too. Rules are numbered from 0 here, and a set of them is a mask.
"""

from collections import deque
from typing import NamedTuple

from payrules.domain.boxes import Boxes, GivenUp
from payrules.domain.cells import bits
from payrules.domain.policy import Manual, Policy, Process, Terms

_TAKERS = 8


class Coverage(NamedTuple):
    """A rule that can never match: the rules `by` win before it every time; none where it excludes itself."""

    rule: int
    by: tuple[int, ...]


class Findings(NamedTuple):
    """What is proved of a policy's rules, by their numbers from 0.

    All rules that are `never` or `redundant` can be removed together, and no decision changes. Of the rules that
    are `unsettled` nothing is known; those that are `unweighed` can match, and it is open whether they are redundant.
    """

    never: tuple[Coverage, ...] = ()
    redundant: tuple[int, ...] = ()
    unsettled: tuple[int, ...] = ()
    unweighed: tuple[int, ...] = ()


def analyse(policy: Policy) -> Findings:
    """Find the rules that can never match and those without which no decision would change.

    A rule is redundant when every booking it wins would be decided to equal effect without it: as the file stands,
    and also when the rules that can never match and those found redundant before it are gone.
    """
    count = len(policy.rules)
    try:
        boxes = Boxes([rule.when for rule in policy.rules])
    except GivenUp:
        return Findings(unsettled=tuple(range(count)))
    effects = _Effects(policy)
    every = standing = (1 << count) - 1
    covered, alive, redundant, unsettled, unweighed = [], [], [], [], []
    # Rules that take all of another are often few, and take all of many.
    takers: deque[int] = deque(maxlen=_TAKERS)
    for rule in range(count):
        boxes.allow()
        try:
            first = next((taker for taker in takers if boxes.is_around(taker, rule)), None)
            if first is None:
                if effects.changed[rule] and boxes.surely_some_point(rule, boxes.meeting(rule)):
                    # It wins a booking that no other rule would take: of this rule all is said.
                    continue
                first = boxes.first_around(rule, standing & (1 << rule) - 1)
            by = _covering(boxes, rule, standing & (1 << rule) - 1, first)
        except GivenUp:
            unsettled.append(rule)
            continue
        if by is None:
            alive.append(rule)
        else:
            # What it would match is taken by others that stand, so nothing behind it needs it.
            covered.append((rule, by))
            standing &= ~(1 << rule)
            if first is not None and first not in takers:
                takers.append(first)
    for rule in alive:
        boxes.allow()
        try:
            if not _matters(boxes, effects, rule, standing) and not _matters(boxes, effects, rule, every):
                redundant.append(rule)
                standing &= ~(1 << rule)
        except GivenUp:
            unweighed.append(rule)
    # Last, since what is found may take all the steps that are left.
    never = [Coverage(rule, tuple(bits(boxes.cover(rule, by)))) for rule, by in covered]
    return Findings(tuple(never), tuple(redundant), tuple(unsettled), tuple(unweighed))


class _Effects:
    """What rules have an effect like which."""

    def __init__(self, policy: Policy) -> None:
        default = _effect(policy.terms)
        own = [_effect(rule.terms) for rule in policy.rules]
        alike: dict[Terms, int] = {}
        for rule, effect in enumerate(own):
            alike[effect] = alike.get(effect, 0) | 1 << rule
        # Whether a rule changes what the clinic has, and the rules that set the same as it.
        self.changed = [effect != default for effect in own]
        self.alike = [alike[effect] for effect in own]


def _effect(terms: Terms) -> Terms:
    """The terms without what can have no effect under their process."""
    if terms.process is Process.AUTOMATIC:
        return terms._replace(manual=Manual())
    return terms if terms.manual.create_draft else Terms(Process.MANUAL, manual=Manual(create_draft=False))


def _covering(boxes: Boxes, rule: int, earlier: int, first: int | None) -> int | None:
    """The rules of a mask that leave a rule nothing, none if it excludes itself; None where it has a booking.

    `first` is a rule of the mask that is around it, None where no single one is.
    """
    if first is None:
        earlier &= boxes.meeting(rule)
        if boxes.some_point([rule], earlier):
            return None
    else:
        earlier = 1 << first
    return earlier if boxes.some_point([rule], 0) else 0


def _matters(boxes: Boxes, effects: _Effects, rule: int, among: int) -> bool:
    """Whether a booking that the rule wins would be decided otherwise without it, if there are only rules `among`."""
    others = boxes.meeting(rule) & among
    if effects.changed[rule] and boxes.some_point([rule], others):
        return True
    later = others & -(1 << rule) & ~effects.alike[rule]
    return any(boxes.some_point([rule, other], others & (1 << other) - 1) for other in bits(later))
