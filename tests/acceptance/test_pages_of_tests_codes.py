"""The examples on the pages about tests files hold, as those about clinic files do."""

import re

import pytest
from tests.acceptance.test_pages_of_codes import EXAMPLE, FILE, whole
from tests.builders import COMPILER

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone
from payrules.compiler.policy_tests import read_policy_tests
from payrules.compiler.schema import FileSchema
from payrules.domain.codes import CODES

SCHEMA = FileSchema(read_schema("tests.v1.schema.json"))
PRICES = 'session_types: {individual-50: {name: Individual therapy, price: "1250.00"}}\n'
RULE = "rules: [{id: first-visit-prepaid, when: {first_visit: true}, set: {notification: {send: after_booking}}}]\n"
REST = {
    "payrules_tests": "1",
    "clinic": "nordlys-psykologi",
    "tests": "[{name: a, expect: {outcome: undecided}}]",
}
EXAMPLES = [
    pytest.param(code, found["text"], found["before"].startswith("Wrong"), id=f"{code}-{number}")
    for code, row in CODES.items()
    if code.startswith("PR5")
    for number, found in enumerate(EXAMPLE.finditer(row.page))
]


@pytest.mark.parametrize(("code", "example", "wrong"), EXAMPLES)
def test_example_is_what_it_is_called(code: str, example: str, *, wrong: bool) -> None:
    given = set(re.findall(r"^(\w+):", example, re.MULTILINE))
    text = "".join(f"{key}: {value}\n" for key, value in REST.items() if key not in given) + example
    version = COMPILER.compile(whole(PRICES + RULE).encode(), FILE).version
    _, diagnostics = read_policy_tests(text.encode(), FILE.replace(".yaml", ".tests.yaml"), SCHEMA, version, load_zone)
    assert {found.code for found in diagnostics} == ({code} if wrong else set())


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8
