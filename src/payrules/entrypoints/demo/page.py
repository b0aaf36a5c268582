"""The page of `payrules demo`: what happened at each clinic, booking by booking, and where everything lies."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from payrules.app.booking_story import Story, story_of
from payrules.app.bookings import Seen
from payrules.app.status import ClinicStatus, history_of, status_of
from payrules.domain.record import BookingState
from payrules.domain.timeline import Activation
from payrules.entrypoints.decisions.times import date_text
from payrules.entrypoints.decisions.words import counted
from payrules.entrypoints.demo.running import Played
from payrules.entrypoints.demo.story import BEGIN, BOOKINGS, CLINICS, END, LATER, ZONES, Edited, instant
from payrules.entrypoints.demo.telling import Moment, moments_of, time_of
from payrules.entrypoints.terminal import in_colour

WIDTH = 100
"""Columns that no line is longer than, but for one with the folder."""

_INDENT = 22

_TOLD = frozenset(booking.id for booking in BOOKINGS if booking.told)
_STATES = {
    BookingState.PAID: "paid",
    BookingState.ISSUED: "to be paid",
    BookingState.DRAFT: "a draft that waits for a person",
    BookingState.SCHEDULED: "to be sent",
}


class _Clinic(NamedTuple):
    status: ClinicStatus
    versions: Sequence[Activation]
    bookings: Sequence[Seen]
    stories: Sequence[Story]


def print_page(played: Played, folder: Path) -> None:
    """Print it on standard output, with colour on a terminal."""
    colour = in_colour(sys.stdout)
    clinics = list(_clinics(played))
    number = sum(len(clinic.bookings) for clinic in clinics)
    click.echo(
        f"{len(clinics)} clinics, {number} bookings, {BEGIN.day}–{date_text(END)} {END.year}; times are each clinic's,"
        " lines those of its file."
    )
    for clinic in clinics:
        click.echo()
        status = clinic.status
        title = click.style(status.name, bold=True) if colour else status.name
        click.echo(f"{title} · {status.timezone} · clinics/{status.clinic}.yaml")
        for line in _clinic_lines(clinic):
            click.echo(line)
    click.echo()
    for line in _end(played, folder):
        click.echo(line)


def _clinics(played: Played) -> Iterator[_Clinic]:
    seen = list(played.bookings.all(played.ledger))
    with played.ledger.reading() as tx:
        found = {status.clinic: status for status in status_of(tx, played.now).clinics}
        for status in map(found.__getitem__, CLINICS):
            own = [one for one in seen if one.clinic == status.clinic]
            told = [story_of(tx, one, played.versions) for one in own if one.booking_id in _TOLD]
            versions = [row.activation for row in history_of(tx, status.clinic).rows]
            yield _Clinic(status, versions, own, told)


def _clinic_lines(clinic: _Clinic) -> Iterator[str]:
    zone = ZONES[clinic.status.clinic]
    blocks = [
        (story.seen.booking_id, moments_of(story, versions=len(clinic.versions), width=WIDTH - _INDENT))
        for story in clinic.stories
    ]
    blocks += [("file", [_changed(version)]) for version in clinic.versions[1:]]
    for name, moments in sorted(blocks, key=lambda block: block[1][0].at):
        before = None
        for at, text in moments:
            when = "" if at == before else time_of(at, zone, 2)
            yield f"  {'' if before else name:<6}{when:<13} {text}"
            before = at
    others = Counter(one.stored.record.state for one in clinic.bookings if one.booking_id not in _TOLD)
    if others:
        states = ", ".join(f"{count} {_STATES[state]}" for state, count in others.most_common())
        yield f"  and {counted(others.total(), 'booking')} more: {states}"


def _changed(version: Activation) -> Moment:
    (edit,) = (later for later in LATER if isinstance(later, Edited))
    text = f"now `{edit.new}`: version {version.sequence}; what was booked before keeps version 1"
    return Moment(instant(edit.at, edit.clinic), text)


def _end(played: Played, folder: Path) -> Iterator[str]:
    emails = len(list((folder / "outbox" / "email").glob("*.eml")))
    texts = sum(len(path.read_bytes().splitlines()) for path in (folder / "outbox" / "sms").glob("*.jsonl"))
    yield f"Everything lies in {folder}:"
    yield f"  outbox/: {emails} emails, {texts} SMS, and an invoice or credit note of each clinic as PDF and HTML"
    yield "  payrules.db: the store; events.jsonl: what it was told; clinics/: the files as they are now"
    yield "Look around there:"
    yield f"  cd {folder}"
    yield "  payrules bookings show se-7    # all that is known of a booking: stamp, decision, every attempt"
    yield "  payrules drafts list           # what waits for a person"
    yield "  payrules audit                 # computes every stamp and decision again"
