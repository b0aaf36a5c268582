"""Daemons put together from their parts."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from payrules import __version__, bootstrap
from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.intake_folder import IntakeFolder
from payrules.adapters.logs import Log, open_log, pass_on_libraries
from payrules.adapters.metrics import Metrics
from payrules.adapters.readiness import ReadyFile
from payrules.adapters.revisions import Revisions
from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.watcher import ClinicWatch
from payrules.app.activate import Activator, Reconciled
from payrules.app.ports import LedgerError
from payrules.app.rows import Lane
from payrules.app.standing import Standings
from payrules.app.watching import Timing
from payrules.entrypoints.daemon import Part, persistent, run_parts
from payrules.entrypoints.exit_codes import ExitCode
from payrules.entrypoints.intake_part import Taking
from payrules.entrypoints.processing import processor_of
from payrules.entrypoints.terminal import in_colour
from payrules.entrypoints.watch_part import Surroundings, Watching
from payrules.settings import load_settings


@dataclass(frozen=True, slots=True)
class DaemonOptions:
    """The options of every daemon, as they were given; `resync` in seconds. `dispatch` looks at no clinic files."""

    paths: tuple[str, ...]
    store: str
    ready_file: str | None
    metrics_port: int | None
    metrics_host: str
    resync: float


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `run` and `dispatch` beside those of every daemon. Without `intake` no events are taken in."""

    intake: str | None
    out: str
    workers: int


def run_watch(options: DaemonOptions) -> ExitCode:
    """`payrules watch`. Raises LedgerError and MetricsError where it cannot begin."""
    with _surroundings(options) as (around, ledger):
        watching, watch = _watching(options, ledger, around, "watch")
        return run_parts([Part("watch", watching.run, watch.wake)], around.log)


def run_all(options: DaemonOptions, more: RunOptions) -> ExitCode:
    """`payrules run`. Raises LedgerError, MetricsError and IntakeFolderError where it cannot begin."""
    with _surroundings(options) as (around, ledger), ExitStack() as stack:
        watching, watch = _watching(options, ledger, around, "run", (more.intake, more.out))
        parts = []
        if more.intake is not None:
            folder = IntakeFolder(Path(more.intake), processor_of(ledger).process)
            taking = Taking(folder, watching.begun, around.log, around.metrics)
            parts.append(Part("intake", taking.run, taking.wake))
        parts += _workers(more, ledger, around, stack)
        # The watching part tries again by itself, since it has to withdraw its readiness meanwhile.
        parts = [Part("watch", watching.run, watch.wake), *(persistent(part, around.log) for part in parts)]
        return run_parts(parts, around.log)


def run_dispatch(options: DaemonOptions, more: RunOptions) -> ExitCode:
    """`payrules dispatch` without --once. Raises LedgerError and MetricsError where it cannot begin."""
    with _surroundings(options) as (around, ledger), ExitStack() as stack:
        parts = [persistent(part, around.log) for part in _workers(more, ledger, around, stack)]
        return run_parts(parts, around.log)


def _workers(more: RunOptions, ledger: SqlLedger, around: Surroundings, stack: ExitStack) -> list[Part]:
    """A part for each lane of each worker, so that a slow provider holds up nobody else."""
    parts = []
    for number in range(1, more.workers + 1):
        worker = f"{bootstrap.worker_name()}:{number}"
        observe, worry = around.metrics.attempted, partial(_worry, around.log)
        dispatcher = bootstrap.dispatcher(ledger, load_settings(), Path(more.out), worker, observe, worry)
        stack.enter_context(closing(dispatcher))
        parts += [Part(f"{lane.name.lower()}-{number}", partial(dispatcher.run, lane)) for lane in Lane]
    return parts


def _worry(log: Log, lane: Lane, error: LedgerError) -> None:
    log.warning("not_settled", lane=lane.name.lower(), error=str(error))


def _watching(
    options: DaemonOptions, ledger: SqlLedger, around: Surroundings, actor: str, folders: Sequence[str | None] = ()
) -> tuple[Watching, ClinicWatch]:
    """What keeps the ledger in step with the clinic files; activations name `actor`. `folders` are written to."""
    compiler = bootstrap.build().compiler
    activator = Activator(ledger, around.now)

    def reconcile() -> Reconciled:
        return activator.reconcile(
            read_clinic_files(options.paths),
            compiler,
            actor=actor,
            revision_of=Revisions().revision_of,
            roots=options.paths,
        )

    # All of it may lie in the folder that is watched, and a look that writes must not lead to the next one.
    written = (options.store.removeprefix("sqlite:///"), options.ready_file, *folders)
    watch = ClinicWatch(options.paths, ignored=[path for path in written if path is not None])
    return Watching(watch, reconcile, Standings(ledger), around, Timing(resync=options.resync)), watch


@contextmanager
def _surroundings(options: DaemonOptions) -> Iterator[tuple[Surroundings, SqlLedger]]:
    """The log, the metrics, the ready file and the ledger of a daemon, ended in turn."""
    log = open_log(sys.stderr, color=in_colour(sys.stderr))
    metrics = Metrics()
    with ExitStack() as stack:
        stack.callback(pass_on_libraries(log))
        ledger = open_store(options.store)
        stack.callback(ledger.close)
        log.tell("started", version=__version__, paths=list(options.paths), store=ledger.place)
        if options.metrics_port is not None:
            port = stack.enter_context(metrics.offered(options.metrics_host, options.metrics_port))
            log.tell("metrics_offered", host=options.metrics_host, port=port)
        ready = None if options.ready_file is None else ReadyFile(Path(options.ready_file))
        yield Surroundings(log, metrics, ready, bootstrap.now), ledger
        log.tell("ended")
