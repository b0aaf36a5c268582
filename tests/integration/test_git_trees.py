"""Clinic files at a revision, read from real repositories of git."""

import os
import sys
from pathlib import Path

import pytest
from tests.repositories import Repository

from payrules.adapters.git_trees import Base, GitError, find_base, read_both, read_files_at
from payrules.app.catalogue import ClinicFile
from payrules.compiler.document import MAX_BYTES
from payrules.domain.diagnostics import Diagnostic

CLINICS = ("clinics",)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with two clinic files committed, in which payrules runs."""
    made = Repository.make(tmp_path / "top")
    made.commit({"clinics/a.yaml": "a: 1\n", "clinics/north/b.yaml": "b: 1\n", "README.md": "no clinic\n"})
    monkeypatch.chdir(made.top)
    return made


def texts(files: list[ClinicFile | Diagnostic]) -> dict[str, str]:
    """The contents of files by name; a diagnostic as its code."""
    return {
        **{file.file: file.content.decode() for file in files if isinstance(file, ClinicFile)},
        **{file.location.file: file.code for file in files if isinstance(file, Diagnostic)},
    }


def at(base: str | None, *paths: str) -> dict[str, str]:
    meant = paths or CLINICS
    return texts(list(read_files_at(find_base(base, meant), meant)))


def both(base: str | None, *paths: str) -> tuple[dict[str, str], dict[str, str]]:
    meant = paths or CLINICS
    before, after = read_both(find_base(base, meant), meant)
    return texts(before), texts(after)


def test_the_files_of_a_revision_are_named_as_those_of_the_work_tree(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.commit({"clinics/a.yaml": "a: 2\n"})
    expected = {"clinics/a.yaml": "a: 1\n", "clinics/north/b.yaml": "b: 1\n"}
    assert at("HEAD~1") == at(first) == at(first[:10]) == expected
    assert at("HEAD~1", "clinics/a.yaml") == {"clinics/a.yaml": "a: 1\n"}
    assert at("HEAD~1", "clinics/north", "clinics/a.yaml", "clinics") == expected
    assert at("HEAD~1", ".") == expected


def test_what_is_not_committed_is_of_now(repository: Repository) -> None:
    repository.write({"clinics/a.yaml": "a: 2\n", "clinics/c.yaml": "c: 1\n"})
    repository.git("add", "clinics/c.yaml")
    repository.write({"clinics/d.yaml": "d: 1\n"})
    (repository.top / "clinics/north/b.yaml").unlink()
    index = repository.git("status", "--porcelain")
    before, after = both(None)
    assert before == {"clinics/a.yaml": "a: 1\n", "clinics/north/b.yaml": "b: 1\n"}
    assert after == {"clinics/a.yaml": "a: 2\n", "clinics/c.yaml": "c: 1\n", "clinics/d.yaml": "d: 1\n"}
    assert repository.git("status", "--porcelain") == index


def test_from_a_folder_below_paths_are_those_of_that_folder(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.top / "clinics")
    assert at("HEAD", ".") == {"a.yaml": "a: 1\n", "north/b.yaml": "b: 1\n"}
    assert at("HEAD", "north/b.yaml", "../clinics/a.yaml") == {"north/b.yaml": "b: 1\n", "../clinics/a.yaml": "a: 1\n"}
    monkeypatch.chdir("/")
    assert list(at("HEAD", f"{repository.top}/clinics/north")) == [f"{repository.top}/clinics/north/b.yaml"]


def test_a_base_without_the_file_or_the_folder_has_none(repository: Repository) -> None:
    assert at("HEAD", "clinics/new.yaml") == at("HEAD", "other") == {}
    repository.write({"other/c.yaml": "c: 1\n"})
    assert both("HEAD", "other") == ({}, {"other/c.yaml": "c: 1\n"})


@pytest.mark.parametrize("emptied", ["", "clinics", "clinics/north"])
def test_a_folder_that_is_gone_or_emptied_is_no_fault(repository: Repository, emptied: str) -> None:
    (repository.top / "clinics/a.yaml").unlink()
    (repository.top / "clinics/north/b.yaml").unlink()
    if emptied != "clinics/north":
        (repository.top / "clinics/north").rmdir()
    if not emptied:
        (repository.top / "clinics").rmdir()
    before, after = both("HEAD", emptied or "clinics")
    assert before
    assert after == {}
    assert both("HEAD", "clinics/a.yaml") == ({"clinics/a.yaml": "a: 1\n"}, {})
    # What never was is one still.
    assert both("HEAD", "clinics/typo.yaml")[1] == {"clinics/typo.yaml": "PR001"}


def test_a_file_that_cannot_be_read_is_not_taken_for_removed(repository: Repository) -> None:
    (repository.top / "clinics/a.yaml").unlink()
    (repository.top / "clinics/a.yaml").mkdir()
    assert both("HEAD", "clinics")[1] == {"clinics/north/b.yaml": "b: 1\n"}
    (repository.top / "clinics/a.yaml").rmdir()
    (repository.top / "clinics/a.yaml").symlink_to("nowhere.yaml")
    assert both("HEAD")[1]["clinics/a.yaml"] == "PR001"


class TestMergeBase:
    def test_a_branch_that_moved_on_is_taken_where_it_was_left(self, repository: Repository) -> None:
        left = repository.git("rev-parse", "HEAD")
        repository.git("checkout", "-qb", "change")
        repository.commit({"clinics/a.yaml": "a: 2\n"})
        repository.git("checkout", "-q", "main")
        repository.commit({"clinics/north/b.yaml": "b: 2\n"})
        repository.git("checkout", "-q", "change")
        assert find_base("main", CLINICS) == Base("main", left, moved=True)
        assert at("main")["clinics/north/b.yaml"] == "b: 1\n"
        assert find_base("main~1", CLINICS) == Base("main~1", left, moved=False)

    def test_without_a_base_it_is_where_head_left_the_branch_of_the_origin(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone = repository.clone(tmp_path / "clone")
        monkeypatch.chdir(clone.top)
        clone.commit({"clinics/a.yaml": "a: 2\n"})
        clone.commit({"clinics/a.yaml": "a: 3\n"})
        assert find_base(None, CLINICS) == Base("origin/HEAD", repository.git("rev-parse", "HEAD"), moved=False)
        assert at(None)["clinics/a.yaml"] == "a: 1\n"
        clone.git("remote", "set-head", "origin", "--delete")
        head = clone.git("rev-parse", "HEAD")
        assert find_base(None, CLINICS) == Base("HEAD", head, without_origin=True)
        assert find_base("HEAD", CLINICS) == Base("HEAD", head)
        assert at(None)["clinics/a.yaml"] == "a: 3\n"

    def test_branches_without_a_commit_in_common(self, repository: Repository) -> None:
        repository.git("checkout", "-q", "--orphan", "other")
        repository.commit({"other": ""})
        with pytest.raises(GitError, match="`main` and HEAD have no commit in common; compare with a folder instead"):
            find_base("main", CLINICS)


class TestShallowClone:
    @pytest.fixture
    def clone(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
        """One that has the last of three commits of a branch alone."""
        repository.git("checkout", "-qb", "change")
        repository.commit({"clinics/a.yaml": "a: 2\n"})
        repository.commit({"clinics/a.yaml": "a: 3\n"})
        clone = repository.clone(tmp_path / "clone", "--depth=1", "--branch=change", "--no-single-branch")
        monkeypatch.chdir(clone.top)
        return clone

    @pytest.mark.parametrize("base", ["HEAD~1", "origin/main"])
    def test_it_says_what_to_do(self, clone: Repository, base: str) -> None:
        with pytest.raises(GitError, match=r"shallow.*`git fetch --unshallow`.*`fetch-depth: 0`"):
            find_base(base, CLINICS)

    def test_without_a_base_that_is_known(self, clone: Repository) -> None:
        clone.git("remote", "set-head", "origin", "--delete")
        assert find_base(None, CLINICS).shallow

    def test_once_deepened_it_works(self, clone: Repository) -> None:
        clone.git("fetch", "-q", "--unshallow")
        assert at("HEAD~1")["clinics/a.yaml"] == "a: 2\n"
        assert at("origin/main")["clinics/a.yaml"] == "a: 1\n"


def test_a_clone_without_the_contents_fetches_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit({"clinics/a.yaml": "a: 2\n"})
    clone = repository.clone(tmp_path / "clone", "--filter=blob:none")
    monkeypatch.chdir(clone.top)
    with pytest.raises(GitError, match=r"clone the repository without `--filter`|git (ls-tree|cat-file) failed"):
        at("HEAD~1")
    assert at("HEAD")["clinics/a.yaml"] == "a: 2\n"


@pytest.mark.parametrize(
    ("base", "hint"),
    [
        ("gone", "; `git fetch` gets what is new"),
        ("origin/gone", "; `git fetch` gets what is new"),
        ("mian", "; did you mean `main`?"),
        ("v1.20", "; did you mean `v1.2.0`?"),
        *((base, "") for base in ("-h", "--all", "HEAD:clinics", "HEAD~99", "./x", "", "x^{/a", "@{9999}")),
    ],
)
def test_a_revision_that_does_not_exist(repository: Repository, base: str, hint: str) -> None:
    repository.git("tag", "v1.2.0")
    with pytest.raises(GitError) as caught:
        find_base(base, CLINICS)
    assert str(caught.value) == f"there is no path and no revision `{base}`{hint}"


def test_a_path_wins_over_a_revision(repository: Repository) -> None:
    repository.write({"main/clinics/a.yaml": "a: 0\n"})
    assert find_base("main", CLINICS) == Base("main")
    assert at("main") == {"main/clinics/a.yaml": "a: 0\n"}
    assert at("heads/main")["clinics/a.yaml"] == "a: 1\n"
    # A file named alone is compared with the one of its name.
    repository.write({"main/clinics/c.yaml": "c: 0\n"})
    assert both("main", "clinics/a.yaml") == ({"main/clinics/a.yaml": "a: 0\n"}, {"clinics/a.yaml": "a: 1\n"})
    assert "main/clinics/c.yaml" in both("main", "clinics")[0]


def test_odd_names(repository: Repository) -> None:
    odd = {
        f"clinics/{name}.yaml": f"{at}: 1\n"
        for at, name in enumerate(("-x", "blå b", 'q"u', "a:b", "n\nl", "*", "t\tb"))
    }
    more = {"clinics/no.yml": "", "clinics/.hidden.yaml": "", "clinics/.git-like/x.yaml": "", "clinics/a.yaml.bak": ""}
    repository.commit(odd | more)
    assert at("HEAD") == {**odd, "clinics/a.yaml": "a: 1\n", "clinics/north/b.yaml": "b: 1\n"}
    assert at("HEAD", "clinics/*.yaml") == {"clinics/*.yaml": odd["clinics/*.yaml"]}


def test_links_lead_nowhere_but_inside_the_repository(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("secret: 1\n", encoding="utf-8")
    for name, target in {
        "in": "north/b.yaml",
        "out": "../../secret.yaml",
        "absolute": str(tmp_path / "secret.yaml"),
        "dangling": "nowhere.yaml",
        "circle": "circle.yaml",
        "folder": "north",
        "n\nl": "north/b.yaml",
    }.items():
        (repository.top / f"clinics/{name}.yaml").symlink_to(target)
    repository.commit()
    assert at("HEAD") == {"clinics/a.yaml": "a: 1\n", "clinics/in.yaml": "b: 1\n", "clinics/north/b.yaml": "b: 1\n"}


def test_a_folder_that_is_a_link_is_read_where_it_leads(repository: Repository) -> None:
    (repository.top / "linked").symlink_to("clinics/north")
    assert at("HEAD", "linked") == {"linked/b.yaml": "b: 1\n"}


def test_a_submodule_and_a_huge_file(repository: Repository, tmp_path: Path) -> None:
    other = Repository.make(tmp_path / "other")
    other.commit({"c.yaml": "c: 1\n"})
    repository.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.top), "clinics/sub.yaml"
    )
    repository.commit({"clinics/huge.yaml": "#" * (MAX_BYTES + 1)})
    found = at("HEAD")
    assert "clinics/sub.yaml" not in found
    # Its length is all that is told of it.
    assert len(found["clinics/huge.yaml"]) == MAX_BYTES + 1


def test_no_program_of_the_repository_is_run(repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n", encoding="utf-8")
    trap.chmod(0o755)
    for setting in (
        "core.fsmonitor",
        "diff.odd.textconv",
        "filter.odd.smudge",
        "filter.odd.process",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "gpg.program",
    ):
        repository.git("config", setting, str(trap))
    repository.write({".gitattributes": "*.yaml diff=odd filter=odd\n"})
    before, _ = both("HEAD")
    assert before["clinics/a.yaml"] == "a: 1\n"
    assert not (tmp_path / "sprung").exists()


def test_inside_a_hook_of_another_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository.make(tmp_path / "other")
    other.commit({"clinics/a.yaml": "other: 1\n"})
    for name, value in {"GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index"}.items():
        monkeypatch.setenv(name, str(other.top / value))
    assert at("HEAD")["clinics/a.yaml"] == "a: 1\n"


def test_a_replaced_object_does_not_stand_for_another(repository: Repository) -> None:
    repository.commit({"clinics/a.yaml": "a: 2\n"})
    old, new = (repository.git("rev-parse", f"{rev}:clinics/a.yaml") for rev in ("HEAD~1", "HEAD"))
    repository.git("replace", old, new)
    assert at("HEAD~1")["clinics/a.yaml"] == "a: 1\n"


class TestNoRepository:
    def test_outside_of_any(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(GitError, match="lies in no git repository: compare with a folder"):
            find_base(None, CLINICS)
        with pytest.raises(GitError, match=r"there is no path `main`, and .* lies in no git repository"):
            find_base("main", CLINICS)

    def test_without_a_commit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(Repository.make(tmp_path / "top").top)
        for base in (None, "main"):
            with pytest.raises(GitError, match="no commit yet"):
                find_base(base, CLINICS)

    def test_a_bare_one(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bare = repository.clone(tmp_path / "bare", "--bare")
        monkeypatch.chdir(bare.top)
        with pytest.raises(GitError, match="no work tree: run payrules where the files are checked out"):
            find_base("main", CLINICS)

    def test_paths_in_two(self, repository: Repository, tmp_path: Path) -> None:
        other = Repository.make(tmp_path / "other")
        with pytest.raises(GitError, match="several repositories"):
            find_base("HEAD", ("clinics", str(other.top)))

    def test_git_is_not_installed(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(GitError, match="git is not installed"):
            find_base("HEAD", CLINICS)

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("fatal: detected dubious ownership in repository at '/x'", r"does not trust .* --add safe\.directory /"),
            ("fatal: the index is on fire\nhint: water", "git rev-parse failed: fatal: the index is on fire"),
            ("", "git rev-parse failed: exit code 3"),
        ],
    )
    def test_git_fails(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
    ) -> None:
        program = tmp_path / "bin/git"
        program.parent.mkdir()
        program.write_text(
            f"#!{sys.executable}\nimport sys\nsys.exit(print({said!r}, file=sys.stderr) or 3)\n", encoding="utf-8"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        with pytest.raises(GitError, match=told):
            find_base("HEAD", CLINICS)
