"""A plan in words: one clinic's headline, when it takes effect, what a replay found. Plain text, nothing escaped."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Final

from payrules.app.other_changes import OtherChange
from payrules.app.planning import ClinicPlan, Kind
from payrules.app.replay import Moved, Replay, Step
from payrules.domain.difference import Difference, Unsettled
from payrules.domain.money import Money
from payrules.domain.policy import Policy
from payrules.entrypoints.activation_words import duration_text, short_digest
from payrules.entrypoints.decisions.words import NOT_DECIDED, counted, outcome_text, price_text

ALIKE: Final = "no booking is treated differently"
LACKING: Final = "bookings that lack a fact"
_LONGEST: Final = 200
_MOST_NAMED: Final = 20
_VERDICTS: Final = {
    "different": ("treats bookings differently", "treat bookings differently"),
    "alike": ("treats no booking differently", "treat no booking differently"),
    "unsettled": ("could not be settled", "could not be settled"),
    Kind.CHANGED: ("cannot be compared", "cannot be compared"),
    Kind.NEW: ("is new", "are new"),
    Kind.REMOVED: ("is removed", "are removed"),
    Kind.BROKEN: ("has errors", "have errors"),
}
_WHOLE: Final = {
    "timezone": "the time zone changes, from {0.timezone} to {1.timezone}",
    "currency": "the currency changes, from {0.currency} to {1.currency}",
}
_KEYS: Final = {"timezone": "time zone", "currency": "currency"}
_REMOVED: Final = (
    "the file is removed, which changes nothing: what is in force stays in force;"
    " to end payments set `payments: inactive` and let that take effect first"
)


def headline(plan: ClinicPlan) -> str:
    """What the change comes to, in one line."""
    difference = plan.difference
    if difference is None or plan.before is None or plan.after is None:
        return _without_difference(plan)
    before, after = plan.before.policy, plan.after.policy
    if "payments" in difference.whole:
        return (
            "payments become active: new bookings are decided by this file"
            if after.active
            else "payments become inactive: new bookings are billed elsewhere; what is stamped already runs to its end"
        )
    if whole := [_WHOLE[key].format(before, after) for key in difference.whole]:
        return f"all bookings that are billed are treated differently: {' and '.join(whole)}"
    if difference.found:
        return _counts(difference.found - difference.lacking, difference.lacking)
    if difference.unsettled_found:
        return "it could not be settled whether any booking is treated differently"
    return ALIKE + ("" if before.active or after.active else ": payments are inactive, before and after")


def besides_texts(plan: ClinicPlan) -> list[str]:
    """A line on what the headline hides, where it hides anything."""
    if plan.besides is None or plan.difference is None:
        return []
    number = kinds_text(plan.besides.found) if plan.besides.found else "perhaps some kinds of bookings"
    if whole := [_KEYS[key] for key in plan.difference.whole]:
        alone = f"change the {' and the '.join(whole)} in a commit of its own to see which"
        return [f"more changes than that: {number} besides; {alone}"]
    if plan.besides.whole:
        number = "all bookings that are billed"
    return [f"once payments are active, {number} would be treated differently"]


def kinds_text(number: int) -> str:
    """`1 kind of booking`, `3 kinds of bookings`."""
    return "1 kind of booking" if number == 1 else f"{number:,} kinds of bookings"


def _counts(complete: int, lacking: int) -> str:
    """How many kinds of bookings are treated differently, those that lack a fact apart."""
    lack = "lacks" if lacking == 1 else "lack"
    if not complete:
        return f"{kinds_text(lacking)} that {lack} a fact {'is' if lacking == 1 else 'are'} treated differently"
    said = f"{kinds_text(complete)} {'is' if complete == 1 else 'are'} treated differently"
    return f"{said}, and {counted(lacking, 'kind')} that {lack} a fact" if lacking else said


def _without_difference(plan: ClinicPlan) -> str:
    if plan.kind is Kind.REMOVED:
        return _REMOVED
    if plan.after is None:
        return "the file has errors: it changes nothing before they are corrected"
    policy = plan.after.policy
    said = f"payments {'active' if policy.active else 'inactive'}, {counted(len(policy.rules), 'rule')}"
    if plan.base_broken:
        return f"the file had errors before, so nothing can be compared: {said}"
    return f"a new clinic: {said}"


def replay_texts(replay: Replay, after: Policy | None) -> list[str]:
    """What known bookings say: how many, what becomes of them, the money and the links that move."""
    source = "stored bookings" if replay.stored else "bookings"
    if after is None:
        are = "booking is" if replay.bookings == 1 else "bookings are"
        return [f"{replay.bookings:,} {are} of a clinic without a file, and not compared"]
    if not replay.bookings:
        return [f"no {source} of this clinic to replay"]
    would, condition = "is" if replay.different == 1 else "are", ""
    if replay.stored:
        would, condition = "would be", ", if they were booked under the new file"
    said = [f"{replay.different:,} of {replay.bookings:,} {source} {would} treated differently{condition}"]
    said += [f"{number:,} {_step(step)}{_money(replay, step)}" for step, number in replay.outcomes.most_common()]
    for currency, (was, now) in replay.repriced.items():
        said.append(f"billed as before for another amount: {_amount(was, currency)} → {_amount(now, currency)} in all")
    for moved, where in ((replay.later, "later"), (replay.earlier, "earlier")):
        if moved.links:
            said.append(f"payment links that go out {where}: {moved.links:,}, by {_by(moved)}")
    if replay.other_currency:
        said.append(f"not compared, with a price in another currency than {after.currency}: {replay.other_currency:,}")
    if replay.stored:
        said.append(f"bookings already stamped stay as they are: {replay.bookings:,}")
    return said


def _step(step: Step) -> str:
    before, after = step
    if before is after:
        return f"{outcome_text(after)} as before, otherwise"
    return f"{NOT_DECIDED if before is None else outcome_text(before)} → {outcome_text(after)}"


def _money(replay: Replay, step: Step) -> str:
    sums = [_amount(minor, currency) for (of, currency), minor in replay.money.items() if of == step]
    if number := replay.unpriced[step]:
        sums.append(f"{number:,} without a price")
    return f" ({' and '.join(sums)})" if sums else ""


def _amount(minor: int, currency: str) -> str:
    return price_text(Money(minor, currency))


def _by(moved: Moved) -> str:
    if moved.least == moved.most:
        return span_text(moved.least)
    return f"{span_text(moved.least)} to {span_text(moved.most)}"


def span_text(span: timedelta) -> str:
    """`2 days 3 hours`: the two largest units that there are."""
    whole = [duration_text(span)]
    for unit in (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)):
        if span >= unit:
            rest = span % unit
            if rest >= timedelta(minutes=1):
                whole.append(duration_text(rest))
            break
    return " ".join(whole)


def not_in_force_texts(in_force: Mapping[str, str | None]) -> Iterator[str]:
    """A line for each clinic whose file is as it was, but is not what a store has in force."""
    for clinic, digest in islice(in_force.items(), _MOST_NAMED):
        yield f"{clinic}: in force: {'nothing' if digest is None else short_digest(digest)}, which is not this file"
    if len(in_force) > _MOST_NAMED:
        yield f"and {len(in_force) - _MOST_NAMED:,} clinics more whose file is not what is in force"


def other_text(change: OtherChange) -> str:
    """`name: Fjord → Fjordklinikken`; long texts are cut."""
    what, before, after = change
    sides = [side if len(side) <= _LONGEST else f"{side[:_LONGEST]}…" for side in (before, after) if side is not None]
    if what == "rules":
        return f"{what}: {'; '.join(sides)}"
    if what == "session_types":
        gone = [] if before is None else [f"removed: {sides[0]}"]
        return f"{what}: {'; '.join(gone if after is None else [*gone, f'new: {sides[-1]}'])}"
    old, new = (None if side is None else sides[at] for side, at in ((before, 0), (after, -1)))
    return f"{what}: {old or 'nothing'} → {new or 'nothing'}"


def remarks(difference: Difference, before: Policy, after: Policy) -> Iterator[str]:
    """What is to be said after the kinds of bookings: that there are more, and of what nothing is certain."""
    if (left := difference.found - len(difference.regions)) > 0:
        yield f"and {kinds_text(left)} more"
    if number := difference.unsettled_found:
        yield f"not settled for {counted(number, 'pair')} of rules, which would take too long to look at:"
        for one in difference.unsettled:
            yield f"  {_pair(one, before, after)}"
        if number > len(difference.unsettled):
            yield f"  and {number - len(difference.unsettled):,} more"


def _pair(one: Unsettled, before: Policy, after: Policy) -> str:
    names = (
        "the clinic's settings" if n is None else policy.rules[n].id
        for n, policy in ((one.before, before), (one.after, after))
    )
    return " → ".join(names)


def totals(plans: Iterable[ClinicPlan], base: str) -> str:
    """`3 clinic files differ from main (1a2b3c4d5e): 1 treats bookings differently, 2 treat no booking differently`."""
    verdicts = Counter(map(_verdict, plans))
    number = verdicts.total()
    if not number:
        return f"no clinic file differs from {base}"
    found = ((verdicts[verdict], words) for verdict, words in _VERDICTS.items())
    said = ", ".join(f"{count:,} {words[count > 1]}" for count, words in found if count)
    return f"{counted(number, 'clinic file')} {'differs' if number == 1 else 'differ'} from {base}: {said}"


def _verdict(plan: ClinicPlan) -> str:
    difference = plan.difference
    if difference is None:
        return plan.kind
    if difference.found or difference.whole:
        return "different"
    return "unsettled" if difference.unsettled_found else "alike"
