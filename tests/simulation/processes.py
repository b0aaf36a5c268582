"""The processes of a simulation, made of the classes that run in production, and where their ledger is kept."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from tests.builders import COMPILER
from tests.simulation.people import People

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.zones import load_zone
from payrules.app.activate import Activator
from payrules.app.audit import Engine
from payrules.app.batch import Tools as ProcessorTools
from payrules.app.dispatch import Dispatcher, Tools
from payrules.app.in_force import InForceCache
from payrules.app.ports import Adapters, Ledger, Transaction
from payrules.app.process import Processor
from payrules.app.requests import Requests, Write
from payrules.app.verification import Verifier
from payrules.app.versions import Versions
from payrules.compiler.compile import Compiled, Compiler

ENGINE = Engine("1", "2026.1")
WORKERS = ("worker 1", "worker 2", "worker 3")
PROCESSORS = ("processor 1", "processor 2")


class _Compiler(Compiler):
    """Compiles a text once in the life of the tests: compiling is pure, and slow beside everything else."""

    def compile(
        self,
        content: bytes,
        file: str,
        *,
        now: datetime | None = None,
        analysis: bool = True,
        max_bytes: int | None = None,
    ) -> Compiled:
        return _compiled(content, file)


@lru_cache(maxsize=4096)
def _compiled(content: bytes, file: str) -> Compiled:
    return COMPILER.compile(content, file, analysis=False)


COMPILED = _Compiler(COMPILER.schema, COMPILER.load_zone, COMPILER.zone_names)


def digest_of(content: bytes) -> str:
    """The digest of a clinic file that is right."""
    version = _compiled(content, f"clinics/{json.loads(content)['clinic']}.yaml").version
    assert version is not None
    return version.digest


class _Rewinding(MemoryLedger):
    """Gives numbers again that an undone transaction took, as SQLite does: so that both tell the same story."""

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        next_number = self._tables.next_number
        try:
            with super().writing() as tx:
                yield tx
        except BaseException:
            self._tables.next_number = next_number
            raise


class Memory:
    """A ledger in memory: what is committed is what is durable."""

    def __init__(self) -> None:
        self._ledger = _Rewinding()

    def open(self) -> Ledger:
        """The same one."""
        return self._ledger

    def cut(self) -> None:
        """Nothing to do: an exception has taken back what was not committed."""


class Disk:
    """A ledger in a SQLite file. When the power is cut, the files are taken as they lie there at that moment."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        self._count = 0
        shutil.copyfile(template, self._path)
        self._ledger: SqlLedger | None = None

    @property
    def _path(self) -> Path:
        return self.folder / f"{self._count}.db"

    def open(self) -> SqlLedger:
        """Open the file, which brings in order what a power cut left."""
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = open_store(str(self._path), migrate=False)
        return self._ledger

    def cut(self) -> None:
        """Go on from a copy of the files as they are now, whatever the open connections write later."""
        before = self._path
        self._count += 1
        for suffix in ("", "-wal"):
            path = before.with_name(before.name + suffix)
            if path.exists():
                shutil.copyfile(path, self._path.with_name(self._path.name + suffix))


class Processes:
    """Everything that runs. What a process remembers dies with it."""

    def __init__(
        self,
        ledger: Ledger,
        adapters: Adapters,
        write: Write,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        executor: Callable[[int], Executor],
        pause: Callable[[float], None],
    ) -> None:
        self._ledger, self._adapters, self._write, self._clock = ledger, adapters, write, clock
        self._tools = Tools(clock, chance, executor, pause)
        self.workers: dict[str, Dispatcher] = {}
        self.processors: dict[str, Processor] = {}
        for actor in (*WORKERS, *PROCESSORS, "activator", "verifier", "person"):
            self.restart(actor)

    def restart(self, actor: str) -> None:
        """Make a process anew."""
        kind = actor.split(maxsplit=1)[0]
        if kind == "worker":
            self.workers[actor] = Dispatcher(
                self._ledger, self._adapters, Requests(Versions(COMPILED), self._write), self._tools, actor
            )
        elif kind == "processor":
            tools = ProcessorTools(Versions(COMPILED), load_zone, *ENGINE, InForceCache())
            self.processors[actor] = Processor(self._ledger, tools, self._clock)
        elif kind == "activator":
            self.activator = Activator(self._ledger, self._clock)
        elif kind == "verifier":
            self.verifier = Verifier(self._ledger, self._clock, lambda number, form, country: number)
        else:
            self.people = People(self._ledger, Versions(COMPILED), ENGINE, self._clock)
