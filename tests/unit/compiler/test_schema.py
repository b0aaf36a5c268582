"""Faults of the schema in words: what an author is told, and where. Codes and places of every kind: tests/cases."""

from collections.abc import Callable

import pytest
from tests.builders import COMPILER, FILE, clinic_text, compile_text

from payrules.compiler.document import read_document
from payrules.compiler.positions import Positions
from payrules.compiler.schema import FileSchema
from payrules.domain.diagnostics import Diagnostic


def found(text: str) -> tuple[Diagnostic, ...]:
    return compile_text(text).diagnostics


def only(text: str) -> Diagnostic:
    [diagnostic] = found(text)
    return diagnostic


def marked(text: str, diagnostic: Diagnostic) -> str:
    """What of the text the diagnostic points at."""
    place = diagnostic.location
    line = text.splitlines()[place.line - 1]
    return line[place.column - 1 : place.end_column - 1 if place.end_column else None]


RULE = "rules:\n  - id: r\n    when: {%s}\n    set: {%s}\n"


def rule(when: str = "weekday: sat", sets: str = "process: manual") -> str:
    return clinic_text(RULE % (when, sets))


@pytest.mark.parametrize(
    ("text", "code", "marks", "message", "help"),
    [
        (
            clinic_text("remainders: [7d]\n"),
            "PR201",
            "remainders",
            "unknown key `remainders`",
            "did you mean `reminders`?",
        ),
        (
            clinic_text("Reminders: [7d]\n"),
            "PR201",
            "Reminders",
            "unknown key `Reminders`",
            "did you mean `reminders`?",
        ),
        (
            clinic_text("manual: {draft: false}\n"),
            "PR201",
            "draft",
            "unknown key `draft`",
            "known here: `create_draft`, `default_method`",
        ),
        (
            clinic_text(without=["currency"]),
            "PR202",
            "payrules: 1",
            "the key `currency` is missing",
            "add it, for example `currency: NOK`",
        ),
        (
            clinic_text(contact="{}"),
            "PR202",
            "contact",
            "the key `email` is missing in `contact`",
            "add it, for example `email: post@nordlys.example`",
        ),
        (
            clinic_text("session_types: {a: {name: A, price: 500.00}}\n"),
            "PR203",
            "500.00",
            "`price` must be text, not a number (`500.00`)",
            'put it in quotes: `"500.00"`',
        ),
        (
            clinic_text("reminders: 7d\n"),
            "PR203",
            "7d",
            "`reminders` must be a list, not text (`7d`)",
            "write a list: `[7d]`",
        ),
        (
            rule("practitioner: [7]"),
            "PR203",
            "7",
            "an item of `practitioner` must be text, not a number (`7`)",
            'put it in quotes: `"7"`',
        ),
        (
            clinic_text("rules:\n"),
            "PR203",
            "rules",
            "`rules` has no value",
            "write a list; `#` begins a comment",
        ),
        (
            rule('first_visit: "true"'),
            "PR203",
            '"true"',
            "`first_visit` must be `true` or `false`, not text (`true`)",
            "write `true` or `false`",
        ),
        (
            clinic_text(process="autmatic"),
            "PR204",
            "autmatic",
            "`autmatic` is not one of `automatic`, `manual`",
            "did you mean `automatic`?",
        ),
        (
            clinic_text(notification="{send: after_booking, delivery: some}"),
            "PR204",
            "some",
            "`some` is not one of `all`, `first_available`",
            "write one of `all`, `first_available`",
        ),
        (
            clinic_text(notification="{send: after_booking, offset: 15 min}"),
            "PR205",
            "15 min",
            "`15 min` is not a duration",
            "write for example `15m`, `2h`, `3d`",
        ),
        (
            clinic_text(country="Norge"),
            "PR205",
            "Norge",
            "`Norge` is not a country code of two capital letters",
            "write for example `NO`, `SE`, `GB`",
        ),
        (
            clinic_text(contact="{email: post}"),
            "PR205",
            "post",
            "`post` is not an email address",
            "write for example `post@nordlys.example`",
        ),
        (
            clinic_text(notification="{send: after_booking, channels: []}"),
            "PR206",
            "[]",
            "`channels` is empty: it needs at least one item",
            "add one, or remove the key",
        ),
        (
            rule("client_tags: {}"),
            "PR206",
            "{}",
            "`client_tags` is empty: it needs at least one key",
            "known here: `any`, `all`, `none`",
        ),
        (
            clinic_text(name="N" * 201),
            "PR206",
            "N" * 201,
            "`name` has 201 characters; at most 200 are allowed",
            "shorten it",
        ),
        (
            clinic_text(f"reminders: [{', '.join(f'{n}d' for n in range(1, 22))}]\n"),
            "PR206",
            f"[{', '.join(f'{n}d' for n in range(1, 22))}]",
            "`reminders` has 21 items; at most 20 are allowed",
            "shorten it",
        ),
        (
            rule("weekday: [sat, sun, sat]"),
            "PR207",
            "sat",
            "`sat` stands in the list twice",
            "keep one",
        ),
        (
            clinic_text(payrules="2"),
            "PR208",
            "2",
            "format version 2 is not known",
            "write `payrules: 1`, the only version there is",
        ),
    ],
)
def test_what_an_author_is_told(text: str, code: str, marks: str, message: str, help: str) -> None:
    diagnostic = only(text)
    assert diagnostic.code == code
    assert marked(text, diagnostic) == marks
    assert diagnostic.message == message
    assert diagnostic.help == help


def test_the_repeated_item_is_marked_not_the_first() -> None:
    text = rule("weekday: [sat, sun, sat]")
    assert only(text).location.column == text.splitlines()[13].rindex("sat") + 1


def test_several_missing_keys_of_one_place_are_all_told() -> None:
    diagnostics = found(clinic_text(without=["currency", "timezone", "name"]))
    assert [d.message for d in diagnostics] == [
        "the key `currency` is missing",
        "the key `name` is missing",
        "the key `timezone` is missing",
    ]


def test_faults_are_told_in_the_order_of_the_file() -> None:
    text = clinic_text(
        "remainders: [7d]\nrules: [{id: A, when: {}, set: {price: '0'}}]\n", country="Norge", process="auto"
    )
    assert [(d.code, d.location.line) for d in found(text)] == [
        ("PR205", 4),
        ("PR204", 10),
        ("PR201", 12),
        ("PR205", 13),
        ("PR206", 13),
        ("PR201", 13),
    ]


def test_a_value_of_the_wrong_type_is_told_once() -> None:
    # 12 is no pattern's match either, and neither is it in any list of words.
    for text in (clinic_text(clinic="12"), clinic_text(process="12"), clinic_text(country="[NO]")):
        assert [d.code for d in found(text)] == ["PR203"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Conditional parts name their own fault, never the whole object's.
        (clinic_text(without=["notification"]), "PR202"),
        (rule("weekday: [sat, lørdag]"), "PR204"),
        (rule("session_type: ' a'"), "PR205"),
        (clinic_text(notification="{send: after_booking, quiet_hours: [22]}"), "PR203"),
        (clinic_text(notification="{send: after_booking, quiet_hours: {from: '22:00', to: '8:00'}}"), "PR205"),
    ],
)
def test_a_fault_inside_is_named_not_its_surroundings(text: str, code: str) -> None:
    assert only(text).code == code


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1e999", "9" * 400])
@pytest.mark.parametrize("place", ["payrules: %s", "reminders: [%s]", "invoice: {vat_rate: %s}"])
def test_numbers_that_json_does_not_have_are_faults_like_others(number: str, place: str) -> None:
    key, value = (place % number).split(": ", 1)
    text = clinic_text(payrules=value) if key == "payrules" else clinic_text(f"{key}: {value}\n")
    assert only(text).code in {"PR203", "PR208"}


@pytest.mark.parametrize(
    "text",
    [
        clinic_text("session_types: {a: {name: A, price: .nan}}\n"),
        clinic_text(notification="{send: after_booking, offset: 15}"),
        clinic_text("reminders: [7]\n"),
        clinic_text(payments="true"),
        clinic_text(notification="{send: after_booking, quiet_hours: 22}"),
    ],
)
def test_quotes_are_advised_only_where_they_help(text: str) -> None:
    # `".nan"` is no amount and `"15"` no duration: who follows that advice has the next error.
    diagnostic = only(text)
    value = marked(text, diagnostic)
    place = diagnostic.location
    lines = text.splitlines()
    line = lines[place.line - 1]
    lines[place.line - 1] = f'{line[: place.column - 1]}"{value}"{line[place.column - 1 + len(value) :]}'
    assert found("\n".join(lines) + "\n") != ()
    assert "quotes" not in diagnostic.help


def test_text_of_the_author_is_cut_where_it_is_long() -> None:
    diagnostic = only(clinic_text(country="N" * 5_000))
    assert len(diagnostic.message) < 200
    assert "…" in diagnostic.message


@pytest.mark.parametrize(
    "text",
    [
        clinic_text(contact='{email: "a@b.example\\n"}'),
        clinic_text(country='"NO\\n"'),
        clinic_text(currency='"NOK\\n"'),
    ],
)
def test_a_line_break_at_the_end_does_not_pass_a_pattern(text: str) -> None:
    assert only(text).code == "PR205"


def test_both_validators_agree_on_what_is_right() -> None:
    schema = FileSchema(COMPILER.schema)
    text = rule("weekday: sat, price: {at_least: '1'}", "notification: {quiet_hours: none}").encode()
    data, _ = read_document(text, FILE)
    assert data is not None
    assert schema.accepts(data)


def test_a_disagreement_of_the_validators_is_no_silent_pass() -> None:
    text = clinic_text()
    data, _ = read_document(text.encode(), FILE)
    assert data is not None
    [diagnostic] = FileSchema(COMPILER.schema).explain(data, Positions(text.encode(), FILE))
    assert diagnostic.code == "PR203"
    assert "report" in diagnostic.message


LIMITS: dict[str, tuple[Callable[[int], str], int]] = {
    "name": (lambda n: clinic_text(name="N" * n), 200),
    "reminders": (lambda n: clinic_text(f"reminders: [{', '.join(f'{i}d' for i in range(1, n + 1))}]\n"), 20),
    "number_prefix": (lambda n: clinic_text(f"invoice: {{number_prefix: {'N' * n}}}\n"), 20),
    "why": (
        lambda n: clinic_text(
            f"rules: [{{id: r, why: {'w' * n}, when: {{weekday: sat}}, set: {{reminders: [1d]}}}}]\n"
        ),
        500,
    ),
    "practitioner": (lambda n: rule(f"practitioner: {'p' * n}"), 100),
    "tag": (lambda n: rule(f"client_tags: {{any: [{'t' * n}]}}"), 100),
    "session_type": (lambda n: clinic_text(f"session_types: {{{'s' * n}: {{name: A}}}}\n"), 100),
}


@pytest.mark.parametrize(("text", "most"), LIMITS.values(), ids=LIMITS)
def test_limits_are_inclusive(text: Callable[[int], str], most: int) -> None:
    assert found(text(most)) == ()
    assert only(text(most + 1)).code == "PR206"


def test_the_number_of_rules_is_bounded() -> None:
    rules = "rules:\n" + "".join(
        f"  - {{id: r{n}, when: {{session_type: s{n}}}, set: {{process: manual}}}}\n" for n in range(2_001)
    )
    [too_many] = compile_text(clinic_text(rules), analysis=False).diagnostics
    assert (too_many.code, too_many.message) == ("PR206", "`rules` has 2,001 items; at most 2,000 are allowed")
    fits = rules[: rules.rindex("  - {id: r2000")]
    assert compile_text(clinic_text(fits), analysis=False).diagnostics == ()
