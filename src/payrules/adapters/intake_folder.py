"""A folder that files of booking events are moved into: each is taken in, and then stands in `done/`.

A writer writes under a name that begins with `.` or ends in `.part`, and renames the file when it is finished. What
is refused stands in `refused/` under the file's name, with its reasons and the line itself. After a crash a file is
taken in again from its beginning; events that are known already change nothing.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path
from typing import IO, Self

from payrules.adapters.booking_files.chunks import CHUNK_BYTES, Line, lines
from payrules.adapters.event_files import Event, events_of
from payrules.app.fates import Report
from payrules.app.process import BATCH
from payrules.app.records import Refusal
from payrules.domain.errors import PayrulesError

WAIT_HINT = 1.0
"""How many seconds to wait before looking again."""

SETTLED = 1.0
"""For how many seconds a file must not have changed before it is taken."""

ENDINGS = (".jsonl", ".ndjson")
"""The names that are taken."""

_UTF8_MARK = b"\xef\xbb\xbf"
# What is refused holds the names and addresses of its record.
_PRIVATE = 0o600

Take = Callable[[Sequence[Event]], Report]
"""What takes a batch in: `app.process.Processor.process`."""


class IntakeFolderError(PayrulesError):
    """An intake folder cannot be used."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"{folder}: {problem}")


@dataclass(slots=True)
class FileTaken:
    """A file that was taken in: its name in `done/`, and what became of its records.

    `problem` says why it is not through; then it stays in `work/` for the next time.
    """

    name: str
    report: Report = field(default_factory=Report)
    problem: str = ""


class IntakeFolder:
    """The folder, with `work/`, `done/` and `refused/` in it, which are made. Raises IntakeFolderError.

    `monotonic` is a clock in seconds that never jumps. One process at a time works on a folder.
    """

    def __init__(
        self, folder: Path, take: Take, *, batch: int = BATCH, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._work, self._done, self._refused = (folder / name for name in ("work", "done", "refused"))
        self._take = take
        self._batch = batch
        self._monotonic = monotonic
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}
        try:
            for made in (self._work, self._done, self._refused):
                made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IntakeFolderError(folder, f"cannot be used: {error.strerror}") from error

    def once(self, stopping: Callable[[], bool] = lambda: False) -> Iterator[FileTaken]:
        """Take in what is there: first what a crash left in `work/`, then finished files by name.

        A file that was only just written is left for the next time. When `stopping` says so, no new batch is begun.
        Raises IntakeFolderError where the folder cannot be read or another process works on it, and LedgerError.
        """
        with self._alone():
            for name in self._names(self._work):
                if stopping():
                    return
                yield self._take_file(name, stopping)
            for name in self._finished():
                if stopping():
                    return
                claimed = self._free_name(name)
                try:
                    (self._folder / name).rename(self._work / claimed)
                except OSError as error:
                    yield FileTaken(name, problem=f"cannot be moved: {error.strerror}")
                    continue
                yield self._take_file(claimed, stopping)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the folder; it goes with the process, whatever happens."""
        try:
            descriptor = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR, _PRIVATE)
        except OSError as error:
            raise IntakeFolderError(self._folder, f"cannot be used: {error.strerror}") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IntakeFolderError(self._folder, "another process works on this folder") from error
            yield
        finally:
            os.close(descriptor)

    def _names(self, folder: Path) -> list[str]:
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            raise IntakeFolderError(folder, f"cannot be read: {error.strerror}") from error
        return sorted(name for name in names if name.endswith(ENDINGS) and not name.startswith("."))

    def _finished(self) -> list[str]:
        """Files that have been as they are for a while; others are remembered for the next time."""
        now, seen, finished = self._monotonic(), {}, []
        for name in self._names(self._folder):
            with suppress(FileNotFoundError):
                status = (self._folder / name).stat()
                state = (status.st_size, status.st_mtime_ns)
                known, since = self._seen.get(name, (None, now))
                since = since if known == state else now
                seen[name] = (state, since)
                if now - since >= SETTLED:
                    finished.append(name)
        self._seen = seen
        return finished

    def _free_name(self, name: str) -> str:
        """A name that no file has had, in any of the folders."""
        path = Path(name)
        names = chain([name], (f"{path.stem}-{number}{path.suffix}" for number in count(2)))
        folders = (self._work, self._done, self._refused)
        return next(free for free in names if not any((folder / free).exists() for folder in folders))

    def _take_file(self, name: str, stopping: Callable[[], bool]) -> FileTaken:
        taken = FileTaken(name)
        path = self._work / name
        try:
            with path.open("rb") as source, _RefusedFile(self._refused / name) as refused:
                for records, written in _batches(source, self._batch):
                    if stopping():
                        taken.problem = "not taken in to its end; that follows"
                        return taken
                    report = self._take(records)
                    refused.add(report.refused, written)
                    taken.report.merge(report)
                if source.tell() != os.fstat(source.fileno()).st_size:
                    taken.problem = "was still being written; rename files into the folder when they are finished"
                    return taken
                refused.finish()
            path.rename(self._done / name)
        except OSError as error:
            taken.problem = f"cannot be taken in: {error.strerror}"
        return taken


class _RefusedFile:
    """The refused records of a file, written beside and put in place when the file is through."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def add(self, refusals: Sequence[Refusal], written: dict[int, bytes | None]) -> None:
        """Write refusals with the lines they stand for, by number; a line that is too long stands in `done/` alone."""
        for refusal in refusals:
            if self._file is None:
                flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
                descriptor = os.open(self._part, flags, _PRIVATE)
                self._file = os.fdopen(descriptor, "w", encoding="utf-8")
            content = written.get(refusal.line)
            record = {
                "record": refusal.number,
                "line": refusal.line,
                "booking_id": refusal.booking_id,
                "faults": [fault._asdict() for fault in refusal.faults],
                "record_text": None if content is None else content.decode("utf-8", "surrogateescape"),
            }
            self._file.write(json.dumps(record) + "\n")

    def finish(self) -> None:
        """Put the file in its place, durably; there is none where nothing was refused."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._part.replace(self._path)


def _batches(source: IO[bytes], most: int) -> Iterator[tuple[list[Event], dict[int, bytes | None]]]:
    """Events in batches, each with the lines they were read from by their number."""
    written: dict[int, bytes | None] = {}

    def remembered() -> Iterator[Line]:
        first = source.read(CHUNK_BYTES).removeprefix(_UTF8_MARK)
        for line in lines(chain([first], iter(lambda: source.read(CHUNK_BYTES), b""))):
            written[line.number] = line.content
            yield line

    events = events_of(remembered())
    while batch := list(islice(events, most)):
        yield batch, written
        # Lines may have been read ahead.
        last = batch[-1].line
        for number in [number for number in written if number <= last]:
            del written[number]
