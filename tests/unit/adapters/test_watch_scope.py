"""Which folders and entries decide what a path means."""

from pathlib import Path

import pytest

from payrules.adapters.watch_scope import Scope, scope_of


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def folders(scope: Scope) -> set[Path]:
    return {place.folder for place in scope.places}


def test_folder_means_its_folders_and_its_own_name(top: Path) -> None:
    for name in ("clinics/north", "clinics/.hidden", "other"):
        (top / name).mkdir(parents=True)
    scope = scope_of([str(top / "clinics")])
    assert scope.trees == {top / "clinics", top / "clinics/north"}
    assert scope.entries == {top / "clinics"}
    assert folders(scope) == {top, *scope.trees}


def test_file_means_its_own_name_alone(top: Path) -> None:
    (top / "fjord.yaml").write_text("", encoding="utf-8")
    scope = scope_of([str(top / "fjord.yaml")])
    assert not scope.trees
    assert scope.entries == {top / "fjord.yaml"}
    assert folders(scope) == {top}


def test_relative_path_is_one_of_the_folder_payrules_runs_in(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "clinics").mkdir()
    monkeypatch.chdir(top / "clinics")
    assert scope_of([".", "../clinics"]) == scope_of([str(top / "clinics")])


def test_every_link_on_the_way_counts(top: Path) -> None:
    (top / "releases/two/clinics").mkdir(parents=True)
    (top / "current").symlink_to("releases/latest")
    (top / "releases/latest").symlink_to(top / "releases/two")
    scope = scope_of([str(top / "current/clinics")])
    assert scope.trees == {top / "releases/two/clinics"}
    assert scope.entries == {top / "current", top / "releases/latest", top / "releases/two/clinics"}
    assert folders(scope) == {top, top / "releases", top / "releases/two", top / "releases/two/clinics"}


def test_dots_after_a_link_are_those_of_its_target(top: Path) -> None:
    (top / "deep/inside").mkdir(parents=True)
    (top / "link").symlink_to("deep/inside")
    assert scope_of([str(top / "link/..")]).trees == {top / "deep", top / "deep/inside"}


def test_first_part_that_is_missing_is_waited_for(top: Path) -> None:
    scope = scope_of([str(top / "volume/app/clinics")])
    assert not scope.trees
    assert scope.entries == {top / "volume"}
    assert folders(scope) == {top}


def test_links_inside_are_followed_and_those_that_leave_are_not(top: Path) -> None:
    for name in ("clinics/.v1", "elsewhere"):
        (top / name).mkdir(parents=True)
    (top / "clinics/.v1/fjord.yaml").write_text("", encoding="utf-8")
    (top / "clinics/..data").symlink_to(".v1")
    (top / "clinics/fjord.yaml").symlink_to("..data/fjord.yaml")
    (top / "clinics/out").symlink_to("../elsewhere")
    scope = scope_of([str(top / "clinics")])
    assert scope.trees == {top / "clinics"}
    within = {top / "clinics" / name for name in ("..data", "fjord.yaml", ".v1/fjord.yaml", "out")}
    assert scope.entries == {top / "clinics", *within}
    assert folders(scope) == {top, top / "clinics", top / "clinics/.v1"}


def test_folder_made_again_is_another_place(top: Path) -> None:
    (top / "clinics").mkdir()
    before = scope_of([str(top / "clinics")])
    (top / "clinics").rename(top / "kept")
    (top / "clinics").mkdir()
    after = scope_of([str(top / "clinics")])
    assert before.trees == after.trees
    assert before != after


def test_links_in_a_circle_lead_nowhere(top: Path) -> None:
    (top / "a").symlink_to("b")
    (top / "b").symlink_to("a")
    assert scope_of([str(top / "a")]).entries == {top / "a", top / "b"}
