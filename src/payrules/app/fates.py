"""What became of events: record by record, and counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from payrules.app.event_intake import Arrived
from payrules.app.records import Fault, Refusal, refuse
from payrules.domain.decision import Outcome


class Fate(StrEnum):
    """What became of an event.

    `NEW` made a booking; `APPLIED` changed one; `REPEATED` was known; `STALE` is older than what was applied before;
    `EARLY` waits for its booking; `REFUSED` changed nothing and may be sent again.
    """

    NEW = "new"
    APPLIED = "applied"
    REPEATED = "repeated"
    STALE = "stale"
    EARLY = "early"
    REFUSED = "refused"


class Treated(NamedTuple):
    """An event and what became of it. `outcome` is that of the decision it led to, if it led to one.

    `reason` says why it is stale; `notes` what a person should know of what was done.
    """

    event: Arrived
    fate: Fate
    outcome: Outcome | None = None
    reason: str | None = None
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    def refusal(self) -> Refusal:
        """The refusal of an event that is refused."""
        return refuse(self.event.number, self.event.line, self.faults, {"id": self.event.booking_id})


@dataclass(slots=True)
class Report:
    """What became of the events of a batch, or of several.

    `counts` and `outcomes` count; `refused` and `told` name the records: `told` those a person may want to look at,
    stale and early ones and those with notes.
    """

    counts: Counter[Fate] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)
    told: list[Treated] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records there were."""
        return self.counts.total()

    def add(self, treated: Iterable[Treated | Refusal]) -> None:
        """Count and name what became of some records."""
        for one in treated:
            if isinstance(one, Refusal):
                self.counts[Fate.REFUSED] += 1
                self.refused.append(one)
                continue
            self.counts[one.fate] += 1
            if one.outcome is not None:
                self.outcomes[one.outcome] += 1
            if one.fate is Fate.REFUSED:
                self.refused.append(one.refusal())
            elif one.notes or one.fate in (Fate.STALE, Fate.EARLY):
                self.told.append(one)

    def merge(self, other: "Report") -> None:
        """Count another report's records too, without naming them."""
        self.counts.update(other.counts)
        self.outcomes.update(other.outcomes)
