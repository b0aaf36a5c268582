"""The stages together: a later one runs only when the earlier found no error."""

import random

import pytest
from tests.builders import COMPILER, FILE, NOW, at, clinic_text, compile_text, version_of

from payrules.compiler import compile as compiling
from payrules.compiler.document import MAX_BYTES
from payrules.domain.analysis import Coverage, Findings
from payrules.domain.diagnostics import Severity
from payrules.domain.policy import Channel, Process


def codes(text: str) -> list[str]:
    return [d.code for d in compile_text(text).diagnostics]


def test_a_right_file_gives_a_version_and_nothing_to_say() -> None:
    compiled = compile_text(clinic_text())
    assert compiled.file == FILE
    assert compiled.diagnostics == ()
    assert compiled.version is not None
    assert compiled.version.policy.terms.process is Process.AUTOMATIC
    assert compiled.version.effective_from is None


@pytest.mark.parametrize(
    ("written", "effective_from"),
    [
        ("2027-01-01T00:00", "2026-12-31T23:00Z"),
        ("2027-07-01T12:30:15", "2027-07-01T10:30:15Z"),
        ("2027-01-01T00:00-05:00", "2027-01-01T05:00Z"),
    ],
)
def test_effective_from_is_an_instant_in_utc(written: str, effective_from: str) -> None:
    found = version_of(clinic_text(f"effective_from: {written}\n")).effective_from
    assert found == at(effective_from)
    assert found is not None
    assert found.utcoffset() == at(effective_from).utcoffset()


SCHEMA_FAULT, CHECK_FAULT = "remainders: []\n", "reminders: [1d, 24h]\n"
NEVER = (
    "rules:\n"
    "  - {id: a, when: {weekday: sat}, set: {process: manual}}\n"
    "  - {id: b, when: {weekday: sat}, set: {reminders: [1d]}}\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (clinic_text("a: *x\n" + SCHEMA_FAULT + CHECK_FAULT), ["PR104"]),
        (clinic_text(SCHEMA_FAULT + CHECK_FAULT), ["PR201"]),
        (clinic_text(CHECK_FAULT + NEVER), ["PR313"]),
        (clinic_text(NEVER), ["PR352"]),
        # Warnings stop nothing.
        ("\ufeff" + clinic_text(SCHEMA_FAULT), ["PR006", "PR201"]),
        ("\ufeff" + clinic_text("effective_from: 2026-01-01T00:00\n" + NEVER), ["PR006", "PR350", "PR352"]),
    ],
)
def test_a_later_stage_runs_only_when_the_earlier_found_no_error(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (clinic_text(SCHEMA_FAULT), False),
        (clinic_text(CHECK_FAULT), False),
        (clinic_text(NEVER), True),
        ("\ufeff" + clinic_text(), True),
        ("", False),
    ],
)
def test_there_is_a_version_unless_a_diagnostic_is_an_error(text: str, version: bool) -> None:
    compiled = compile_text(text)
    assert (compiled.version is not None) is version
    assert any(d.severity is Severity.ERROR for d in compiled.diagnostics) is not version


def test_every_diagnostic_names_its_file() -> None:
    compiled = COMPILER.compile(clinic_text(SCHEMA_FAULT).encode(), "somewhere/fjord-fysio.yaml")
    assert {d.location.file for d in compiled.diagnostics} == {"somewhere/fjord-fysio.yaml"}


def test_the_analysis_can_be_left_out() -> None:
    assert compile_text(clinic_text(NEVER), analysis=False).diagnostics == ()


def test_a_covered_rule_is_told_with_the_rules_that_cover_it() -> None:
    [found] = compile_text(clinic_text(NEVER)).diagnostics
    assert (found.code, found.location.line, found.location.pointer) == ("PR352", 14, "/rules/1/id")
    assert "`b`" in found.message
    assert "`a`" in found.message
    assert [(r.location.line, r.location.pointer) for r in found.related] == [(13, "/rules/0/id")]


UNREACHED = (
    "rules:\n"
    "  - {id: none, when: {client_tags: {any: [a], none: [a]}}, set: {process: manual}}\n"
    "  - {id: same, when: {weekday: sat}, set: {notification: {offset: 15m}}}\n"
)


def test_rules_that_exclude_themselves_or_change_nothing() -> None:
    found = compile_text(clinic_text(UNREACHED)).diagnostics
    assert [(d.code, d.location.line) for d in found] == [("PR351", 13), ("PR353", 14)]
    assert "`none`" in found[0].message
    assert "`same`" in found[1].message


def test_positions_of_a_version_are_those_of_its_file() -> None:
    version = version_of(clinic_text("# a remark\nreminders: [7d]\n"))
    assert version.positions.file == FILE
    assert version.positions.line(("reminders",)) == 13


def test_versions_of_one_meaning_are_equal_wherever_they_stand() -> None:
    assert version_of(clinic_text()) == version_of(clinic_text("# a remark\n"))


def test_the_default_channels_are_text_message_and_email() -> None:
    assert version_of(clinic_text()).policy.terms.notification.channels == (Channel.SMS, Channel.EMAIL)


def test_compiling_again_says_the_same() -> None:
    text = clinic_text(SCHEMA_FAULT + CHECK_FAULT, country="UK")
    assert compile_text(text) == compile_text(text)


def test_no_bytes_raise() -> None:
    chance = random.Random(20261122)  # noqa: S311  # the same bytes on every run, not a secret
    text = clinic_text(NEVER).encode()
    for _ in range(300):
        content = bytearray(text)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        compiled = COMPILER.compile(bytes(content), FILE, now=NOW)
        assert compiled.version is not None or compiled.diagnostics


def test_a_canonical_form_larger_than_a_clinic_file_may_be_compiles_again() -> None:
    people = ",".join(f"p{number:x}" for number in range(0x20000, 0x20000 + 140_000))
    text = clinic_text(f"rules:\n- {{id: a, when: {{practitioner: [{people}]}}, set: {{process: manual}}}}\n")
    version = compile_text(text, analysis=False).version
    assert version is not None
    assert len(text) < MAX_BYTES < len(version.canonical)
    assert [d.code for d in COMPILER.compile(version.canonical, FILE).diagnostics] == ["PR005"]
    again = COMPILER.compile(version.canonical, FILE, analysis=False, max_bytes=None).version
    assert again is not None
    assert (again.digest, again.policy) == (version.digest, version.policy)


def _found_of(findings: Findings, rules: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Codes and messages where the analysis finds this of a file of some rules, `r0`, `r1` and so on."""
    monkeypatch.setattr(compiling, "analyse", lambda _: findings)
    text = "".join(f"  - {{id: r{n}, when: {{first_visit: true}}, set: {{}}}}\n" for n in range(rules))
    return [(d.code, d.message) for d in compile_text(clinic_text("rules:\n" + text)).diagnostics]


def test_what_is_not_settled_of_a_rule_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _found_of(Findings(unsettled=(0,), unweighed=(1,)), 2, monkeypatch) == [
        ("PR355", "it could not be settled whether the rule `r0` can ever match"),
        ("PR355", "the rule `r1` can match; whether it changes anything could not be settled"),
    ]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ((), "no booking can meet its conditions"),
        ((0,), "`r0` always matches first"),
        ((0, 1, 2, 3, 4), "`r0`, `r1`, `r2`, `r3`, `r4` always match first"),
        ((0, 1, 2, 3, 4, 5), "`r0`, `r1`, `r2`, `r3`, `r4` and 1 more always match first"),
    ],
)
def test_a_rule_that_can_never_match_names_the_first_of_those_that_win(
    by: tuple[int, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(_, message)] = _found_of(Findings(never=(Coverage(6, by),)), 7, monkeypatch)
    assert message == f"the rule `r6` can never match: {words}"
