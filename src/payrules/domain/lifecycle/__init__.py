"""The life of a booking, from its first decision to its last action: pure functions over records.

`begin` makes a record, `advance` takes events from outside and from the outbox, the functions of `persons` are what
people do about one booking or one action. Whoever writes the outcome to a ledger writes what they return.
"""

from payrules.domain.lifecycle.amounts import amount_of, refund_due
from payrules.domain.lifecycle.answers import SENTENCES, Advanced, Note, Refusal, Refused
from payrules.domain.lifecycle.deciding import Cover, begin, terms_of
from payrules.domain.lifecycle.persons import (
    drop_held,
    found_delivered,
    hold_open,
    release_held,
    release_hold,
    restamped,
    retry_dead,
    send_draft,
)
from payrules.domain.lifecycle.reminding import due_outside_quiet_hours
from payrules.domain.lifecycle.table import TABLE, advance

__all__ = [
    "SENTENCES",
    "TABLE",
    "Advanced",
    "Cover",
    "Note",
    "Refusal",
    "Refused",
    "advance",
    "amount_of",
    "begin",
    "drop_held",
    "due_outside_quiet_hours",
    "found_delivered",
    "hold_open",
    "refund_due",
    "release_held",
    "release_hold",
    "restamped",
    "retry_dead",
    "send_draft",
    "terms_of",
]
