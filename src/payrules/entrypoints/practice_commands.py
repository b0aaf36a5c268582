"""The practice's day: `drafts`, `links`, `pay`, `refund`, `override`, `cancel`, `credit`."""

import json
from typing import TYPE_CHECKING

import click

from payrules.entrypoints.commanding import Command, Group, format_option, reason_option, reported, store_option
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.practice_options import asking, clinic_option

if TYPE_CHECKING:
    from payrules.app.practice import Done
    from payrules.entrypoints.practising import Who

# Written out, since naming the enums would import the domain for `payrules --version` too.
METHODS = ("cash", "card_terminal", "bank_transfer", "mobile_payment", "gift_card", "other")
"""How money comes in."""

CHANNELS = ("sms", "email")
"""How a link goes out."""

PROCESSES = ("automatic", "manual", "external")
"""What an override may say."""

_amount = click.argument("amount", metavar="AMOUNT")


@click.group(cls=Group)
def drafts() -> None:
    """Drafts that a person checks, adjusts and sends."""


@drafts.command("list", examples=("payrules drafts list", "payrules drafts list --clinic nordlys-psykologi"))
@clinic_option
@store_option
@format_option("text", "json")
@reported
def list_drafts(clinic: str | None, store: str, form: str) -> ExitCode:
    """List drafts: what each is for, and what it waits for."""
    from payrules import bootstrap
    from payrules.domain.record import BookingState
    from payrules.entrypoints.practice_objects import booking_object
    from payrules.entrypoints.practice_pages import print_drafts
    from payrules.entrypoints.practising import found

    with found(store, clinic, BookingState.DRAFT) as bookings:
        if form == "text":
            print_drafts(bookings, bootstrap.now())
            return ExitCode.OK
        for seen in bookings:
            click.echo(json.dumps(booking_object(seen)))
    return ExitCode.OK


@drafts.command("price", examples=("payrules drafts price bk-1001 1250", "payrules drafts price bk-1001 1250.50"))
@asking
@_amount
def price_draft(who: "Who", amount: str) -> ExitCode:
    """Set the price of a draft, in the clinic's currency. It stays, whatever the booking system says later."""
    from payrules.entrypoints.practice_words import money_text
    from payrules.entrypoints.practising import run

    return run(
        who,
        lambda practice, asked: practice.price(asked, amount),
        lambda done: f"its price is {money_text(done.after.total, done.after.currency)}",
    )


@drafts.command("send", examples=("payrules drafts send bk-1001", "payrules drafts send bk-1001 --at 2026-12-01T10:00"))
@asking
@click.option("--at", metavar="TIME", help="When: the clinic's time, such as 2026-12-01T10:00. Without it, now.")
def send_draft(who: "Who", at: str | None) -> ExitCode:
    """Send a draft: its invoice is issued and the payment link goes out, now or at a time."""
    from payrules.entrypoints.practising import run

    said = "sent" if at is None else "to be sent"
    return run(who, lambda practice, asked: practice.send(asked, at), lambda _: said)


@click.group(cls=Group)
def links() -> None:
    """Payment links of issued invoices."""


@links.command("resend", examples=("payrules links resend bk-1001", "payrules links resend bk-1001 --channel email"))
@asking
@click.option(
    "--channel", type=click.Choice(("sms", "email")), help="By this alone; without it, as it went out before."
)
def resend_link(who: "Who", channel: str | None) -> ExitCode:
    """Send a payment link once more, at once. A link that is held or dead is replaced."""
    from payrules.domain.policy import Channel
    from payrules.entrypoints.practising import run

    by = None if channel is None else Channel(channel)
    return run(who, lambda practice, asked: practice.resend(asked, by), lambda _: "its link is sent again")


@click.command(
    cls=Command, examples=("payrules pay bk-1001 1250", "payrules pay bk-1001 500.50 --method cash --actor kari")
)
@asking
@_amount
@click.option(
    "--method", type=click.Choice(METHODS), help="How it was paid; without it, by the clinic's `default_method`."
)
def pay(who: "Who", amount: str, method: str | None) -> ExitCode:
    """Record money that came in, in whole or in part, and say what is left."""
    from payrules.domain.policy import PaymentMethod
    from payrules.entrypoints.practice_words import left_text
    from payrules.entrypoints.practising import run

    by = None if method is None else PaymentMethod(method)
    return run(
        who, lambda practice, asked: practice.pay(asked, amount, by), lambda done: f"recorded{left_text(done.after)}"
    )


@click.command(cls=Command, examples=("payrules refund bk-1001 500",))
@asking
@_amount
def refund(who: "Who", amount: str) -> ExitCode:
    """Record money that went back to the payer. The money itself is moved by you."""
    from payrules.entrypoints.practising import run

    return run(who, lambda practice, asked: practice.refund(asked, amount), lambda _: "recorded")


@click.command(
    cls=Command,
    examples=(
        "payrules override bk-1001 manual --reason 'price to be agreed'",
        "payrules override bk-1001 external --reason 'paid by the hospital'",
    ),
)
@asking
@click.argument("process", type=click.Choice(PROCESSES))
@reason_option
def override(who: "Who", process: str, reason: str) -> ExitCode:
    """Decide one booking's process, whatever the clinic file says: automatic, manual (a draft), or billed elsewhere."""
    from payrules.domain.events import OverrideProcess
    from payrules.domain.record import InvoiceState
    from payrules.entrypoints.practising import run

    wanted = OverrideProcess(process)

    def said(done: "Done") -> str:
        if done.after.stored.record.invoice.state is not InvoiceState.ISSUED:
            return f"now {process}"
        back = f"`payrules credit {done.after.booking_id} --reason …` takes it back"
        return f"recorded as {process}: reminders end, and the issued invoice stays; {back}"

    return run(who, lambda practice, asked: practice.override(asked, wanted, reason), said)


@click.command(
    cls=Command, examples=("payrules cancel bk-1001", "payrules cancel bk-1001 --charge --reason 'an hour before'")
)
@asking
@click.option("--charge", is_flag=True, help="It is to be charged: what is not sent is held, and a person decides.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record; name no client in it.")
def cancel(who: "Who", reason: str, *, charge: bool) -> ExitCode:
    """Cancel an appointment: a draft is deleted, an issued invoice credited, and nothing more is sent."""
    from payrules.entrypoints.practising import run

    return run(
        who,
        lambda practice, asked: practice.cancel(asked, reason, charge=charge),
        lambda _: "cancelled, to be charged" if charge else "cancelled",
    )


@click.command(cls=Command, examples=("payrules credit bk-1001 --reason 'wrong price'",))
@asking
@reason_option
def credit(who: "Who", reason: str) -> ExitCode:
    """Credit an issued invoice whole. A fresh draft follows, and a person sends it."""
    from payrules.entrypoints.practising import run

    return run(
        who,
        lambda practice, asked: practice.credit(asked, reason),
        lambda done: f"invoice {done.before.stored.record.invoice.number} is credited",
    )


COMMANDS: tuple[click.Command, ...] = (drafts, links, pay, refund, override, cancel, credit)
"""What the command line gets from here."""
