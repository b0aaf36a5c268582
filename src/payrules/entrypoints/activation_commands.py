"""Commands of activation: `activate`, `history`, `status`, `verification`."""

import json
from contextlib import closing
from typing import Any

import click

from payrules.entrypoints.commanding import Command, Group, actor_option, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode


@click.command(
    cls=Command,
    examples=(
        "payrules activate",
        "payrules activate clinics/nordlys-psykologi.yaml --actor kari",
        "payrules activate --format json",
    ),
    codes=(ExitCode.DIAGNOSTICS,),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@store_option
@actor_option
@format_option("text", "json")
@reported
def activate(paths: tuple[str, ...], store: str, actor: str, form: str) -> ExitCode:
    """Apply clinic files once: each takes effect now, or at its `effective_from`.

    PATH is a clinic file or a folder of them; without one, the folder `clinics`. A file with errors changes nothing,
    the others are applied. A clinic's first file awaits the verification by the payment side.
    """
    from payrules import bootstrap
    from payrules.adapters.clinic_files import read_clinic_files
    from payrules.adapters.revisions import Revisions
    from payrules.adapters.store import open_store
    from payrules.app.activate import Activator
    from payrules.app.look import Problem
    from payrules.app.status import status_of
    from payrules.entrypoints.activation_objects import result_object
    from payrules.entrypoints.activation_pages import print_reconciled

    meant = paths or ("clinics",)
    compiler = bootstrap.build().compiler
    with closing(open_store(store)) as ledger:
        reconciled = Activator(ledger, bootstrap.now).reconcile(
            read_clinic_files(meant), compiler, actor=actor, revision_of=Revisions().revision_of, roots=meant
        )
        names = {result.clinic for result in reconciled.results if result.clinic is not None}
        with ledger.reading() as tx:
            status = {one.clinic: one for one in status_of(tx, bootstrap.now(), names).clinics}
    if form == "json":
        for result in reconciled.results:
            _echo(result_object(result, status.get(result.clinic or ""), reconciled))
    else:
        print_reconciled(reconciled, status)
    wrong = any(result.problem not in (None, Problem.MISSING) for result in reconciled.results)
    return ExitCode.DIAGNOSTICS if wrong else ExitCode.OK


@click.command(
    cls=Command, examples=("payrules history nordlys-psykologi", "payrules history nordlys-psykologi --format json")
)
@click.argument("clinic")
@store_option
@format_option("text", "json")
@reported
def history(clinic: str, store: str, form: str) -> ExitCode:
    """Show a clinic's timeline: which version took effect when, who recorded it, and from which file.

    Below it stands when the clinic was on hold, who held and released it, and why.
    """
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.status import history_of
    from payrules.entrypoints.activation_objects import history_object, past_hold_object
    from payrules.entrypoints.activation_pages import print_history

    now = bootstrap.now()
    with closing(open_store(store, create=False)) as ledger, ledger.reading() as tx:
        found = history_of(tx, clinic)
    if form == "json":
        for row in found.rows:
            _echo(history_object(clinic, row, found.rows, now))
        for hold in found.holds:
            _echo(past_hold_object(clinic, hold))
    else:
        print_history(found, now)
    return ExitCode.OK


@click.command(cls=Command, examples=("payrules status", "payrules status --format json"))
@store_option
@format_option("text", "json")
@reported
def status(store: str, form: str) -> ExitCode:
    """Show for every clinic what is in force, pending, awaiting verification, held, and wrong with its file."""
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.status import status_of
    from payrules.entrypoints.activation_objects import status_object, stray_object
    from payrules.entrypoints.activation_pages import print_status

    with closing(open_store(store, create=False)) as ledger, ledger.reading() as tx:
        found = status_of(tx, bootstrap.now())
    if form == "json":
        for clinic in found.clinics:
            _echo(status_object(clinic))
        for file in found.files:
            _echo(stray_object(file))
    else:
        print_status(found)
    return ExitCode.OK


@click.group(cls=Group)
def verification() -> None:
    """What the payment side says of a clinic: whether it is verified, and as what."""


@verification.command(
    "set",
    examples=(
        "payrules verification set nordlys-psykologi --company --legal-name Nordlys --organisation-number 123456785",
        "payrules verification set nordlys-psykologi --sole-proprietor --legal-name 'Kari Nordlys'",
        "payrules verification set nordlys-psykologi --withdraw",
    ),
)
@click.argument("clinic")
@click.option("--company", is_flag=True, help="It is a company.")
@click.option("--sole-proprietor", is_flag=True, help="It is a sole proprietorship.")
@click.option("--legal-name", metavar="NAME", help="The name in the register, for invoices.")
@click.option("--organisation-number", metavar="NUMBER", help="Its number in the register; a company has one.")
@click.option("--withdraw", is_flag=True, help="It is no longer verified.")
@store_option
@actor_option
@format_option("text", "json")
@reported
def set_verification(clinic: str, store: str, actor: str, form: str, *, withdraw: bool, **told: Any) -> ExitCode:
    """Record that a clinic is verified, or no longer is.

    Once it is, its file takes effect: now, or at its `effective_from`. After a withdrawal new bookings are billed
    elsewhere, and what was still to be sent is held until the clinic is verified again.
    """
    from payrules import bootstrap
    from payrules.adapters.organisations import organisation_number
    from payrules.adapters.store import open_store
    from payrules.app.rows import LegalForm
    from payrules.app.status import history_of
    from payrules.app.verification import Verification, Verifier
    from payrules.entrypoints.activation_objects import verified_object
    from payrules.entrypoints.activation_pages import print_verified

    if withdraw and any(told.values()):
        raise click.UsageError("--withdraw stands alone")
    if not withdraw and (told["company"] == told["sole_proprietor"] or told["legal_name"] is None):
        raise click.UsageError("say --company or --sole-proprietor, one of them, and --legal-name; or --withdraw")
    with closing(open_store(store)) as ledger:
        verifier = Verifier(ledger, bootstrap.now, organisation_number)
        if withdraw:
            done = verifier.withdraw(clinic, actor=actor)
        else:
            legal_form = LegalForm.COMPANY if told["company"] else LegalForm.SOLE_PROPRIETORSHIP
            found = Verification(legal_form, told["legal_name"], told["organisation_number"])
            done = verifier.verify(clinic, found, actor=actor)
        with ledger.reading() as tx:
            timezone = history_of(tx, clinic).timezone
    if form == "json":
        _echo(verified_object(done))
    else:
        print_verified(done, timezone)
    return ExitCode.OK


@verification.command(
    "show",
    examples=(
        "payrules verification show nordlys-psykologi",
        "payrules verification show nordlys-psykologi --format json",
    ),
)
@click.argument("clinic")
@store_option
@format_option("text", "json")
@reported
def show_verification(clinic: str, store: str, form: str) -> ExitCode:
    """Show all the payment side has said of a clinic."""
    from payrules.adapters.store import open_store
    from payrules.app.status import history_of
    from payrules.entrypoints.activation_objects import verification_object
    from payrules.entrypoints.activation_pages import print_verifications

    with closing(open_store(store, create=False)) as ledger, ledger.reading() as tx:
        found = history_of(tx, clinic)
    if form == "json":
        for row in found.verifications:
            _echo({"clinic": clinic} | verification_object(row))
    else:
        print_verifications(found)
    return ExitCode.OK


def _echo(row: dict[str, Any]) -> None:
    click.echo(json.dumps(row))


COMMANDS: tuple[click.Command, ...] = (activate, history, status, verification)
"""What the command line gets from here."""
