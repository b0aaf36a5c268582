"""Why, and why not: what became of every rule, and where every setting was written."""

from typing import Any

import pytest
from tests.builders import clinic_text, simulated


def explained(text: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = simulated(text, **changes).rendered(explain=True)["explain"]
    return found


def rules(text: str, **changes: Any) -> list[tuple[str, str, str | None, str | None, str | None]]:
    """Id, result, condition, wanted and actual of every rule."""
    return [
        (r["id"], r["result"], r["condition"], r["wanted"], r["actual"]) for r in explained(text, **changes)["rules"]
    ]


def ruled(*whens: str) -> str:
    return clinic_text(
        "rules:\n"
        + "".join(f"  - {{id: r{n}, when: {{{when}}}, set: {{process: manual}}}}\n" for n, when in enumerate(whens))
    )


def test_there_is_no_explanation_unless_it_is_asked_for() -> None:
    assert "explain" not in simulated(clinic_text()).rendered()


def test_every_rule_is_told_in_order() -> None:
    text = ruled("first_visit: true", "session_type: couples", "weekday: tue", "weekday: sat")
    # 1 December 2026 is a Tuesday.
    assert rules(text, first_visit=False, session_type="couples") == [
        ("r0", "failed", "first_visit", "true", "false"),
        ("r1", "matched", None, None, None),
        # It would have matched, too late.
        ("r2", "later", None, None, None),
        ("r3", "failed", "weekday", "sat", "tue"),
    ]


def test_lines_of_rules() -> None:
    found = explained(ruled("first_visit: true", "weekday: sat"), first_visit=True)["rules"]
    assert [r["line"] for r in found] == [13, 14]


def test_the_line_of_a_rule_is_where_it_begins_whatever_key_is_first() -> None:
    text = clinic_text("""\
rules:
  - why: prepaid
    when: {first_visit: true}
    set: {process: manual}
    id: last
""")
    found = simulated(text, first_visit=True).rendered(explain=True)
    assert (found["rule"]["line"], found["explain"]["rules"][0]["line"]) == (13, 13)
    assert found["reasons"][0].endswith(":13)")


@pytest.mark.parametrize(
    ("when", "changes", "condition", "wanted", "actual"),
    [
        ("session_type: a", {"session_type": "b"}, "session_type", "a", "b"),
        ("session_type: [b, a]", {"session_type": "c"}, "session_type", "a or b", "c"),
        ("practitioner: p-1", {"practitioner": "p-2"}, "practitioner", "p-1", "p-2"),
        ("location: [online, phone]", {"location": "in_person"}, "location", "online or phone", "in_person"),
        ("payer: insurer", {}, "payer", "insurer", "client"),
        ("payer: insurer", {"payer": {"kind": "public"}}, "payer", "insurer", "public"),
        (
            "client_tags: {any: [a, b]}",
            {"client": {"id": "c", "tags": ["d", "c"]}},
            "client_tags",
            "any a or b",
            "c, d",
        ),
        ("client_tags: {all: [a, b]}", {"client": {"id": "c", "tags": ["a"]}}, "client_tags", "all a and b", "a"),
        ("client_tags: {none: [a]}", {"client": {"id": "c", "tags": ["a"]}}, "client_tags", "none a", "a"),
        ("client_tags: {any: [a]}", {"client": {"id": "c", "tags": []}}, "client_tags", "any a", "no tags"),
        ("price: {at_least: '2000.50'}", {}, "price", "at_least 2000.5", "1250.00 NOK"),
        ("price: {at_least: '1', below: '1250'}", {}, "price", "at_least 1, below 1250", "1250.00 NOK"),
        ("duration: {at_least: 90m}", {}, "duration", "at_least 90m", "50m"),
        ("lead_time: {below: 1d}", {}, "lead_time", "below 1d", "169h"),
        ("lead_time: {at_least: 0m}", {"booked_at": "2026-12-01T12:00+01:00"}, "lead_time", "at_least 0m", "-2h"),
        ("lead_time: {at_least: 0m}", {"booked_at": "2026-12-01T10:00:30+01:00"}, "lead_time", "at_least 0m", "-30s"),
        ("lead_time: {at_least: 2m}", {"booked_at": "2026-12-01T09:58:30+01:00"}, "lead_time", "at_least 2m", "1m 30s"),
        ("weekday: [sun, sat]", {}, "weekday", "sat or sun", "tue"),
        ("starts_on: {from: 2027-07-01}", {}, "starts_on", "from 2027-07-01", "2026-12-01"),
        ("start_time: {from: '18:00', to: '23:00'}", {}, "start_time", "from 18:00, to 23:00", "10:00"),
        ("first_visit: false", {"first_visit": True}, "first_visit", "false", "true"),
    ],
)
def test_a_condition_that_failed_is_told_with_what_was_there(
    when: str, changes: dict[str, Any], condition: str, wanted: str, actual: str
) -> None:
    assert rules(ruled(when), **changes) == [("r0", "failed", condition, wanted, actual)]


def test_bounds_are_told_from_the_lower_to_the_upper() -> None:
    text = ruled("starts_on: {from: 2027-07-01, before: 2027-08-01}")
    assert rules(text) == [("r0", "failed", "starts_on", "from 2027-07-01, before 2027-08-01", "2026-12-01")]


def test_the_first_condition_that_failed_is_the_first_in_the_file() -> None:
    assert rules(ruled("weekday: sat, payer: insurer"))[0][2] == "weekday"
    assert rules(ruled("payer: insurer, weekday: sat"))[0][2] == "payer"
    assert rules(ruled("weekday: tue, payer: insurer"))[0][2] == "payer"


def test_a_condition_that_failed_counts_more_than_one_that_is_unknown() -> None:
    assert rules(ruled("first_visit: true, weekday: sat")) == [("r0", "failed", "weekday", "sat", "tue")]


def test_a_rule_that_could_not_be_settled_is_told_with_the_unknown_fact() -> None:
    found = rules(ruled("weekday: tue, first_visit: true", "weekday: tue", "session_type: a"))
    assert found == [
        ("r0", "unknown", "first_visit", "true", None),
        ("r1", "later", None, None, None),
        ("r2", "unknown", "session_type", "a", None),
    ]


def settings(text: str, **changes: Any) -> dict[str, tuple[str, str, int | None]]:
    return {s["setting"]: (s["value"], s["source"], s["line"]) for s in explained(text, **changes)["settings"]}


def test_settings_of_a_file_that_says_little_are_defaults() -> None:
    assert settings(clinic_text(notification="{send: after_booking}")) == {
        "process": ("automatic", "file", 10),
        "notification.send": ("after_booking", "file", 11),
        "notification.offset": ("0m", "default", None),
        "notification.channels": ("sms, email", "default", None),
        "notification.delivery": ("all", "default", None),
        "notification.quiet_hours": ("none", "default", None),
        "reminders": ("none", "default", None),
        "manual.create_draft": ("true", "default", None),
        "manual.default_method": ("cash", "default", None),
        "invoice.due_in": ("14d", "default", None),
        "invoice.vat_rate": ("0", "default", None),
        "invoice.number_prefix": ("none", "default", None),
    }


FULL = clinic_text(
    """\
reminders: [7d, 1d]
invoice:
  due_in: 30d
  vat_rate: "25.0"
rules:
  - id: sat
    when: {weekday: tue}
    set:
      notification:
        send: before_appointment
        channels: [email]
      invoice: {number_prefix: S-}
""",
    notification="{send: after_booking, offset: 2h, quiet_hours: {from: '21:00', to: '08:00'}}",
)


def test_every_setting_is_told_with_the_line_it_was_written_on() -> None:
    found = settings(FULL)
    assert found["process"] == ("automatic", "file", 10)
    assert found["notification.send"] == ("before_appointment", "rule sat", 21)
    # Not written in the rule: naming `send` set it.
    assert found["notification.offset"] == ("0m", "rule sat", 21)
    assert found["notification.channels"] == ("email", "rule sat", 22)
    assert found["notification.quiet_hours"] == ("21:00-08:00 (email, sms)", "file", 11)
    assert found["notification.delivery"] == ("all", "default", None)
    assert found["reminders"] == ("1d, 7d", "file", 12)
    assert found["invoice.due_in"] == ("30d", "file", 14)
    assert found["invoice.vat_rate"] == ("25", "file", 15)
    assert found["invoice.number_prefix"] == ("S-", "rule sat", 23)


def test_without_terms_there_are_no_settings_to_tell() -> None:
    undecided = explained(ruled("first_visit: true"))
    assert undecided["settings"] == []
    before = explained(clinic_text("effective_from: 2027-01-01T00:00\n"))
    assert before == {"settings": [], "rules": []}


def test_rules_of_an_inactive_clinic_never_matched() -> None:
    text = clinic_text("rules:\n  - {id: r0, when: {weekday: tue}, set: {process: manual}}\n", payments="inactive")
    assert [result for _, result, *_ in rules(text)] == ["later"]
