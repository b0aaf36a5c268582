"""The examples on the pages of the codes hold: what is called wrong gives the code, what is called right does not.

An example is a part of a clinic file; the rest is taken from a file that is right.
"""

import re
from datetime import UTC, datetime

import pytest

from payrules.bootstrap import build
from payrules.domain.codes import CODES
from payrules.domain.diagnostics import Diagnostic, Severity

FILE = "clinics/nordlys-psykologi.yaml"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
REST = {
    "payrules": "1",
    "clinic": "nordlys-psykologi",
    "name": "Nordlys Psykologi AS",
    "country": "NO",
    "language": "nb",
    "contact": "{email: post@nordlys.example}",
    "timezone": "Europe/Oslo",
    "currency": "NOK",
    "payments": "active",
    "process": "automatic",
    "notification": "{send: after_appointment}",
}
EXAMPLE = re.compile(r"^(?P<before>[^\n]*)\n\n```yaml\n(?P<text>.*?)```", re.DOTALL | re.MULTILINE)


def examples(*, wrong: bool) -> list[object]:
    """Code and text of every example that is called wrong, or of all others."""
    return [
        pytest.param(code, found["text"], id=f"{code}-{number}")
        for code, row in CODES.items()
        for number, found in enumerate(EXAMPLE.finditer(row.page))
        # The pages of tests files have a test of their own.
        if code < "PR5"
        # The example of PR005, a file that is too large, shows only how such a file begins.
        if found["before"].startswith("Wrong") is wrong and (code != "PR005" or not wrong)
    ]


def whole(example: str) -> str:
    """A whole clinic file with the example in it."""
    if example.startswith("- "):
        return example
    given = set(re.findall(r"^(\w+):", example, re.MULTILINE))
    if "process: manual\n" in example:
        given.add("notification")
    return "".join(f"{key}: {value}\n" for key, value in REST.items() if key not in given) + example


def diagnostics(text: str) -> tuple[Diagnostic, ...]:
    """What is found in a clinic file of this text."""
    return build().compiler.compile(text.encode(), FILE, now=NOW).diagnostics


def test_the_rest_is_right() -> None:
    assert diagnostics(whole("")) == ()


@pytest.mark.parametrize(("code", "example"), examples(wrong=True))
def test_wrong_example_gives_its_code(code: str, example: str) -> None:
    assert code in {found.code for found in diagnostics(whole(example))}


@pytest.mark.parametrize(("code", "example"), examples(wrong=False))
def test_right_example_is_right(code: str, example: str) -> None:
    found = diagnostics(whole(example))
    assert code not in {d.code for d in found}
    assert [d for d in found if d.severity is Severity.ERROR] == []
