"""Bookings that stand twice in one file of samples: the second is refused.

Which of the two holds nobody can tell, and a person who counts the invoices would count one twice.
"""

from array import array
from collections.abc import Iterable, Iterator

from payrules.app.records import Fault, Record, Refusal, refuse

MOST_REMEMBERED = 1_000_000
"""How many bookings are remembered; one that repeats a later one goes unnoticed, so that memory stays flat."""

_SLOTS = 1 << 21


def refuse_repeats(records: Iterable[Record | Refusal]) -> Iterator[Record | Refusal]:
    """The records, with a refusal for each whose clinic and id an earlier one had, be that one right or not."""
    seen = _Seen()
    for record in records:
        if isinstance(record, Record):
            first = seen.first(record.fields.get("clinic"), record.fields.get("id"), record.number)
            if first != record.number:
                fault = Fault("id", f"record {first} has the same id", "keep the record that is right")
                yield refuse(record.number, record.line, [fault], record.fields)
                continue
        yield record


class _Seen:
    """Which record had a booking first: a table of fixed size, never more than half full.

    It holds the 64 bits of a hash for each booking. Python takes another hash in every run, and among a million
    bookings two different ones have the same in one run of 30 million.
    """

    def __init__(self) -> None:
        self._hashes = array("q", bytes(8 * _SLOTS))
        self._numbers = array("I", bytes(array("I").itemsize * _SLOTS))
        self._left = MOST_REMEMBERED

    def first(self, clinic: object, booking_id: object, number: int) -> int:
        """The number of the record that had this booking first, which is the given one where none had."""
        if type(clinic) is not str or type(booking_id) is not str:
            return number
        # 0 is an empty slot.
        hashed = hash((clinic, booking_id)) or 1
        slot = hashed % _SLOTS
        while known := self._hashes[slot]:
            if known == hashed:
                return self._numbers[slot]
            slot = (slot + 1) % _SLOTS
        if self._left:
            self._left -= 1
            self._hashes[slot] = hashed
            self._numbers[slot] = number
        return number
