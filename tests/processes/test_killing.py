"""Processes that are killed at random moments while bookings stream in and files change."""

import os
import subprocess
import time
from random import Random
from typing import Any

import pytest
from tests.processes.checks import check
from tests.processes.place import CLINICS, SOON, Place, until

SEED = int(os.environ.get("SEED", "1"))


def stream(place: Place, chance: Random, count: int) -> list[dict[str, Any]]:
    """New bookings, some of which are paid, moved or made cheaper at once."""
    events: list[dict[str, Any]] = []
    for booked in place.bookings(count):
        events.append(booked)
        amount = {"amount": "1250.00", "currency": "NOK"}
        kind = chance.choice(["", "", "paid", "cancelled", "updated"])
        if kind == "paid":
            events.append(place.about(kind, booked, amount=amount))
        elif kind == "cancelled":
            events.append(place.about(kind, booked, by="client"))
        elif kind == "updated":
            events.append(place.about(kind, booked, facts={"first_visit": True}))
    return events


def killed_while_processing(place: Place, path: str, chance: Random, kills: int) -> None:
    """Take a file in by a process that is killed some times, and by one that is not."""
    for _ in range(kills):
        process = place.start("process", path, "--batch", "7")
        try:
            process.wait(chance.uniform(0.2, 1.5))
        except subprocess.TimeoutExpired:
            place.kill(process)
    place.run("process", path, "--batch", "50")


def kill_around(place: Place, rounds: int, per_round: int) -> None:
    chance = Random(SEED)  # noqa: S311  # the same moments at every run, as far as the machine allows
    daemons = {"daemon": place.daemon("--workers", "2"), "worker": place.start("dispatch")}
    for number in range(1, rounds + 1):
        place.drop(f"round-{number}", stream(place, chance, per_round))
        if chance.random() < 0.5:
            place.pass_lease()
        place.write_file(chance.choice(CLINICS), number + 1)
        path = place.write_events(f"by-hand-{number}.jsonl", stream(place, chance, per_round))
        killed_while_processing(place, str(path), chance, chance.randrange(2))
        time.sleep(chance.uniform(0, 2))
        name = chance.choice(list(daemons))
        place.kill(daemons[name])
        daemons[name] = place.daemon("--workers", "2") if name == "daemon" else place.start("dispatch")
    for number in range(1, rounds + 1):
        until(lambda number=number: place.taken(f"round-{number}"))  # type: ignore[misc]  # bound at once
    for process in daemons.values():
        place.end(process)
    place.finish()


def test_nothing_is_lost_or_done_twice_when_processes_are_killed(place: Place) -> None:
    kill_around(place, rounds=2, per_round=40)
    check(place)


@pytest.mark.torture
def test_nothing_is_lost_or_done_twice_in_an_hour_of_killing(place: Place) -> None:
    kill_around(place, rounds=40, per_round=100)
    check(place)


def test_a_signal_in_mid_work_leaves_nothing_half_done(sqlite_place: Place) -> None:
    place = sqlite_place
    path = place.write_events("events.jsonl", place.bookings(60))
    place.run("process", str(path))
    worker = place.start("dispatch")
    until(lambda: any(place.out.glob("email/*.eml")))
    worker.terminate()
    assert worker.wait(SOON) == 0
    # What it had claimed and not begun is free at once: nothing has to be waited for.
    place.run("dispatch", "--once")
    check(place)
