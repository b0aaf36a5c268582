"""Clinic files from real folders: which are meant, and what is said of those that cannot be read."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from payrules.adapters.clinic_files import read_clinic_files
from payrules.app.catalogue import ClinicFile
from payrules.compiler.document import MAX_BYTES
from payrules.domain.diagnostics import Diagnostic


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that payrules runs in."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def write(path: str, content: bytes = b"x") -> Path:
    written = Path(path)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_bytes(content)
    return written


def link(path: str, target: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).symlink_to(target)


def read(*paths: str) -> list[tuple[str, str]]:
    """What was found, in order: the path as it is named, and the content or the code."""
    return [
        (item.file, item.content.decode()) if isinstance(item, ClinicFile) else (item.location.file, item.code)
        for item in read_clinic_files(paths)
    ]


def only(*paths: str) -> Diagnostic:
    [item] = read_clinic_files(paths)
    assert isinstance(item, Diagnostic)
    return item


@pytest.mark.usefixtures("tree")
class TestFolders:
    def test_every_clinic_file_below_a_folder_in_a_stable_order(self) -> None:
        for path in ("c/b.yaml", "c/a.yaml", "c/sub/deeper/d.yaml", "c/sub/c.yaml", "c/z.yaml"):
            write(path, path.encode())
        expected = ["c/a.yaml", "c/b.yaml", "c/sub/c.yaml", "c/sub/deeper/d.yaml", "c/z.yaml"]
        assert read("c") == [(path, path) for path in expected]

    def test_other_files_and_hidden_ones_are_left_out(self) -> None:
        for path in (
            "c/a.yaml",
            "c/README.md",
            "c/a.yaml~",
            "c/.hidden.yaml",
            "c/.git/b.yaml",
            "c/a.yaml.bak",
            "c/yaml",
        ):
            write(path)
        assert read("c") == [("c/a.yaml", "x")]

    def test_a_folder_may_be_named_like_a_file(self) -> None:
        write("c/sub.yaml/a.yaml")
        assert read("c") == [("c/sub.yaml/a.yaml", "x")]

    def test_paths_are_named_as_they_were_given(self, tree: Path) -> None:
        write("c/a.yaml")
        assert read("./c/") == [("c/a.yaml", "x")]
        assert read(str(tree / "c")) == [(str(tree / "c/a.yaml"), "x")]

    def test_a_file_that_is_meant_twice_is_read_once(self, tree: Path) -> None:
        write("c/a.yaml")
        write("c/b.yaml")
        assert read("c/b.yaml", "c", str(tree / "c/a.yaml")) == [("c/b.yaml", "x"), ("c/a.yaml", "x")]

    @pytest.mark.parametrize("others", [[], ["c/README.md"], ["c/.hidden.yaml"], ["c/sub/notes.txt"]])
    def test_a_folder_without_a_clinic_file(self, others: list[str]) -> None:
        Path("c").mkdir()
        for path in others:
            write(path)
        found = only("c")
        assert (found.code, found.location.file) == ("PR009", "c")

    def test_one_empty_folder_does_not_spoil_another(self) -> None:
        Path("empty").mkdir()
        write("c/a.yaml")
        assert read("empty", "c") == [("empty", "PR009"), ("c/a.yaml", "x")]

    @pytest.mark.parametrize("name", ["a.yml", "a.YAML", "a.Yml"])
    def test_a_name_that_ends_almost_right_is_not_passed_over(self, name: str) -> None:
        write(f"c/{name}")
        write("c/b.yaml")
        assert read("c") == [(f"c/{name}", "PR011"), ("c/b.yaml", "x")]

    def test_a_file_in_place_of_the_folder(self) -> None:
        write("clinics")
        found = only("clinics")
        assert (found.code, found.message) == ("PR011", "`clinics` does not end in `.yaml`")

    def test_a_path_that_does_not_exist(self) -> None:
        found = only("clinics")
        assert (found.code, found.location.file) == ("PR001", "clinics")
        assert "no such file" in found.message
        assert only("a.yaml").code == "PR001"
        assert only("a.yaml/b.yaml").code == "PR001"

    def test_a_file_below_a_file(self) -> None:
        write("a.yaml")
        assert only("a.yaml/b.yaml").code == "PR001"

    def test_a_name_longer_than_any(self) -> None:
        assert only(f"{'a' * 5_000}.yaml").code == "PR001"

    def test_no_more_is_read_than_shows_that_a_file_is_too_large(self) -> None:
        write("a.yaml", b"#" * (3 * MAX_BYTES))
        [item] = read_clinic_files(["a.yaml"])
        assert isinstance(item, ClinicFile)
        assert len(item.content) == MAX_BYTES + 1

    def test_names_of_any_letters(self) -> None:
        names = ["c/a b.yaml", "c/blåbær.yaml", "c/診療所.yaml"]
        for name in names:
            write(name)
        assert [file for file, _ in read("c")] == sorted(names)

    def test_a_deep_tree_is_read_or_refused(self, tree: Path) -> None:
        # Made and removed step by step: the whole path is longer than Python's own removal can follow.
        depth = 1_200
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        write("a.yaml")
        os.chdir(tree)
        try:
            assert [code for _, code in read("d")] in (["x"], ["PR001"])
        finally:
            os.chdir("d/" * depth)
            Path("a.yaml").unlink()
            for _ in range(depth):
                os.chdir("..")
                Path("d").rmdir()


@pytest.mark.usefixtures("tree")
class TestLinks:
    def test_a_link_inside_the_tree_is_followed(self) -> None:
        write("c/.store/one.yaml", b"one")
        link("c/a.yaml", ".store/one.yaml")
        assert read("c") == [("c/a.yaml", "one")]

    def test_a_mounted_config_map_is_read(self) -> None:
        # Kubernetes swaps `..data`; the names beside it are links through it.
        write("c/..2026_11_22/a.yaml", b"a")
        link("c/..data", "..2026_11_22")
        link("c/a.yaml", "..data/a.yaml")
        assert read("c") == [("c/a.yaml", "a")]

    def test_a_linked_root_is_read(self) -> None:
        write("releases/5/a.yaml", b"five")
        link("current", "releases/5")
        assert read("current") == [("current/a.yaml", "five")]

    def test_a_linked_folder_inside_the_tree_is_followed(self) -> None:
        write("c/.releases/5/a.yaml", b"five")
        link("c/current", ".releases/5")
        write("c/z.yaml")
        assert read("c") == [("c/current/a.yaml", "five"), ("c/z.yaml", "x")]

    def test_a_folder_that_is_linked_and_stands_in_the_tree_is_read_once(self) -> None:
        write("c/north/a.yaml")
        link("c/z", "north")
        assert read("c") == [("c/north/a.yaml", "x")]

    def test_a_linked_folder_that_leads_back_up_does_not_go_round(self) -> None:
        write("c/sub/a.yaml")
        link("c/sub/up", "..")
        assert read("c") == [("c/sub/a.yaml", "x")]

    @pytest.mark.parametrize("target", ["../../secret.yaml", "../outside/secret.yaml", "/etc/hostname"])
    def test_a_link_that_leaves_the_tree_is_refused(self, target: str) -> None:
        write("outside/secret.yaml", b"secret")
        write("../secret.yaml", b"secret")
        write("c/b.yaml")
        link("c/a.yaml", target)
        assert read("c") == [("c/a.yaml", "PR008"), ("c/b.yaml", "x")]

    def test_a_linked_folder_that_leaves_the_tree_is_refused(self) -> None:
        write("outside/secret.yaml", b"secret")
        write("c/b.yaml")
        link("c/a", "../outside")
        assert read("c") == [("c/a", "PR008"), ("c/b.yaml", "x")]

    def test_a_tree_that_only_begins_alike_is_another(self) -> None:
        write("clinics-old/a.yaml", b"old")
        link("clinics/a.yaml", "../clinics-old/a.yaml")
        assert read("clinics") == [("clinics/a.yaml", "PR008")]

    def test_what_is_said_of_a_link_that_leaves(self) -> None:
        write("outside/a.yaml")
        link("c/a.yaml", "../outside/a.yaml")
        found = only("c")
        assert found.message == "this link leads out of `c`"
        assert "copy" in found.help

    def test_a_file_that_is_named_alone_belongs_to_the_folder_payrules_runs_in(self) -> None:
        write("shared/a.yaml", b"shared")
        write("../outside.yaml", b"secret")
        link("c/a.yaml", "../shared/a.yaml")
        link("c/b.yaml", "../../outside.yaml")
        assert read("c/a.yaml", "c/b.yaml") == [("c/a.yaml", "shared"), ("c/b.yaml", "PR008")]

    def test_a_file_that_is_named_elsewhere_belongs_to_its_own_folder(self, tmp_path: Path) -> None:
        there = tmp_path / "there"
        write(str(there / "a.yaml"), b"a")
        link(str(there / "b.yaml"), "a.yaml")
        link(str(there / "c.yaml"), "../here/x.yaml")
        write("x.yaml", b"secret")
        found = read(*(str(there / name) for name in ("b.yaml", "c.yaml")))
        assert found == [(str(there / "b.yaml"), "a"), (str(there / "c.yaml"), "PR008")]

    def test_a_link_to_nothing(self) -> None:
        link("c/a.yaml", "gone.yaml")
        write("c/b.yaml")
        assert read("c") == [("c/a.yaml", "PR001"), ("c/b.yaml", "x")]

    def test_links_that_lead_in_a_circle(self) -> None:
        link("c/a.yaml", "b.yaml")
        link("c/b.yaml", "a.yaml")
        write("c/c.yaml")
        assert read("c") == [("c/a.yaml", "PR001"), ("c/b.yaml", "PR001"), ("c/c.yaml", "x")]

    def test_a_link_to_a_file_of_the_tree_is_a_file_of_its_own(self) -> None:
        # Its name says that it is another clinic; the compiler says that it is not (PR301).
        write("c/a.yaml")
        link("c/b.yaml", "a.yaml")
        assert read("c") == [("c/a.yaml", "x"), ("c/b.yaml", "x")]


@pytest.fixture
def unread_socket(tree: Path) -> Iterator[str]:
    path = tree / "c" / "a.yaml"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        # The name of a socket is short, so it is made from the folder itself.
        os.chdir(path.parent)
        server.bind("a.yaml")
        os.chdir(tree)
        yield "c/a.yaml"


@pytest.mark.usefixtures("tree")
class TestOtherThanFiles:
    def test_a_pipe_is_refused_and_not_waited_for(self) -> None:
        Path("c").mkdir()
        os.mkfifo("c/a.yaml")
        write("c/b.yaml")
        assert read("c") == [("c/a.yaml", "PR010"), ("c/b.yaml", "x")]
        assert only("c/a.yaml").code == "PR010"

    @pytest.mark.parametrize("swap", ["pipe", "link", "folder"])
    def test_what_takes_the_place_of_a_file_before_it_is_opened(
        self, swap: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write("c/a.yaml").resolve()
        opens = os.open

        def open_swapped(target: Path, flags: int) -> int:
            path.unlink()
            match swap:
                case "pipe":
                    os.mkfifo(path)
                case "link":
                    path.symlink_to("/dev/zero")
                case _:
                    path.mkdir()
            return opens(target, flags)

        monkeypatch.setattr(os, "open", open_swapped)
        assert read("c") == [("c/a.yaml", "PR001" if swap == "link" else "PR010")]

    def test_a_socket_is_refused(self, unread_socket: str) -> None:
        assert only(unread_socket).code == "PR010"

    def test_a_link_to_a_device_leaves_the_tree(self) -> None:
        link("c/a.yaml", "/dev/zero")
        assert read("c") == [("c/a.yaml", "PR008")]

    def test_a_link_to_a_folder_in_place_of_a_file(self) -> None:
        write("c/sub/b.yaml")
        link("c/a.yaml", "sub")
        assert read("c") == [("c/a.yaml", "PR010"), ("c/sub/b.yaml", "x")]


@pytest.mark.usefixtures("tree")
class TestPermissions:
    @pytest.fixture(autouse=True)
    def _without_privileges(self) -> None:
        if os.geteuid() == 0:
            pytest.skip("nothing is forbidden to root")

    def test_a_file_that_may_not_be_read(self) -> None:
        write("c/a.yaml").chmod(0)
        write("c/b.yaml")
        assert read("c") == [("c/a.yaml", "PR001"), ("c/b.yaml", "x")]

    def test_a_folder_that_may_not_be_listed(self) -> None:
        write("c/b.yaml")
        sub = write("c/sub/a.yaml").parent
        sub.chmod(0)
        try:
            assert read("c") == [("c/b.yaml", "x"), ("c/sub", "PR001")]
        finally:
            sub.chmod(0o700)


@pytest.mark.usefixtures("tree")
def test_a_file_that_may_not_be_opened_is_told_with_the_systems_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    # Stands in for permissions, which do not bind root.
    opens = os.open

    def forbidden(target: str, flags: int) -> int:
        if target.endswith("a.yaml"):
            raise PermissionError(13, "Permission denied", target)
        return opens(target, flags)

    write("c/a.yaml")
    write("c/b.yaml")
    monkeypatch.setattr(os, "open", forbidden)
    [first, second] = read_clinic_files(["c"])
    assert isinstance(first, Diagnostic)
    assert (first.code, first.location.file) == ("PR001", "c/a.yaml")
    assert first.message == "the file cannot be read: permission denied"
    assert isinstance(second, ClinicFile)
