"""Lists of bookings for people: a table on a terminal, aligned columns elsewhere."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from payrules.app.bookings import Seen
from payrules.entrypoints.decisions.times import appointment_text
from payrules.entrypoints.practice_words import in_short, money_text, state_text
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.terminal import in_colour

MOST_LISTED = 10_000
"""The most bookings a list for people holds."""

_GAP = "  "


def print_bookings(found: Iterable[Seen], now: datetime) -> None:
    """A line a booking, with what comes next."""
    head = ("Booking", "Clinic", "Appointment", "State", "Price", "Left", "Next")
    rows, is_cut = _cut(found)
    if not rows:
        click.echo("no bookings")
        return
    print_table(head, [_cells(seen, now) for seen in rows])
    _say_cut(is_cut=is_cut)


def print_drafts(found: Iterable[Seen], now: datetime) -> None:
    """A line a draft: what it is for, and what it waits for."""
    rows, is_cut = _cut(found)
    if not rows:
        click.echo("no drafts wait")
        return
    cells = [_cells(seen, now) for seen in rows]
    print_table(("Booking", "Clinic", "Appointment", "Price", "Next"), [(*row[:3], row[4], row[6]) for row in cells])
    _say_cut(is_cut=is_cut)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows of cells under their heads: drawn and folded on a terminal, one line a row elsewhere."""
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, header_style="bold" if in_colour(sys.stdout) else "")
        for title in head:
            table.add_column(title, overflow="fold")
        for row in rows:
            # As text, so that nothing in a booking can be taken for markup.
            table.add_row(*map(Text, row))
        Console(no_color=not in_colour(sys.stdout)).print(table)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for cells in (head, *rows):
        click.echo(_GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())


def _cells(seen: Seen, now: datetime) -> tuple[str, ...]:
    record = seen.stored.record
    return (
        visible(seen.booking_id),
        seen.clinic,
        appointment_text(record.booking, seen.zone, year=True),
        state_text(record.state),
        money_text(seen.total, seen.currency),
        money_text(seen.left, seen.currency),
        "; ".join(in_short(seen, now)),
    )


def _cut(found: Iterable[Seen]) -> tuple[list[Seen], bool]:
    rows: list[Seen] = []
    for seen in found:
        if len(rows) == MOST_LISTED:
            return rows, True
        rows.append(seen)
    return rows, False


def _say_cut(*, is_cut: bool) -> None:
    if is_cut:
        click.echo(f"only the first {MOST_LISTED:,} are listed: name a --clinic, or use --format json", err=True)
