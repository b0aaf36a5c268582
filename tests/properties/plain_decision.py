"""What follows from a booking, by the plain reading: the oracle that `decide` is held against."""

from datetime import datetime
from typing import Any, NamedTuple

from tests.properties.plain_reading import Facts, Settings, facts_of, first_rule, price_of, settings_of
from tests.properties.plain_times import allowed, moved
from tests.strategies.documents import Document
from tests.strategies.moments import zone_of

from payrules.domain.booking import Booking, Person

STAGES = ("create_invoice", "issue_invoice", "send_payment_link", "send_reminder")
_PATHS = {"client_tags": "client.tags"}


class Expected(NamedTuple):
    """A decision in plain words."""

    outcome: str
    reason: str
    rule: int | None = None
    missing: tuple[str, ...] = ()
    actions: tuple[tuple[Any, ...], ...] = ()


def expected_decision(document: Document, booking: Booking, not_before: datetime) -> Expected:
    """The order of the questions is that of the design."""
    if document["payments"] == "inactive":
        return Expected("externally_billed", "payments_inactive")
    facts, price = facts_of(booking, document), price_of(booking, document)
    rule, sure = first_rule(document, facts)
    if rule is not None and not sure:
        return Expected("undecided", "missing_fact", rule, _unknown(document["rules"][rule]["when"], facts))
    settings = settings_of(document, rule)
    manual = settings.process == "manual"
    if manual and not settings.create_draft:
        return Expected("externally_billed", "manual_without_drafts", rule)
    if price == 0:
        return Expected("no_charge", "price_zero", rule)
    if manual:
        create = ("create_invoice", None, not_before, None, 1)
        return Expected("draft", "process_manual", rule, ("price",) if price is None else (), (create,))
    if price is None:
        return Expected("undecided", "missing_price", rule, ("price",))
    who, payer = ("client", booking.client) if booking.payer is None else ("payer", booking.payer.person)
    reached = [channel for channel in settings.channels if channel in payer.contacts]
    if not reached:
        contacts = {"sms": f"{who}.phone", "email": f"{who}.email"}
        missing = tuple(contacts[channel] for channel in settings.channels)
        return Expected("undecided", "no_reachable_channel", rule, missing)
    if settings.delivery == "first_available":
        reached = reached[:1]
    actions = _automatic(document, settings, booking, payer, reached, not_before)
    return Expected("automatic", "process_automatic", rule, (), actions)


def _unknown(when: dict[str, Any], facts: Facts) -> tuple[str, ...]:
    """The unknown facts that a rule asks for, in the order of the reference."""
    return tuple(_PATHS.get(key, key) for key, fact in facts.items() if key in when and fact is None)


def _automatic(
    document: Document, settings: Settings, booking: Booking, payer: Person, channels: list[str], not_before: datetime
) -> tuple[tuple[Any, ...], ...]:
    clinic_zone = zone_of(document["timezone"])
    zone = clinic_zone if payer.zone is None else payer.zone

    def outside(channel: str, instant: datetime) -> datetime:
        quiet = settings.quiet_hours
        return instant if quiet is None or channel not in quiet[2] else allowed(instant, quiet[:2], zone)

    base, back = {
        "after_booking": (booking.booked_at, False),
        "before_appointment": (booking.starts_at, True),
        "after_appointment": (booking.ends_at, False),
    }[settings.send or ""]
    asked = moved(base, settings.offset, clinic_zone, back=back)
    wanted = max(asked, not_before)
    links = []
    for channel in channels:
        due = outside(channel, wanted)
        shifted = "quiet_hours" if due != wanted else "not_before" if asked < not_before else None
        links.append(("send_payment_link", channel, due, shifted, 1))
    first = min(links, key=lambda link: link[2])
    actions = [("create_invoice", None, not_before, None, 1), ("issue_invoice", None, *first[2:4], 1), *links]
    reminders = [(moved(first[2], offset, clinic_zone), n) for n, offset in enumerate(settings.reminders, 1)]
    for channel, link in zip(channels, links, strict=True):
        last = link[2]
        for at, occurrence in sorted(reminders):
            due = outside(channel, at)
            # Two messages of one channel at one time are one.
            if due > last:
                last = due
                actions.append(("send_reminder", channel, due, "quiet_hours" if due != at else None, occurrence))
    order: dict[str | None, int] = {channel: number for number, channel in enumerate(settings.channels)} | {None: -1}
    actions.sort(key=lambda action: (action[2], STAGES.index(action[0]), order[action[1]]))
    return tuple(actions)
