"""Logs: structured, readable, and silent about clients."""

import io
import json
import logging
from typing import Any

import pytest

from payrules.adapters.logs import crash_fields, open_log, pass_on_libraries

SECRETS = ("Kari Client", "a@client.example", "+47 990 00 001")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_object_a_line_where_nobody_watches() -> None:
    stream = io.StringIO()
    log = open_log(stream)
    log.tell("activated", clinic="fjord-fysio", file="clinics/fjord.yaml", digest="sha256:1")
    log.warning("watching", watches="polling: nfs gives no events")
    log.critical("part_crashed", part="watch")
    first, second, third = lines_of(stream)
    assert first.pop("at").endswith("Z")
    assert first == {
        "event": "activated",
        "level": "info",
        "clinic": "fjord-fysio",
        "file": "clinics/fjord.yaml",
        "digest": "sha256:1",
    }
    assert (second["level"], second["watches"]) == ("warning", "polling: nfs gives no events")
    assert third["level"] == "critical"


def test_lines_to_read_on_a_terminal() -> None:
    stream = Terminal()
    open_log(stream).tell("activated", clinic="fjord-fysio")
    assert "activated" in stream.getvalue()
    assert "clinic=fjord-fysio" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_colour_only_where_it_is_asked_for() -> None:
    stream = Terminal()
    open_log(stream, color=True).tell("activated")
    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "terminal"])
def test_fields_that_are_not_listed_are_dropped(stream: io.StringIO) -> None:
    log = open_log(stream)
    log.tell("activated", clinic="fjord-fysio", name=SECRETS[0], email=SECRETS[1], phone=SECRETS[2])
    log.tell("activated", client={"name": SECRETS[0]}, payer=SECRETS, to=SECRETS[2], body=SECRETS[0])
    assert "fjord-fysio" in stream.getvalue()
    assert not [secret for secret in SECRETS if secret in stream.getvalue()]


@pytest.mark.parametrize("event", [f"sent to {SECRETS[1]}", SECRETS[0], SECRETS[2], ""])
def test_event_that_is_a_sentence_is_dropped(event: str) -> None:
    stream = io.StringIO()
    open_log(stream).tell(event, clinic="fjord-fysio")
    [line] = lines_of(stream)
    assert (line["event"], line["clinic"]) == ("unnamed", "fjord-fysio")


def test_exception_is_told_by_type_and_place() -> None:
    def fails(secret: str) -> None:
        raise ValueError(secret)

    with pytest.raises(ValueError, match="Kari") as caught:
        fails(SECRETS[0])
    fields = crash_fields(caught.value)
    assert fields["exception"] == "ValueError"
    assert fields["places"][-1].startswith("test_logs.py:")
    assert fields["places"][-1].endswith(" fails")
    assert SECRETS[0] not in str(fields)


def test_warnings_of_libraries_come_without_their_text() -> None:
    stream = io.StringIO()
    undo = pass_on_libraries(open_log(stream))
    try:
        logging.getLogger("some.library").info("not worth it")
        logging.getLogger("some.library").warning("row %s", SECRETS[0])
        logging.getLogger("some.library").error(f"row {SECRETS[1]}")  # noqa: G004  # what a library may well do
        logging.getLogger("watchdog.observers.inotify").error("an emitter has ended")
    finally:
        undo()
    first, second = lines_of(stream)
    assert (first["event"], first["library"]) == ("library_warning", "some.library")
    assert first["places"][0].startswith("test_logs.py:")
    assert not [secret for secret in SECRETS if secret in stream.getvalue()]
    assert second["library"] == "some.library"
