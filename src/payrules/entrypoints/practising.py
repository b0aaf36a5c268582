"""What the practice's commands do with a store: ask, and say what became of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

import click

from payrules import bootstrap
from payrules.adapters.addresses import why_unreachable
from payrules.adapters.store import open_store
from payrules.adapters.zones import load_zone
from payrules.app.booking_story import Story, story_of
from payrules.app.bookings import Bookings, Seen
from payrules.app.fates import Fate
from payrules.app.practice import Asked, Done, Practice
from payrules.app.versions import Versions
from payrules.domain.record import BookingState
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.practice_words import standing, why_not
from payrules.entrypoints.processing import processor_of

_NOT_IN_AN_ID = re.compile("[^A-Za-z0-9._-]+")


class Who(NamedTuple):
    """Who asks about which booking, as the command line has it. `event_id` None: nobody named it."""

    booking_id: str
    clinic: str | None
    actor: str
    event_id: str | None
    store: str


def run(who: Who, ask: Callable[[Practice, Asked], Done], said: Callable[[Done], str]) -> ExitCode:
    """Ask, and print what `said` makes of it and how the booking stands. A refusal is one line on standard error."""
    now = bootstrap.now()
    asked = Asked(who.booking_id, who.actor, who.event_id or _event_id(who.actor, now), who.clinic)
    with closing(open_store(who.store)) as ledger:
        versions = Versions(bootstrap.build().compiler)
        bookings = Bookings(versions, bootstrap.now)
        practice = Practice(ledger, bookings, processor_of(ledger), load_zone, bootstrap.now, why_unreachable)
        done = ask(practice, asked)
        seen, booking_id = done.after, done.after.booking_id
        if done.sentence is not None:
            with ledger.reading() as tx:
                events = story_of(tx, seen, versions).events
            click.echo(f"refused: {booking_id}: {why_not(done.code, done.sentence, seen, events, now)}", err=True)
            return ExitCode.FAILURE
    repeated = done.fate is Fate.REPEATED
    click.echo(f"{booking_id}: {'done before, nothing changes' if repeated else said(done)}")
    # What is due by what was just done is due now.
    for line in (*done.notes, *standing(seen, bootstrap.now())):
        click.echo(f"  {line}")
    return ExitCode.OK


def _event_id(actor: str, now: datetime) -> str:
    """An id that nobody else makes, and that tells a little."""
    name = _NOT_IN_AN_ID.sub("-", actor)[:40]
    return f"{name}/{now:%Y-%m-%dT%H:%M:%SZ}/{uuid4().hex}"


@contextmanager
def found(store: str, clinic: str | None, *states: BookingState) -> Iterator[Iterator[Seen]]:
    """The bookings of a store, of one clinic or of some states where they are named."""
    with closing(open_store(store, create=False)) as ledger:
        bookings = Bookings(Versions(bootstrap.build().compiler), bootstrap.now)
        yield bookings.all(ledger, states, clinic)


def story(store: str, booking_id: str, clinic: str | None, *, contacts: bool) -> Story:
    """One booking's story. Raises UnknownBookingError, AmbiguousBookingError and UnknownClinicError."""
    versions = Versions(bootstrap.build().compiler)
    with closing(open_store(store, create=False)) as ledger, ledger.reading() as tx:
        seen = Bookings(versions, bootstrap.now).find(tx, booking_id, clinic)
        return story_of(tx, seen, versions, contacts=contacts)
