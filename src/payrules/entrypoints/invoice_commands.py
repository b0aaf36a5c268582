"""`payrules invoices`: the invoices and credit notes that are kept in the store."""

import json
from contextlib import closing
from pathlib import Path

import click

from payrules.entrypoints.commanding import Command, Group, format_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode

_clinic_option = click.option("--clinic", metavar="CLINIC", help="Only those of this clinic.")


@click.group("invoices", cls=Group)
def invoices() -> None:
    """Invoices and credit notes, where payrules itself keeps them."""


@invoices.command(
    "list",
    cls=Command,
    examples=("payrules invoices list", "payrules invoices list --clinic nordlys-psykologi --format json"),
)
@_clinic_option
@store_option
@format_option("text", "json")
@reported
def list_(clinic: str | None, store: str, form: str) -> ExitCode:
    """List drafts, invoices and credit notes, with their dates and what came in. No client is named."""
    from payrules.adapters.store import open_store
    from payrules.entrypoints.invoice_pages import listed, listed_object, print_listed

    with closing(open_store(store, create=False)) as ledger:
        found = listed(ledger, clinic)
        if form == "json":
            for row in found:
                click.echo(json.dumps(listed_object(row)))
        else:
            print_listed(found)
    return ExitCode.OK


@invoices.command(
    cls=Command,
    examples=(
        "payrules invoices export NP-1042",
        "payrules invoices export NP-1042 --clinic nordlys-psykologi --out pdf",
    ),
)
@click.argument("number")
@_clinic_option
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="The folder that the files are written to; it is made if need be.",
)
@click.option(
    "--link-base",
    metavar="URL",
    envvar="PAYRULES_LINK_BASE",
    show_envvar=True,
    help="What payment links begin with; without it the document has none.",
)
@store_option
@reported
def export(number: str, clinic: str | None, folder: Path, link_base: str | None, store: str) -> ExitCode:
    """Write an invoice or a credit note as a PDF and as an HTML page.

    They name the payer, so only their owner may read the files. An invoice never changes: what is written again is the
    same, but for a payer who was erased.
    """
    from payrules.adapters.invoices.files import files_of, write_private
    from payrules.adapters.invoices.issued import IssuedInvoices
    from payrules.adapters.store import open_store

    with closing(open_store(store, create=False)) as ledger:
        found = IssuedInvoices(ledger, link_base).numbered(number, clinic)
    if not found:
        click.echo("error: no such invoice or credit note: `payrules invoices list` has their numbers", err=True)
        return ExitCode.FAILURE
    if len(found) > 1:
        clinics = sorted({name for name, _ in found})
        if len(clinics) > 1:
            click.echo(f"error: several clinics have that number, name one by --clinic: {', '.join(clinics)}", err=True)
            return ExitCode.FAILURE
    # Where prefixes end in digits, two numbers of a clinic may read the same.
    for count, (_, document) in enumerate(found, 1):
        name = number.replace("/", "-") + (f".{count}" if len(found) > 1 else "")
        for ending, content in files_of(document).items():
            path = folder / f"{name}{ending}"
            try:
                write_private(path, content)
            except OSError as error:
                click.echo(f"error: {path} cannot be written: {error.strerror}", err=True)
                return ExitCode.FAILURE
            click.echo(path)
    return ExitCode.OK


COMMANDS: tuple[click.Command, ...] = (invoices,)
"""What the command line gets from here."""
