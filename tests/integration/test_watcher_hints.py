"""Hints of real file systems: each trap that file watching is known for."""

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.watch_scope import MOST_FOLDERS
from payrules.adapters.watcher import EVENTS, ClinicWatch

SOON = 5.0
# What is moved out of sight is reported after half a second.
LATE = 0.7
Watch = Callable[..., ClinicWatch]


@pytest.fixture
def clinics(tmp_path: Path) -> Path:
    """A folder with one clinic file; what it says does not matter to a watch."""
    folder = tmp_path / "clinics"
    folder.mkdir()
    (folder / "fjord.yaml").write_text("a", encoding="utf-8")
    return folder


@pytest.fixture
def watching() -> Iterator[Watch]:
    """Watches that have looked once and are ended with the test."""
    begun: list[ClinicWatch] = []

    def begin(*paths: Path, **options: object) -> ClinicWatch:
        watch = ClinicWatch([str(path) for path in paths], **options)  # type: ignore[arg-type]  # as the test gives them
        begun.append(watch)
        watch.rearm()
        return watch

    yield begin
    for watch in begun:
        watch.close()


def settled(watch: ClinicWatch, quiet: float = 0.1) -> None:
    """Arm as the daemon does before a look, and wait until no hint is left of what was done before."""
    watch.rearm()
    deadline = time.monotonic() + SOON
    while watch.wait(quiet):
        watch.rearm()
        assert time.monotonic() < deadline, "hints without end"


def swap_data(mount: Path, version: str, content: str) -> None:
    """Put a new version in force as the kubelet does: a new folder, and `..data` replaced by a rename."""
    folder = mount / f"..{version}"
    folder.mkdir()
    (folder / "fjord.yaml").write_text(content, encoding="utf-8")
    (mount / "..data_tmp").symlink_to(folder.name)
    old = mount / "..data"
    former = old.readlink() if old.is_symlink() else None
    (mount / "..data_tmp").rename(old)
    if former is not None:
        shutil.rmtree(mount / former)


def test_swapped_config_map_is_noticed_every_time(tmp_path: Path, watching: Watch) -> None:
    mount = tmp_path / "clinics"
    mount.mkdir()
    swap_data(mount, "v1", "a")
    (mount / "fjord.yaml").symlink_to("..data/fjord.yaml")
    by_folder, by_file = watching(mount), watching(mount / "fjord.yaml")
    for version in ("v2", "v3"):
        swap_data(mount, version, "b")
        for watch in (by_folder, by_file):
            assert watch.wait(SOON)
            settled(watch)


def test_repointed_root_is_noticed_and_followed(tmp_path: Path, watching: Watch) -> None:
    for name in ("one", "two"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    root = tmp_path / "current"
    root.symlink_to("releases/one")
    watch = watching(root)
    (tmp_path / "next").symlink_to("releases/two")
    (tmp_path / "next").rename(root)
    assert watch.wait(SOON)
    settled(watch, LATE)
    (tmp_path / "releases/one/fjord.yaml").write_text("old", encoding="utf-8")
    assert not watch.wait(0.2)
    (tmp_path / "releases/two/fjord.yaml").write_text("new", encoding="utf-8")
    assert watch.wait(SOON)


def test_link_above_the_root_may_be_repointed(tmp_path: Path, watching: Watch) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "clinics").mkdir(parents=True)
    (tmp_path / "app").symlink_to("one")
    watch = watching(tmp_path / "app/clinics")
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "app")
    assert watch.wait(SOON)
    settled(watch)
    (tmp_path / "two/clinics/fjord.yaml").write_text("new", encoding="utf-8")
    assert watch.wait(SOON)


def test_root_renamed_and_made_again_is_followed(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    clinics.rename(clinics.with_name("before"))
    clinics.mkdir()
    assert watch.wait(SOON)
    settled(watch)
    (clinics / "fjord.yaml").write_text("new", encoding="utf-8")
    assert watch.wait(SOON)


def test_root_removed_and_made_again_later_is_followed(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    shutil.rmtree(clinics)
    assert watch.wait(SOON)
    settled(watch)
    clinics.mkdir()
    assert watch.wait(SOON)
    settled(watch)
    (clinics / "fjord.yaml").write_text("new", encoding="utf-8")
    assert watch.wait(SOON)


def test_root_may_come_with_the_folders_above_it(tmp_path: Path, watching: Watch) -> None:
    root = tmp_path / "volume" / "app" / "clinics"
    watch = watching(root)
    for folder in (root.parents[1], root.parent, root):
        folder.mkdir()
        assert watch.wait(SOON)
        settled(watch)
    (root / "fjord.yaml").write_text("new", encoding="utf-8")
    assert watch.wait(SOON)


def write_anew(file: Path) -> None:
    file.write_text("b", encoding="utf-8")


def rename_over(file: Path) -> None:
    new = file.with_name(".fjord.swp")
    new.write_text("b", encoding="utf-8")
    new.rename(file)


def move_in(file: Path) -> None:
    new = file.parents[1] / "elsewhere"
    new.write_text("b", encoding="utf-8")
    new.rename(file)


def move_away(file: Path) -> None:
    file.rename(file.parents[1] / "elsewhere")


def keep_a_copy(file: Path) -> None:
    file.rename(file.with_name("fjord.yaml~"))
    file.write_text("b", encoding="utf-8")


@pytest.mark.parametrize("change", [write_anew, rename_over, move_in, move_away, keep_a_copy, os.unlink])
@pytest.mark.parametrize("alone", [False, True])
def test_every_way_to_change_a_file_is_noticed_again_and_again(
    clinics: Path, watching: Watch, change: Callable[[Path], None], alone: bool
) -> None:
    file = clinics / "fjord.yaml"
    watch = watching(file if alone else clinics)
    for _ in range(2):
        change(file)
        assert watch.wait(SOON)
        settled(watch)
        file.write_text("a", encoding="utf-8")
        settled(watch)


def test_new_folders_and_links_between_folders_are_watched(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    (clinics / "north" / "deep").mkdir(parents=True)
    (clinics / ".kept").mkdir()
    (clinics / "linked").symlink_to(".kept")
    assert watch.wait(SOON)
    settled(watch)
    for folder in ("north/deep", ".kept"):
        (clinics / folder / "fjord.yaml").write_text("a", encoding="utf-8")
        assert watch.wait(SOON)
        settled(watch)


def test_reading_gives_no_hint(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    for _ in range(50):
        assert len(list(read_clinic_files([str(clinics)]))) == 1
    assert not watch.wait(0.3)


def test_what_lies_beside_the_folder_or_is_written_by_payrules_gives_no_hint(clinics: Path, watching: Watch) -> None:
    store = clinics / "payrules.db"
    watch = watching(clinics, ignored=[str(store)])
    for file in (store, clinics / "payrules.db-wal", clinics.parent / "fjord.yaml", clinics.parent / "other"):
        file.write_text("a", encoding="utf-8")
        file.unlink()
    assert not watch.wait(LATE)


def test_many_files_give_hints_that_end(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    for number in range(1000):
        (clinics / f"clinic-{number}.yaml").write_text("a", encoding="utf-8")
    assert watch.wait(SOON)
    settled(watch)


def test_wake_ends_a_wait(clinics: Path, watching: Watch) -> None:
    watch = watching(clinics)
    threading.Timer(0.05, watch.wake).start()
    began = time.monotonic()
    assert watch.wait(60)
    assert time.monotonic() - began < SOON


# ---- no observer


def limit_reached(number: int) -> Callable[[], BaseObserver]:
    def make() -> BaseObserver:
        raise OSError(number, os.strerror(number))

    return make


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (errno.ENOSPC, "polling: no space left on device"),
        (errno.EMFILE, "polling: too many open files"),
    ],
)
def test_without_an_observer_it_polls_and_says_so(clinics: Path, watching: Watch, number: int, how: str) -> None:
    watch = watching(clinics, observer=limit_reached(number), poll=0.01)
    assert watch.how == how
    assert watch.wait(60)


def test_observer_whose_start_fails_is_ended(clinics: Path, watching: Watch) -> None:
    made: list[BaseObserver] = []

    def make() -> BaseObserver:
        observer = Observer()
        made.append(observer)

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        observer.start = refuse  # type: ignore[method-assign]  # the system's limit, reached at the last moment
        return observer

    before = threading.active_count()
    assert watching(clinics, observer=make).how.startswith("polling: ")
    assert len(made) == 1
    assert threading.active_count() == before


def test_observer_is_tried_again(clinics: Path, watching: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrules.adapters.watcher._RETRY", 0.0)
    makers = [limit_reached(errno.EMFILE), Observer]
    watch = watching(clinics, observer=lambda: makers.pop(0)())  # noqa: PLW0108  # each call takes another one
    assert watch.how != EVENTS
    watch.rearm()
    assert watch.how == EVENTS
    write_anew(clinics / "fjord.yaml")
    assert watch.wait(SOON)


def test_failed_observer_is_not_tried_at_every_look(clinics: Path, watching: Watch) -> None:
    made = []

    def make() -> BaseObserver:
        made.append(1)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    watch = watching(clinics, observer=make)
    watch.rearm()
    assert made == [1]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("ext4", EVENTS),
        ("overlay", EVENTS),
        ("nfs4", "polling: nfs4 gives no events"),
        ("cifs", "polling: cifs gives no events"),
        ("fuse.sshfs", "polling: fuse.sshfs gives no events"),
    ],
)
def test_file_systems_without_events_are_polled(clinics: Path, watching: Watch, kind: str, how: str) -> None:
    folder = clinics.rename(clinics.with_name("our clinics"))
    point = str(folder).replace(" ", "\\040")
    lines = [
        "20 1 8:1 / / rw - ext4 /dev/root rw",
        f"21 20 0:5 / {point} rw - tmpfs none rw",
        f"22 20 0:6 / {point} rw,noatime shared:1 - {kind} server:/clinics rw",
        f"23 20 0:7 / {point}-others rw - nfs server:/others rw",
    ]
    assert watching(folder, mounts=lambda: "\n".join(lines)).how == how


def test_system_that_tells_no_mounts_is_watched_by_events(clinics: Path, watching: Watch) -> None:
    assert watching(clinics, mounts=str).how == EVENTS


def test_more_folders_than_threads_are_polled(clinics: Path, watching: Watch) -> None:
    for number in range(MOST_FOLDERS + 10):
        (clinics / f"folder-{number}").mkdir()
    assert watching(clinics).how == f"polling: more than {MOST_FOLDERS} folders"


def test_links_in_a_circle_do_no_harm(clinics: Path, watching: Watch) -> None:
    (clinics / "a").symlink_to("b")
    (clinics / "b").symlink_to("a")
    (clinics / "up").symlink_to("..")
    (clinics / "self").symlink_to(".")
    watch = watching(clinics / "a", clinics)
    assert watch.how == EVENTS
    write_anew(clinics / "fjord.yaml")
    assert watch.wait(SOON)
