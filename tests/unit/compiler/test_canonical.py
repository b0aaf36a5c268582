"""The canonical form: one way of writing a meaning, and the digest that names it."""

import hashlib
import json
from typing import Any

import pytest
from tests.builders import CLINIC, FILE, clinic_text, compile_text, version_of

from payrules.compiler.canonical import canonical_text, digest_of

PLAIN = clinic_text()


def form(text: str) -> dict[str, Any]:
    """The canonical form of a clinic file, which may carry warnings."""
    version = compile_text(text).version
    assert version is not None
    found: dict[str, Any] = json.loads(version.canonical)
    return found


def digest(text: str) -> str:
    version = compile_text(text).version
    assert version is not None
    return version.digest


def test_canonical_text_of_a_whole_file() -> None:
    # Sorted keys, no white space, decimals in lowest form; what stands at its default is left out.
    text = clinic_text(
        'invoice: {vat_rate: "25.00", due_in: 14d}\n'
        'session_types: {b: {name: Bé, price: "500.00"}, a: {name: A}}\n'
        "rules:\n"
        "  - {id: r, when: {weekday: [sun, sat], price: {below: '1000.0'}}, set: {process: manual}}\n"
    )
    assert version_of(text).canonical.decode() == (
        '{"clinic":"fjord-fysio","contact":{"email":"post@fjord-fysio.example"},"country":"NO","currency":"NOK",'
        '"invoice":{"vat_rate":"25"},"language":"nb","name":"Fjord Fysioterapi",'
        '"notification":{"offset":"15m","send":"after_appointment"},"payments":"active","payrules":1,'
        '"process":"automatic",'
        '"rules":[{"id":"r","set":{"process":"manual"},"when":{"price":{"below":"1000"},"weekday":["sat","sun"]}}],'
        '"session_types":{"a":{"name":"A"},"b":{"name":"Bé","price":"500"}},"timezone":"Europe/Oslo"}'
    )


def test_the_digest_is_sha256_of_the_canonical_text() -> None:
    version = version_of(PLAIN)
    assert version.digest == "sha256:" + hashlib.sha256(version.canonical).hexdigest()
    # sha256 of no bytes, as everybody's tables have it.
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_canonical_text_is_utf8_without_escapes() -> None:
    assert canonical_text({"b": "é🦷", "a": 1}) == '{"a":1,"b":"é🦷"}'.encode()


DEFAULTS = """\
reminders: []
rules: []
manual: {create_draft: true, default_method: cash}
invoice: {due_in: 14d, vat_rate: "0.00", number_prefix: ""}
"""


@pytest.mark.parametrize(
    "text",
    [
        clinic_text("# a remark\n"),
        clinic_text(name='"Fjord Fysioterapi"', country="'NO'"),
        "---\n" + PLAIN,
        # `effective_from` says when, not what.
        clinic_text("effective_from: 2027-01-01T00:00\n"),
        clinic_text(DEFAULTS),
        clinic_text(
            notification="{offset: 15m, send: after_appointment, channels: [sms, email], delivery: all, "
            "quiet_hours: none}"
        ),
        "".join(reversed(PLAIN.splitlines(keepends=True))),
        json.dumps(
            {
                "payrules": 1,
                "clinic": CLINIC,
                "name": "Fjord Fysioterapi",
                "country": "NO",
                "language": "nb",
                "contact": {"email": "post@fjord-fysio.example"},
                "timezone": "Europe/Oslo",
                "currency": "NOK",
                "payments": "active",
                "process": "automatic",
                "notification": {"send": "after_appointment", "offset": "15m"},
            }
        ),
    ],
    ids=["comment", "quoting", "document-mark", "effective-from", "defaults", "notification", "key-order", "json"],
)
def test_one_meaning_has_one_digest(text: str) -> None:
    assert digest(text) == digest(PLAIN)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str) -> None:
    assert digest("\ufeff" + PLAIN.replace("\n", end)) == digest(PLAIN)


RULE = "rules:\n  - {id: r, when: {%s}, set: {process: manual}}\n"


def with_rule(when: str) -> str:
    return clinic_text(RULE % when)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (with_rule("weekday: sat"), with_rule("weekday: [sat]")),
        (with_rule("weekday: [sat, sun]"), with_rule("weekday: [sun, sat]")),
        (with_rule("session_type: [a, b]"), with_rule("session_type: [b, a]")),
        (with_rule("payer: [public, insurer]"), with_rule("payer: [insurer, public]")),
        (with_rule("client_tags: {any: [a, b]}"), with_rule("client_tags: {any: [b, a]}")),
        (with_rule("duration: {at_least: 60m}"), with_rule("duration: {at_least: 1h}")),
        # In conditions a day is 24 hours.
        (with_rule("lead_time: {below: 48h}"), with_rule("lead_time: {below: 2d}")),
        (with_rule("price: {below: '900'}"), with_rule("price: {below: '900.00'}")),
        (with_rule("weekday: sat, first_visit: true"), with_rule("first_visit: true, weekday: sat")),
        (clinic_text("reminders: [7d, 1d]\n"), clinic_text("reminders: [1d, 7d]\n")),
        (clinic_text("reminders: [120m]\n"), clinic_text("reminders: [2h]\n")),
        (
            clinic_text(notification="{send: after_booking}"),
            clinic_text(notification="{send: after_booking, offset: 0d}"),
        ),
        (
            clinic_text(notification="{send: after_booking, quiet_hours: {from: '21:00', to: '08:00'}}"),
            clinic_text(
                notification="{send: after_booking, quiet_hours: {to: '08:00', channels: [sms, email], from: '21:00'}}"
            ),
        ),
        (clinic_text('invoice: {vat_rate: "25"}\n'), clinic_text('invoice: {vat_rate: "25.0"}\n')),
    ],
)
def test_two_ways_of_writing_have_one_digest(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLAIN, clinic_text(name="Fjord")),
        (PLAIN, clinic_text(payments="inactive")),
        (PLAIN, clinic_text("reminders: [7d]\n")),
        (PLAIN, clinic_text("session_types: {a: {name: A}}\n")),
        (PLAIN, clinic_text("manual: {create_draft: false}\n")),
        # The order of channels tells which is tried first; a day is not 24 hours to a schedule.
        (
            clinic_text(notification="{send: after_booking, channels: [email, sms]}"),
            clinic_text(notification="{send: after_booking}"),
        ),
        (
            clinic_text(notification="{send: after_booking, offset: 1d}"),
            clinic_text(notification="{send: after_booking, offset: 24h}"),
        ),
        (clinic_text("reminders: [1d]\n"), clinic_text("reminders: [24h]\n")),
        (with_rule("weekday: sat"), with_rule("weekday: sun")),
        (with_rule("weekday: sat"), clinic_text(RULE.replace("r,", "other,") % "weekday: sat")),
    ],
)
def test_two_meanings_have_two_digests(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_the_order_of_rules_is_part_of_the_meaning() -> None:
    first, second = (
        "  - {id: a, when: {weekday: sat}, set: {process: manual}}\n",
        ("  - {id: b, when: {first_visit: true}, set: {reminders: [1d]}}\n"),
    )
    assert digest(clinic_text("rules:\n" + first + second)) != digest(clinic_text("rules:\n" + second + first))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        # What a rule sets to a default is not left out: the clinic may have something else.
        (
            "{manual: {create_draft: true, default_method: cash}}",
            {"manual": {"create_draft": True, "default_method": "cash"}},
        ),
        ("{reminders: []}", {"reminders": []}),
        ("{notification: {quiet_hours: none}}", {"notification": {"quiet_hours": "none"}}),
        ("{notification: {offset: 0d}}", {"notification": {"offset": "0m"}}),
        (
            "{notification: {channels: [sms, email], delivery: all}}",
            {"notification": {"channels": ["sms", "email"], "delivery": "all"}},
        ),
        (
            '{invoice: {due_in: 14d, vat_rate: "0.0", number_prefix: ""}}',
            {"invoice": {"due_in": "14d", "vat_rate": "0", "number_prefix": ""}},
        ),
        # Naming `send` sets the offset to nothing already.
        ("{notification: {send: after_booking, offset: 0h}}", {"notification": {"send": "after_booking"}}),
        # An empty group changes nothing.
        ("{notification: {}, manual: {}, invoice: {}}", {}),
        ("{}", {}),
    ],
)
def test_what_a_rule_sets_is_kept(written: str, kept: dict[str, Any]) -> None:
    text = clinic_text(f"rules:\n  - {{id: r, when: {{weekday: sat}}, set: {written}}}\n")
    assert form(text)["rules"] == [{"id": "r", "when": {"weekday": ["sat"]}, "set": kept}]


@pytest.mark.parametrize(
    "more",
    [
        "",
        DEFAULTS,
        "reminders: [42d, 7d, 90m]\ninvoice: {due_in: 0d, vat_rate: '12.50', number_prefix: 'A/'}\n",
        "session_types: {'010': {name: '10', price: '0'}, 'null': {name: 'true'}}\n",
        RULE % "start_time: {from: '22:00', to: '06:00'}, starts_on: {from: 2027-01-01}, client_tags: {none: [b, a]}",
        (
            "rules:\n  - id: r\n    why: because\n    when: {first_visit: false}\n"
            "    set: {notification: {quiet_hours: {from: '00:00', to: '00:01', channels: [email]}}}\n"
        ),
    ],
)
def test_the_canonical_form_is_a_clinic_file_of_the_same_meaning(more: str) -> None:
    first = compile_text(clinic_text(more)).version
    assert first is not None
    again = compile_text(first.canonical.decode(), FILE)
    assert again.version is not None
    assert again.version.canonical == first.canonical
    assert again.version.policy == first.policy
