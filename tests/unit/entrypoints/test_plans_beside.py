"""What a plan tells beside its kinds of bookings, and in which order it tells these."""

import re

import pytest
from tests.builders import CLINIC, FILE, clinic_text
from tests.unit.entrypoints.test_plans import lines_of, told

from payrules.app.planning import ClinicPlan, Kind
from payrules.app.replay import Replay
from payrules.domain.difference import Difference
from payrules.entrypoints.plans.markdown import markdown_of
from payrules.entrypoints.plans.objects import clinic_object
from payrules.entrypoints.plans.words import besides_texts, not_in_force_texts, replay_texts

LATER = "{send: after_appointment, offset: 30m}"
MORE = "more changes than that: 1 kind of booking besides;"


def test_bookings_of_a_removed_file_are_counted() -> None:
    assert replay_texts(Replay(bookings=1), None) == ["1 booking is of a clinic without a file, and not compared"]
    assert replay_texts(Replay(bookings=2000), None) == [
        "2,000 bookings are of a clinic without a file, and not compared"
    ]


def test_what_is_not_in_force_in_words() -> None:
    digest = f"sha256:{'a' * 64}"
    assert list(not_in_force_texts({"fjord": digest, "north": None})) == [
        "fjord: in force: sha256:aaaaaaaaaaaa, which is not this file",
        "north: in force: nothing, which is not this file",
    ]
    *named, more = not_in_force_texts({f"c{n}": None for n in range(25)})
    assert (len(named), more) == (20, "and 5 clinics more whose file is not what is in force")


MANUAL = "once payments are active, 1 kind of booking would be treated differently"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"timezone": "Europe/Stockholm"}, []),
        (
            {},
            {"timezone": "Europe/Stockholm", "notification": LATER},
            [f"{MORE} change the time zone in a commit of its own to see which"],
        ),
        (
            {},
            {"timezone": "Europe/Stockholm", "currency": "SEK", "notification": LATER},
            [f"{MORE} change the time zone and the currency in a commit of its own to see which"],
        ),
        ({"payments": "inactive"}, {"payments": "inactive", "name": "x"}, []),
        ({"payments": "inactive"}, {"payments": "inactive", "notification": LATER}, [MANUAL]),
        (
            {"payments": "inactive"},
            {"payments": "inactive", "timezone": "Europe/Stockholm", "process": "manual"},
            [MANUAL.replace("1 kind of booking", "all bookings that are billed")],
        ),
        ({}, {"payments": "inactive", "notification": LATER}, []),
    ],
)
def test_what_the_headline_hides(before: dict[str, str], after: dict[str, str], said: list[str]) -> None:
    of = told({FILE: clinic_text(**before)}, {FILE: clinic_text(**after)})
    (plan,) = of.plan.clinics
    assert besides_texts(plan) == said
    assert clinic_object(plan, of)["difference"]["besides"] == (
        None
        if plan.besides is None
        else {"whole": list(plan.besides.whole), "found": plan.besides.found, "unsettled_found": 0}
    )
    assert all(line in markdown_of(of) for line in said)


def test_what_is_hidden_may_be_unsettled() -> None:
    hidden = Difference(unsettled_found=1)
    plan = ClinicPlan(CLINIC, FILE, Kind.CHANGED, difference=Difference(("timezone",)), besides=hidden)
    assert "more changes than that: perhaps some kinds of bookings besides" in besides_texts(plan)[0]


def test_kinds_are_numbered_as_they_are_shown() -> None:
    rules = "".join(f"  - {{id: r{n}, when: {{session_type: s{n}}}, set: {{process: manual}}}}\n" for n in range(3))
    types = "".join(f"  s{n}: {{name: s, price: '100.00'}}\n" for n in range(3))
    old = f"session_types:\n{types}rules:\n{rules}"
    new = old.replace("{session_type: s0}, set: {process: manual}", "{session_type: s0}, set: {process: automatic}")
    new = new.replace("{session_type: s1}, set: {process: manual}", "{session_type: s1}, set: {reminders: [7d]}")
    new = new.replace("{session_type: s2}, set: {process: manual}", "{session_type: s2}, set: {process: automatic}")
    of = told({FILE: clinic_text(old)}, {FILE: clinic_text(new)})
    lines = lines_of(clinic_text(old), clinic_text(new))
    shown = [line for line in lines if re.match(r"\d+\. ", line)]
    assert [int(line.split(".")[0]) for line in shown] == list(range(1, len(shown) + 1))
    assert shown == ["1. session type s0", "2. session type s2", "3. session type s1"]
    regions = clinic_object(of.plan.clinics[0], of)["difference"]["regions"]
    assert [region["where"]["session_type"] for region in regions[:3]] == [["s0"], ["s2"], ["s1"]]
    assert [region["example"]["id"] for region in regions] == [f"example-{n}" for n in range(1, len(regions) + 1)]
