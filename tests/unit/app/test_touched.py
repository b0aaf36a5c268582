"""What a change of a clinic file touches."""

import pytest
from tests import builders

from payrules.app.touched import touched_by
from payrules.compiler.compile import Version

RULE = "  - {{id: {0}, when: {{session_type: {0}}}, set: {1}}}\n"
MANUAL = "{process: manual}"


def version(*rules: tuple[str, str], more: str = "", **changes: str) -> Version:
    text = builders.clinic_text(
        more + "".join(["rules:\n", *(RULE.format(*one) for one in rules)] if rules else []), **changes
    )
    found = builders.compile_text(text, analysis=False).version
    assert found is not None
    return found


A, B, C = ("a", MANUAL), ("b", MANUAL), ("c", MANUAL)
EVERYTHING = {0, 1, None}


def test_a_new_clinic_file_is_touched_everywhere() -> None:
    assert touched_by(None, version(A, B)) == EVERYTHING


def test_what_says_the_same_in_other_words_touches_nothing() -> None:
    before = version(A, B)
    assert touched_by(before, version(A, B, more="# a remark\nreminders: []\n", name='"Another"')) == set()


@pytest.mark.parametrize(
    ("after", "touched"),
    [
        ([A, B, C], {2}),
        ([C, A, B], {0}),
        ([A, ("b", "{reminders: [7d]}")], {1}),
        ([A], {None}),
        ([A, C], {1, None}),
    ],
)
def test_rules_that_are_new_changed_moved_or_gone(after: list[tuple[str, str]], touched: set[int | None]) -> None:
    found = touched_by(version(A, B), version(*after))
    assert found == touched


def test_of_two_rules_that_changed_places_one_was_moved() -> None:
    assert touched_by(version(A, B), version(B, A)) in ({0}, {1})


@pytest.mark.parametrize("more", ["reminders: [7d]\n", "invoice: {due_in: 7d}\n", "manual: {create_draft: false}\n"])
def test_a_setting_outside_the_rules_touches_the_defaults(more: str) -> None:
    assert touched_by(version(A, B), version(A, B, more=more)) == {None}


@pytest.mark.parametrize("changes", [{"timezone": "Europe/Paris"}, {"currency": "EUR"}, {"payments": "inactive"}])
def test_some_settings_touch_everything(changes: dict[str, str]) -> None:
    assert touched_by(version(A, B), version(A, B, **changes)) == EVERYTHING
