"""Bookings as a practice asks for them: one by its id, or those of a clinic or a state, each with its terms."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from payrules.app.in_force import InForceCache
from payrules.app.ports import Ledger, Transaction
from payrules.app.requests import Requests
from payrules.app.rows import ClinicRow, StoredRecord
from payrules.app.timelines import UnknownClinicError
from payrules.app.versions import Versions
from payrules.domain.decision import decide
from payrules.domain.errors import PayrulesError
from payrules.domain.lifecycle import Cover, amount_of, refund_due
from payrules.domain.lifecycle.deciding import channels_of, laid_over, terms_of
from payrules.domain.policy import Channel, Policy, Terms
from payrules.domain.record import BookingState, InvoiceState

PAGE = 500
"""Bookings a transaction."""

_OPEN_BILL = frozenset({BookingState.SCHEDULED, BookingState.DRAFT, BookingState.STOPPED, BookingState.ISSUED})


class UnknownBookingError(PayrulesError):
    """No booking has the id. It is not repeated: what was typed in its place may be a name."""

    def __init__(self, clinic: str | None) -> None:
        where = "here" if clinic is None else f"in `{clinic}`"
        super().__init__(f"no booking of that id is known {where}: `payrules bookings list` shows them")


class AmbiguousBookingError(PayrulesError):
    """Several clinics have a booking of that id."""

    def __init__(self, clinics: Iterable[str]) -> None:
        super().__init__(f"several clinics have a booking of that id ({', '.join(clinics)}): add --clinic")


class Seen(NamedTuple):
    """A booking with what covers it. `policy` has its terms, currency and time zone: the version of its stamp, else
    what is in force for the clinic now, None where there is neither.
    """

    clinic: str
    stored: StoredRecord
    cover: Cover
    policy: Policy | None

    @property
    def booking_id(self) -> str:
        """The id it has now."""
        return self.stored.record.booking.id

    @property
    def zone(self) -> tzinfo:
        """The clinic's time zone; UTC where none is known."""
        return UTC if self.policy is None else self.policy.zone

    @property
    def currency(self) -> str | None:
        """The currency of what it costs."""
        price = self.stored.record.booking.price
        if isinstance(self.cover, Policy) or price is None:
            return None if self.policy is None else self.policy.currency
        return price.currency

    @property
    def terms(self) -> Terms | None:
        """The settings it was decided under, else those in force now."""
        terms = terms_of(self.stored.record, self.cover)
        return self.policy.terms if terms is None and self.policy is not None else terms

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels on which a message would go out."""
        return channels_of(self.stored.record, self.cover)

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts without which nothing follows, by their path in a booking record."""
        record = self.stored.record
        if record.state not in (BookingState.UNDECIDED, BookingState.DRAFT):
            return ()
        return laid_over(decide(self.cover, record.booking, record.decided.not_before), record, self.cover).missing

    @property
    def total(self) -> int | None:
        """What the invoice is for, in minor units: frozen at issue, before that the draft's amount."""
        invoice, amount = self.stored.record.invoice, amount_of(self.stored.record)
        if invoice.state in (InvoiceState.ISSUED, InvoiceState.CREDITED):
            return invoice.total
        return None if amount is None else amount.minor

    @property
    def left(self) -> int | None:
        """What is still to be paid, in minor units; None where nothing is asked for, or nobody knows how much."""
        record = self.stored.record
        if record.state not in _OPEN_BILL or self.total is None:
            return None
        # What is due back pays nothing.
        return max(self.total - record.invoice.paid + refund_due(record), 0)


class Bookings:
    """Finds bookings. For one thread at a time."""

    def __init__(self, versions: Versions, clock: Callable[[], datetime]) -> None:
        self._versions = versions
        self._requests = Requests(versions)
        self._clock = clock
        self._in_force = InForceCache()

    def find(self, tx: Transaction, booking_id: str, clinic: str | None = None) -> Seen:
        """The booking of an id that it has or had; without `clinic` it is looked for in all.

        The id may be written as lists do, `clinic/id`. Raises UnknownBookingError, AmbiguousBookingError and
        UnknownClinicError.
        """
        clinic, booking_id = named(booking_id, clinic)
        clinics = _clinics(tx, clinic)
        found = tx.records([(row.clinic_no, booking_id) for row in clinics], lock=False)
        its = [row for row in clinics if (row.clinic_no, booking_id) in found]
        if not its:
            raise UnknownBookingError(clinic)
        if len(its) > 1:
            raise AmbiguousBookingError(row.clinic for row in its)
        return self._seen(tx, its[0], found[its[0].clinic_no, booking_id])

    def all(self, ledger: Ledger, states: Iterable[BookingState] = (), clinic: str | None = None) -> Iterator[Seen]:
        """The bookings of some states (none named: of all), in the order they were made, a page a transaction.

        Raises UnknownClinicError.
        """
        wanted, after = tuple(states), (0, 0)
        while True:
            with ledger.reading() as tx:
                clinics = {row.clinic_no: row for row in _clinics(tx, clinic)}
                only = next(iter(clinics)) if clinic is not None else None
                numbers = tx.booking_numbers(only, wanted, after, PAGE)
                found = tx.records_by_number(numbers, lock=False)
                page = [self._seen(tx, clinics[number[0]], found[number]) for number in numbers]
            yield from page
            if len(numbers) < PAGE:
                return
            after = numbers[-1]

    def _seen(self, tx: Transaction, clinic: ClinicRow, stored: StoredRecord) -> Seen:
        cover = self._requests.cover(tx, stored.record.stamp)
        policy = cover if isinstance(cover, Policy) else self._now(tx, clinic)
        return Seen(clinic.clinic, stored, cover, policy)

    def _now(self, tx: Transaction, clinic: ClinicRow) -> Policy | None:
        timeline = self._in_force.of(tx, {clinic.clinic: clinic})[clinic.clinic].timeline
        activation = timeline.in_force(self._clock())
        if activation is None or activation.digest is None:
            return None
        return self._versions.find(tx, [activation.digest])[activation.digest].policy


def named(booking_id: str, clinic: str | None) -> tuple[str | None, str]:
    """The clinic and the id of a booking that may be written `clinic/id`. No id has a slash.

    Raises UnknownBookingError where another clinic is named beside it.
    """
    before, slash, after = booking_id.partition("/")
    if not slash:
        return clinic, booking_id
    if clinic not in (None, before):
        raise UnknownBookingError(clinic)
    return before, after


def _clinics(tx: Transaction, clinic: str | None) -> list[ClinicRow]:
    rows = tx.all_clinics() if clinic is None else list(tx.clinics([clinic]).values())
    if clinic is not None and not rows:
        raise UnknownClinicError(clinic)
    return rows
