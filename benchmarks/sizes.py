"""How large the ledger grows on PostgreSQL: bytes a booking by table (`python -m benchmarks.sizes`)."""

from contextlib import closing

from benchmarks.ledger_dispatch import work_all, worker_of
from benchmarks.ledger_filling import activate, lines, processor, take_in
from benchmarks.ledger_stores import postgresql_store

_CLINICS, _BOOKINGS = 100, 20_000
_SIZES = """
    SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC
"""


def main() -> None:
    """Take bookings in, make the invoices that are due, and print what each table has grown by."""
    with postgresql_store() as store:
        activate(store, _CLINICS)
        store.run("CHECKPOINT")
        before = {name: (rows, indexes) for name, rows, indexes in store.rows(_SIZES)}
        take_in(processor(store), lines(0, _BOOKINGS, _CLINICS))
        with closing(worker_of(store.ledger, 0)) as worker:
            done = work_all(worker)
        print(f"bytes a booking, {_BOOKINGS:,} bookings, {done / _BOOKINGS:.1f} attempts each\n")
        print(f"{'table':<20}{'rows':>8}{'bytes':>8}{'indexes':>8}")
        whole = 0.0
        for name, rows, indexes in store.rows(_SIZES):
            grown = [(now - then) / _BOOKINGS for now, then in zip((rows, indexes), before[name], strict=True)]
            if sum(grown) >= 1:
                count = store.rows(f"SELECT count(*) FROM {name}")[0][0]  # noqa: S608  # the names of our own tables
                print(f"{name:<20}{count / _BOOKINGS:>8.1f}{grown[0]:>8.0f}{grown[1]:>8.0f}")
                whole += sum(grown)
        print(f"{'all':<20}{'':>8}{whole:>16.0f}")


if __name__ == "__main__":
    main()
