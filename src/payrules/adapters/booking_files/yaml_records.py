"""Records from YAML: a list of bookings at the top (or one booking), read item by item from the C parser's events.

Scalars follow YAML 1.2's core schema: `NO`, `22:00` and `2026-03-01` stay text. Aliases, tags, duplicate keys and
keys that are not text refuse their record; a syntax error, deep nesting or a record too long end the stream.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from payrules.adapters.booking_files.chunks import MAX_RECORD, NOT_UTF8, TOO_LONG, decoded, not_read_on
from payrules.adapters.booking_files.json_records import duplicate_key, not_an_object
from payrules.app.booking_shape import FIELD_NAMES
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.compiler.document import NOT_PRINTABLE, resolve_scalar
from payrules.compiler.positions import LOADER

MAX_DEPTH = 32
"""The deepest nesting that is read; a booking needs three levels."""

# The parser found something else than the next item where a record had ended.
_AFTER_RECORD = re.compile(r"expected (?:'-' indicator|',' or '\]'|<block end>|<document start>)")
_YAML_HELP = "check the quotes, brackets and indentation here and above"
_TOP_HELP = "write a list whose items begin with `- id:`"

# What may not stand in YAML 1.2 (chapter 5.1), and the escaped bytes that are not UTF-8. The parser would fail
# on them far ahead of the record they are in, so it is shown a character that nothing uses instead.
_STAND_IN = "\U0001fffe"


class _CutShortError(Exception):
    """The rest of a YAML text cannot be read. `in_last` tells that the record before is broken by it, too."""

    def __init__(self, problem: str, help: str, line: int, *, in_last: bool = False) -> None:
        super().__init__(problem)
        self.fault = not_read_on(Fault("", problem, help))
        self.line = line
        self.in_last = in_last


def read_yaml(chunks: Iterable[bytes]) -> Iterator[Record | Refusal]:
    """The records of a list at the top, or the one of a mapping there. A syntax error ends the stream."""
    events = _Events(chunks)
    number = 1
    # A record counts once what follows it was read: a line indented too little ends it before its time.
    last: Record | Refusal | None = None
    try:
        for event in events.items():
            if last is not None:
                yield last
                number += 1
                last = None
            last = _record(number, event, events)
    except _CutShortError as error:
        if last is not None and not error.in_last:
            yield last
            number += 1
        yield refuse(number, error.line, [error.fault])
    else:
        if last is not None:
            yield last


class _Text:
    """What the parser reads. It ends early where one record goes on for too long."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.too_long = False
        self._pieces = decoded(chunks)
        self._since_record = 0

    def read(self, _size: int) -> str:
        """The next piece, whatever its length; empty at the end."""
        self.too_long = self._since_record > MAX_RECORD
        piece = "" if self.too_long else next((piece for piece in self._pieces if piece), "")
        self._since_record += len(piece)
        return NOT_PRINTABLE.sub(_STAND_IN, piece)

    def begin_record(self) -> None:
        self._since_record = 0


class _Events:
    """The parser's events, one after the other."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._text = _Text(chunks)
        self._next = LOADER(self._text).get_event
        self._last_line = 1

    def items(self) -> Iterator[yaml.Event]:
        """The first event of each record; whoever asks takes the record's other events. Raises _CutShortError."""
        documents = 0
        while not isinstance(event := self.take(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _CutShortError("a second document begins here", "write one list, without `---`", _line(event))
            elif isinstance(event, yaml.SequenceStartEvent):
                while not isinstance(event := self.take(), yaml.SequenceEndEvent):
                    yield event
            elif isinstance(event, yaml.MappingStartEvent):
                yield event
            elif isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.ScalarEvent) and event.value):
                raise _CutShortError("must be a list of bookings, not a single value", _TOP_HELP, _line(event))

    def take(self) -> yaml.Event:
        """The next event. Raises _CutShortError where there is none."""
        try:
            event: yaml.Event = self._next()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = self._last_line if mark is None else mark.line + 1
            self._check_length(line)
            problem = f"is not YAML: {error.problem or 'it cannot be read'}"
            in_last = _AFTER_RECORD.search(problem) is not None
            raise _CutShortError(problem, _YAML_HELP, line, in_last=in_last) from None
        except yaml.YAMLError:
            raise _CutShortError("is not YAML text", "save the file as UTF-8 text", self._last_line) from None
        self._last_line = _line(event)
        self._check_length(self._last_line)
        return event

    def begin_record(self) -> None:
        """What is read from here on belongs to another record."""
        self._text.begin_record()

    def _check_length(self, line: int) -> None:
        if self._text.too_long:
            raise _CutShortError(TOO_LONG.problem, TOO_LONG.help, line)


def _record(number: int, event: yaml.Event, events: _Events) -> Record | Refusal:
    events.begin_record()
    faults: list[Fault] = []
    value = _value(event, events, "", 1, faults)
    if faults:
        return refuse(number, _line(event), faults, value)
    if not isinstance(value, dict):
        return refuse(number, _line(event), [not_an_object(value)])
    return Record(number, _line(event), value)


def _value(event: yaml.Event, events: _Events, path: str, depth: int, faults: list[Fault]) -> Any:
    """The value that begins with an event; takes the events up to its end. What is refused is noted in `faults`."""
    if isinstance(event, yaml.AliasEvent):
        faults.append(Fault(path, "is an alias", "write the value out"))
        return None
    if getattr(event, "tag", None) is not None:
        faults.append(Fault(path, "has a tag", "leave the tag out; put text in quotes where it looks like a number"))
    if isinstance(event, yaml.ScalarEvent):
        if _STAND_IN in event.value:
            faults.append(Fault(path, "holds a control character or bytes that are not UTF-8", NOT_UTF8.help))
        # Only what stands without quotes can be anything but text.
        return resolve_scalar(event.value) if event.implicit[0] else event.value
    if depth > MAX_DEPTH:
        raise _CutShortError(f"is nested more than {MAX_DEPTH} levels deep", "a booking needs three", _line(event))
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(inner := events.take(), yaml.SequenceEndEvent):
            items.append(_value(inner, events, f"{path}[{len(items)}]", depth + 1, faults))
        return items
    fields: dict[str, Any] = {}
    while not isinstance(inner := events.take(), yaml.MappingEndEvent):
        key = inner.value if isinstance(inner, yaml.ScalarEvent) else ""
        if not isinstance(inner, yaml.ScalarEvent):
            faults.append(Fault(path, "has a key that is not text", "write one word as the key"))
            _value(inner, events, path, depth + 1, faults)
        elif key in fields:
            faults.append(duplicate_key(key, path))
        fields[key] = _value(events.take(), events, _inner_path(path, key), depth + 1, faults)
    return fields


def _inner_path(path: str, key: str) -> str:
    if key not in FIELD_NAMES:
        return path
    return f"{path}.{key}" if path else key


def _line(event: yaml.Event) -> int:
    return 0 if event.start_mark is None else event.start_mark.line + 1
