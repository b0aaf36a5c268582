"""Files below 1 MiB that mean harm: work grows with their size and no faster, and the answer stays short.

Work is counted in calls, not in seconds: the same file takes the same number of them on every machine.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice, product
from string import ascii_lowercase
from typing import Any

import pytest
from tests.builders import COMPILER, FILE, clinic_text

from payrules.compiler.compile import MOST_SHOWN, Compiled
from payrules.domain import boxes
from payrules.domain.diagnostics import Severity

HEAD = clinic_text()


def names(number: int) -> list[str]:
    """Different short names."""
    return ["".join(letters) for letters in islice(product(ascii_lowercase, repeat=4), number)]


def rule(when: str, name: object = "a") -> str:
    return f"- {{id: {name}, when: {{{when}}}, set: {{process: manual}}}}\n"


def rules(*conditions: str) -> str:
    return HEAD + "rules:\n" + "".join(rule(when, f"r{number}") for number, when in enumerate(conditions))


def price_list(number: int) -> str:
    return "session_types: {" + ", ".join(f"{name}: {{name: b, price: '9'}}" for name in names(number)) + "}\n"


FILES: dict[str, Callable[[int], str]] = {
    "one text again and again": lambda n: rules("practitioner: [" + "a, " * n + "b]"),
    "mappings where texts belong": lambda n: rules("practitioner: [" + ", ".join(f"{{{x}}}" for x in names(n)) + "]"),
    "lists where texts belong": lambda n: rules("practitioner: [" + "[], " * n + "b]"),
    "names, and a fault elsewhere": lambda n: rules(f"practitioner: [{', '.join(names(n))}], first_visit: 3"),
    "numbers where rules belong": lambda n: HEAD + "rules: [" + "1, " * n + "1]\n",
    "unknown keys": lambda n: HEAD + "".join(f"{name}: 1\n" for name in names(n)),
    "one key again and again": lambda n: HEAD + "zz: 1\n" * n,
    "aliases": lambda n: HEAD + "x: [" + "*a, " * n + "b]\n",
    "tags": lambda n: HEAD + "x: [" + "!a b, " * n + "c]\n",
    "directives": lambda n: "".join(f"%TAG !{name}! tag:x.example,2026:\n" for name in names(n)) + "---\n" + HEAD,
    "a price list and a fault elsewhere": lambda n: HEAD + price_list(n) + "foo: 1\n",
    "rules for session types that are not in a long list": lambda n: (
        HEAD + price_list(n) + "rules:\n" + rule(f"session_type: [{', '.join('z' + name for name in names(n))}]")
    ),
    "rules for prices that are not in a long list": lambda n: (
        HEAD + price_list(n) + "rules:\n" + "".join(rule("price: {below: '1'}", i) for i in range(min(n, 2_000)))
    ),
    "rules beside a long list": lambda n: (
        HEAD + price_list(n) + "rules:\n" + "".join(rule("first_visit: true", i) for i in range(min(n, 2_000)))
    ),
    "one rule for many names": lambda n: rules(f"practitioner: [{', '.join(names(n))}]"),
    "one rule for many tags": lambda n: rules(f"client_tags: {{any: [{', '.join(names(n))}]}}"),
    "a catch-all above many rules": lambda n: rules("lead_time: {below: 9999d}", *spans(n)),
}


def spans(number: int) -> list[str]:
    """Conditions of rules that all overlap."""
    return [f"price: {{at_least: '{n + 1}'}}, duration: {{below: {9_000 - n}m}}" for n in range(number)]


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """How many functions are called, in Python and in C."""
    calls = count()

    def note(_frame: Any, event: str, _arg: Any) -> None:
        if event in ("call", "c_call"):
            next(calls)

    found: list[int] = []
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield lambda: found[0]
    finally:
        sys.setprofile(before)
        found.append(next(calls))


def compile_counted(text: str) -> tuple[Compiled, int]:
    with counted() as calls:
        compiled = COMPILER.compile(text.encode(), FILE)
    return compiled, calls()


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """What is imported or built once is not counted with the first file."""
    for file in FILES.values():
        COMPILER.compile(file(5).encode(), FILE)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_work_grows_no_faster_than_the_file(file: Callable[[int], str]) -> None:
    small, large = file(400), file(1_600)
    assert len(large) < 1_048_576
    (_, before), (compiled, after) = compile_counted(small), compile_counted(large)
    assert after < 6 * before
    assert len(compiled.diagnostics) <= MOST_SHOWN + 1


HARD: dict[str, list[str]] = {
    "boxes around boxes": [
        ", ".join(
            f"{key}: {{at_least: {quote}{500 - n}{unit}{quote}, below: {quote}{5_000 + n}{unit}{quote}}}"
            for key, quote, unit in (("price", "'", ""), ("duration", "", "m"), ("lead_time", "", "m"))
        )
        for n in range(300)
    ],
    "one of many tags": [
        f"client_tags: {{any: [{', '.join(f't{(n * k) % 199}' for k in range(1, 30))}]}}" for n in range(1, 190)
    ],
    "days and weekdays": [
        f"starts_on: {{from: {2_000 + n}-01-05, before: {2_999 - n}-02-03}}, weekday: [mon, sun]"
        for n in range(200, 0, -1)
    ],
}


@pytest.mark.parametrize("conditions", HARD.values(), ids=HARD)
def test_the_analysis_takes_no_more_than_its_steps(conditions: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for steps in (0, 30_000):
        monkeypatch.setattr(boxes, "STEPS_PER_POLICY", steps)
        compiled, number = compile_counted(rules(*conditions))
        assert {d.severity for d in compiled.diagnostics} <= {Severity.WARNING}
        calls.append(number)
    assert calls[1] - calls[0] < 6 * 30_000


def test_a_catch_all_leaves_no_rule_unsettled() -> None:
    for above in (["lead_time: {below: 9999d}"], ["first_visit: true", "first_visit: false"]):
        compiled = COMPILER.compile(rules(*above, *spans(1_000)).encode(), FILE)
        assert {d.code for d in compiled.diagnostics} == {"PR352", "PR013"}


def test_errors_are_shown_before_warnings() -> None:
    # An error that stands behind more warnings than are shown decides the outcome all the same.
    price_list = "session_types: {a: {name: A, price: '9'}}\n"
    conditions = ["price: {below: '1'}"] * 150 + ["session_type: b"]
    compiled = COMPILER.compile(rules(*conditions).replace("rules:\n", price_list + "rules:\n").encode(), FILE)
    codes = [d.code for d in compiled.diagnostics]
    assert (compiled.version, len(codes)) == (None, MOST_SHOWN + 1)
    assert codes[-1] == "PR310"
    [more] = [d for d in compiled.diagnostics if d.code == "PR013"]
    assert (more.severity, more.location.pointer) == (Severity.WARNING, "/rules/99/when/price")


def test_as_many_findings_as_are_shown_need_no_remark() -> None:
    text = HEAD + "rules:\n" + "- 1\n" * MOST_SHOWN
    assert [d.code for d in COMPILER.compile(text.encode(), FILE).diagnostics] == ["PR203"] * MOST_SHOWN
