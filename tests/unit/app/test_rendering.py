"""A decision for people and machines: one line of `simulate --format json`.

The head of a clinic file has eleven lines, `process` the tenth and `notification` the eleventh; what a test adds
begins on line 12.
"""

from typing import Any

import pytest
from tests.builders import FILE, clinic_text, simulated


def rendered(text: str, **changes: Any) -> dict[str, Any]:
    return simulated(text, **changes).rendered()


def action(
    kind: str, due_at: str, due_local: str, channel: str | None = None, shifted_by: str | None = None
) -> dict[str, Any]:
    return {"type": kind, "channel": channel, "due_at": due_at, "due_local": due_local, "shifted_by": shifted_by}


def test_an_automatic_decision_as_a_whole() -> None:
    found = simulated(clinic_text('invoice: {vat_rate: "25.00", number_prefix: FF-}\n'))
    assert found.version is not None
    assert found.rendered() == {
        "booking_id": "bk-1",
        "clinic": "fjord-fysio",
        "digest": found.version.digest,
        "outcome": "automatic",
        "reason": "process_automatic",
        "rule": None,
        "reasons": [
            "no rule matches, so the clinic's defaults decide",
            f"`process` is `automatic` ({FILE}:10)",
            (
                "the link goes out 15m after the appointment, on every channel of `sms` and `email` that reaches the "
                f"payer ({FILE}:11)"
            ),
        ],
        "price": {"amount": "1250.00", "currency": "NOK"},
        # Issued on 1 December, payable 14 days later; 1250 × 25 / 125 = 250.
        "invoice": {
            "issued_on": "2026-12-01",
            "payable_by": "2026-12-15",
            "vat_rate": "25",
            "vat": {"amount": "250.00", "currency": "NOK"},
            "number_prefix": "FF-",
        },
        "default_method": None,
        "actions": [
            action("create_invoice", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00"),
            action("issue_invoice", "2026-12-01T10:05:00Z", "2026-12-01T11:05:00+01:00"),
            action("send_payment_link", "2026-12-01T10:05:00Z", "2026-12-01T11:05:00+01:00", "sms"),
            action("send_payment_link", "2026-12-01T10:05:00Z", "2026-12-01T11:05:00+01:00", "email"),
        ],
        "missing": [],
    }


MANUAL = clinic_text("manual: {default_method: card_terminal}\n", process="manual", without=["notification"])


def test_a_draft_as_a_whole() -> None:
    found = simulated(MANUAL)
    assert found.version is not None
    assert found.rendered() == {
        "booking_id": "bk-1",
        "clinic": "fjord-fysio",
        "digest": found.version.digest,
        "outcome": "draft",
        "reason": "process_manual",
        "rule": None,
        "reasons": [
            "no rule matches, so the clinic's defaults decide",
            f"`process` is `manual` ({FILE}:10)",
            "a person checks the draft and sends the link",
        ],
        "price": {"amount": "1250.00", "currency": "NOK"},
        # Nobody knows when it is issued.
        "invoice": {
            "issued_on": None,
            "payable_by": None,
            "vat_rate": "0",
            "vat": {"amount": "0.00", "currency": "NOK"},
            "number_prefix": "",
        },
        "default_method": "card_terminal",
        "actions": [action("create_invoice", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00")],
        "missing": [],
    }


def test_a_draft_without_a_price_has_no_vat_and_says_what_is_missing() -> None:
    found = rendered(MANUAL, price=None)
    assert (found["outcome"], found["reason"]) == ("draft", "process_manual")
    assert (found["price"], found["missing"]) == (None, ["price"])
    assert found["invoice"]["vat"] is None
    assert found["reasons"][-1] == "the draft cannot be sent before somebody gives it a price"


def test_keys_are_the_same_whatever_comes_out() -> None:
    keys = set(rendered(clinic_text()))
    for other in (
        rendered(MANUAL),
        rendered(clinic_text(payments="inactive")),
        rendered(clinic_text("effective_from: 2027-01-01T00:00\n")),
        rendered(clinic_text(), price=None),
    ):
        assert set(other) == keys


EMPTY: dict[str, Any] = {"invoice": None, "default_method": None, "actions": []}


@pytest.mark.parametrize(
    ("text", "changes", "expected", "reasons"),
    [
        (
            clinic_text(payments="inactive"),
            {},
            {"outcome": "externally_billed", "reason": "payments_inactive", "missing": []},
            [f"`payments` is `inactive` ({FILE}:9)"],
        ),
        (
            clinic_text("manual: {create_draft: false}\n", process="manual"),
            {},
            {"outcome": "externally_billed", "reason": "manual_without_drafts", "missing": []},
            [
                "no rule matches, so the clinic's defaults decide",
                f"`process` is `manual` ({FILE}:10)",
                f"`manual.create_draft` is `false`: billed elsewhere ({FILE}:12)",
            ],
        ),
        (
            clinic_text(),
            {"price": {"amount": "0.00", "currency": "NOK"}},
            {"outcome": "no_charge", "reason": "price_zero", "missing": []},
            ["no rule matches, so the clinic's defaults decide", "the price is zero: nothing is invoiced"],
        ),
        (
            clinic_text(),
            {"price": None},
            {"outcome": "undecided", "reason": "missing_price", "missing": ["price"]},
            [
                "no rule matches, so the clinic's defaults decide",
                f"`process` is `automatic` ({FILE}:10)",
                "neither the booking nor the price list tells a price",
            ],
        ),
        (
            clinic_text(),
            {"client": {"id": "c"}},
            {"outcome": "undecided", "reason": "no_reachable_channel", "missing": ["client.phone", "client.email"]},
            [
                "no rule matches, so the clinic's defaults decide",
                f"`process` is `automatic` ({FILE}:10)",
                "no channel reaches the payer: `sms` and `email` are wanted",
            ],
        ),
    ],
)
def test_outcomes_without_an_invoice(
    text: str, changes: dict[str, Any], expected: dict[str, Any], reasons: list[str]
) -> None:
    found = rendered(text, **changes)
    assert {key: found[key] for key in expected | EMPTY} == expected | EMPTY
    assert found["reasons"] == reasons


RULES = """\
rules:
  # A remark.
  - id: first-visit
    when: {first_visit: true}
    set:
      process: manual
      manual:
        default_method: gift_card
  - why: closed
    id: weekend
    when: {weekday: [sat, sun]}
    set: {}
"""


def test_a_rule_is_named_with_its_file_and_line() -> None:
    found = rendered(clinic_text(RULES), first_visit=True)
    assert found["rule"] == {"id": "first-visit", "file": FILE, "line": 14}
    assert found["reasons"][:2] == [
        f"the rule `first-visit` decides ({FILE}:14)",
        f"`process` is `manual` ({FILE}:17)",
    ]
    assert found["default_method"] == "gift_card"


def test_the_rule_that_could_not_be_settled_is_named_with_the_fact() -> None:
    found = rendered(clinic_text(RULES))
    assert (found["outcome"], found["reason"], found["missing"]) == ("undecided", "missing_fact", ["first_visit"])
    assert found["rule"] == {"id": "first-visit", "file": FILE, "line": 14}
    assert found["reasons"] == [f"the rule `first-visit` ({FILE}:14) cannot be settled without `first_visit`"]


def test_before_the_first_activation_there_is_no_version() -> None:
    found = rendered(clinic_text("effective_from: 2026-12-01T00:00\n"))
    assert (found["outcome"], found["reason"]) == ("externally_billed", "booked_before_activation")
    assert (found["digest"], found["rule"]) == (None, None)
    assert {key: found[key] for key in EMPTY} == EMPTY
    [reason] = found["reasons"]
    # Booked 24 November 09:00, in force from midnight, both in Oslo.
    assert "2026-11-24T08:00:00Z" in reason
    assert "2026-11-30T23:00:00Z" in reason


def times(found: dict[str, Any], kind: str) -> list[tuple[Any, ...]]:
    return [(a["channel"], a["due_at"], a["due_local"], a["shifted_by"]) for a in found["actions"] if a["type"] == kind]


def test_local_times_are_the_clinics_whatever_the_payers() -> None:
    text = clinic_text(notification="{send: after_booking}", timezone="America/New_York", currency="USD", country="US")
    client = {"id": "c", "phone": "+1 202-555-0101", "timezone": "Asia/Tokyo"}
    found = rendered(text, client=client, price={"amount": "90.00", "currency": "USD"})
    # Booked 08:00 in UTC, 03:00 in New York.
    assert times(found, "send_payment_link") == [("sms", "2026-11-24T08:00:00Z", "2026-11-24T03:00:00-05:00", None)]


def test_the_night_that_has_an_hour_twice() -> None:
    for ends_at, local in [
        ("2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+01:00"),
    ]:
        found = rendered(
            clinic_text(), starts_at="2026-10-25T01:00+02:00", ends_at=ends_at, booked_at="2026-10-01T09:00Z"
        )
        assert {row[2] for row in times(found, "send_payment_link")} == {local}


def test_times_have_no_parts_of_seconds() -> None:
    found = rendered(
        clinic_text(), booked_at="2026-11-24T09:00:00.123456+01:00", ends_at="2026-12-01T10:50:00.900+01:00"
    )
    for entry in found["actions"]:
        assert len(entry["due_at"]) == len("2026-11-24T08:00:00Z")
        assert len(entry["due_local"]) == len("2026-11-24T09:00:00+01:00")


@pytest.mark.parametrize(
    ("timezone", "ends_at", "issued_on", "payable_by"),
    [
        # Issued 15 minutes after the end, on the clinic's day.
        ("Europe/Oslo", "2026-12-01T22:30:00Z", "2026-12-01", "2026-12-15"),
        ("Europe/Oslo", "2026-12-01T22:45:00Z", "2026-12-02", "2026-12-16"),
        ("America/New_York", "2026-12-02T04:30:00Z", "2026-12-01", "2026-12-15"),
        ("Asia/Tokyo", "2026-12-01T15:00:00Z", "2026-12-02", "2026-12-16"),
        ("Europe/Oslo", "2026-12-20T12:00:00Z", "2026-12-20", "2027-01-03"),
        # Over the night the clocks change.
        ("Europe/Oslo", "2027-03-20T12:00:00Z", "2027-03-20", "2027-04-03"),
        # In Nuuk clocks jump from 23:00 on Saturday 27 March 2027 to midnight: the day is Saturday all the same.
        ("America/Nuuk", "2027-03-14T01:15:00Z", "2027-03-13", "2027-03-27"),
    ],
)
def test_days_of_issue_and_payment_are_the_clinics(
    timezone: str, ends_at: str, issued_on: str, payable_by: str
) -> None:
    text = clinic_text(timezone=timezone)
    found = rendered(text, starts_at="2026-12-01T10:00:00+01:00", ends_at=ends_at)["invoice"]
    assert (found["issued_on"], found["payable_by"]) == (issued_on, payable_by)


def test_payment_within_no_days_is_on_the_day_of_issue() -> None:
    found = rendered(clinic_text("invoice: {due_in: 0d}\n"))["invoice"]
    assert (found["issued_on"], found["payable_by"]) == ("2026-12-01", "2026-12-01")


@pytest.mark.parametrize(
    ("country", "currency", "amount", "rate", "price", "vat"),
    [
        ("JP", "JPY", "5000", "10", "5000", "455"),  # 5000 × 10 / 110 = 454.5…
        ("KW", "KWD", "12.5", "5", "12.500", "0.595"),  # 12.500 × 5 / 105 = 0.5952…
        ("NO", "NOK", "99.90", "0", "99.90", "0.00"),
        ("CH", "CHF", "100", "8.1", "100.00", "7.49"),  # 100 × 8.1 / 108.1 = 7.493…
        ("GB", "GBP", "0.03", "20", "0.03", "0.01"),  # half a penny goes up
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    country: str, currency: str, amount: str, rate: str, price: str, vat: str
) -> None:
    text = clinic_text(f"invoice: {{vat_rate: '{rate}'}}\n", country=country, currency=currency)
    found = rendered(text, price={"amount": amount, "currency": currency})
    assert found["price"] == {"amount": price, "currency": currency}
    assert found["invoice"]["vat"] == {"amount": vat, "currency": currency}
    assert found["invoice"]["vat_rate"] == rate


PRICES = "session_types:\n  a: {name: A}\n  b:\n    name: B\n    price: '500'\n"


def test_a_price_of_the_price_list_is_shown_with_its_line() -> None:
    found = rendered(clinic_text(PRICES), price=None, session_type="b")
    assert found["price"] == {"amount": "500.00", "currency": "NOK"}
    assert f"the price comes from the price list ({FILE}:16)" in found["reasons"]
    own = rendered(clinic_text(PRICES), session_type="b")
    assert not any("price list" in reason for reason in own["reasons"])


NIGHT = clinic_text(
    "reminders: [7d]\n",
    notification="{send: after_appointment, offset: 15m, quiet_hours: {from: '21:00', to: '08:00', channels: [sms]}}",
)


def test_what_quiet_hours_moved_is_said() -> None:
    found = rendered(NIGHT, starts_at="2026-12-01T21:00+01:00", ends_at="2026-12-01T22:00+01:00")
    assert times(found, "send_payment_link") == [
        ("email", "2026-12-01T21:15:00Z", "2026-12-01T22:15:00+01:00", None),
        ("sms", "2026-12-02T07:00:00Z", "2026-12-02T08:00:00+01:00", "quiet_hours"),
    ]
    assert found["reasons"][-2:] == [
        f"sms link: waits for the end of the quiet hours 21:00-08:00 ({FILE}:11)",
        f"sms reminder 1: waits for the end of the quiet hours 21:00-08:00 ({FILE}:11)",
    ]
    assert f"reminders 7d after the link, until paid ({FILE}:12)" in found["reasons"]


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Asia/Tokyo", " in the payer's time, Asia/Tokyo"), ("Europe/Oslo", ""), (None, "")],
)
def test_whose_quiet_hours_is_said_where_the_payer_lives_elsewhere(zone: str | None, words: str) -> None:
    payer = {"kind": "guardian", "phone": "+47 990 00 002", "timezone": zone}
    # Night in Oslo and in Tokyo alike.
    found = rendered(NIGHT, payer=payer, starts_at="2026-12-01T21:00+01:00", ends_at="2026-12-01T22:00+01:00")
    reasons = [reason for reason in found["reasons"] if reason.startswith("sms link")]
    assert reasons == [f"sms link: waits for the end of the quiet hours 21:00-08:00 ({FILE}:11){words}"]


def test_what_came_too_late_is_said() -> None:
    text = clinic_text(notification="{send: before_appointment, offset: 30d}")
    found = rendered(text)
    assert {row[3] for row in times(found, "send_payment_link")} == {"not_before"}
    assert "sms link: its time had passed when it was booked, so it is due at once" in found["reasons"]


def test_a_channel_that_reaches_nobody_is_said() -> None:
    found = rendered(clinic_text(), client={"id": "c", "email": "a@client.example"})
    assert [row[0] for row in times(found, "send_payment_link")] == ["email"]
    assert "no sms: the booking has no `client.phone`" in found["reasons"]
    payer = {"kind": "insurer", "phone": "+47 990 00 002"}
    found = rendered(clinic_text(), payer=payer)
    assert "no email: the booking has no `payer.email`" in found["reasons"]


@pytest.mark.parametrize(
    ("notification", "words"),
    [
        ("{send: after_booking}", "right after booking"),
        ("{send: after_booking, offset: 2d}", "2d after booking"),
        ("{send: before_appointment, offset: 1d}", "1d before the appointment"),
        ("{send: before_appointment}", "at the start of the appointment"),
        ("{send: after_appointment}", "right after the appointment"),
        ("{send: after_booking, channels: [email]}", "on every channel of `email`"),
        ("{send: after_booking, delivery: first_available}", "on the first channel of `sms` and `email`"),
    ],
)
def test_when_and_how_the_link_goes_out_is_said(notification: str, words: str) -> None:
    assert any(words in reason for reason in rendered(clinic_text(notification=notification))["reasons"])


def test_no_reason_tells_a_clients_name_or_address() -> None:
    client = {"id": "client-77", "name": "Zebulon Quist", "email": "zq@client.example", "phone": "+47 990 00 123"}
    for text in (clinic_text(), clinic_text(RULES), MANUAL, NIGHT):
        line = str(simulated(text, client=client).rendered(explain=True))
        for secret in ("client-77", "Zebulon", "zq@", "990 00"):
            assert secret not in line
