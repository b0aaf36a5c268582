"""What a policy test expects, compared with what comes out."""

from typing import Any

import pytest
from tests.builders import simulated

from payrules.app.expected import Mismatch, compare
from payrules.compiler.policy_tests import PolicyTest

CLINIC = (
    "payrules: 1\nclinic: fjord-fysio\nname: Fjord\ncountry: NO\nlanguage: nb\n"
    "contact: {email: post@fjord.example}\ntimezone: Europe/Oslo\ncurrency: NOK\npayments: active\n"
    "process: automatic\n"
    'notification: {send: after_appointment, offset: 15m, quiet_hours: {from: "11:00", to: "13:00", channels: [sms]}}\n'
    'reminders: [7d]\ninvoice: {vat_rate: "25"}\n'
    "rules: [{id: by-hand, when: {first_visit: true}, set: {process: manual}}]\n"
)


def mismatches(expect: dict[str, Any], **changes: Any) -> list[Mismatch]:
    """What a booking's decision has that is not as expected; the visit is not the first."""
    one = simulated(CLINIC, **({"first_visit": False} | changes))
    return list(compare(PolicyTest("a", 1, one.booking, expect), one.rendered()))


@pytest.mark.parametrize(
    "expect",
    [
        {"outcome": "automatic", "reason": "process_automatic", "rule": None},
        {"price": "1250"},
        {"price": "1250.00", "missing": [], "default_method": None},
        {"links": [{"at": "2026-12-01T11:05"}, {"at": "2026-12-01T13:00"}]},
        {
            "links": [
                {"at": "2026-12-01T11:05:00", "channels": ["email"]},
                {"at": "2026-12-01T13:00", "channels": ["sms"]},
            ]
        },
        {"links": [{"at": "2026-12-01T10:05Z"}, {"at": "2026-12-01T13:00", "shifted_by": "quiet_hours"}]},
        {"reminders": [{"at": "2026-12-08T11:05"}, {"at": "2026-12-08T13:00"}]},
        {"invoice": {"vat": "250", "vat_rate": "25.0", "payable_by": "2026-12-15", "number_prefix": ""}},
    ],
)
def test_what_comes_out_is_as_expected(expect: dict[str, Any]) -> None:
    assert mismatches(expect) == []


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ({"outcome": "draft"}, [("outcome", "draft", "automatic")]),
        ({"rule": "by-hand"}, [("rule", "by-hand", None)]),
        ({"price": "1250.01", "outcome": "automatic"}, [("price", "1250.01", "1250.00")]),
        ({"price": None}, [("price", None, "1250.00")]),
        (
            {"links": []},
            [
                (
                    "links",
                    [],
                    [
                        {"at": "2026-12-01T11:05", "channels": ["email"]},
                        {"at": "2026-12-01T13:00", "channels": ["sms"]},
                    ],
                )
            ],
        ),
        (
            {"links": [{"at": "2026-12-01T11:05"}]},
            [("links", [{"at": "2026-12-01T11:05"}], [{"at": "2026-12-01T11:05"}, {"at": "2026-12-01T13:00"}])],
        ),
        (
            {"links": [{"at": "2026-12-01T11:05+02:00"}, {"at": "2026-12-01T13:00"}]},
            [
                (
                    "links",
                    [{"at": "2026-12-01T11:05+02:00"}, {"at": "2026-12-01T13:00"}],
                    [{"at": "2026-12-01T11:05+01:00"}, {"at": "2026-12-01T13:00"}],
                )
            ],
        ),
        ({"invoice": {"vat_rate": "0", "vat": "250"}}, [("invoice.vat_rate", "0", "25")]),
        ({"missing": ["price"]}, [("missing", ["price"], [])]),
    ],
)
def test_what_comes_out_otherwise_is_told(expect: dict[str, Any], found: list[tuple[str, Any, Any]]) -> None:
    assert mismatches(expect) == [Mismatch(*one) for one in found]


@pytest.mark.parametrize(
    "named", [{"channels": ["sms"]}, {"channels": ["sms", "email"]}, {"shifted_by": "quiet_hours"}]
)
def test_what_is_named_of_a_message_must_be_so(named: dict[str, Any]) -> None:
    expect = {"links": [{"at": "2026-12-01T11:05", **named}, {"at": "2026-12-01T13:00"}]}
    [mismatch] = mismatches(expect)
    assert mismatch.key == "links"


def test_what_the_invoice_of_an_undecided_booking_says_is_nothing() -> None:
    assert mismatches({"outcome": "undecided", "missing": ["first_visit"], "rule": "by-hand"}, first_visit=None) == []
    assert mismatches({"invoice": {"vat": None}}, first_visit=None) == []
    assert mismatches({"invoice": {"vat": "250.00"}}, first_visit=None) == [Mismatch("invoice.vat", "250.00", None)]


def test_missing_facts_come_in_any_order() -> None:
    client = {"id": "client-1"}
    assert mismatches({"missing": ["client.email", "client.phone"]}, client=client) == []
