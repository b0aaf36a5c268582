"""What the daemons write to standard error: one event a line, JSON where nobody watches.

Names, phones and emails of clients never reach a log. That does not rest on care at each call: only fields that are
listed here come through, an event is a word of the program, and of an unexpected exception only its type and the
places in the code are written, since its text may quote anything.
"""

import logging
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

FIELDS = frozenset(
    {
        "applied",
        "clinic",
        "code",
        "digest",
        "early",
        "effective_at",
        "error",
        "events",
        "exception",
        "file",
        "host",
        "library",
        "line",
        "message",
        "new",
        "part",
        "paths",
        "places",
        "port",
        "problem",
        "refused",
        "repeated",
        "retry_in",
        "signal",
        "stale",
        "store",
        "version",
        "watches",
    }
)
"""The fields a log may have beside `at`, `level` and `event`; any other is dropped.

`message` is a diagnostic's, `error` that of a PayrulesError or of the operating system: neither quotes a client.
"""

_WORD = re.compile(r"[a-z][a-z0-9_]*")


class Log:
    """Where events go: `event` is one lower-case word with underscores, the rest fields of FIELDS.

    A warning is tried again or lived with; after what is critical the process ends.
    """

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger

    def tell(self, event: str, **fields: Any) -> None:
        """Something went as it should."""
        self._logger.info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._logger.warning(event, **fields)

    def critical(self, event: str, **fields: Any) -> None:
        self._logger.critical(event, **fields)


def open_log(stream: TextIO, *, color: bool = False) -> Log:
    """A log to a stream: lines to read on a terminal, JSON elsewhere."""
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        only_known_fields,
    ]
    if stream.isatty():
        processors.append(structlog.dev.ConsoleRenderer(colors=color, timestamp_key="at"))
    else:
        processors.append(structlog.processors.JSONRenderer(ensure_ascii=False, default=str))
    wrapper = structlog.make_filtering_bound_logger(logging.INFO)
    return Log(structlog.wrap_logger(structlog.WriteLogger(stream), processors=processors, wrapper_class=wrapper))


def only_known_fields(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    """Drop every field that is not on the list or has no value, and an event that is a sentence and might quote."""
    event = str(fields.pop("event"))
    first = {"at": fields.pop("at", None), "level": fields.pop("level", None)}
    named = {**first, "event": event if _WORD.fullmatch(event) else "unnamed"}
    return named | {key: value for key, value in fields.items() if key in FIELDS and value is not None}


def crash_fields(error: BaseException) -> dict[str, Any]:
    """What may be told of an unexpected exception: its type, and where in the code it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"exception": type(error).__name__, "places": places}


def pass_on_libraries(log: Log) -> Callable[[], None]:
    """Tell the log of warnings of libraries, without their text; the answer undoes it."""
    sink = _Libraries(log)
    root = logging.getLogger()
    root.addHandler(sink)
    return lambda: root.removeHandler(sink)


class _Libraries(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("watchdog."):
            # It calls the end of its own threads an error. What it loses, a look finds.
            return
        # Only where it comes from: a library may have written a row of the store into the text.
        place = f"{record.filename}:{record.lineno} {record.funcName}"
        self._log.warning("library_warning", library=record.name, places=[place])
