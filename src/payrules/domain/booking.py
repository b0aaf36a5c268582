"""A booking: the facts a decision rests on. None is an unknown fact."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from payrules.domain.money import Money
from payrules.domain.policy import Channel, PayerKind, Place


class Person(NamedTuple):
    """Who is written to. `contacts` are the channels the person can be reached on.

    The addresses themselves are not here: a decision needs only their presence, and what is not held
    cannot leak into a log.
    """

    contacts: frozenset[Channel] = frozenset()
    zone: tzinfo | None = None


class Payer(NamedTuple):
    """Who pays, where it is not the client: takes the client's place wholly."""

    kind: PayerKind
    person: Person = Person()


class Booking(NamedTuple):
    """One appointment as it was booked. All instants are aware and in UTC.

    `tags` None means unknown, an empty set means the client has none.
    """

    id: str
    clinic: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    client: Person = Person()
    tags: frozenset[str] | None = None
    practitioner: str | None = None
    session_type: str | None = None
    price: Money | None = None
    location: Place | None = None
    payer: Payer | None = None
    first_visit: bool | None = None
