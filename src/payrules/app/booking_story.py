"""Everything the ledger knows of one booking: events, stamps, decisions and why, attempts, what persons did."""

from collections.abc import Iterable
from typing import NamedTuple

from payrules.app.bookings import Seen
from payrules.app.event_intake import PERSON, read_body
from payrules.app.ports import Transaction
from payrules.app.provenance import Provenance
from payrules.app.rows import AttemptRow, Contact, DecisionRow, DeedRow, EventRow, EventState, Party
from payrules.app.versions import Versions
from payrules.domain.events import EventType
from payrules.domain.record import Decided, Stamp


class Decider(NamedTuple):
    """What of a clinic file decided: a rule by its id, or the file's defaults (None), with the line to look at.

    `line` is None where the default is the format's own.
    """

    rule: str | None
    file: str
    line: int | None


class DecisionTold(NamedTuple):
    """A recorded decision; `decider` is None where no version covered the booking."""

    row: DecisionRow
    decided: Decided
    decider: Decider | None


class Story(NamedTuple):
    """One booking's past and what is planned; rows are in the order they were written. `contacts` are empty unless
    they were asked for.
    """

    seen: Seen
    events: tuple[EventRow, ...]
    stamps: tuple[Stamp, ...]
    decisions: tuple[DecisionTold, ...]
    attempts: tuple[AttemptRow, ...]
    deeds: tuple[DeedRow, ...]
    contacts: dict[Party, Contact]


def story_of(tx: Transaction, seen: Seen, versions: Versions, *, contacts: bool = False) -> Story:
    """The story of a booking; with `contacts` names and addresses too. Raises VersionError."""
    stored = seen.stored
    number = (stored.clinic_no, stored.booking_no)
    past = tx.past([number])[number]
    ids = dict.fromkeys((stored.key_id, seen.booking_id))
    events = sorted((row for id_ in ids for row in tx.events_of(stored.clinic_no, id_)), key=_event_no)
    digests = {stamp.number: stamp.digest for stamp in past.stamps}
    found = versions.find(tx, {digest for digest in digests.values() if digest is not None})
    sources = {digest: Provenance(version) for digest, version in found.items()}
    decisions = []
    for row, decided in past.decisions:
        digest = digests.get(row.stamp)
        decider = None
        if digest is not None:
            positions, rules = found[digest].positions, found[digest].policy.rules
            if decided.rule is None:
                decider = Decider(None, positions.file, sources[digest].source(None, ("process",)).line)
            else:
                decider = Decider(rules[decided.rule].id, positions.file, sources[digest].rule_line(decided.rule))
        decisions.append(DecisionTold(row, decided, decider))
    attempts = sorted(tx.attempts_of(*number), key=_started_at)
    people = _contacts(tx, seen) if contacts else {}
    deeds = tuple(tx.deeds_of(*number))
    return Story(seen, tuple(events), past.stamps, tuple(decisions), tuple(attempts), deeds, people)


def who_sent(events: Iterable[EventRow]) -> EventRow | None:
    """The last time that a person sent the draft."""
    sent = [row for row in events if row.type is EventType.DRAFT_SENT and row.state is EventState.APPLIED]
    return sent[-1] if sent else None


def person_of(row: EventRow) -> str | None:
    """Who did it, where an event is a person's."""
    name = read_body(row.body).get(PERSON)
    return None if name is None else str(name)


def _contacts(tx: Transaction, seen: Seen) -> dict[Party, Contact]:
    stored = seen.stored
    told = {Party.CLIENT: stored.client_event, Party.PAYER: stored.payer_event}
    keys = {party: (stored.clinic_no, event_no, party) for party, event_no in told.items() if event_no is not None}
    found = tx.contacts([key[:2] for key in keys.values()])
    return {party: found[key] for party, key in keys.items() if key in found}


def _event_no(row: EventRow) -> int:
    return row.event_no


def _started_at(row: AttemptRow) -> tuple[float, int]:
    return row.started_at.timestamp(), row.attempt
