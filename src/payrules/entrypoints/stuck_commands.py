"""What waits for a person: the commands `held` and `dead`."""

import json
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from payrules.entrypoints.commanding import (
    Group,
    actor_option,
    format_option,
    reason_option,
    reported,
    store_option,
)
from payrules.entrypoints.exit_codes import ExitCode

if TYPE_CHECKING:
    from payrules.app.ports import Ledger
    from payrules.app.stuck import StuckAction, Verb
    from payrules.entrypoints.activation_words import Local

_clinic_option = click.option("--clinic", metavar="CLINIC", help="Only this clinic.")


@click.group(cls=Group)
def held() -> None:
    """What waits for a person: list it, let it go, drop it, or say that it was done."""


@held.command("list", examples=("payrules held list", "payrules held list --clinic nordlys-psykologi --format json"))
@_clinic_option
@store_option
@format_option("text", "json")
@reported
def list_held(clinic: str | None, store: str, form: str) -> ExitCode:
    """List held actions with the reason, undecided and stopped bookings, and refunds owed."""
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.requests import Requests
    from payrules.app.stuck import waiting_for_person
    from payrules.app.versions import Versions
    from payrules.entrypoints.ledger_objects import action_object, waiting_object
    from payrules.entrypoints.ledger_pages import print_cut, print_waiting

    with closing(open_store(store, create=False)) as ledger:
        with ledger.reading() as tx:
            waiting = waiting_for_person(tx, Requests(Versions(bootstrap.build().compiler)), clinic)
        zones = _zones(ledger, waiting.actions)
    if form == "text":
        print_waiting(waiting, zones)
        return ExitCode.OK
    for stuck in waiting.actions:
        _echo(action_object(stuck))
    for booking in waiting.bookings:
        _echo(waiting_object(booking))
    if waiting.is_cut:
        print_cut()
    return ExitCode.OK


@held.command(
    "release",
    examples=("payrules held release nordlys-psykologi/bk-1001/1/send_payment_link/sms/1 --reason 'she asked for it'",),
    codes=(ExitCode.REFUSED,),
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@reason_option
@actor_option
@store_option
@format_option("text", "json")
@reported
def release_held(keys: tuple[str, ...], reason: str, actor: str, store: str, form: str) -> ExitCode:
    """Let held actions go: each is carried out at its time, or now, however late it is."""
    from payrules.app.stuck import Verb

    return _act(Verb.RELEASE, keys, reason, actor, store, form)


@held.command(
    "drop",
    examples=("payrules held drop nordlys-psykologi/bk-1001/1/send_payment_link/sms/1 --reason 'paid in cash'",),
    codes=(ExitCode.REFUSED,),
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@reason_option
@actor_option
@store_option
@format_option("text", "json")
@reported
def drop_held(keys: tuple[str, ...], reason: str, actor: str, store: str, form: str) -> ExitCode:
    """Drop held or dead actions, and what cannot be done without them. No later decision brings them back."""
    from payrules.app.stuck import Verb

    return _act(Verb.DROP, keys, reason, actor, store, form)


@held.command(
    "delivered",
    examples=(
        "payrules held delivered nordlys-psykologi/bk-1001/1/send_payment_link/sms/1 --reason 'the provider lists it'",
    ),
    codes=(ExitCode.REFUSED,),
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@reason_option
@actor_option
@store_option
@format_option("text", "json")
@reported
def found_delivered(keys: tuple[str, ...], reason: str, actor: str, store: str, form: str) -> ExitCode:
    """Say that messages without an answer did arrive: each counts as delivered now, and reminders follow."""
    from payrules.app.stuck import Verb

    return _act(Verb.FIND_DELIVERED, keys, reason, actor, store, form)


@click.group(cls=Group)
def dead() -> None:
    """What was tried too often: list it, or try it once more."""


@dead.command("list", examples=("payrules dead list", "payrules dead list --clinic nordlys-psykologi --format json"))
@_clinic_option
@store_option
@format_option("text", "json")
@reported
def list_dead(clinic: str | None, store: str, form: str) -> ExitCode:
    """List dead actions with what the provider said last."""
    from payrules.adapters.store import open_store
    from payrules.entrypoints.ledger_objects import action_object
    from payrules.entrypoints.ledger_pages import print_actions, print_cut

    with closing(open_store(store, create=False)) as ledger:
        actions, is_cut = _dead(ledger, clinic)
        zones = _zones(ledger, actions)
    if form == "json":
        for stuck in actions:
            _echo(action_object(stuck))
    elif actions:
        print_actions(actions, zones, "dead", "dead retry KEY", "held drop KEY")
    else:
        click.echo("nothing is dead")
    if is_cut:
        print_cut()
    return ExitCode.OK


@dead.command(
    "retry",
    examples=(
        "payrules dead retry nordlys-psykologi/bk-1001/1/issue_invoice/-/1",
        "payrules dead retry --all --clinic nordlys-psykologi --reason 'the provider is back'",
    ),
    codes=(ExitCode.REFUSED,),
)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
@_clinic_option
@click.option("--reason", default="tried again", metavar="TEXT", help="Why, for the record; name no client in it.")
@actor_option
@store_option
@format_option("text", "json")
@reported
def retry_dead(
    keys: tuple[str, ...], clinic: str | None, reason: str, actor: str, store: str, form: str, *, everything: bool
) -> ExitCode:
    """Try dead actions once more."""
    from payrules.adapters.store import open_store
    from payrules.app.stuck import Verb

    if bool(keys) == everything or (clinic is not None and not everything):
        raise click.UsageError("name KEYs, or say --all, with --clinic or without")
    if everything:
        with closing(open_store(store, create=False)) as ledger:
            keys = tuple(stuck.key for stuck in _dead(ledger, clinic)[0])
        if not keys:
            click.echo("nothing is dead", err=form == "json")
    return _act(Verb.RETRY, keys, reason, actor, store, form)


def _act(verb: "Verb", keys: Iterable[str], reason: str, actor: str, store: str, form: str) -> ExitCode:
    from payrules import bootstrap
    from payrules.adapters.store import open_store
    from payrules.app.by_hand import by_hand
    from payrules.app.requests import Requests
    from payrules.app.stuck import Desk
    from payrules.app.versions import Versions
    from payrules.entrypoints.ledger_objects import done_object
    from payrules.entrypoints.ledger_pages import print_done

    by, refused = by_hand(actor, reason), False
    with closing(open_store(store, create=False)) as ledger:
        requests = Requests(Versions(bootstrap.build().compiler))
        for done in Desk(ledger, requests, bootstrap.now).act(verb, keys, by):
            refused |= done.is_refused
            if form == "json":
                _echo(done_object(done))
            else:
                print_done(done)
    return ExitCode.REFUSED if refused else ExitCode.OK


def _dead(ledger: "Ledger", clinic: str | None) -> "tuple[list[StuckAction], bool]":
    """The dead actions, and whether there are more than are listed."""
    from payrules.app.stuck import MOST_LISTED, stuck_actions
    from payrules.domain.action import ActionState

    with ledger.reading() as tx:
        actions = stuck_actions(tx, ActionState.DEAD, clinic)
    return actions[:MOST_LISTED], len(actions) > MOST_LISTED


def _zones(ledger: "Ledger", actions: "Iterable[StuckAction]") -> "dict[str, Local]":
    """The times of the clinics that actions belong to."""
    from payrules.adapters.zones import load_zone
    from payrules.app.status import history_of
    from payrules.entrypoints.activation_words import Local

    with ledger.reading() as tx:
        names = {clinic: history_of(tx, clinic).timezone for clinic in {stuck.clinic for stuck in actions}}
    return {clinic: Local(name, load_zone(name)) for clinic, name in names.items()}


def _echo(row: dict[str, Any]) -> None:
    click.echo(json.dumps(row))
