"""Which files a plan is about, and what it makes of each."""

import pytest
from tests.builders import CLINIC, COMPILER, FILE, clinic_text

from payrules.app.catalogue import ClinicFile
from payrules.app.other_changes import OtherChange
from payrules.app.planning import ClinicPlan, Kind, Plan, plan_files
from payrules.domain.diagnostics import Diagnostic, Location, Severity

PLAIN = clinic_text()
RULES = """\
rules:
  - id: one
    why: because
    when: {first_visit: true}
    set: {process: manual}
  - id: two
    when: {weekday: sat}
    set: {invoice: {due_in: 7d}}
"""


def plan(before: dict[str, str], after: dict[str, str]) -> Plan:
    old, new = ([ClinicFile(name, text.encode()) for name, text in files.items()] for files in (before, after))
    return plan_files(old, new, COMPILER)


def change(before: str, after: str) -> ClinicPlan:
    (one,) = plan({FILE: before}, {FILE: after}).clinics
    return one


def others(before: str, after: str) -> list[OtherChange]:
    return list(change(before, after).others)


def test_what_is_as_it_was_is_left_out() -> None:
    found = plan({FILE: PLAIN}, {FILE: PLAIN})
    assert (found.clinics, found.changes) == ((), False)
    assert found.unchanged == {CLINIC}
    # git may write other line ends than it keeps; and a file may move to another folder.
    assert plan({FILE: PLAIN}, {FILE: PLAIN.replace("\n", "\r\n")}).clinics == ()
    assert plan({FILE: PLAIN}, {f"clinics/north/{CLINIC}.yaml": PLAIN}).clinics == ()


def test_a_file_comes_changes_and_goes() -> None:
    other = clinic_text(clinic="harbour")
    found = plan(
        {FILE: PLAIN, "clinics/gone.yaml": clinic_text(clinic="gone", name="x", contact="{email: a@b.example}")},
        {FILE: clinic_text(name="Fjord"), "clinics/harbour.yaml": other},
    )
    kinds = {one.clinic: (one.kind, one.before is None, one.after is None) for one in found.clinics}
    assert kinds == {
        CLINIC: (Kind.CHANGED, False, False),
        "gone": (Kind.REMOVED, False, True),
        "harbour": (Kind.NEW, True, False),
    }
    assert [one.file for one in found.clinics] == [FILE, "clinics/gone.yaml", "clinics/harbour.yaml"]
    assert found.changes


@pytest.mark.parametrize(
    ("after", "nothing", "changes"),
    [
        (PLAIN + "# a comment\n", True, False),
        (clinic_text(RULES), False, True),
        # Rules are written otherwise, and nobody but the readers of the file notices.
        (clinic_text("rules: [{id: r, when: {weekday: sat}, set: {process: automatic}}]\n"), True, False),
        (clinic_text(name="Fjord"), True, True),
        (clinic_text("effective_from: 2027-01-01T00:00\n"), True, True),
        (clinic_text(payments="inactive"), False, True),
        (clinic_text(timezone="Europe/Stockholm"), False, True),
    ],
)
def test_what_changes_anything(after: str, nothing: bool, changes: bool) -> None:
    one = change(PLAIN, after)
    assert one.difference is not None
    assert (one.difference.nothing, not one.changes_nothing) == (nothing, changes)
    assert plan({FILE: PLAIN}, {FILE: after}).changes == changes


def test_a_file_with_errors_is_told_and_the_others_are_planned() -> None:
    found = plan(
        {FILE: PLAIN}, {FILE: clinic_text(country="Norge"), "clinics/harbour.yaml": clinic_text(clinic="harbour")}
    )
    assert [(one.clinic, one.kind) for one in found.clinics] == [(CLINIC, Kind.BROKEN), ("harbour", Kind.NEW)]
    assert {d.severity for d in found.catalogue.diagnostics} == {Severity.ERROR}
    assert FILE in found.catalogue.sources


def test_a_base_with_errors_cannot_be_compared_with() -> None:
    found = plan({FILE: clinic_text(country="Norge")}, {FILE: PLAIN})
    (one,) = found.clinics
    assert (one.kind, one.before, one.difference, one.base_broken) == (Kind.CHANGED, None, None, True)
    assert one.after is not None
    # The errors of the base are corrected: nobody has to hear of them.
    assert found.catalogue.diagnostics == ()


def test_a_clinic_with_two_files_is_found_even_if_one_of_them_is_as_it_was() -> None:
    found = plan({FILE: PLAIN}, {FILE: PLAIN, f"north/{CLINIC}.yaml": clinic_text(name="Fjord")})
    assert [(one.clinic, one.kind) for one in found.clinics] == [(CLINIC, Kind.BROKEN)]
    assert [d.code for d in found.catalogue.diagnostics] == ["PR012"]


def test_a_file_that_cannot_be_read_is_broken() -> None:
    unreadable = Diagnostic("PR001", Severity.ERROR, Location(FILE), "the file cannot be read")
    found = plan_files([ClinicFile(FILE, PLAIN.encode())], [unreadable], COMPILER)
    assert [(one.clinic, one.kind) for one in found.clinics] == [(CLINIC, Kind.BROKEN)]
    assert found.catalogue.diagnostics == (unreadable,)


class TestRenamed:
    def test_a_renamed_file_is_another_clinic_and_each_names_the_other(self) -> None:
        found = plan({FILE: PLAIN}, {"clinics/fjord.yaml": clinic_text(clinic="fjord")})
        assert {one.clinic: (one.kind, one.renamed) for one in found.clinics} == {
            "fjord": (Kind.NEW, CLINIC),
            CLINIC: (Kind.REMOVED, "fjord"),
        }

    def test_the_key_may_have_been_forgotten(self) -> None:
        found = plan({FILE: PLAIN}, {"clinics/fjord.yaml": PLAIN})
        assert {one.clinic: (one.kind, one.renamed) for one in found.clinics} == {
            "fjord": (Kind.BROKEN, CLINIC),
            CLINIC: (Kind.REMOVED, "fjord"),
        }

    def test_of_several_the_most_alike_belong_together(self) -> None:
        before = {f"c/{name}.yaml": clinic_text(more, clinic=name) for name, more in (("a", ""), ("b", RULES))}
        after = {f"c/{name}.yaml": clinic_text(more, clinic=name) for name, more in (("x", RULES), ("y", ""))}
        found = {one.clinic: one.renamed for one in plan(before, after).clinics}
        assert found == {"a": "y", "b": "x", "x": "b", "y": "a"}

    def test_another_file_is_not_taken_for_a_renamed_one(self) -> None:
        other = "\n".join(f"line: {number}" for number in range(30))
        assert {one.renamed for one in plan({FILE: PLAIN}, {"clinics/fjord.yaml": other}).clinics} == {None}


class TestOthers:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            (PLAIN, clinic_text(name="Fjord"), [("name", "Fjord Fysioterapi", "Fjord")]),
            (PLAIN, clinic_text(language="en"), [("language", "nb", "en")]),
            (PLAIN, clinic_text(country="SE"), [("country", "NO", "SE")]),
            (
                PLAIN,
                clinic_text(contact="{email: hei@fjord-fysio.example}"),
                [("contact", "post@fjord-fysio.example", "hei@fjord-fysio.example")],
            ),
            (
                PLAIN,
                clinic_text("effective_from: 2027-01-01T00:00\n"),
                [("effective_from", None, "2027-01-01 00:00 Europe/Oslo")],
            ),
            (
                clinic_text("session_types: {a: {name: A}, b: {name: B}}\n"),
                clinic_text("session_types: {b: {name: Bee}, c: {name: C, price: '1.00'}}\n"),
                [("session_types", "a", "c"), ("session_types.b.name", "B", "Bee")],
            ),
            (
                PLAIN,
                clinic_text("messages: {nb: {reminder: {sms: 'Betal! {{ link }}'}}}\n"),
                [("messages.nb.reminder.sms", None, "Betal! {{ link }}")],
            ),
            # What is a decision is told as such.
            (PLAIN, clinic_text(payments="inactive", timezone="Europe/Stockholm"), []),
        ],
    )
    def test_keys(self, before: str, after: str, expected: list[tuple[str, str | None, str | None]]) -> None:
        assert others(before, after) == expected

    def test_rules(self) -> None:
        first, second = RULES.removeprefix("rules:\n").split("  - id: two\n")
        second = f"  - id: two\n{second}"
        text = clinic_text(RULES)
        assert others(text, clinic_text(f"rules:\n{second}{first}")) == [("rules", None, "in another order")]
        assert others(text, clinic_text(f"rules:\n{first}")) == [("rules", "removed: two", None)]
        assert others(clinic_text(f"rules:\n{first}"), text) == [("rules", None, "new: two")]
        assert others(text, text.replace("sat", "sun")) == [("rules", None, "written otherwise: two")]
        assert others(text, text.replace("because", "so")) == [("rules.one.why", "because", "so")]
        # A default that changes is not the rules' doing.
        assert others(text, text.replace("15m", "30m")) == []

    def test_nobody_notices_how_rules_are_written(self) -> None:
        assert not OtherChange("rules", None, "new: two").is_noticed
        assert not OtherChange("rules.one.why", "because", "so").is_noticed
        assert OtherChange("name", "a", "b").is_noticed
