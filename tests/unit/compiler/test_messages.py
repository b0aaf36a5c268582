"""The clinic's own texts: what is found wrong with them, and that nothing else changes a policy."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import COMPILER, clinic_text

from payrules.compiler.canonical import canonical_form, canonical_text, digest_of
from payrules.compiler.document import read_document
from payrules.compiler.templates import MOST_REMINDERS, OPTIONAL, VARIABLES, faults_of, render
from payrules.domain.languages import is_built_in, languages_for
from payrules.domain.policy import MessageKind, Policy, TextKey, TextPart

ROOT = Path(__file__).parents[3]

# Of the sample files as they were before there were texts of messages.
DIGESTS = {
    "aoba-kokoro": "67ca06899b36e38ec499c636ef58d5d8154848208f458cebe7e13d7d531dc7be",
    "fjordklinikken": "d94cd45e132d08bb0250f4ec925d8ec771c5fe4de032040c196bd4e9eb48db19",
    "gulf-pearl-dental": "85340ec1aba67e3c482b24e52475df6b96967bc785c47b89cd8fd1d15fba968d",
    "harbour-physio": "9bae84e1773ec5067e2ac40ef306da9e1afa024919e028f69bbcea67cef3c9f2",
    "ihoklinikka-koivu": "3bcdeeac0ef3905e032befee2677bcf61f9ebc017b7b5167011d342131b08cf0",
    "klinik-oresund": "88548370aa67cb42e3d5ba9b7b5b223c2ac6786adec06d3441147b09124fce15",
    "lakeside-counseling": "3ef59465f85ccfb9a7619507dbe7a9922407cd8ed4e516711e76be847fcfd7de",
    "liffey-counselling": "db55a8c21301e98156aa04c9a86b60fedda19365c2c453596a432fb0734c2555",
    "nordlys-psykologi": "1babfc5084fb7f90abb25899683949d8dd0c01c6cfa7549b6b87ed29d2ec6dad",
    "osteo-lyon": "c80d7ecd2cf26ebc2f01e4e0164e3da375a8ee6ac7e3db4f4a2b787ab9fe52b1",
    "praktijk-de-linde": "4a3dccdf550691060c290d1eaab102c77dcd551e5446980207f4fa236ce36c58",
    "praxis-am-park": "78fe3930155f05ae0aa5be1c1804e3613274be6a4c131c24f73042e0c085918a",
    "salfraedistofan-vik": "f26bb581ecc11d44b3e2f9065336a9318a276de37a5c6a0c219a5c10c41add86",
    "signal-hill-wellness": "646d107683ef1ea298811ce499b824b12f1acf932203c77afd58aff2f6f326bb",
    "sodermalm-samtal": "701f88806988b2104e2913d636e4384a7c7e67c5c434c2715a3e150132101337",
    "torrens-allied-health": "78007906ab40a9570ef6a8d566c564c52f08129d600b64abb111cc4901ed06e3",
}


def codes(template: str, *, is_reminder: bool = False, needs_link: bool = False) -> list[str]:
    return [fault.code for fault in faults_of(template, is_reminder=is_reminder, needs_link=needs_link)]


def policy_of(messages: str) -> Policy:
    """The policy of a clinic file with `messages: ` and what follows."""
    compiled = COMPILER.compile((clinic_text() + f"messages: {messages}\n").encode(), "fjord-fysio.yaml")
    assert compiled.version is not None, compiled.diagnostics
    return compiled.version.policy


@pytest.mark.parametrize("clinic", DIGESTS)
def test_a_file_without_texts_has_the_digest_it_always_had(clinic: str) -> None:
    document, _ = read_document((ROOT / f"clinics/{clinic}.yaml").read_bytes(), f"{clinic}.yaml")
    assert document is not None
    document.pop("messages", None)
    assert digest_of(canonical_text(canonical_form(document))) == f"sha256:{DIGESTS[clinic]}"


def test_texts_are_part_of_the_policy_and_of_its_digest() -> None:
    one = policy_of('{nb: {payment_link: {sms: "{{ link }}"}, reminder: {subject: Hei, email: "{{ link }} !"}}}')
    assert one.messages == {
        TextKey("nb", MessageKind.PAYMENT_LINK, TextPart.SMS): "{{ link }}",
        TextKey("nb", MessageKind.REMINDER, TextPart.SUBJECT): "Hei",
        TextKey("nb", MessageKind.REMINDER, TextPart.EMAIL): "{{ link }} !",
    }
    assert one != policy_of('{nb: {payment_link: {sms: "{{ link }}"}}}')
    assert hash(one) == hash(policy_of('{nb: {payment_link: {sms: "{{ link }}"}}}')), "as session types"


def test_the_order_of_texts_changes_no_digest() -> None:
    texts = ("nb: {reminder: {subject: Hei}}", "en: {reminder: {subject: Hello}}")
    digests = set()
    for first, second in (texts, texts[::-1]):
        content = clinic_text() + f"messages: {{{first}, {second}}}\n"
        version = COMPILER.compile(content.encode(), "fjord-fysio.yaml").version
        assert version is not None
        digests.add(version.digest)
        again = COMPILER.compile(version.canonical, "fjord-fysio.yaml").version
        assert again is not None
        assert (again.digest, again.policy) == (version.digest, version.policy)
    assert len(digests) == 1


@pytest.mark.parametrize(
    "template",
    [
        "{{ link }}",
        "{# a remark #}{{ link }}",
        "{% raw %}{{ nothing }}{% endraw %}{{ link }}",
        "{%- if name -%} {{ name }} {%- else -%} you {%- endif -%} {{ link }}",
        "{{ name if name else 'you' }}, {{ link }}",
        "{{ name or 'you' }}, {{ link }}",
        "{% if not name and (due_on or not invoice_number) %}!{% endif %}{{ link }}",
        "{% if 1 < reminder <= 20 %}{{ reminder }}{% elif reminder != 0 %}!{% endif %}{{ link }}",
        "{% if name %}{{ link }}{% elif due_on %}{{ link }}{% else %}{{ link }}{% endif %}",
        "{% if reminder < 3 %}{{ link }}{% endif %}{% if reminder >= 3 %}{{ link }}{% endif %}",
        "Take {50%} off {{ link }}",
    ],
)
def test_what_a_text_may_hold(template: str) -> None:
    assert codes(template, is_reminder=True, needs_link=True) == []


@pytest.mark.parametrize(
    "inside",
    [
        "().__class__",
        "link.__class__.__mro__",
        "link['x']",
        "range(9)",
        "name|safe",
        "name is defined",
        "'a' * 9",
        "9 ** 9",
        "'a' ~ 'b'",
        "[1]",
        "{'a': 1}",
        "(1, 2)",
        "-1",
        "1e999",
        "link[1:]",
    ],
)
def test_what_a_text_may_not_show(inside: str) -> None:
    assert codes(f"{{{{ {inside} }}}}{{{{ link }}}}") == ["PR321"]


@pytest.mark.parametrize(
    "tag",
    [
        "{% for x in name %}{% endfor %}",
        "{% set name = 1 %}",
        "{% set name %}{% endset %}",
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% from 'a' import b %}",
        "{% extends 'a' %}",
        "{% macro a() %}{% endmacro %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}{% endfilter %}",
        "{% with %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% if name > 'a' %}{% endif %}",
        "{% if reminder == 21 %}{% endif %}",
        "{% if reminder == true %}{% endif %}",
        "{% if reminder == name %}{% endif %}",
        "{% if reminder in 3 %}{% endif %}",
    ],
)
def test_what_a_text_may_not_do(tag: str) -> None:
    assert codes(f"{tag}{{{{ link }}}}") == ["PR321"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ link", "the braces and what stands in them cannot be read"),
        ("{{ link }", "the braces and what stands in them cannot be read"),
        ("{{ due on }}", "the braces and what stands in them cannot be read"),
        ("a\n{{ }}\nb", "the braces and what stands in them cannot be read in line 2 of the text"),
        ("{% iff name %}", "unknown tag `iff`"),
        ("{% endif %}", "`endif` stands here without an `if`"),
        ("a\nb{% else %}", "`else` stands here without an `if` in line 2 of the text"),
        ("{% if name %}", "a tag is not closed"),
        ("{{ " + "(" * 4_000, "the braces and what stands in them cannot be read"),
        ("{{ " + "not " * 1_200 + "name }}", "the braces and what stands in them cannot be read"),
        ("{{ " + "1" * 4_900 + " }}", "the braces and what stands in them cannot be read"),
    ],
)
def test_a_text_that_cannot_be_read(template: str, message: str) -> None:
    [fault] = faults_of(template, is_reminder=False, needs_link=True)
    assert (fault.code, fault.message) == ("PR320", message)
    assert fault.help


def test_nesting_ends() -> None:
    template = "{% if name %}" * 9 + "{{ link }}" + "{% endif %}" * 9
    assert codes(template) == ["PR326"]
    assert codes("{% if name %}" * 90 + "{{ link }}" + "{% endif %}" * 90) == ["PR321"]


def test_an_unknown_variable_is_guessed() -> None:
    [fault] = faults_of("Hi,\n{{ firstname }} {{ link }}", is_reminder=False, needs_link=True)
    assert fault == ("PR322", "unknown variable `firstname` in line 2 of the text", fault.help)
    [fault] = faults_of("{{ ammount }}", is_reminder=False, needs_link=False)
    assert fault.help == "did you mean `amount`?"
    [fault] = faults_of("{{ xyzzy }}", is_reminder=False, needs_link=False)
    assert all(f"`{name}`" in fault.help for name in VARIABLES)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Pay!", "the text has no payment link"),
        ("{# {{ link }} #}Pay!", "the text has no payment link"),
        ("a{% if name %}{{ link }}{% endif %}", "the text has no payment link without a name"),
        (
            "a{% if name or due_on %}{{ link }}{% endif %}",
            "the text has no payment link without a name and without a due date",
        ),
        ("a{% if reminder == 20 %}b{% else %}{{ link }}{% endif %}", "the text has no payment link at reminder 20"),
        ("a{% if reminder <= 20 %}{{ link }}{% endif %}", "the text has no payment link at reminder 21"),
    ],
)
def test_every_client_gets_the_link(template: str, message: str) -> None:
    [fault] = faults_of(template, is_reminder=True, needs_link=True)
    assert (fault.code, fault.message) == ("PR323", message)


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_may_be_missing_stands_in_an_if(name: str) -> None:
    [fault] = faults_of(f"{{{{ {name} }}}} {{{{ link }}}}", is_reminder=False, needs_link=True)
    assert (fault.code, fault.message) == ("PR324", f"`{name}` can be missing, and the text shows it all the same")
    assert codes(f"{{% if {name} %}}{{{{ {name} }}}}{{% endif %}} {{{{ link }}}}", needs_link=True) == []


def test_a_subject_needs_no_link_but_words() -> None:
    assert codes("Invoice") == []
    assert codes("{% if due_on %}Invoice{% endif %}") == ["PR326"]


PIECES = [
    *(f"{{{{ {name} }}}}" for name in VARIABLES),
    *(f"{{% {word} {name} %}}" for word in ("if", "elif") for name in (*OPTIONAL, "reminder > 1", "not name")),
    *(
        "{% else %}",
        "{% endif %}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "|",
        "'",
        '"',
        "\\",
        "(",
        "\n",
        " ",
        "é",
        "{{ 1 }}",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40))
def test_a_text_without_faults_can_always_be_filled_in(template: str) -> None:
    found = faults_of(template, is_reminder=True, needs_link=True)
    assert all(re.fullmatch("PR32[0-6]", fault.code) and fault.message and fault.help for fault in found)
    if found:
        return
    values: dict[str, Any] = dict.fromkeys(VARIABLES, "x") | {"link": "https://pay.example/1"}
    for number in (1, 2, MOST_REMINDERS + 30):
        for missing in ({}, {"name": ""}, dict.fromkeys(OPTIONAL, "")):
            assert "https://pay.example/1" in render(template, values | missing | {"reminder": number})


def test_the_examples_of_the_guide_are_right() -> None:
    guide = (ROOT / "docs/how-to/message-texts.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(messages:\n.*?)```", guide, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        assert COMPILER.compile((clinic_text() + example).encode(), "fjord-fysio.yaml").diagnostics == ()
    named = re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)
    assert tuple(named) == VARIABLES


@pytest.mark.parametrize(
    ("tag", "languages", "built_in"),
    [
        ("nb", ("nb",), True),
        ("nn", ("nn", "nb"), True),
        ("no", ("no", "nb"), True),
        ("nn-NO", ("nn-NO", "nn", "nb"), True),
        ("en-GB", ("en-GB", "en"), True),
        ("fr-CH", ("fr-CH", "fr"), False),
        ("", ("",), False),
    ],
)
def test_languages_and_those_whose_texts_they_are_given(tag: str, languages: tuple[str, ...], built_in: bool) -> None:
    assert languages_for(tag) == languages
    assert is_built_in(tag) is built_in
