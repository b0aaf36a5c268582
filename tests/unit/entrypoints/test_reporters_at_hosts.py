"""Findings land beside the lines they are about, at code hosts too."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from payrules.domain.diagnostics import Diagnostic, Location, Related, Severity
from payrules.entrypoints.reporters import REPORTERS, in_repository
from payrules.entrypoints.reporters.github import SHOWN
from payrules.entrypoints.reporters.sarif import MOST_RESULTS


def finding(file: str, line: int = 1, severity: Severity = Severity.ERROR) -> Diagnostic:
    """A finding of which the place matters."""
    return Diagnostic("PR205", severity, Location(file, line, 2, 3), "wrong")


def report(name: str, diagnostics: Sequence[Diagnostic]) -> list[str]:
    return list(REPORTERS[name](diagnostics, lambda _: None))


def files_of(*diagnostics: Diagnostic) -> list[str]:
    """The files of the findings as hosts are given them, those of related places after them."""
    placed = in_repository(diagnostics)
    return [d.location.file for d in placed] + [note.location.file for d in placed for note in d.related]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository `home` with a folder of clinic files and one of other things."""
    home = tmp_path / "home"
    for folder in (".git", "clinics", "docs/deep"):
        (home / folder).mkdir(parents=True)
    return home


# ---- files


def test_file_is_named_from_the_top_of_its_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    assert files_of(finding("clinics/a.yaml")) == ["clinics/a.yaml"]
    assert files_of(finding(str(repository / "clinics/a.yaml"))) == ["clinics/a.yaml"]
    assert files_of(finding("docs/../clinics/./a.yaml")) == ["clinics/a.yaml"]
    monkeypatch.chdir(repository / "clinics")
    assert files_of(finding("a.yaml")) == ["clinics/a.yaml"]
    assert files_of(finding(".")) == ["clinics"]
    monkeypatch.chdir(repository / "docs/deep")
    assert files_of(finding("../../clinics/a.yaml")) == ["clinics/a.yaml"]
    # The folder above holds repositories and is none.
    monkeypatch.chdir(repository.parent)
    assert files_of(finding("home/clinics/a.yaml")) == ["clinics/a.yaml"]


def test_related_places_are_named_in_the_same_way(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "clinics")
    twice = Diagnostic("PR012", Severity.ERROR, Location("b.yaml", 1), "two", "", (Related(Location("a.yaml"), "one"),))
    assert files_of(twice) == ["clinics/b.yaml", "clinics/a.yaml"]


def test_a_work_tree_is_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree/clinics").mkdir(parents=True)
    (tmp_path / "tree/.git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert files_of(finding("tree/clinics/a.yaml")) == ["clinics/a.yaml"]


def test_without_a_repository_a_file_is_named_from_where_payrules_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert files_of(finding("clinics/a.yaml")) == ["clinics/a.yaml"]
    assert files_of(finding("../a.yaml")) == [str(tmp_path / "a.yaml")]


def test_a_link_to_a_folder_is_followed_and_a_link_to_a_file_is_not(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "linked").symlink_to("clinics")
    (repository / "clinics/b.yaml").symlink_to("a.yaml")
    monkeypatch.chdir(repository)
    # A review shows the lines of a folder's files where they are, and a link as a file of its own.
    assert files_of(finding("linked/a.yaml")) == ["clinics/a.yaml"]
    assert files_of(finding("clinics/b.yaml")) == ["clinics/b.yaml"]


def test_a_name_longer_than_any_file_is_named_all_the_same(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    assert files_of(finding("x" * 5000 + "/a.yaml")) == ["x" * 5000 + "/a.yaml"]


# ---- GitHub


def test_github_shows_ten_of_a_kind_and_the_tenth_tells_of_the_others() -> None:
    warnings = [finding("c.yaml", n, Severity.WARNING) for n in range(1, SHOWN + 1)]
    errors = [finding("c.yaml", n) for n in range(1, SHOWN + 4)]
    lines = report("github", [*warnings, *errors])
    assert len(lines) == 23
    title = "title=PR205 the value does not have the right form"
    # Exactly ten: nothing is left out.
    assert lines[9] == f"::warning file=c.yaml,line=10,col=2,endColumn=3,{title}::wrong"
    assert lines[18] == f"::error file=c.yaml,line=9,col=2,endColumn=3,{title}::wrong"
    more = "%0Anote: and 3 more errors, in the log of this step"
    assert lines[19] == f"::error file=c.yaml,line=10,col=2,endColumn=3,{title}::wrong{more}"
    # The log shows no properties.
    assert lines[20] == f"::error file=c.yaml,line=11,col=2,endColumn=3,{title}::c.yaml:11:2: wrong"


def test_github_tells_of_one_more() -> None:
    lines = report("github", [finding("c.yaml", n, Severity.WARNING) for n in range(SHOWN + 1)])
    assert lines[9].endswith("%0Anote: and 1 more warning, in the log of this step")


# ---- SARIF


def test_sarif_counts_characters_and_ends_lines_as_the_yaml_parser_does() -> None:
    (run,) = json.loads("\n".join(report("sarif", [])))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["newlineSequences"] == ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"]
    assert "invocations" not in run


def test_sarif_leaves_out_warnings_first_where_a_host_would_refuse_the_log() -> None:
    warnings = [finding("a.yaml", n, Severity.WARNING) for n in range(MOST_RESULTS)]
    (run,) = json.loads("\n".join(report("sarif", [*warnings, finding("z.yaml", 7), finding("z.yaml", 8)])))["runs"]
    results = run["results"]
    assert len(results) == MOST_RESULTS
    assert [result["level"] for result in results[:3]] == ["error", "error", "warning"]
    assert [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results[:2]] == [7, 8]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification == {"level": "warning", "message": {"text": "2 more findings were left out."}}
