"""From a clinic file to the policy: defaults, what a rule lays over them, and conditions in plain units."""

from datetime import date
from typing import Any

import pytest
from tests.builders import clinic_text, compile_text

from payrules.domain.duration import ZERO, Duration
from payrules.domain.money import Decimals
from payrules.domain.policy import (
    Channel,
    Condition,
    DateRange,
    Delivery,
    InvoiceTerms,
    Manual,
    Notification,
    PayerKind,
    PaymentMethod,
    Place,
    Policy,
    Process,
    QuietHours,
    Range,
    Send,
    SessionType,
    TagCondition,
    Terms,
    TimeRange,
)

SMS, EMAIL = Channel.SMS, Channel.EMAIL
BOTH = frozenset({SMS, EMAIL})


def policy(text: str) -> Policy:
    """The policy of a text without errors; warnings are somebody else's."""
    version = compile_text(text, analysis=False).version
    assert version is not None
    return version.policy


def test_the_head_of_a_file() -> None:
    found = policy(clinic_text(payments="inactive"))
    assert (found.clinic, found.name, found.country, found.language, found.contact, found.timezone, found.currency) == (
        "fjord-fysio",
        "Fjord Fysioterapi",
        "NO",
        "nb",
        "post@fjord-fysio.example",
        "Europe/Oslo",
        "NOK",
    )
    assert not found.active
    assert str(found.zone) == "Europe/Oslo"
    assert (found.rules, found.session_types) == ((), {})


def test_defaults_of_a_file_that_says_no_more_than_it_must() -> None:
    # clinic-file.md: offset 0m, channels [sms, email], delivery all; drafts on, cash; 14 days, no VAT, no prefix.
    found = policy(clinic_text(process="automatic", notification="{send: after_booking}"))
    assert found.terms == Terms(
        Process.AUTOMATIC,
        Notification(Send.AFTER_BOOKING, ZERO, (SMS, EMAIL), Delivery.ALL, None),
        (),
        Manual(create_draft=True, default_method=PaymentMethod.CASH),
        InvoiceTerms(Duration(days=14), Decimals(0, 0), ""),
    )


def test_a_manual_clinic_needs_no_notification() -> None:
    found = policy(clinic_text(process="manual", without=["notification"]))
    assert found.terms == Terms(Process.MANUAL)
    assert found.terms.notification.send is None


def test_every_setting_of_a_file() -> None:
    found = policy(
        clinic_text(
            "reminders: [21d, 7d]\n"
            "manual: {create_draft: false, default_method: gift_card}\n"
            "invoice: {due_in: 30d, vat_rate: '12.50', number_prefix: NP-}\n"
            "session_types: {a: {name: A, price: '1250'}, b: {name: B}}\n",
            notification="{send: before_appointment, offset: 2h, channels: [email], delivery: first_available, "
            "quiet_hours: {from: '21:30', to: '08:00', channels: [sms]}}",
        )
    )
    assert found.terms == Terms(
        Process.AUTOMATIC,
        Notification(
            Send.BEFORE_APPOINTMENT,
            Duration(minutes=120),
            (EMAIL,),
            Delivery.FIRST_AVAILABLE,
            QuietHours(21 * 60 + 30, 8 * 60, frozenset({SMS})),
        ),
        (Duration(days=7), Duration(days=21)),
        Manual(create_draft=False, default_method=PaymentMethod.GIFT_CARD),
        InvoiceTerms(Duration(days=30), Decimals(125, 1), "NP-"),
    )
    assert found.session_types == {"a": SessionType("A", 125_000), "b": SessionType("B", None)}


@pytest.mark.parametrize(
    ("currency", "price", "minor"), [("NOK", "1250", 125_000), ("JPY", "5000", 5_000), ("KWD", "12.5", 12_500)]
)
def test_amounts_are_in_minor_units_of_the_currency(currency: str, price: str, minor: int) -> None:
    found = policy(clinic_text(f"session_types: {{a: {{name: A, price: '{price}'}}}}\n", currency=currency))
    assert found.session_types["a"].price == minor


CLINIC = """\
reminders: [7d]
manual: {create_draft: false, default_method: card_terminal}
invoice: {due_in: 30d, vat_rate: "25", number_prefix: NP-}
"""
NOTIFICATION = (
    "{send: after_appointment, offset: 15m, channels: [email, sms], delivery: first_available, "
    "quiet_hours: {from: '21:00', to: '08:00', channels: [sms]}}"
)
BASE = Terms(
    Process.AUTOMATIC,
    Notification(
        Send.AFTER_APPOINTMENT,
        Duration(minutes=15),
        (EMAIL, SMS),
        Delivery.FIRST_AVAILABLE,
        QuietHours(1_260, 480, frozenset({SMS})),
    ),
    (Duration(days=7),),
    Manual(create_draft=False, default_method=PaymentMethod.CARD_TERMINAL),
    InvoiceTerms(Duration(days=30), Decimals(25, 0), "NP-"),
)


def notified(**changes: Any) -> Terms:
    return BASE._replace(notification=BASE.notification._replace(**changes))


@pytest.mark.parametrize(
    ("written", "terms"),
    [
        # `set: {}` is the clinic's defaults.
        ("{}", BASE),
        ("{process: manual}", BASE._replace(process=Process.MANUAL)),
        # Groups merge by key.
        ("{notification: {offset: 1d}}", notified(offset=Duration(days=1))),
        ("{notification: {delivery: all}}", notified(delivery=Delivery.ALL)),
        ("{manual: {create_draft: true}}", BASE._replace(manual=Manual(True, PaymentMethod.CARD_TERMINAL))),
        ("{manual: {default_method: other}}", BASE._replace(manual=Manual(False, PaymentMethod.OTHER))),
        ("{invoice: {due_in: 0d}}", BASE._replace(invoice=InvoiceTerms(ZERO, Decimals(25, 0), "NP-"))),
        ('{invoice: {vat_rate: "0"}}', BASE._replace(invoice=InvoiceTerms(Duration(days=30), Decimals(0, 0), "NP-"))),
        ('{invoice: {number_prefix: ""}}', BASE._replace(invoice=InvoiceTerms(Duration(days=30), Decimals(25, 0), ""))),
        ("{notification: {}, manual: {}, invoice: {}}", BASE),
        # Naming `send` without `offset` sets the offset to 0m, the same `send` too.
        ("{notification: {send: after_booking}}", notified(send=Send.AFTER_BOOKING, offset=ZERO)),
        ("{notification: {send: after_appointment}}", notified(offset=ZERO)),
        (
            "{notification: {offset: 2h, send: before_appointment}}",
            notified(send=Send.BEFORE_APPOINTMENT, offset=Duration(minutes=120)),
        ),
        # What lies deeper, lists included, is replaced whole.
        ("{notification: {channels: [sms]}}", notified(channels=(SMS,))),
        ("{reminders: [1d, 2d]}", BASE._replace(reminders=(Duration(days=1), Duration(days=2)))),
        # The clinic's quiet hours were for text messages; a rule's without channels are for all.
        (
            "{notification: {quiet_hours: {from: '22:00', to: '07:00'}}}",
            notified(quiet_hours=QuietHours(1_320, 420, BOTH)),
        ),
        # `none` and `[]` remove.
        ("{notification: {quiet_hours: none}}", notified(quiet_hours=None)),
        ("{reminders: []}", BASE._replace(reminders=())),
    ],
)
def test_a_rule_lays_its_settings_over_the_clinics(written: str, terms: Terms) -> None:
    rules = f"rules:\n  - {{id: r, when: {{weekday: sat}}, set: {written}}}\n"
    found = policy(clinic_text(CLINIC + rules, notification=NOTIFICATION))
    assert found.terms == BASE
    assert [rule.terms for rule in found.rules] == [terms]


def test_every_rule_lays_over_the_clinics_settings_not_over_another_rules() -> None:
    rules = "rules:\n" + "".join(
        f"  - {{id: {name}, when: {{weekday: sat}}, set: {written}}}\n"
        for name, written in [("a", "{process: manual, reminders: []}"), ("b", "{notification: {offset: 1h}}")]
    )
    found = policy(clinic_text(CLINIC + rules, notification=NOTIFICATION))
    assert found.rules[1].terms == notified(offset=Duration(minutes=60))


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ("session_type: a", Condition(session_type=frozenset({"a"}))),
        ("session_type: [a, b]", Condition(session_type=frozenset({"a", "b"}))),
        ("practitioner: p-1", Condition(practitioner=frozenset({"p-1"}))),
        ("location: [online, phone]", Condition(location=frozenset({Place.ONLINE, Place.PHONE}))),
        ("payer: insurer", Condition(payer=frozenset({PayerKind.INSURER}))),
        (
            "client_tags: {any: [a], all: [b, c], none: [d]}",
            Condition(client_tags=TagCondition(frozenset({"a"}), frozenset({"b", "c"}), frozenset({"d"}))),
        ),
        ("client_tags: {none: [d]}", Condition(client_tags=TagCondition(none_of=frozenset({"d"})))),
        ("price: {at_least: '1250.50'}", Condition(price=Range(125_050, None))),
        ("price: {below: '0.5'}", Condition(price=Range(None, 50))),
        ("price: {at_least: '0', below: '1'}", Condition(price=Range(0, 100))),
        ("duration: {at_least: 50m, below: 2h}", Condition(duration=Range(3_000, 7_200))),
        # In conditions a day is 24 hours.
        ("lead_time: {at_least: 1d}", Condition(lead_time=Range(86_400, None))),
        ("first_visit: false", Condition(first_visit=False)),
        ("weekday: sun", Condition(weekday=frozenset({6}))),
        ("weekday: [mon, sat]", Condition(weekday=frozenset({0, 5}))),
        (
            "starts_on: {from: 2027-07-01, before: 2027-08-01}",
            Condition(starts_on=DateRange(date(2027, 7, 1), date(2027, 8, 1))),
        ),
        ("starts_on: {before: 2027-08-01}", Condition(starts_on=DateRange(None, date(2027, 8, 1)))),
        ("start_time: {from: '18:00', to: '06:30'}", Condition(start_time=TimeRange(1_080, 390))),
        ("weekday: sat, first_visit: true", Condition(weekday=frozenset({5}), first_visit=True)),
    ],
)
def test_conditions(when: str, condition: Condition) -> None:
    found = policy(clinic_text(f"rules:\n  - {{id: r, when: {{{when}}}, set: {{process: manual}}}}\n"))
    assert [rule.when for rule in found.rules] == [condition]


def test_rules_keep_their_order_their_names_and_their_reasons() -> None:
    found = policy(
        clinic_text(
            "rules:\n"
            "  - {id: z, why: the practice asked for it, when: {weekday: sat}, set: {process: manual}}\n"
            "  - {id: a, when: {weekday: sun}, set: {process: manual}}\n"
        )
    )
    assert [(rule.id, rule.why) for rule in found.rules] == [("z", "the practice asked for it"), ("a", "")]
