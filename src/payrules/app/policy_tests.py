"""Running the policy tests of a clinic, with the one function that decides, and telling what they cover."""

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from payrules.app.expected import Mismatch, compare
from payrules.app.rendering import Renderer
from payrules.app.short_form import short_of
from payrules.compiler.checks import instants_of
from payrules.compiler.compile import Version
from payrules.compiler.policy_tests import LoadZone, PolicyTest, PolicyTests, Short, booking_of
from payrules.compiler.positions import Path
from payrules.domain.coverage import Covering, Point, PointKind, points_of, reached_by
from payrules.domain.decision import Decision, Outcome, decide
from payrules.domain.matching import Facts
from payrules.domain.witness import Finder, OutOfStepsError

_SOME_PRICE: Final = "1000"
# Tests files know the years from 2000 to 2999.
_MILLENNIUM: Final = "2"


class Tested(NamedTuple):
    """A test that was run: the decision as `simulate --format json` writes it, and what is not as expected."""

    test: PolicyTest
    rendered: dict[str, Any]
    mismatches: tuple[Mismatch, ...]


Reached = tuple[int, Facts]
"""How far a booking gets, and its facts (`reached_by`)."""


class Suggestion(NamedTuple):
    """A booking in short form that would cover a point, perhaps several, and what comes of it today."""

    reached: Reached
    booking: Short
    outcome: str
    rule: str | None


class Gap(NamedTuple):
    """A point that no test covers, the line of the clinic file it stands on, and a booking that would."""

    point: Point
    line: int
    suggestion: Suggestion | None


class Coverage(NamedTuple):
    """What tests cover of what is asked of them: numbers by kind, and the gaps in the order of the file.

    `beyond` are points that no booking can be in; nobody asks for them.
    """

    asked: Counter[PointKind]
    covered: Counter[PointKind]
    gaps: tuple[Gap, ...]
    beyond: tuple[Point, ...]

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means everything; where nothing is asked, 100."""
        asked = self.asked.total()
        return 100 * self.covered.total() // asked if asked else 100


class ClinicTests(NamedTuple):
    """The tests of one clinic. `tests_file` is None where the clinic has none."""

    version: Version
    tests_file: str | None
    tested: tuple[Tested, ...]
    coverage: Coverage

    @property
    def failed(self) -> int:
        """How many tests are not met."""
        return sum(bool(one.mismatches) for one in self.tested)


def run_policy_tests(
    version: Version, tests: PolicyTests | None, load_zone: LoadZone, touched: frozenset[int | None] | None = None
) -> ClinicTests:
    """Run a clinic's tests. Coverage is asked of the rules in `touched` (None: the defaults), or of everything.

    The clinic file is taken as in force, whatever its `effective_from`.
    """
    renderer = Renderer(version)
    tested = []
    reached: list[Reached] = []
    for test in tests.tests if tests is not None else ():
        decision = decide(version.policy, test.booking, test.booking.booked_at)
        rendered = renderer.render(test.booking, decision)
        tested.append(Tested(test, rendered, compare(test, rendered)))
        reached.append(reached_by(version.policy, test.booking, decision.price))
    points = [point for point in points_of(version.policy) if touched is None or point.rule in touched]
    looking = _Looking(version, {} if tests is None else tests.given, load_zone)
    coverage = _coverage(version, points, reached, looking)
    return ClinicTests(version, None if tests is None else tests.file, tuple(tested), coverage)


def _coverage(version: Version, points: Sequence[Point], reached: list[Reached], looking: "_Looking") -> Coverage:
    covering = Covering(version.policy, points)
    covered = reduce(or_, (covering.covered(*one) for one in reached), 0)
    open_ = [number for number in range(len(points)) if not covered >> number & 1]
    suggestions: dict[int, Suggestion | None] = {}
    made: list[tuple[int, Suggestion]] = []
    beyond = []
    # Whatever covers an edge from inside covers its rule as well: rules come last.
    for number in sorted(open_, key=lambda number: points[number].kind is PointKind.RULE):
        suggestion = next((known for mask, known in made if mask >> number & 1), None)
        if suggestion is None:
            try:
                suggestion = looking.suggest(points[number])
            except LookupError:
                beyond.append(points[number])
                continue
            if suggestion is not None:
                made.append((covering.covered(*suggestion.reached), suggestion))
        suggestions[number] = suggestion
    gaps = tuple(
        Gap(points[number], version.positions.line(_path(points[number])), suggestions[number])
        for number in open_
        if number in suggestions
    )
    open_kinds = Counter(gap.point.kind for gap in gaps)
    covered_kinds = Counter(point.kind for number, point in enumerate(points) if covered >> number & 1)
    return Coverage(covered_kinds + open_kinds, covered_kinds, gaps, tuple(beyond))


def _path(point: Point) -> Path:
    """Where a point stands in the clinic file."""
    if point.rule is None:
        return ("process",)
    if not point.condition:
        return ("rules", point.rule)
    return ("rules", point.rule, "when", point.condition, *([point.bound] if point.bound else []))


class _Looking:
    """Looks for bookings that would cover what no test covers."""

    def __init__(self, version: Version, given: Short, load_zone: LoadZone) -> None:
        self._version, self._given, self._load_zone = version, given, load_zone
        self._like = booking_of(given, "given", version, load_zone)
        (_, facts), _ = self._decide({})
        self._finder = Finder(version.policy, facts)
        self._tired = False

    def suggest(self, point: Point) -> Suggestion | None:
        """A booking of the point; None where none was found in time, or it cannot be written in short form.

        Raises LookupError where there is none.
        """
        policy = self._version.policy
        if self._tired:
            return None
        without = point.rule if point.rule is not None else len(policy.rules) if policy.active else 0
        try:
            facts = self._finder.find(point.when, without)
        except OutOfStepsError:
            self._tired = True
            return None
        if facts is None:
            raise LookupError(point)
        short = short_of(facts, self._given, self._like, policy)
        times = [short[key] for key in ("starts_at", "booked_at") if key in short]
        if any(not time.startswith(_MILLENNIUM) or len(instants_of(time, policy.zone)) != 1 for time in times):
            return None
        found = self._try(point, short)
        if found is None:
            return None
        if found.outcome == Outcome.UNDECIDED:
            # No rule on the way asks for a price, and a test that bills something says more.
            found = self._try(point, {**short, "price": _SOME_PRICE}) or found
        for key in reversed(short):
            # What makes no difference would only distract.
            fewer = {name: value for name, value in found.booking.items() if name != key}
            shorter = self._try(point, fewer)
            if shorter is not None and shorter.outcome == found.outcome:
                found = shorter
        return found

    def _try(self, point: Point, short: Short) -> Suggestion | None:
        reached, decision = self._decide(short)
        if not Covering(self._version.policy, [point]).covered(*reached):
            return None
        rule = None if decision.rule is None else self._version.policy.rules[decision.rule].id
        return Suggestion(reached, short, decision.outcome, rule)

    def _decide(self, short: Short) -> tuple[Reached, Decision]:
        policy = self._version.policy
        booking = booking_of({**self._given, **short}, "suggested", self._version, self._load_zone)
        decision = decide(policy, booking, booking.booked_at)
        return reached_by(policy, booking, decision.price), decision
