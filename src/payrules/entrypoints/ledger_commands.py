"""Commands of the ledger: `audit`, `restamp`, `hold`, `release`, `held`, `dead`."""

import json
from contextlib import closing
from typing import Any

import click

from payrules.entrypoints.commanding import Command, actor_option, format_option, reason_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.stuck_commands import dead, held

_activation_option = click.option(
    "--activation", "sequence", type=click.IntRange(1), metavar="N", help="Only what was booked under this activation."
)


@click.command(
    cls=Command,
    examples=("payrules audit", "payrules audit nordlys-psykologi", "payrules audit --format json > audit.jsonl"),
)
@click.argument("clinics", nargs=-1, metavar="[CLINIC]...")
@store_option
@format_option("text", "json")
@reported
def audit(clinics: tuple[str, ...], store: str, form: str) -> ExitCode:
    """Compute every stamp and decision in the store again, and name what differs.

    Nothing is changed. A difference is an error, unless another payrules or other time zones decided: then it is only
    told. Without CLINIC all clinics are looked at.
    """
    from payrules import __version__, bootstrap
    from payrules.adapters.store import open_store
    from payrules.adapters.zones import load_zone, tzdata_version
    from payrules.app.audit import Auditor, Engine
    from payrules.entrypoints.ledger_objects import audit_object, difference_object
    from payrules.entrypoints.ledger_pages import print_audit, print_difference, progress

    with closing(open_store(store, create=False)) as ledger, progress() as observe:
        engine = Engine(__version__, tzdata_version())
        auditor = Auditor(ledger, bootstrap.build().compiler, load_zone, engine, bootstrap.now, observe)
        for difference in auditor.audit(clinics):
            if form == "json":
                _echo(difference_object(difference))
            else:
                print_difference(difference)
    if form == "json":
        _echo(audit_object(auditor.counts))
    else:
        print_audit(auditor.counts)
    if not auditor.counts["clinics"]:
        click.echo("error: the store holds no clinic, so that nothing was audited: is it the right one?", err=True)
        return ExitCode.FAILURE
    return ExitCode.FAILURE if auditor.counts["errors"] else ExitCode.OK


@click.command(
    cls=Command,
    examples=(
        "payrules restamp bk-1001 --reason 'booked by phone before the new prices'",
        "payrules restamp bk-1001 bk-1002 --clinic nordlys-psykologi --to 3 --reason 'wrong rule'",
    ),
    codes=(ExitCode.REFUSED,),
)
@click.argument("bookings", nargs=-1, required=True, metavar="BOOKING...")
@click.option("--clinic", metavar="CLINIC", help="Whose bookings they are, where several clinics have such an id.")
@click.option(
    "--to",
    "sequence",
    type=click.IntRange(1),
    metavar="N",
    show_default="the one in force now",
    help="The number of the activation, as `payrules history` lists them.",
)
@reason_option
@actor_option
@store_option
@format_option("text", "json")
@reported
def restamp(
    bookings: tuple[str, ...], clinic: str | None, sequence: int | None, reason: str, actor: str, store: str, form: str
) -> ExitCode:
    """Move bookings to another version: what is in force now, or an earlier activation.

    The draft is kept, and what is still to be done is decided anew. The former stamp stays on record. Refused once an
    invoice was issued, and while something is being carried out.
    """
    from payrules import __version__, bootstrap
    from payrules.adapters.store import open_store
    from payrules.adapters.zones import tzdata_version
    from payrules.app.audit import Engine
    from payrules.app.by_hand import by_hand
    from payrules.app.restamp import Restamper, RestampOutcome
    from payrules.app.versions import Versions
    from payrules.entrypoints.ledger_objects import restamped_object
    from payrules.entrypoints.ledger_pages import print_restamped

    by, refused = by_hand(actor, reason), False
    with closing(open_store(store)) as ledger:
        versions, engine = Versions(bootstrap.build().compiler), Engine(__version__, tzdata_version())
        for row in Restamper(ledger, versions, engine, bootstrap.now).restamp(bookings, by, clinic, sequence):
            refused |= row.outcome is RestampOutcome.REFUSED
            if form == "json":
                _echo(restamped_object(row))
            else:
                print_restamped(row)
    return ExitCode.REFUSED if refused else ExitCode.OK


@click.command(
    cls=Command,
    examples=(
        "payrules hold nordlys-psykologi --reason 'wrong price in a rule'",
        "payrules hold nordlys-psykologi --activation 3 --reason 'wrong price in a rule'",
    ),
)
@click.argument("clinic")
@_activation_option
@reason_option
@actor_option
@store_option
@format_option("text", "json")
@reported
def hold(clinic: str, sequence: int | None, reason: str, actor: str, store: str, form: str) -> ExitCode:
    """Stop what is still to be done for a clinic, at once.

    New bookings are taken in and decided, and what they want done is held too. What a provider is doing at this moment
    is finished. Where the command was interrupted, give it again.
    """
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.by_hand import by_hand
    from payrules.app.holding import Holder

    with closing(open_store(store)) as ledger:
        held = Holder(ledger, bootstrap.now).hold(clinic, by_hand(actor, reason), sequence)
    return _print_holding(held, form)


@click.command(
    cls=Command,
    examples=(
        "payrules release nordlys-psykologi",
        "payrules release nordlys-psykologi --activation 3 --reason 'the rule is corrected'",
    ),
)
@click.argument("clinic")
@_activation_option
@click.option("--reason", default="let go", metavar="TEXT", help="Why, for the record; name no client in it.")
@actor_option
@store_option
@format_option("text", "json")
@reported
def release(clinic: str, sequence: int | None, reason: str, actor: str, store: str, form: str) -> ExitCode:
    """Let go what `hold` stopped.

    A message that is by then more than 24 hours late is held once more, for a person to decide.
    """
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.by_hand import by_hand
    from payrules.app.holding import Holder

    with closing(open_store(store)) as ledger:
        released = Holder(ledger, bootstrap.now).release(clinic, by_hand(actor, reason), sequence)
    return _print_holding(released, form)


def _print_holding(holding: Any, form: str) -> ExitCode:
    from payrules.entrypoints.ledger_objects import holding_object
    from payrules.entrypoints.ledger_pages import print_holding

    if form == "json":
        _echo(holding_object(holding))
    else:
        print_holding(holding)
    return ExitCode.OK


def _echo(row: dict[str, Any]) -> None:
    click.echo(json.dumps(row))


COMMANDS: tuple[click.Command, ...] = (audit, restamp, hold, release, held, dead)
"""What the command line gets from here."""
