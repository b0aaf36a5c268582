"""The intake folder with real files: nothing is lost, nothing overwritten, and a crash is made good."""

import json
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.processing import activated, booked, event, fates, processor, stored

from payrules.adapters.intake_folder import SETTLED, FileTaken, IntakeFolder, IntakeFolderError
from payrules.adapters.memory import MemoryLedger
from payrules.app.event_intake import Arrived
from payrules.app.fates import Fate, Report
from payrules.app.ports import Ledger
from payrules.app.records import Record, Refusal


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ledger() -> Ledger:
    return activated(MemoryLedger())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, ledger: Ledger, clock: Clock) -> IntakeFolder:
    return IntakeFolder(tmp_path, processor(ledger).process, batch=2, monotonic=clock)


def look(folder: IntakeFolder, clock: Clock) -> list[FileTaken]:
    """Look, wait until what is there has settled, and look again."""
    first = list(folder.once())
    clock.seconds += SETTLED
    return first + list(folder.once())


def write(path: Path, *lines: object) -> None:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_file_is_taken_in_and_moved(tmp_path: Path, folder: IntakeFolder, clock: Clock, ledger: Ledger) -> None:
    write(tmp_path / "a.jsonl", *(booked(n) for n in range(5)))
    (taken,) = look(folder, clock)
    assert (taken.name, taken.problem, fates(taken.report)) == ("a.jsonl", "", {Fate.NEW: 5})
    assert names(tmp_path / "done") == ["a.jsonl"]
    assert names(tmp_path / "refused") == names(tmp_path / "work") == []
    assert stored(ledger, 4).record.booking.id == "bk-4"


def test_a_refused_record_stands_with_its_reason_and_its_line(
    tmp_path: Path, folder: IntakeFolder, clock: Clock
) -> None:
    unread = '{"type": "booked", "client": "Zebulon'
    write(tmp_path / "a.jsonl", booked(1), unread, booked(2), event("credited", 1, by="x", reason="y"), "")
    (taken,) = look(folder, clock)
    assert fates(taken.report) == {Fate.NEW: 2, Fate.REFUSED: 2}
    path = tmp_path / "refused/a.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["record"], first["line"], first["record_text"]) == (2, 2, unread)
    assert (second["record"], second["line"], second["booking_id"]) == (4, 4, "bk-1")
    assert json.loads(second["record_text"])["type"] == "credited"
    assert second["faults"] == [{"field": "", "problem": "no invoice is issued that could be credited", "help": ""}]


def test_a_line_that_is_no_text_can_be_had_back(tmp_path: Path, folder: IntakeFolder, clock: Clock) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"name": "\xff"}\n')
    assert fates(look(folder, clock)[0].report) == {Fate.REFUSED: 1}
    text = json.loads((tmp_path / "refused/a.jsonl").read_text())["record_text"]
    assert text.encode("utf-8", "surrogateescape") == b'{"name": "\xff"}'


def test_only_finished_files_are_taken(tmp_path: Path, folder: IntakeFolder, clock: Clock) -> None:
    for name in (".a.jsonl", "b.jsonl.part", "c.txt"):
        write(tmp_path / name, booked(1))
    (tmp_path / "d.jsonl").mkdir()
    (tmp_path / "e.jsonl").symlink_to(tmp_path / "c.txt")
    assert look(folder, clock) == []
    write(tmp_path / "f.jsonl", booked(2))
    assert list(folder.once()) == []
    clock.seconds += SETTLED
    write(tmp_path / "f.jsonl", booked(2), booked(3))
    assert list(folder.once()) == []
    clock.seconds += SETTLED
    assert [taken.name for taken in folder.once()] == ["f.jsonl"]


def test_no_name_is_ever_overwritten(tmp_path: Path, folder: IntakeFolder, clock: Clock) -> None:
    for number in range(3):
        write(tmp_path / "a.jsonl", booked(number), "broken")
        look(folder, clock)
    assert names(tmp_path / "done") == names(tmp_path / "refused") == ["a-2.jsonl", "a-3.jsonl", "a.jsonl"]
    assert '"b-2"' in (tmp_path / "done/a-3.jsonl").read_text()


class CrashError(Exception):
    """The process ends here."""


def test_a_crash_in_the_middle_is_made_good(tmp_path: Path, clock: Clock, ledger: Ledger) -> None:
    process, batches = processor(ledger).process, 0

    def crash(records: Sequence[Record | Arrived | Refusal]) -> Report:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise CrashError
        return process(records)

    write(tmp_path / "a.jsonl", booked(1), "broken", booked(2), booked(3))
    with pytest.raises(CrashError):
        look(IntakeFolder(tmp_path, crash, batch=2, monotonic=clock), clock)
    assert names(tmp_path / "work") == ["a.jsonl"]
    assert names(tmp_path / "refused") == []
    (taken,) = IntakeFolder(tmp_path, process, batch=2, monotonic=clock).once()
    assert fates(taken.report) == {Fate.REPEATED: 1, Fate.REFUSED: 1, Fate.NEW: 2}
    assert names(tmp_path / "done") == names(tmp_path / "refused") == ["a.jsonl"]
    assert len((tmp_path / "refused/a.jsonl").read_text().splitlines()) == 1


def test_stopping_begins_no_new_batch(tmp_path: Path, clock: Clock, ledger: Ledger) -> None:
    write(tmp_path / "a.jsonl", *(booked(n) for n in range(6)))
    folder = IntakeFolder(tmp_path, processor(ledger).process, batch=2, monotonic=clock)
    list(folder.once())
    clock.seconds += SETTLED
    asked = iter([False, False, True])
    (taken,) = folder.once(lambda: next(asked))
    assert (fates(taken.report), taken.problem) == ({Fate.NEW: 2}, "not taken in to its end; that follows")
    assert [fates(again.report) for again in folder.once()] == [{Fate.REPEATED: 2, Fate.NEW: 4}]


def test_a_file_that_grows_meanwhile_is_taken_in_again(tmp_path: Path, clock: Clock, ledger: Ledger) -> None:
    process = processor(ledger).process

    def take(records: Sequence[Record | Arrived | Refusal]) -> Report:
        path = tmp_path / "work/a.jsonl"
        if path.read_text().count("\n") == 1:
            with path.open("a") as file:
                file.write(json.dumps(booked(2)) + "\n")
        return process(records)

    write(tmp_path / "a.jsonl", booked(1))
    folder = IntakeFolder(tmp_path, take, monotonic=clock)
    first = look(folder, clock)
    second = [fates(taken.report) for taken in folder.once()]
    assert [taken.problem for taken in first] == [
        "was still being written; rename files into the folder when they are finished"
    ]
    assert second == [{Fate.REPEATED: 1, Fate.NEW: 1}]
    assert names(tmp_path / "done") == ["a.jsonl"]


def test_one_process_at_a_time_works_on_a_folder(tmp_path: Path, folder: IntakeFolder, clock: Clock) -> None:
    write(tmp_path / "a.jsonl", booked(1))
    list(folder.once())
    clock.seconds += SETTLED
    working = folder.once()
    next(working)
    with pytest.raises(IntakeFolderError, match="another process works on this folder"):
        list(folder.once())
    assert list(working) == []
    assert list(folder.once()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, ledger: Ledger) -> None:
    write(tmp_path / "file")
    with pytest.raises(IntakeFolderError, match="cannot be used"):
        IntakeFolder(tmp_path / "file", processor(ledger).process)
