"""What the commands of the ledger print for people."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import click

from payrules.app.audit_checks import Difference
from payrules.app.holding import Holding, HoldOutcome
from payrules.app.restamp import Restamped, RestampOutcome
from payrules.app.stuck import MOST_LISTED, Done, StuckAction, Waiting
from payrules.entrypoints.activation_words import Local, short_digest
from payrules.entrypoints.ledger_words import STOPPED, TYPES, amount_text, cause_text, undecided_text
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.terminal import in_colour

# ---- audit


def print_difference(difference: Difference) -> None:
    """Where it is, what was expected, and what was found."""
    number = "" if difference.number is None else f" {difference.number}"
    stamp = "" if difference.stamp in (None, difference.number) else f" under stamp {difference.stamp}"
    place = " ".join(filter(None, (difference.clinic, difference.booking_id, f"{difference.part}{number}{stamp}")))
    severity = "error" if difference.is_error else "otherwise"
    _head(f"{severity}: {visible(place)}{f', {visible(difference.field)}' if difference.field else ''}")
    click.echo(f"  expected  {visible(difference.expected)}")
    click.echo(f"  found     {visible(difference.found)}")


def print_audit(counts: Counter[str]) -> None:
    """What was looked at, and what came of it."""
    looked = [_counted(counts[f"{one}s"], one) for one in ("clinic", "activation")]
    looked.append(_counted(counts["policies"], "policy version"))
    looked += [_counted(counts[f"{one}s"], one) for one in ("booking", "stamp", "decision", "action")]
    click.echo(f"looked at {', '.join(looked)}")
    if counts["not_computed"]:
        click.echo(f"{_counted(counts['not_computed'], 'decision')} not computed: the policy version cannot be read")
    if counts["otherwise"]:
        many = _counted(counts["otherwise"], "difference")
        click.echo(f"{many} under another payrules or other time zones: no error, the decisions stay as they were made")
    if counts["errors"]:
        click.echo(f"{_counted(counts['errors'], 'error')}: somebody or something changed what never changes by itself")
    elif not counts["otherwise"]:
        click.echo("all is as computed")


@contextmanager
def progress() -> Iterator[Callable[[Counter[str]], None]]:
    """Something to tell what was looked at so far: shown on standard error, where a person waits."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("audit") as status:
        yield lambda counts: status.update(f"audit: {counts['clinics']:,} clinics, {counts['bookings']:,} bookings")


# ---- held and dead


def print_waiting(waiting: Waiting, zones: Mapping[str, Local]) -> None:
    """A block of lines a kind; one line where nothing waits."""
    print_actions(waiting.actions, zones, "held", "held release KEY", "held drop KEY")
    _section("undecided", [(f"{u.clinic}/{u.booking_id}", undecided_text(u)) for u in waiting.undecided])
    if waiting.undecided:
        click.echo("  next: `payrules bookings set BOOKING FACT=VALUE`, or `payrules drafts price BOOKING AMOUNT`")
    _section("stopped", [(f"{s.clinic}/{s.booking_id}", STOPPED[s.cause]) for s in waiting.stopped])
    refunds = [
        (f"{r.clinic}/{r.booking_id}", f"{amount_text(r) or r.minor} {r.currency or 'minor units'} to give back")
        for r in waiting.refunds
    ]
    _section("refunds owed", refunds)
    if refunds:
        click.echo("  next: pay it back, then `payrules refund BOOKING AMOUNT`")
    if waiting.is_cut:
        print_cut()
    if not any(waiting[:4]):
        click.echo("nothing waits for a person")


def print_actions(actions: Sequence[StuckAction], zones: Mapping[str, Local], state: str, *commands: str) -> None:
    """Held or dead actions by their keys, those of one cause together, and the commands for them."""
    causes: dict[str, list[str]] = {}
    for stuck in actions:
        action = stuck.action
        channel = "" if action.key.channel is None else f" by {action.key.channel}"
        due = f"{TYPES[action.key.type]}{channel}, due {zones[stuck.clinic].told(action.due_at)}"
        causes.setdefault(cause_text(stuck), []).append(f"{visible(stuck.key)}  {due}")
    if actions:
        _head(f"{state} actions: {len(actions):,}")
    for cause, lines in causes.items():
        click.echo(f"  {cause}")
        for line in lines:
            click.echo(f"      {line}")
    if actions:
        click.echo(f"  next: {' or '.join(f'`payrules {command} --reason …`' for command in commands)}")


def print_cut() -> None:
    """Not everything is listed."""
    click.echo(f"only the first {MOST_LISTED:,} of a kind are listed: name a clinic with --clinic", err=True)


def _section(title: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    _head(f"{title}: {len(rows):,}")
    for name, text in rows:
        click.echo(f"  {visible(name)}")
        for line in text.splitlines():
            click.echo(f"      {line}")


def print_done(done: Done) -> None:
    """What became of one action; a refusal goes to standard error."""
    if done.is_refused:
        click.echo(f"{visible(done.key)}: refused: {done.sentence}", err=True)
    else:
        click.echo(f"{done.key}: {done.verb}")


# ---- restamp, hold, release


def print_restamped(row: Restamped) -> None:
    """What became of one booking; a refusal goes to standard error."""
    if row.outcome is RestampOutcome.REFUSED or row.stamp is None:
        click.echo(f"{visible(row.booking_id)}: refused: {row.sentence}", err=True)
        return
    version = f"activation {row.stamp.sequence} ({short_digest(row.stamp.digest)})"
    if row.outcome is RestampOutcome.UNCHANGED:
        click.echo(f"{row.booking_id}: unchanged, {version} holds already")
    else:
        click.echo(f"{row.booking_id}: stamp {row.stamp.number}, {version}: {row.decided}")


def print_holding(holding: Holding) -> None:
    """What a hold or a release did, and what comes next."""
    clinic, bookings = holding.clinic, _counted(holding.bookings, "booking")
    for hold in holding.holds:
        which = "" if hold.sequence is None else f", activation {hold.sequence}"
        match holding.outcome:
            case HoldOutcome.HELD:
                click.echo(f"{clinic}{which}: on hold by {visible(hold.actor)}: {visible(hold.reason)}")
            case HoldOutcome.HELD_BEFORE:
                click.echo(f"{clinic}{which}: on hold already, by {visible(hold.actor)}: {visible(hold.reason)}")
            case _:
                click.echo(f"{clinic}{which}: released")
    match holding.outcome:
        case HoldOutcome.NOT_HELD:
            click.echo(f"{clinic}: nothing is on hold")
        case HoldOutcome.RELEASED:
            click.echo(f"what was stopped for {bookings} goes on")
        case _:
            click.echo(f"stopped what was to be done for {bookings}")
            click.echo(f"`payrules release {clinic}` lets it go on")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _head(text: str) -> None:
    click.secho(text, bold=in_colour(sys.stdout))
