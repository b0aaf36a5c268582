"""YAML text to plain values, in one pass over the C parser's events.

PyYAML's own loader reads YAML 1.1 (`NO` is false, `22:00` is 1320), lets the last of two equal keys win and can be
brought down by nesting and aliases. This reader resolves scalars after YAML 1.2's core schema (but keeps a number
with a leading zero as the text it is), and refuses duplicates, aliases, tags, depth and second documents while it
reads. Positions are not kept: `Positions` finds them again where somebody asks.
"""

import re
from typing import Any

import yaml
from yaml import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from payrules.compiler.findings import MOST_FOUND, diagnose
from payrules.compiler.positions import LOADER, Positions, location_between
from payrules.domain.diagnostics import Diagnostic, Location, Related, Severity

MAX_BYTES = 1_048_576
"""The largest clinic file that is read."""
MAX_DEPTH = 32
"""The deepest nesting that is read; the format needs eight levels."""

_YAML_TAGS = "tag:yaml.org,2002:"
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Printable characters of YAML 1.2, chapter 5.1.
NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that YAML does not allow in a text."""
# YAML 1.2, chapter 10.3.2 (core schema), but for numbers with a leading zero, which stay text.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*|(?=[eE])))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What a plain scalar that is not text can begin with.
_NOT_TEXT = frozenset("~nNtTfF0123456789+-.")
_LONGEST_INT = 18
_VERSION = (1, 2)
_MERGE_MARKS = ("<<<<<<< ", ">>>>>>> ")
_NO_KEY: Any = object()


def read_document(
    content: bytes, file: str, max_bytes: int | None = MAX_BYTES
) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """Read the bytes of a clinic file: its mapping, or None with the errors that were found.

    A file of more than `max_bytes` is not read; with None every one is.
    Warnings (a byte order mark, CRLF) may come with the mapping. Never raises, whatever the bytes.
    """
    found = _check_bytes(content, file, max_bytes)
    if any(d.severity is Severity.ERROR for d in found):
        return None, found
    errors: list[Diagnostic] = []
    document = None
    try:
        document = _read(content, file, errors)
    except yaml.YAMLError as error:
        errors.append(_syntax_error(error, content, file))
    return (None if errors else document), found + errors


def _check_bytes(content: bytes, file: str, max_bytes: int | None) -> list[Diagnostic]:
    if max_bytes is not None and len(content) > max_bytes:
        message = f"the file is larger than {max_bytes:,} bytes, the most that is read"
        return [diagnose("PR005", Location(file), message, "split the clinic's rules, or remove what is not a rule")]
    if content.startswith(_UTF16_MARKS):
        return [diagnose("PR004", Location(file, 1, 1, 2), "the file is UTF-16, not UTF-8", "save it as UTF-8")]
    if b"\0" in content:
        line, column = _line_and_column(content[: content.index(b"\0")].decode(errors="replace"))
        message = "this is a binary file: it holds a NUL byte here"
        return [diagnose("PR003", Location(file, line, column, column + 1), message, "save it as UTF-8 text")]
    found = []
    if content.startswith(_BOM):
        message = "the file begins with a byte order mark"
        found.append(diagnose("PR006", Location(file, 1, 1, 2), message, "save it as UTF-8 without a mark"))
    if b"\r" in content:
        line, _ = _line_and_column(content[: content.index(b"\r")].decode(errors="replace"))
        message = "lines end in CRLF, as on Windows"
        found.append(diagnose("PR007", Location(file, line, 1, 0), message, "let the editor end lines in LF"))
    return found


def _read(content: bytes, file: str, errors: list[Diagnostic]) -> dict[str, Any] | None:  # noqa: C901  # one measured loop: calls cost more than branches
    next_event = LOADER(content).get_event
    next_event()
    event = next_event()
    if event.__class__ is StreamEndEvent:
        errors.append(_empty(file))
        return None
    if event.tags or event.version not in (None, _VERSION):
        errors.append(_directive(event, file))
    duplicates = False
    anchors: set[str] = set()
    root: Any = None
    # The container being filled, whether it is a mapping, the key its next value belongs to, and the
    # containers around it.
    container: Any = None
    in_mapping = False
    key: Any = _NO_KEY
    around: list[Any] = []
    while True:
        event = next_event()
        kind = event.__class__
        if kind is ScalarEvent:
            value: Any = event.value
            if event.tag is not None:
                errors.append(_explicit_tag(event, file))
            if event.anchor is not None:
                _take_anchor(event, anchors, errors, file)
            if in_mapping and key is _NO_KEY:
                if value in container:
                    duplicates = True
                key = value
                continue
            if event.implicit[0] and (not value or value[0] in _NOT_TEXT):
                value = resolve_scalar(value)
            if in_mapping:
                container[key] = value
                key = _NO_KEY
            elif container is not None:
                container.append(value)
            else:
                errors.append(_empty(file) if value is None and not event.value else _not_a_mapping(event, file))
                return None
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            value = {} if kind is MappingStartEvent else []
            if event.tag is not None:
                errors.append(_explicit_tag(event, file))
            if event.anchor is not None:
                _take_anchor(event, anchors, errors, file)
            if len(around) >= MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} levels deep"
                errors.append(diagnose("PR105", _place(event, file), message, "a clinic file needs eight levels"))
                return None
            if in_mapping:
                if key is _NO_KEY:
                    message = "a key must be text, not a list or a mapping"
                    help = "write one word as the key; a text that begins with `{` needs quotes"
                    errors.append(diagnose("PR109", _place(event, file), message, help))
                    return None
                container[key] = value
                key = _NO_KEY
            elif container is not None:
                container.append(value)
            elif kind is SequenceStartEvent:
                errors.append(_not_a_mapping(event, file))
                return None
            else:
                root = value
            around.append(container)
            container = value
            in_mapping = kind is MappingStartEvent
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            container = around.pop()
            if container is None:
                break
            in_mapping = container.__class__ is dict
        else:
            errors.append(_alias(event, file))
            if container is None:
                return None
            if not in_mapping:
                container.append(None)
            elif key is _NO_KEY:
                key = event.anchor
            else:
                container[key] = None
                key = _NO_KEY
    next_event()
    event = next_event()
    if event.__class__ is not StreamEndEvent:
        message = "a second document begins here"
        errors.append(diagnose("PR106", _place(event, file), message, "write one clinic a file, without `---`"))
    elif duplicates:
        errors += _duplicates(content, file)
    return root  # type: ignore[no-any-return]  # the first container is a mapping, or the loop has returned


def resolve_scalar(text: str) -> Any:
    """The value of a plain scalar: null, a truth value, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        # Python refuses to read integers of thousands of digits, and no number of this format is long.
        return int(text, 0) if len(text) <= _LONGEST_INT else float("inf")
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _place(event: Any, file: str) -> Location:
    return location_between(event.start_mark, event.end_mark, file)


def _empty(file: str) -> Diagnostic:
    return diagnose("PR002", Location(file), "the file is empty", "write the clinic's settings, or remove the file")


def _not_a_mapping(event: Any, file: str) -> Diagnostic:
    what = "a list" if event.__class__ is SequenceStartEvent else "a single value"
    help = "write keys with values, beginning with `payrules: 1`"
    return diagnose("PR107", _place(event, file), f"the file holds {what}, not a mapping of keys to values", help)


def _directive(event: Any, file: str) -> Diagnostic:
    name = "%TAG" if event.tags else "%YAML"
    help = "remove the lines that begin with `%`, and the `---` after them"
    place = location_between(event.start_mark, event.start_mark, file)
    return diagnose("PR111", place, f"`{name}` is a directive, which a clinic file does not use", help)


def _explicit_tag(event: Any, file: str) -> Diagnostic:
    help = "leave the tag out; put text in quotes where it looks like something else"
    tag = event.tag
    if tag.startswith(_YAML_TAGS):
        tag = "!!" + tag.removeprefix(_YAML_TAGS)
    elif not tag.startswith("!"):
        tag = f"!<{tag}>"
    return diagnose("PR108", _place(event, file), f"`{tag}` is a tag, which a clinic file does not use", help)


def _alias(event: Any, file: str) -> Diagnostic:
    help = "write the value out: a reader of a pull request must see it where it counts"
    return diagnose("PR104", _place(event, file), f"`*{event.anchor}` is an alias", help)


def _take_anchor(event: Any, anchors: set[str], errors: list[Diagnostic], file: str) -> None:
    """An anchor that nothing refers to does no harm; two of one name cannot be composed."""
    if event.anchor in anchors:
        help = "remove the anchors: a clinic file has no use for them"
        errors.append(diagnose("PR104", _place(event, file), f"the anchor `&{event.anchor}` stands twice", help))
    anchors.add(event.anchor)


def _duplicates(content: bytes, file: str) -> list[Diagnostic]:
    try:
        found = sorted(Positions(content, file).duplicates(), key=lambda item: item[2])[:MOST_FOUND]
    except yaml.YAMLError:
        # Anchors or aliases that cannot be composed, which have their own diagnostics.
        return []
    return [
        diagnose("PR103", other, f"`{key}` is set twice", "keep one of the two", [Related(first, "first set here")])
        for key, first, other in found
    ]


def _syntax_error(error: yaml.YAMLError, content: bytes, file: str) -> Diagnostic:
    if isinstance(error, ReaderError):
        return _unreadable(content, file)
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "this is not YAML")
    if mark is None:
        return diagnose("PR101", Location(file), problem)
    lines = _LINE_END.split(content.decode("utf-8-sig", errors="replace"))
    for number, line in enumerate(lines, 1):
        if line.startswith(_MERGE_MARKS):
            message = "a merge is not finished: its marks stand in the file"
            help = "keep what holds of both sides, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"
            return diagnose("PR101", Location(file, number, 1, 8), message, help)
    place = location_between(mark, mark, file)
    if mark.line >= len(lines):
        # The parser counts the end of a last line that has no line end as a line of its own.
        place = Location(file, len(lines), len(lines[-1]) + 1, len(lines[-1]) + 1)
    line = lines[place.line - 1]
    if "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column : mark.column + 1] == "\t":
        return diagnose("PR102", place, "a tab is used for indentation", "indent with spaces")
    context, opened = str(getattr(error, "context", None)), getattr(error, "context_mark", None)
    related = []
    if opened is not None and opened.line < mark.line and ("quoted" in context or "flow" in context):
        related.append(Related(location_between(opened, opened, file), "opened here"))
    if "quoted" in context and "end of stream" in problem:
        problem = "the quote is not closed"
    elif problem.startswith("did not find expected ','"):
        problem = f"a comma or a closing {problem[-2]} is expected here"
    return diagnose("PR101", place, problem, _syntax_help(problem), related)


def _syntax_help(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put a text that has `: ` in it in quotes, or check the indentation of the line"
    if "expected key" in problem or "block end" in problem or "expected <" in problem:
        return "check the indentation, and that every bracket and quote of the lines above is closed"
    if "cannot start any token" in problem:
        return "put a text that begins with this character in quotes"
    return "check the quotes, brackets and indentation here and in the line above"


def _unreadable(content: bytes, file: str) -> Diagnostic:
    """What the parser's reader stumbled over: bytes that are not UTF-8, or a control character."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        line, column = _line_and_column(before)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        return diagnose("PR004", Location(file, line, column, column + 1), message, "save the file as UTF-8")
    found = NOT_PRINTABLE.search(text)
    at = found.start() if found else 0
    line, column = _line_and_column(text[:at])
    message = f"the control character U+{ord(text[at]):04X} may not stand in YAML"
    return diagnose("PR110", Location(file, line, column, column + 1), message, "remove it")


def _line_and_column(before: str) -> tuple[int, int]:
    lines = _LINE_END.split(before)
    return len(lines), len(lines[-1]) + 1
