"""The commit of a clinic file, asked of a real git."""

import os
import subprocess
from pathlib import Path

import pytest

from payrules.adapters import revisions
from payrules.adapters.revisions import Revisions


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@payrules.example", "-c", "commit.gpgsign=false")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(folder), *identity, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with `clinics/a.yaml` and `clinics/blå b.yaml` committed."""
    (tmp_path / "clinics").mkdir()
    for name in ("a", "blå b"):
        (tmp_path / f"clinics/{name}.yaml").write_text("1", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def revision_of(path: Path) -> str | None:
    return Revisions().revision_of(str(path))


def test_a_committed_file_has_the_commit_that_is_checked_out(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    assert revision_of(repository / "clinics/a.yaml") == first
    assert revision_of(repository / "clinics/blå b.yaml") == first
    (repository / "other").write_text("2", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    assert revision_of(repository / "clinics/a.yaml") == git(repository, "rev-parse", "HEAD") != first


@pytest.mark.parametrize("staged", [False, True])
def test_a_changed_file_says_so(repository: Path, staged: bool) -> None:
    path = repository / "clinics/blå b.yaml"
    path.write_text("2", encoding="utf-8")
    if staged:
        git(repository, "add", ".")
    assert revision_of(path) == git(repository, "rev-parse", "HEAD") + "+changed"
    assert revision_of(repository / "clinics/a.yaml") == git(repository, "rev-parse", "HEAD")


def test_a_file_outside_version_control_has_none(repository: Path) -> None:
    (repository / ".gitignore").write_text("ignored.yaml", encoding="utf-8")
    for name in ("new", "ignored", "absent"):
        if name != "absent":
            (repository / f"clinics/{name}.yaml").write_text("1", encoding="utf-8")
        assert revision_of(repository / f"clinics/{name}.yaml") is None


def test_a_link_is_read_where_it_leads(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "current"
    link.symlink_to(repository / "clinics")
    assert revision_of(link / "a.yaml") == git(repository, "rev-parse", "HEAD")


def test_no_repository_no_commit_no_folder(tmp_path: Path) -> None:
    assert revision_of(tmp_path / "a.yaml") is None
    assert revision_of(tmp_path / "absent/a.yaml") is None
    git(tmp_path, "init", "-q")
    (tmp_path / "a.yaml").write_text("1", encoding="utf-8")
    assert revision_of(tmp_path / "a.yaml") is None


def test_without_git_there_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    monkeypatch.setattr(revisions, "_ENVIRONMENT", {"PATH": str(repository)})
    assert revision_of(repository / "clinics/a.yaml") is None


def test_a_git_that_does_not_answer_is_not_waited_for(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path_factory.mktemp("bin")
    (programs / "git").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (programs / "git").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(revisions, "_ENVIRONMENT", {"PATH": path})
    monkeypatch.setattr(revisions, "_TIMEOUT", 0.2)
    assert revision_of(repository / "clinics/a.yaml") is None


def test_asking_leaves_the_repository_untouched_and_ignores_a_hooks_environment(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository / "clinics/a.yaml"
    # A new time of change makes git want to refresh its index.
    os.utime(path, (1, 1))
    before = (repository / ".git/index").stat().st_mtime_ns
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("another")))
    assert revision_of(path) == git(repository, "rev-parse", "HEAD")
    assert (repository / ".git/index").stat().st_mtime_ns == before


def test_a_repository_is_asked_once_a_look(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    run = revisions._git

    def counted(folder: Path, *arguments: str) -> str | None:
        asked.append(arguments)
        return run(folder, *arguments)

    monkeypatch.setattr(revisions, "_git", counted)
    found = Revisions()
    for name in ("a", "blå b", "a", "absent"):
        found.revision_of(str(repository / f"clinics/{name}.yaml"))
    assert [args[0] for args in asked] == ["rev-parse", "ls-files", "status"]
