"""`payrules store`: the store itself, apart from what is in it."""

import json

import click

from payrules.entrypoints.commanding import Command, Group, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode


@click.group("store", cls=Group)
def store() -> None:
    """The store that versions, bookings and actions are kept in."""


@store.command(
    cls=Command,
    examples=("payrules store upgrade", "payrules store upgrade --store postgresql://payrules@db.example/payrules"),
)
@store_option
@reported
def upgrade(store: str) -> ExitCode:
    """Make the store's tables, or bring them up to date, all or nothing.

    Every other command does so on first use; this one is for whoever wants to choose the moment.
    """
    from payrules.adapters.store import prepare_store

    ledger = prepare_store(store)
    try:
        before, after = ledger.upgrade(), ledger.version()
    finally:
        ledger.close()
    if before == after:
        click.echo(f"{ledger.place} is up to date (version {after})")
    elif before is None:
        click.echo(f"{ledger.place} is made (version {after})")
    else:
        click.echo(f"{ledger.place} is upgraded (version {before} → {after})")
    return ExitCode.OK


@store.command(cls=Command, examples=("payrules store show", "payrules store show --format json"))
@store_option
@format_option("text", "json")
@reported
def show(store: str, form: str) -> ExitCode:
    """Say where the store is, which version its tables have, and how many rows each of them holds."""
    from payrules.adapters.store import open_store

    ledger = open_store(store, migrate=False)
    try:
        version, counts = ledger.version(), ledger.counts()
    finally:
        ledger.close()
    if form == "json":
        click.echo(json.dumps({"store": ledger.place, "version": version, "rows": counts}))
    else:
        click.echo(f"{ledger.place}, version {version}")
        for table, count in counts.items():
            click.echo(f"  {table:<18}{count:>12,}")
    return ExitCode.OK


COMMANDS: tuple[click.Command, ...] = (store,)
