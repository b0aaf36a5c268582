"""What the table and Markdown keep until the end: some bookings, and numbers for all of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from payrules.app.simulate import Changed, Simulated
from payrules.domain.decision import Outcome
from payrules.domain.policy import Policy
from payrules.entrypoints.decisions.words import NOT_DECIDED, counted, outcome_text, tally_text

Transition = tuple[Outcome | None, Outcome | None]
"""Outcome before and after; None where that side does not decide the booking."""


@dataclass(slots=True)
class Kept:
    """The first `limit` bookings and the counts of all.

    Of the bookings after those, the undecided ones are kept too, up to `most_beyond`: they are what a person
    has to act on. With `room`, the sizes of the first bookings, by `size_of`, stay within it.
    """

    limit: int
    most_beyond: int
    room: int | None = None
    size_of: Callable[[Simulated | Changed], int] = lambda _: 0
    simulated: list[Simulated] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    beyond: list[Simulated] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    transitions: Counter[Transition] = field(default_factory=Counter)
    compared: int = 0
    _full: bool = False

    def add(self, result: Simulated | Changed) -> None:
        """Count a result and keep it while there is room."""
        if isinstance(result, Simulated):
            self.outcomes[result.decision.outcome] += 1
            if self._has_room(len(self.simulated), result):
                self.simulated.append(result)
            elif result.decision.outcome is Outcome.UNDECIDED and len(self.beyond) < self.most_beyond:
                self.beyond.append(result)
            return
        self.compared += 1
        if result.changed:
            before, after = (None if side is None else side.decision.outcome for side in (result.before, result.after))
            self.transitions[before, after] += 1
            if self._has_room(len(self.changed), result):
                self.changed.append(result)

    def totals(self, refused: int) -> str:
        """`15 bookings: 8 automatic, 3 drafts, …`, or `3 of 120 bookings change: …`."""
        if not self.compared:
            total = self.outcomes.total()
            said = counted(total, "booking") + (f": {tally_text(self.outcomes)}" if total else "")
            return said + _refused_text(refused)
        number = self.transitions.total()
        verb = "changes" if number == 1 or self.compared == 1 else "change"
        said = f"{number:,} of {counted(self.compared, 'booking')} {verb}"
        return said + (f": {self._transitions_text()}" if number else "") + _refused_text(refused)

    def not_shown(self, shown: int) -> str | None:
        """How many of the bookings are not shown, what they are, and how to get them; None where all are."""
        total = self.transitions.total() if self.compared else self.outcomes.total()
        if total <= shown:
            return None
        said = f"{counted(total - shown, 'changed booking' if self.compared else 'booking')} not shown"
        if not self.compared:
            hidden = self.outcomes - Counter(result.decision.outcome for result in self.simulated[:shown])
            said += f" ({tally_text(hidden)})"
        return f"{said}; --format json and --format csv print them all"

    def _has_room(self, number: int, result: Simulated | Changed) -> bool:
        if not self._full and self.room is not None:
            self.room -= self.size_of(result)
        # What comes after the first that does not fit is not kept either: the bookings shown have no holes.
        self._full = self._full or number >= self.limit or (self.room is not None and self.room < 0)
        return not self._full

    def _transitions_text(self) -> str:
        kept = sum(number for (before, after), number in self.transitions.items() if before is after)
        found = [
            f"{number:,} from {_side_text(before)} to {_side_text(after)}"
            for (before, after), number in self.transitions.most_common()
            if before is not after
        ]
        if kept:
            found.append(f"{kept:,} {'keeps its' if kept == 1 else 'keep their'} outcome")
        return ", ".join(found)


def _refused_text(refused: int) -> str:
    return f", {counted(refused, 'record')} refused" if refused else ""


def _side_text(outcome: Outcome | None) -> str:
    return NOT_DECIDED if outcome is None else outcome_text(outcome)


_T = TypeVar("_T")


def by_clinic(items: Iterable[_T], result_of: Callable[[_T], Simulated]) -> Iterator[tuple[Policy, list[_T]]]:
    """The bookings of each clinic by the start of the appointment; clinics as they came first."""
    groups: dict[str, list[_T]] = {}
    for item in items:
        groups.setdefault(result_of(item).booking.clinic, []).append(item)
    for group in groups.values():
        group.sort(key=lambda item: result_of(item).booking.starts_at)
        yield result_of(group[0]).clinic_version.policy, group
