"""Hints from the file system that clinic files may have changed.

Only folders are watched, never files, and what an event says is not believed: it makes somebody look. The traps that
shaped this are told in docs/adr/0011-watching.md.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from payrules.adapters.mounts import read_mounts, silent_mount
from payrules.adapters.watch_scope import MOST_FOLDERS, Scope, scope_of

# Reading a file emits `opened` and `closed_no_write`, which must not lead to reading it again. A folder counts as
# `modified` whenever anything in it is, even next to what we watch, and adds nothing.
_CHANGES: list[type[FileSystemEvent]] = [
    *(DirCreatedEvent, DirDeletedEvent, DirMovedEvent),
    *(FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent),
]
# Seconds until an observer that could not be started is tried again.
_RETRY = 30.0

EVENTS = "events"
"""How a watch gets to know of changes while an observer works."""


class _NoObserverError(Exception):
    """Why no observer works here; never leaves this module."""


class ClinicWatch:
    """Waits for changes of what `paths` mean, which is resolved anew by every `rearm`.

    What begins with one of `ignored` gives no hint: files that payrules itself writes. Where no observer can be
    started, or the file system gives no events, every `poll` seconds count as a hint, and `how` tells why.
    `observer` makes an observer; `mounts` tells the mounts of this process.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        ignored: Sequence[str] = (),
        poll: float = 2.0,
        observer: Callable[[], BaseObserver] = Observer,
        mounts: Callable[[], str] = read_mounts,
    ) -> None:
        self.paths = tuple(paths)
        self._ignored = tuple(str(Path(path).resolve()) for path in ignored)
        self._poll = poll
        self._make_observer = observer
        self._mounts = mounts
        self._hinted = threading.Event()
        self._observer: BaseObserver | None = None
        self._scope = Scope()
        self._stale = True
        self._retry_at = 0.0
        self.how = EVENTS

    def rearm(self) -> None:
        """Watch what the paths mean now. To be called before each look, so that nothing falls between the two."""
        # First of all: what happens from here on makes it stale again.
        stale, self._stale = self._stale, False
        before, scope = self._observer, scope_of(self.paths)
        settled = time.monotonic() < self._retry_at if before is None else _is_well(before)
        if settled and not stale and scope == self._scope:
            return
        self._scope = scope
        try:
            # The new one listens before the old one stops.
            self._observer, self.how = self._start(scope), EVENTS
        except _NoObserverError as reason:
            self._observer, self.how = None, f"polling: {reason}"
            self._retry_at = time.monotonic() + _RETRY
        if before is not None:
            _end(before)

    def wait(self, timeout: float) -> bool:
        """Wait for a hint, for `timeout` seconds at most; whether there was one, or `wake` was called."""
        polling = self._observer is None and timeout >= self._poll
        hinted = self._hinted.wait(max(0.0, self._poll if polling else timeout))
        self._hinted.clear()
        return hinted or polling

    def wake(self) -> None:
        """End a wait. For other threads; not for the function of a signal, since it takes a lock."""
        self._hinted.set()

    def close(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            _end(self._observer)
            self._observer = None

    def _start(self, scope: Scope) -> BaseObserver:
        # Every folder costs a thread of watchdog. One recursive watch would not, but it keeps it to itself when the
        # system's limit is reached half-way.
        if len(scope.places) > MOST_FOLDERS:
            raise _NoObserverError(f"more than {MOST_FOLDERS} folders")
        silent = silent_mount((place.folder for place in scope.places), self._mounts())
        if silent is not None:
            raise _NoObserverError(f"{silent} gives no events")
        observer = None
        try:
            observer = self._make_observer()
            hints = _Hints(self._hint, scope)
            for place in scope.places:
                observer.schedule(hints, str(place.folder), event_filter=_CHANGES)
            observer.start()
        except (OSError, RuntimeError) as error:
            if observer is not None:
                _end(observer)
            # Python raises RuntimeError where the system allows no further thread.
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "no thread can be started"
            raise _NoObserverError(reason.lower()) from error
        return observer

    def _hint(self, path: Path, *, turning: bool) -> None:
        if self._ignored and str(path).startswith(self._ignored):
            return
        if turning:
            # A folder made again may have the inode of the one before.
            self._stale = True
        self._hinted.set()


class _Hints(FileSystemEventHandler):
    """Passes on which path changed where it matters, and whether what must be watched may have changed with it."""

    def __init__(self, hint: Callable[..., None], scope: Scope) -> None:
        self._hint = hint
        self._scope = scope

    def dispatch(self, event: FileSystemEvent) -> None:
        # A file put in place by a rename is named in `dest_path` alone.
        for name in (event.src_path, event.dest_path):
            path = Path(os.fsdecode(name))
            turning = path in self._scope.entries
            if turning or path in self._scope.trees or path.parent in self._scope.trees:
                self._hint(path, turning=turning or event.is_directory)


def _is_well(observer: BaseObserver) -> bool:
    # An observer lives on when what it watched is gone; its emitter does not.
    return observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)


def _end(observer: BaseObserver) -> None:
    observer.stop()
    if observer.is_alive():
        observer.join()
