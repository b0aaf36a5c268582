"""Dates and times as a bookkeeper reads them: the clinic's local time, in words that depend on no locale."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from payrules.domain.booking import Booking

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(on: date, *, year: bool = False) -> str:
    """`Tue 1 Dec`, or `Tue 1 Dec 2026`."""
    return f"{_DAYS[on.weekday()]} {date_text(on)}" + (f" {on.year}" if year else "")


def date_text(on: date, near: date | None = None) -> str:
    """`1 Dec`, with its year where it is not that of `near`."""
    return f"{on.day} {_MONTHS[on.month - 1]}" + (f" {on.year}" if near is not None and near.year != on.year else "")


def time_text(local: datetime) -> str:
    """`14:05`, with seconds where there are any: a second decides whether a booking is covered."""
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def moment_text(local: datetime, near: date | None = None, *, clock: bool = True) -> str:
    """`Tue 1 Dec 14:05`, with its year where it is not that of `near`; the time only with `clock`."""
    return f"{_DAYS[local.weekday()]} {date_text(local, near)}" + (f" {local:%H:%M}" if clock else "")


def appointment_text(booking: Booking, zone: tzinfo, *, year: bool = False) -> str:
    """`Tue 1 Dec 10:00–10:50`; one that ends on another day names both days."""
    start, end = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    until = "" if end.date() == start.date() else day_text(end, year=year) + " "
    return f"{day_text(start, year=year)} {start:%H:%M}–{until}{end:%H:%M}"


def appointment_note(booking: Booking, zone: tzinfo) -> str | None:
    """What the local times alone do not tell in a night when the clocks change."""
    start, end = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    if start.utcoffset() != end.utcoffset():
        minutes = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
        return f"the clocks change meanwhile: it takes {minutes} minutes"
    which = which_of_two(start)
    return f"at the {which} {start:%H:%M} of that night" if which else None


def which_of_two(local: datetime) -> str:
    """`first` or `second` where the clocks go back and this time comes twice, else nothing."""
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    return "second" if local.fold else "first"


def monday_of(on: date) -> date:
    """The Monday with which the week of a day begins."""
    return on - timedelta(days=on.weekday())


def week_text(monday: date) -> str:
    """`Week 49 · Mon 30 Nov – Sun 6 Dec 2026`; the number is ISO 8601's."""
    sunday = monday + timedelta(days=6)
    first = day_text(monday, year=monday.year != sunday.year)
    return f"Week {monday.isocalendar().week} · {first} – {day_text(sunday, year=True)}"
