"""The one place where concrete things meet: clock, files, time zones, schema."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone, zone_names
from payrules.app.catalogue import Catalogue, compile_files
from payrules.compiler.compile import Compiler
from payrules.domain.policy import Channel

if TYPE_CHECKING:
    from payrules.adapters.store import SqlLedger
    from payrules.app.dispatch import Dispatcher
    from payrules.app.rows import Lane


@dataclass(frozen=True, slots=True)
class Application:
    """What the commands are made of."""

    compiler: Compiler

    def catalogue(self, paths: tuple[str, ...], *, now: datetime | None = None, analysis: bool = True) -> Catalogue:
        """The clinic files that paths mean, compiled."""
        return compile_files(read_clinic_files(paths), self.compiler, now=now, analysis=analysis)


def build() -> Application:
    """The application as it runs on this machine. Raises FileNotFoundError where the installation is broken."""
    return Application(Compiler(read_schema("clinic.v1.schema.json"), load_zone, zone_names))


def now() -> datetime:
    """The time, as an aware UTC instant."""
    return datetime.now(UTC)


def dispatcher(
    ledger: "SqlLedger", folder: Path, worker: str, observe: "Callable[[Lane, str], None]" = lambda _lane, _answer: None
) -> "Dispatcher":
    """A worker that writes messages and invoices as files below `folder`, with the system's clock and threads."""
    from concurrent.futures import ThreadPoolExecutor
    from random import SystemRandom

    from payrules.adapters.invoices.files import InvoiceFiles
    from payrules.adapters.messages.files import EmailFiles, SmsFiles
    from payrules.app.dispatch import Dispatcher, Tools
    from payrules.app.ports import Adapters
    from payrules.app.requests import Requests
    from payrules.app.versions import Versions

    adapters = Adapters(
        InvoiceFiles(ledger, folder), {Channel.SMS: SmsFiles(folder), Channel.EMAIL: EmailFiles(folder)}
    )
    tools = Tools(now, SystemRandom().random, ThreadPoolExecutor)
    return Dispatcher(ledger, adapters, Requests(Versions(build().compiler)), tools, worker, observe=observe)


def worker_name() -> str:
    """What this process is called in the attempts it makes: machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
