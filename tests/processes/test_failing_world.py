"""Processes whose world fails them: a server that is gone, a disk that is full, a clock that jumps back."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.processes.checks import check
from tests.processes.conftest import Server
from tests.processes.place import CLINICS, Place, until

_HOUR = 3600.0
_QUOTA = 400 * 1024


def sent(place: Place) -> int:
    """How many emails there are."""
    return len(list(place.out.glob("email/*.eml")))


def activations(place: Place) -> int:
    """How many versions of the first clinic have been recorded."""
    with place.ledger() as ledger, ledger.reading() as tx:
        clinic = tx.clinics(CLINICS)[CLINICS[0]]
        return len(tx.timelines([clinic.clinic_no])[clinic.clinic_no])


def lines(place: Place, daemon: subprocess.Popen[bytes], event: str) -> list[str]:
    """The errors that a daemon has told with an event; a line that is being written does not count yet."""
    told = map(json.loads, place.log(daemon).rpartition("\n")[0].splitlines())
    return [line["error"] for line in told if line["event"] == event]


def test_server_that_stops_at_once_is_waited_for(server_place: Place, server: Server) -> None:
    place = server_place
    daemon = place.daemon()
    until(lambda: place.is_ready(daemon))
    place.drop("before", place.bookings(40))
    until(lambda: sent(place) > 10)
    server.stop_at_once()
    place.drop("meanwhile", place.bookings(20))
    place.write_file(CLINICS[0], 2)
    path = place.write_events("by-hand.jsonl", place.bookings(5))
    told = place.run("process", str(path), code=1, installed=True)
    assert told.startswith("error: no connection to database")
    until(lambda: len(lines(place, daemon, "part_failed")) > 2 and bool(lines(place, daemon, "reconcile_failed")))
    assert all(line.startswith("no connection to database") for line in lines(place, daemon, "part_failed"))
    assert not (place.folder / "ready.json").exists()
    server.start()
    until(lambda: place.taken("meanwhile") and activations(place) == 2)
    until(lambda: place.is_ready(daemon))
    place.end(daemon)
    place.run("process", str(path), installed=True)
    place.finish()
    check(place)


@contextmanager
def small_disk(path: Path) -> Iterator[None]:
    """A file system of 24 mebibytes."""
    mount = shutil.which("mount")
    path.mkdir()
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)], check=False)
    if not made or made.returncode != 0:
        pytest.skip("only root may mount a small file system")
    try:
        yield
    finally:
        subprocess.run([str(shutil.which("umount")), "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    """Write until there is no room for another byte."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small file system")
def test_full_disk_is_told_and_waited_for(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        place = Place(tmp_path, str(disk / "payrules.db"))
        place.out = disk / "out"
        place.open()
        daemon = place.daemon()
        try:
            until(lambda: place.is_ready(daemon))
            place.drop("before", place.bookings(20))
            until(lambda: sent(place) == 20)
            ballast = disk / "ballast"
            fill(ballast)
            place.drop("meanwhile", place.bookings(60))
            until(lambda: any("the disk is full" in line for line in lines(place, daemon, "part_failed")))
            path = place.write_events("by-hand.jsonl", place.bookings(60))
            assert "error: the disk is full" in place.run("process", str(path), code=1, installed=True)
            ballast.unlink()
            until(lambda: place.taken("meanwhile"))
            place.end(daemon)
            place.run("process", str(path), installed=True)
            place.finish()
            check(place)
        finally:
            place.kill_all()


def test_quota_is_told_and_nothing_is_half_written(sqlite_place: Place) -> None:
    place = sqlite_place
    path = place.write_events("events.jsonl", place.bookings(120))

    def quota() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_QUOTA, resource.RLIM_INFINITY))

    told = place.run("process", str(path), "--batch", "20", code=1, installed=True, preexec_fn=quota)
    assert "error: " in told
    assert "Traceback" not in told
    place.run("process", str(path), installed=True)
    place.finish()
    check(place)


def test_clock_that_jumps_back_sends_nothing_early_and_activates_nothing_in_the_past(tmp_path: Path) -> None:
    place = Place(tmp_path, str(tmp_path / "payrules.db"))
    for clinic in CLINICS:
        place.write_file(clinic, 1, minutes=30)
    place.set_clock(-24 * _HOUR)
    place.open()
    place.set_clock(0)
    daemon = place.daemon()
    try:
        until(lambda: place.is_ready(daemon))
        place.drop("before", place.bookings(10))
        until(lambda: place.taken("before"))
        place.set_clock(-2 * _HOUR)
        # Effective after what was stamped already, two hours from now.
        place.write_file(CLINICS[0], 2, minutes=30)
        until(lambda: activations(place) == 2)
        place.drop("back", place.bookings(10))
        until(lambda: place.taken("back"))
        place.set_clock(-1 * _HOUR)
        until(lambda: sent(place) == 10)
        place.end(daemon)
        place.set_clock(0.4 * _HOUR)
        place.run("dispatch", "--once")
        assert sent(place) == 10
        place.set_clock(1 * _HOUR)
        place.finish()
        assert sent(place) == 20
        check(place)
    finally:
        place.kill_all()
