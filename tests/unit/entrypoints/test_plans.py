"""A plan in words, and as a comment that fits."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from tests.builders import BOTH, CLINIC, COMPILER, FILE, NOW, booking, clinic_text, payer, policy, rule

from payrules.adapters.git_trees import Base
from payrules.app.catalogue import ClinicFile
from payrules.app.other_changes import OtherChange
from payrules.app.planning import Plan, plan_files
from payrules.app.replay import Moved, Replay
from payrules.domain.decision import Outcome, decide
from payrules.domain.difference import Difference, Region, Side, Unsettled
from payrules.domain.policy import (
    Channel,
    Condition,
    DateRange,
    PayerKind,
    Place,
    Range,
    TagCondition,
    TimeRange,
)
from payrules.entrypoints.plans.conditions import example_text, where_text
from payrules.entrypoints.plans.markdown import LONGEST, markdown_of
from payrules.entrypoints.plans.objects import condition_object
from payrules.entrypoints.plans.text import print_text
from payrules.entrypoints.plans.told import Told
from payrules.entrypoints.plans.words import (
    other_text,
    remarks,
    replay_texts,
    span_text,
)

POLICY = policy()


def region(
    where: Condition, rules: tuple[int | None, int | None] = (0, None), *, exact: bool = True, listed: bool = False
) -> Region:
    decision = decide(POLICY, booking(), booking().booked_at)
    before, after = (Side(number, decision) for number in rules)
    return Region(where, exact, (), listed, before, after, (), booking())


@pytest.mark.parametrize(
    ("where", "text", "written"),
    [
        ({"session_type": frozenset({"b", "a"})}, "session type a or b", {"session_type": ["a", "b"]}),
        ({"practitioner": frozenset("p")}, "practitioner p", {"practitioner": ["p"]}),
        ({"location": frozenset({Place.IN_PERSON})}, "location in_person", {"location": ["in_person"]}),
        ({"payer": frozenset({PayerKind.INSURER})}, "payer insurer", {"payer": ["insurer"]}),
        (
            {"client_tags": TagCondition(frozenset("ab"), frozenset("cd"), frozenset("e"))},
            "client tagged a or b, tagged c and d, not tagged e",
            {"client_tags": {"any": ["a", "b"], "all": ["c", "d"], "none": ["e"]}},
        ),
        ({"price": Range(50_000)}, "price from 500.00 NOK", {"price": {"at_least": "500.00"}}),
        ({"price": Range(None, 1)}, "price below 0.01 NOK", {"price": {"below": "0.01"}}),
        ({"price": Range(50_000, 50_001)}, "price 500.00 NOK", {"price": {"at_least": "500.00", "below": "500.01"}}),
        (
            {"price": Range(50_000, 60_000)},
            "price from 500.00 NOK to below 600.00 NOK",
            {"price": {"at_least": "500.00", "below": "600.00"}},
        ),
        (
            {"lead_time": Range(86_400, 172_800)},
            "lead time from 1d to below 2d",
            {"lead_time": {"at_least": "1d", "below": "2d"}},
        ),
        ({"duration": Range(None, 3_000)}, "duration below 50m", {"duration": {"below": "50m"}}),
        ({"first_visit": True}, "first visit", {"first_visit": True}),
        ({"first_visit": False}, "not the first visit", {"first_visit": False}),
        ({"weekday": frozenset({6, 5})}, "on sat or sun", {"weekday": ["sat", "sun"]}),
        (
            {"starts_on": DateRange(date(2026, 12, 24), date(2027, 1, 2))},
            "starts from 2026-12-24 before 2027-01-02",
            {"starts_on": {"from": "2026-12-24", "before": "2027-01-02"}},
        ),
        (
            {"starts_on": DateRange(None, date(2027, 1, 2))},
            "starts before 2027-01-02",
            {"starts_on": {"before": "2027-01-02"}},
        ),
        (
            {"start_time": TimeRange(1080, 480)},
            "starts from 18:00 to before 08:00",
            {"start_time": {"from": "18:00", "to": "08:00"}},
        ),
        ({"weekday": frozenset({0, 1, 2})}, "on mon to wed", {"weekday": ["mon", "tue", "wed"]}),
        ({"weekday": frozenset({0, 1, 3})}, "on mon or tue or thu", {"weekday": ["mon", "tue", "thu"]}),
        (
            {"session_type": frozenset("a"), "first_visit": True},
            "session type a · first visit",
            {"session_type": ["a"], "first_visit": True},
        ),
    ],
)
def test_conditions(where: dict[str, Any], text: str, written: dict[str, Any]) -> None:
    condition = Condition(**where)
    assert where_text(region(condition), POLICY) == text
    assert condition_object(condition, POLICY) == written


def test_bookings_without_a_condition() -> None:
    # These words leave to earlier rules what those take.
    assert where_text(region(Condition(), (None, None), exact=False), POLICY) == "bookings that no rule takes"
    assert where_text(region(Condition()), POLICY) == "any booking"
    assert where_text(region(Condition(), exact=False), POLICY) == "any booking, less what earlier rules take"
    of_list = region(Condition(session_type=frozenset("a")), (None, None), exact=False, listed=True)
    assert where_text(of_list, POLICY) == "session type a · without a price of its own, less what earlier rules take"
    many = Condition(session_type=frozenset(f"s{number:02}" for number in range(20)))
    assert where_text(region(many), POLICY).endswith("s06 or s07 or 12 more")


def test_an_example_tells_what_rules_ask_for() -> None:
    plain = "session-type, 1250.00 NOK, Tue 1 Dec 2026 10:00–10:50, booked Tue 24 Nov 09:00"
    full = booking(
        session_type="session-type",
        practitioner="kari",
        location=Place.IN_PERSON,
        tags=frozenset("b"),
        first_visit=True,
    )
    assert example_text(full, POLICY, set()) == plain
    asked = {"practitioner", "location", "client_tags", "first_visit"}
    assert example_text(full, POLICY, asked) == f"{plain}, kari, in person, tagged b, first visit"
    bare = booking(price=None, contacts=frozenset({Channel.EMAIL}), tags=frozenset(), first_visit=False)
    assert example_text(bare, POLICY, asked) == (
        "no session type, no price of its own, Tue 1 Dec 2026 10:00–10:50, booked Tue 24 Nov 09:00,"
        " tagged nothing, not the first visit, no sms to reach the payer"
    )
    assert example_text(booking(payer=payer(PayerKind.PUBLIC, BOTH)), POLICY, set()).endswith("paid by a public payer")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=30), "30 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=2, minutes=5), "2 hours 5 minutes"),
        (timedelta(days=3, minutes=5), "3 days 5 minutes"),
        (timedelta(days=3, hours=2, minutes=5), "3 days 2 hours"),
        (timedelta(days=1), "1 day"),
    ],
)
def test_spans(span: timedelta, text: str) -> None:
    assert span_text(span) == text


def test_a_replay_in_words() -> None:
    replay = Replay(bookings=1200, repriced={"NOK": (100, 250)}, other_currency=3)
    step = Outcome.AUTOMATIC, Outcome.UNDECIDED
    replay.outcomes[step] = 1100
    replay.outcomes[Outcome.DRAFT, Outcome.DRAFT] = 2
    replay.money[step, "NOK"] = 1
    replay.money[step, "SEK"] = 200
    replay.unpriced[step] = 4
    replay.earlier = Moved(2, timedelta(minutes=5), timedelta(days=1))
    assert replay_texts(replay, POLICY) == [
        "1,102 of 1,200 bookings are treated differently",
        "1,100 automatic → undecided (0.01 NOK and 2.00 SEK and 4 without a price)",
        "2 draft as before, otherwise",
        "billed as before for another amount: 1.00 NOK → 2.50 NOK in all",
        "payment links that go out earlier: 2, by 5 minutes to 1 day",
        "not compared, with a price in another currency than NOK: 3",
    ]
    assert replay_texts(Replay(), POLICY) == ["no bookings of this clinic to replay"]
    assert replay_texts(Replay(stored=True), POLICY) == ["no stored bookings of this clinic to replay"]


def test_other_changes_in_words() -> None:
    assert other_text(OtherChange("name", "a", "b")) == "name: a → b"
    assert other_text(OtherChange("effective_from", None, "b")) == "effective_from: nothing → b"
    assert other_text(OtherChange("rules", "removed: a", "new: b")) == "rules: removed: a; new: b"
    assert other_text(OtherChange("session_types", "a", "b")) == "session_types: removed: a; new: b"
    assert other_text(OtherChange("session_types", "a", None)) == "session_types: removed: a"
    assert len(other_text(OtherChange("messages.nb.reminder.sms", "x" * 4000, "y" * 4000))) < 450


def test_what_is_left_out_or_not_certain_is_said() -> None:
    two = policy(rule("a"), rule("b"))
    found = Difference((), (region(Condition(), rules=(0, 1)),), 7, 0, (Unsettled(0, None),), 3)
    assert list(remarks(found, two, two)) == [
        "and 6 kinds of bookings more",
        "not settled for 3 pairs of rules, which would take too long to look at:",
        "  a → the clinic's settings",
        "  and 2 more",
    ]
    assert list(remarks(Difference((), (region(Condition()),), 1), two, two)) == []


def lines_of(before: str, after: str) -> list[str]:
    """What the text tells of a difference, not folded."""
    lines: list[str] = []
    print_text(told({FILE: before}, {FILE: after}), lines.append, colour=False, width=400)
    return [line.strip() for line in "".join(lines).splitlines()]


def test_bookings_that_lack_a_fact_are_told_together_a_line_each() -> None:
    rules = "rules: [{id: kari, when: {first_visit: true, location: online}, set: {process: manual}}]\n"
    lines = lines_of(clinic_text(), clinic_text(rules))
    assert lines[1] == "1 kind of booking is treated differently, and 6 kinds that lack a fact"
    start = lines.index("bookings that lack a fact")
    change = "(no rule: the clinic's own settings → rule kari, line 12)"
    unreached = "whose payer is reached neither by phone nor by email"
    assert lines[start + 1 : lines.index("", start)] == [
        f"- location online · first visit, of which price is not known or {unreached}: undecided → draft {change}",
        f"- first visit, of which location is not known: automatic → undecided {change}",
        f"- price 0.00 NOK · first visit, of which location is not known: no charge → undecided {change}",
        f"- location online, of which first_visit is not known: automatic → undecided {change}",
        f"- location online · price 0.00 NOK, of which first_visit is not known: no charge → undecided {change}",
    ]
    assert "less what" not in " ".join(lines)


def test_whoever_is_not_reached_any_more() -> None:
    mail = "{send: after_appointment, offset: 15m, channels: [email]}"
    lines = lines_of(clinic_text(), clinic_text(notification=mail))
    change = "(no rule: the clinic's own settings)"
    assert (
        f"- bookings that no rule takes, whose payer is not reached by email: automatic → undecided {change}" in lines
    )


def test_of_bookings_that_lack_a_fact_alone() -> None:
    # They were decided either way.
    both = "rules: [{id: a, when: {first_visit: true}, set: {}}, {id: b, when: {first_visit: false}, set: {}}]\n"
    lines = lines_of(clinic_text(), clinic_text(both))
    assert lines[1] == "2 kinds of bookings that lack a fact are treated differently"
    assert "- bookings of which first_visit is not known: automatic → undecided" in "\n".join(lines)
    assert not [line for line in lines if line.startswith("1. ")]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"process": "manual"}, "✓ automatic → ✎ draft (manual payment starts with cash)"),
        ({"process": "manual"}, {}, "✎ draft → ✓ automatic (the link goes out 15m after the appointment)"),
        (
            {"invoice": "{vat_rate: '0'}"},
            {"invoice": "{vat_rate: '12.5', number_prefix: A-}"},
            "✓ automatic; VAT 0 % → 12.5 %; number prefix none → A-",
        ),
        (
            {},
            {"notification": "{send: before_appointment, offset: 1d, channels: [sms]}"},
            "✓ automatic; link 15m after the appointment → 1d before the start; channels sms, email → sms",
        ),
        (
            {"notification": "{send: after_appointment, delivery: first_available}"},
            {"notification": "{send: after_appointment, delivery: all}"},
            "✓ automatic; delivery on the first that reaches the payer → on every channel",
        ),
        (
            {"reminders": "[7d]"},
            {"process": "manual", "manual": "{default_method: card_terminal}"},
            "✓ automatic → ✎ draft (manual payment starts with card terminal); reminders 7d → none",
        ),
    ],
)
def test_what_becomes_of_bookings(before: dict[str, str], after: dict[str, str], said: str) -> None:
    def text(keys: dict[str, str]) -> str:
        head = {key: keys[key] for key in ("process", "notification") if key in keys}
        return clinic_text("".join(f"{key}: {keys[key]}\n" for key in keys if key not in head), **head)

    assert said in lines_of(text(before), text(after))


# ---- the comment


def told(before: dict[str, str], after: dict[str, str], **more: Any) -> Told:
    old, new = ([ClinicFile(name, text.encode()) for name, text in files.items()] for files in (before, after))
    plan: Plan = plan_files(old, new, COMPILER)
    return Told(plan, Base("main", "f" * 40), NOW, more.get("replays", {}), {}, more.get("refused", 0))


def many(count: int, rules: int = 0, **keys: str) -> dict[str, str]:
    written = "".join(
        f"  - {{id: r{n}, when: {{practitioner: p{n}}}, set: {{reminders: [{n + 1}d]}}}}\n" for n in range(rules)
    )
    more = f"rules:\n{written}" if rules else ""
    return {f"clinics/c{n}.yaml": clinic_text(more, clinic=f"c{n}", **keys) for n in range(count)}


@pytest.mark.parametrize(("clinics", "rules"), [(1, 0), (3, 40), (40, 20), (1_000, 0)])
def test_a_comment_fits_and_says_what_it_leaves_out(clinics: int, rules: int) -> None:
    later = many(clinics, rules, notification="{send: after_appointment, offset: 30m}")
    text = markdown_of(told(many(clinics, rules), later))
    assert len(text.encode()) <= LONGEST
    assert text.count("<details>") == text.count("</details>")
    shown, kinds = text.count("\n### "), sum(map(int, re.findall(r"\((\d+) kinds? of booking", text)))
    every = clinics * (rules + 1)
    tail = text.splitlines()[-1]
    if shown == clinics and kinds == every:
        assert "Left out here" not in text
        assert clinics < 40
    else:
        kinds_of = r"(?:([\d,]+) kinds? of bookings?)?(?:, [\d,]+ other details?)?"
        left = re.fullmatch(rf"Left out here: (?:(\d+) clinic files?)?(?:, )?{kinds_of}\. .*", tail)
        assert left is not None, tail
        assert int(left[1] or 0) == clinics - shown
        assert int((left[2] or "0").replace(",", "")) == shown * (rules + 1) - kinds


def test_what_is_beside_decisions_may_be_left_out_too() -> None:
    messages = "".join(
        f"  {language}:\n    payment_link: {{subject: '{'s' * 200}', email: '{'x' * 900} {{{{ link }}}}'}}\n"
        for language in ("nb", "sv", "da", "fi", "de", "fr", "es", "it", "pl")
    )
    more = f"messages:\n{messages}"
    text = markdown_of(told(many(60), {name: file + more for name, file in many(60).items()}))
    assert len(text.encode()) <= LONGEST
    assert re.search(r"^Left out here: \d+ other details\. ", text.splitlines()[-1])


def test_nothing_that_others_write_counts_as_markup() -> None:
    hostile = "@all <b>x</b> `x` | [x](http://x.example) **x** </details> \u202e"
    rules = f"rules: [{{id: r, when: {{practitioner: {hostile!r}}}, set: {{process: manual}}}}]\n"
    text = markdown_of(told({FILE: clinic_text()}, {FILE: clinic_text(rules, name=f'"{hostile[:60]}"')}))
    own = ("<details>", "<summary>", "</summary>", "</details>", "<br>", "**")
    for tag in own:
        text = text.replace(tag, "")
    assert not re.search(r"[<@\u202e]|\]\(|http://|`x`", text)


def test_without_a_change_a_comment_says_so() -> None:
    text = markdown_of(told({FILE: clinic_text()}, {FILE: clinic_text()}, refused=2))
    assert text.splitlines()[2:] == [
        "**no clinic file differs from main (ffffffffff)**",
        "",
        "2 records refused, and not replayed",
    ]


def test_the_text_folds_and_colours_only_a_terminal() -> None:
    of = told({FILE: clinic_text()}, {FILE: clinic_text(process="manual", name="x" * 100)}, refused=1)
    for colour in (False, True):
        lines: list[str] = []
        print_text(of, lines.append, colour=colour, width=60)
        text = "".join(lines)
        assert ("\x1b[" in text) == colour
        assert "1 record refused, and not replayed" in text
    plain: list[str] = []
    print_text(of, plain.append, colour=False, width=60)
    # A word that is too long for a line stays whole.
    assert all(len(line) <= 60 or "xxx" in line for line in "".join(plain).splitlines())
    assert plain[0].startswith(CLINIC)
