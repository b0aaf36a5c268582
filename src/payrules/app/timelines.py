"""Timelines between domain and ledger: read from rows, and the difference of two written."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from payrules.app.ports import Transaction
from payrules.app.rows import ActivationRow, VerificationRow
from payrules.domain.errors import PayrulesError
from payrules.domain.timeline import Activation, Timeline


class UnknownClinicError(PayrulesError):
    """No file of the clinic was ever applied."""

    def __init__(self, clinic: str) -> None:
        super().__init__(f"no clinic `{clinic}` is known here: apply its file first, with `payrules activate`")


def timeline_of(rows: Sequence[ActivationRow]) -> Timeline:
    """The timeline of a clinic's rows. Raises TimelineError where no history can have produced them."""
    return Timeline(tuple(row.activation for row in rows))


def is_verified(rows: Sequence[VerificationRow]) -> bool:
    """Whether the latest word of the payment side is that the clinic is verified."""
    return bool(rows) and rows[-1].verified


class Rewritten(NamedTuple):
    """A clinic's timeline before and after; `row_of` says where a new activation comes from."""

    clinic_no: int
    before: Timeline
    after: Timeline
    row_of: Callable[[Activation], ActivationRow]


def write_timelines(tx: Transaction, timelines: Iterable[Rewritten]) -> None:
    """Write what each has `after` that it has not `before`."""
    added: list[tuple[int, ActivationRow]] = []
    for clinic_no, before, after, row_of in timelines:
        for old, new in zip(before.activations, after.activations, strict=False):
            if new != old:
                tx.change_activation(clinic_no, new.sequence, new.state, new.effective_at)
        added += [(clinic_no, row_of(new)) for new in after.activations[len(before.activations) :]]
    if added:
        tx.add_activations(added)
