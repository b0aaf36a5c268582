"""Checks beyond the schema: what one file's own text can tell.

Each `check_*` yields findings and knows nothing of the others; `CHECKS` is all of them. They run on a
document that the schema has accepted.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import islice
from typing import Any, NamedTuple

from payrules.compiler.countries import COUNTRIES, MISTAKEN
from payrules.compiler.currencies import currency_hint
from payrules.compiler.findings import MOST_FOUND, diagnose, did_you_mean, listed, stem_of
from payrules.compiler.positions import Path, Positions
from payrules.compiler.templates import faults_of
from payrules.domain.diagnostics import Diagnostic, Related
from payrules.domain.duration import parse_duration, parse_seconds
from payrules.domain.languages import BUILT_IN, is_built_in, languages_for
from payrules.domain.money import MINOR_UNITS, to_minor
from payrules.domain.policy import MessageKind, TextPart

# A price list may have thousands of session types, and be compared with thousands of names.
_MOST_HINTS = 10
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$")


# The time zone database has a name for clocks that nobody has set yet.
_NO_PLACES = ("Factory",)

Number = tuple[int, str]
"""An amount in a form that compares: the whole part, and the digits behind the dot."""


class Finding(NamedTuple):
    """What a check found: a code, where, and the words. `related` names earlier places with a remark."""

    code: str
    path: Path
    message: str
    help: str
    related: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at: a document that the schema accepted, and what surrounds it.

    `now` is an aware UTC instant, None where nobody asks what is past.
    """

    document: dict[str, Any]
    file: str
    zone: tzinfo | None
    zone_names: Callable[[], Iterable[str]]
    now: datetime | None

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules as written."""
        rules: list[dict[str, Any]] = self.document.get("rules", [])
        return rules


def run_checks(subject: Subject, positions: Positions) -> list[Diagnostic]:
    """The findings of all checks, unsorted; the first thousand of each."""
    return [
        diagnose(
            finding.code,
            positions.value(finding.path),
            finding.message,
            finding.help,
            (Related(positions.value(path), remark) for path, remark in finding.related),
        )
        for check in CHECKS
        for finding in islice(check(subject), MOST_FOUND)
    ]


def check_file_name(subject: Subject) -> Iterator[Finding]:
    """PR301: the clinic is named like its file."""
    clinic = subject.document["clinic"]
    stem = stem_of(subject.file)
    if clinic != stem:
        help = f"name the file `{clinic}.yaml`, or the clinic `{stem}`"
        yield Finding("PR301", ("clinic",), f"the clinic `{clinic}` stands in a file named `{stem}`", help)


def check_names(subject: Subject) -> Iterator[Finding]:
    """PR302, PR303, PR311: time zone, currency and country exist."""
    timezone, currency, country = (subject.document[key] for key in ("timezone", "currency", "country"))
    if subject.zone is None or timezone in _NO_PLACES:
        # Guesses are places only: the signs of `Etc/GMT+1` mean the opposite of what people write.
        places = [name for name in subject.zone_names() if "/" in name and not name.startswith("Etc/")]
        help = did_you_mean(timezone, places) or "write an IANA name such as `Europe/Oslo`"
        yield Finding("PR302", ("timezone",), f"unknown time zone `{timezone}`", help)
    if currency not in MINOR_UNITS:
        yield Finding("PR303", ("currency",), f"unknown currency `{currency}`", currency_hint(currency, MINOR_UNITS))
    if country not in COUNTRIES:
        meant = MISTAKEN.get(country)
        help = f"did you mean `{meant}`?" if meant else "write an ISO 3166 code of two letters such as `NO`"
        yield Finding("PR311", ("country",), f"unknown country `{country}`", help)


def check_amounts(subject: Subject) -> Iterator[Finding]:
    """PR304: no amount has more decimals than the currency."""
    currency = subject.document["currency"]
    digits = MINOR_UNITS.get(currency)
    if digits is None:
        return
    for path, amount in _amounts(subject):
        if to_minor(amount, digits) is None:
            most = f"{digits} decimal{'s' if digits != 1 else ''}" if digits else "no decimals"
            yield Finding("PR304", path, f"`{amount}` has more decimals than {currency} has", f"{currency} has {most}")


def _amounts(subject: Subject) -> Iterator[tuple[Path, str]]:
    for name, entry in subject.document.get("session_types", {}).items():
        if "price" in entry:
            yield ("session_types", name, "price"), entry["price"]
    for index, rule in enumerate(subject.rules):
        for bound, amount in rule["when"].get("price", {}).items():
            yield ("rules", index, "when", "price", bound), amount


def check_rule_ids(subject: Subject) -> Iterator[Finding]:
    """PR305: every rule has an id of its own."""
    first: dict[str, int] = {}
    for index, rule in enumerate(subject.rules):
        earlier = first.setdefault(rule["id"], index)
        if earlier != index:
            related = ((("rules", earlier, "id"), "first used here"),)
            yield Finding(
                "PR305", ("rules", index, "id"), f"the rule id `{rule['id']}` is used twice", "rename one", related
            )


def check_ranges(subject: Subject) -> Iterator[Finding]:
    """PR306: every range holds something."""
    for index, rule in enumerate(subject.rules):
        when = rule["when"]
        for key, low, high, value_of in _RANGES:
            bounds = when.get(key)
            if bounds is None:
                continue
            if key in _NEVER_NEGATIVE:
                bounds = {low: _NEVER_NEGATIVE[key], **bounds}
            if low not in bounds or high not in bounds:
                continue
            lower, upper = value_of(bounds[low]), value_of(bounds[high])
            if lower == upper or (lower > upper and key != "start_time"):
                what = "day" if key == "starts_on" else key.replace("_", " ")
                message = f"no {what} is both `{low}: {bounds[low]}` and `{high}: {bounds[high]}`"
                help = f"`{low}` counts, `{high}` does not: make `{low}` the smaller"
                if key == "start_time":
                    message = f"the start time from `{bounds[low]}` to `{bounds[high]}` holds no time"
                    help = "write two different times, or leave the condition out for the whole day"
                yield Finding("PR306", ("rules", index, "when", key), message, help)


def _as_number(amount: str) -> Number:
    whole, _, fraction = amount.partition(".")
    return int(whole), fraction.rstrip("0")


# A range without a lower bound begins here.
_NEVER_NEGATIVE = {"price": "0", "duration": "0m"}
_RANGES: tuple[tuple[str, str, str, Callable[[str], Any]], ...] = (
    ("price", "at_least", "below", _as_number),
    ("duration", "at_least", "below", parse_seconds),
    ("lead_time", "at_least", "below", parse_seconds),
    ("starts_on", "from", "before", str),
    ("start_time", "from", "to", str),
)


def check_effective_from(subject: Subject) -> Iterator[Finding]:
    """PR307, PR308, PR312, PR350: `effective_from` is one instant, and not past."""
    written = subject.document.get("effective_from")
    if written is None:
        return
    path = ("effective_from",)
    try:
        instants = instants_of(written, subject.zone)
    except ValueError:
        help = "check the month, the day, the hour and the offset"
        yield Finding("PR312", path, f"`{written}` is not in the calendar", help)
        return
    if len(instants) == 0:
        help = "clocks go forward over it; write a later time, or add the offset you mean"
        yield Finding("PR307", path, f"the time `{written}` does not exist in {subject.document['timezone']}", help)
    elif len(instants) > 1:
        offsets = listed(_offset(instant, subject.zone) for instant in instants)
        help = f"clocks go back over it; add the offset you mean: {offsets}"
        yield Finding("PR308", path, f"the time `{written}` exists twice in {subject.document['timezone']}", help)
    elif subject.now is not None and instants[0] < subject.now:
        help = "leave it out to take effect at once; a file that is in force already stays as it is"
        yield Finding("PR350", path, f"`{written}` is already past: new content takes effect at once", help)


def _offset(instant: datetime, zone: tzinfo | None) -> str:
    return instant.astimezone(zone).isoformat()[-6:]


def instants_of(written: str, zone: tzinfo | None) -> list[datetime]:
    """The UTC instants a written `effective_from` can mean: none in a gap, two where clocks go back.

    A wall time in an unknown zone has none to tell: the zone has its own finding. Raises ValueError for a
    date, time or offset that no calendar has.
    """
    at = datetime.fromisoformat(written)
    if _OFFSET.search(written):
        return [at.astimezone(UTC)]
    if zone is None:
        return [at.replace(tzinfo=UTC)]
    both = {at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in both if instant.astimezone(zone).replace(tzinfo=None, fold=0) == at)


def check_dates(subject: Subject) -> Iterator[Finding]:
    """PR312: dates are in the calendar."""
    for index, rule in enumerate(subject.rules):
        for bound, written in rule["when"].get("starts_on", {}).items():
            try:
                date.fromisoformat(written)
            except ValueError:
                path = ("rules", index, "when", "starts_on", bound)
                yield Finding("PR312", path, f"`{written}` is not in the calendar", "check the month and the day")


def check_quiet_hours(subject: Subject) -> Iterator[Finding]:
    """PR309: quiet hours end."""
    for path, settings in _settings(subject):
        quiet = settings.get("notification", {}).get("quiet_hours")
        if isinstance(quiet, dict) and quiet["from"] == quiet["to"]:
            message = f"quiet hours from `{quiet['from']}` to `{quiet['to']}` never end"
            help = "write two different times, or `quiet_hours: none`"
            yield Finding("PR309", (*path, "notification", "quiet_hours"), message, help)


def check_reminders(subject: Subject) -> Iterator[Finding]:
    """PR313: no two reminders at the same time."""
    for path, settings in _settings(subject):
        seen: dict[int, str] = {}
        for index, written in enumerate(settings.get("reminders", ())):
            length = parse_duration(written).nominal_seconds
            if length in seen:
                message = f"the reminders `{seen[length]}` and `{written}` are sent at the same time"
                yield Finding("PR313", (*path, "reminders", index), message, "keep one of the two")
            seen.setdefault(length, written)


def _settings(subject: Subject) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The places that hold settings: the file itself and the `set` of every rule."""
    yield (), subject.document
    for index, rule in enumerate(subject.rules):
        if rule["set"]:
            yield ("rules", index, "set"), rule["set"]


def check_session_types(subject: Subject) -> Iterator[Finding]:
    """PR310, PR354: rules and the price list fit together."""
    entries = subject.document.get("session_types")
    if entries is None:
        return
    # None where an entry has no price: then a booking of it brings its own.
    prices = {name: _as_number(entry["price"]) if "price" in entry else None for name, entry in entries.items()}
    lowest_first = _sorted_prices(prices, prices)
    hints = _MOST_HINTS
    for index, rule in enumerate(subject.rules):
        when, path = rule["when"], ("rules", index, "when")
        asked = when.get("session_type")
        single = isinstance(asked, str)
        names = [asked] if single else asked or ()
        for number, name in enumerate(names):
            if name not in entries:
                guess = did_you_mean(name, entries) if hints > 0 else ""
                hints -= 1
                help = guess or "add it to `session_types`, or correct the rule"
                place = (*path, "session_type") if single else (*path, "session_type", number)
                yield Finding("PR310", place, f"`{name}` is not in `session_types`", help)
        if "price" not in when:
            continue
        known = lowest_first if asked is None else _sorted_prices(prices, names)
        if known and not _meets(when["price"], known):
            message = "no price of the price list that this rule asks for lies in its range"
            help = "the rule can match only bookings that bring a price of their own; check the range"
            yield Finding("PR354", (*path, "price"), message, help)


def _sorted_prices(prices: dict[str, Number | None], names: Iterable[str]) -> list[Number] | None:
    """The prices of some session types, the lowest first; None where one of them has no price."""
    found = [prices[name] for name in names if name in prices]
    return None if None in found else sorted(price for price in found if price)


def _meets(bounds: dict[str, str], prices: list[Number]) -> bool:
    """Whether one of the prices, given the lowest first, lies in a range."""
    first = bisect_left(prices, _as_number(bounds["at_least"])) if "at_least" in bounds else 0
    return first < len(prices) and ("below" not in bounds or prices[first] < _as_number(bounds["below"]))


def check_automatic_has_time(subject: Subject) -> Iterator[Finding]:
    """PR314: where a rule makes bookings automatic, something says when the link is sent.

    The schema sees to it where the file itself is automatic.
    """
    if "notification" in subject.document:
        return
    for index, rule in enumerate(subject.rules):
        settings = rule["set"]
        if settings.get("process") == "automatic" and "send" not in settings.get("notification", {}):
            message = f"the rule `{rule['id']}` makes bookings automatic, and nothing says when the link is sent"
            help = (
                "add `notification: {send: after_appointment, offset: 15m}` to its `set`, or `notification` to the file"
            )
            yield Finding("PR314", ("rules", index, "id"), message, help)


def check_messages(subject: Subject) -> Iterator[Finding]:
    """PR320 to PR326: every text can be filled in, and gets the client the link."""
    messages = subject.document.get("messages")
    if messages is None:
        return
    for language, kinds in messages.items():
        for kind, parts in kinds.items():
            for part, template in parts.items():
                faults = faults_of(
                    template, is_reminder=kind == MessageKind.REMINDER, needs_link=part != TextPart.SUBJECT
                )
                for fault in faults:
                    yield Finding(fault.code, ("messages", language, kind, part), fault.message, fault.help)
            if is_built_in(language):
                continue
            # A text of another language needs the other one beside it, under this code or a wider one.
            known = {part for wider in languages_for(language) for part in messages.get(wider, {}).get(kind, ())}
            for part, other in _TOGETHER:
                if part in parts and other not in known:
                    message = f"there is no `{other}` in this language, so this text is never sent"
                    help = f"write `{other}` too: payrules has texts of its own in {listed(BUILT_IN)} alone"
                    yield Finding("PR325", ("messages", language, kind, part), message, help)


_TOGETHER = ((TextPart.SUBJECT, TextPart.EMAIL), (TextPart.EMAIL, TextPart.SUBJECT))


CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_file_name,
    check_names,
    check_amounts,
    check_rule_ids,
    check_ranges,
    check_effective_from,
    check_dates,
    check_quiet_hours,
    check_reminders,
    check_session_types,
    check_automatic_has_time,
    check_messages,
)
