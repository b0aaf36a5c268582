"""The one place where concrete things meet: clock, files, time zones, schema."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone, zone_names
from payrules.app.catalogue import Catalogue, compile_files
from payrules.compiler.compile import Compiler
from payrules.domain.policy import Channel

if TYPE_CHECKING:
    from payrules.adapters.store import SqlLedger
    from payrules.app.dispatch import Dispatcher
    from payrules.app.ports import Adapters, LedgerError
    from payrules.app.rows import Lane
    from payrules.app.suites import SuiteFiles
    from payrules.settings import Settings

_NO_PAGE = "https://pay.example/"


@dataclass(frozen=True, slots=True)
class Application:
    """What the commands are made of."""

    compiler: Compiler

    def catalogue(self, paths: tuple[str, ...], *, now: datetime | None = None, analysis: bool = True) -> Catalogue:
        """The clinic files that paths mean, compiled."""
        return compile_files(read_clinic_files(paths), self.compiler, now=now, analysis=analysis)

    def catalogue_at(self, base: str, paths: tuple[str, ...]) -> Catalogue:
        """The clinic files that paths meant at a git revision, or all of a folder or file, compiled.

        A revision means its merge base with HEAD. Raises GitError.
        """
        from payrules.adapters.git_trees import find_base, read_files_at

        return compile_files(read_files_at(find_base(base, paths), paths), self.compiler, analysis=False)

    def policy_tests(self, paths: tuple[str, ...], catalogue: Catalogue) -> "SuiteFiles":
        """The policy tests that paths mean, for the clinics of a catalogue."""
        from payrules.adapters.clinic_files import read_tests_files
        from payrules.app.suites import read_suites
        from payrules.compiler.schema import FileSchema

        return read_suites(
            read_tests_files(paths), catalogue, FileSchema(read_schema("tests.v1.schema.json")), load_zone
        )


def build() -> Application:
    """The application as it runs on this machine. Raises FileNotFoundError where the installation is broken."""
    return Application(Compiler(read_schema("clinic.v1.schema.json"), load_zone, zone_names))


def now() -> datetime:
    """The time, as an aware UTC instant."""
    return datetime.now(UTC)


def dispatcher(
    ledger: "SqlLedger",
    settings: "Settings",
    out: Path,
    worker: str,
    observe: "Callable[[Lane, str], None]",
    worry: "Callable[[Lane, LedgerError], None]",
) -> "Dispatcher":
    """A worker with the adapters of the settings, the system's clock and threads. Files are written below `out`.

    Raises SettingsError and PluginError.
    """
    from concurrent.futures import ThreadPoolExecutor
    from random import SystemRandom

    from payrules.adapters.texts import MessageTexts
    from payrules.adapters.writing import Writer
    from payrules.app.dispatch import Dispatcher, Tools
    from payrules.app.requests import Requests
    from payrules.app.versions import Versions

    tools = Tools(now, SystemRandom().random, ThreadPoolExecutor)
    requests = Requests(Versions(build().compiler), Writer(MessageTexts()).write)
    return Dispatcher(ledger, adapters_of(settings, ledger, out), requests, tools, worker, observe=observe, worry=worry)


def adapters_of(settings: "Settings", ledger: "SqlLedger", out: Path) -> "Adapters":
    """The adapters that the settings name. Raises SettingsError and PluginError."""
    from payrules.adapters.plugins import Kind, PluginError, Surroundings, find_plugin
    from payrules.app.ports import Adapters
    from payrules.settings import SettingsError

    names, link_base = settings.basics.adapters, settings.basics.link_base
    plugins = {}
    for kind, name in ((Kind.INVOICES, names.invoices), (Kind.EMAIL, names.email), (Kind.SMS, names.sms)):
        try:
            plugins[kind] = find_plugin(kind, name)
        except PluginError as error:
            raise PluginError(f"{settings.place(f'adapters.{kind}')}: {error}") from error
    if link_base is None:
        if (names.email, names.sms) != ("files", "files") and names.invoices in ("embedded", "files"):
            raise SettingsError(
                f"{settings.place('link_base')} is missing: clients get links, and somebody must know where they lead;"
                " the variable PAYRULES_LINK_BASE tells it too"
            )
        # Nobody but who tries payrules out sees files.
        link_base = _NO_PAGE
    around = Surroundings(ledger, out, link_base)

    def build_one(kind: Kind) -> Any:
        plugin = plugins[kind]
        return plugin.build(settings.table(plugin.name, plugin.settings), around)

    return Adapters(build_one(Kind.INVOICES), {Channel.EMAIL: build_one(Kind.EMAIL), Channel.SMS: build_one(Kind.SMS)})


def worker_name() -> str:
    """What this process is called in the attempts it makes: machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
