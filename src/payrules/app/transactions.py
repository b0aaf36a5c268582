"""Transactions that are tried again where another one won."""

from collections.abc import Callable
from typing import Final, TypeVar

from payrules.app.ports import ConflictError, Ledger, Transaction

TRIES: Final = 5

_T = TypeVar("_T")


def in_transaction(ledger: Ledger, work: Callable[[Transaction], _T]) -> _T:
    """Do `work` in one writing transaction; a conflict starts it anew, so it must not change anything else.

    Raises ConflictError where it conflicts every time.
    """
    for _ in range(TRIES - 1):
        try:
            with ledger.writing() as tx:
                return work(tx)
        except ConflictError:
            continue
    with ledger.writing() as tx:
        return work(tx)
