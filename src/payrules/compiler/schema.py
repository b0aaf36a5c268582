"""The stage of the schema: one validator decides, another explains.

jsonschema-rs answers in microseconds whether a file is right; jsonschema is asked only about a wrong one, since it
tells every fault with its place. Messages are made here from the keyword that failed and the schema's own titles
and examples; the libraries' wording never reaches a user.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from payrules.compiler.document import resolve_scalar
from payrules.compiler.findings import MOST_FOUND, diagnose, did_you_mean, listed
from payrules.compiler.hints import as_quiet_hours, as_weekdays, not_negative, with_a_dot
from payrules.compiler.keywords import explaining_validator, is_valid, quick_validator, repeated
from payrules.compiler.positions import Path, Positions
from payrules.domain.diagnostics import Diagnostic, Location, position_key
from payrules.domain.policy import WEEKDAYS

_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "null": "`null`",
}
_VERSIONS = ("payrules", "payrules_tests")
_UNITS = {"maxItems": "items", "maxLength": "characters", "maxProperties": "keys"}
_SHOWN = 60


class FileSchema:
    """The JSON Schema of a file that people write. `source` is the schema's text."""

    def __init__(self, source: bytes) -> None:
        self._schema: dict[str, Any] = json.loads(source)

    def accepts(self, document: dict[str, Any]) -> bool:
        """Whether the schema accepts the document."""
        return is_valid(self._deciding, document)

    def explain(self, document: dict[str, Any], positions: Positions) -> list[Diagnostic]:
        """The faults of a document that the schema does not accept, by position: all of them, or the first thousand."""
        faults = islice(self._faults(document, positions), MOST_FOUND)
        found = {(*d.location[1:], d.code, d.message): d for d in faults}
        if not found:
            # The two validators disagree: the file is refused all the same, and the text says what to report.
            message = "the file does not fit the format, and no key could be named; please report this"
            return [diagnose("PR203", Location(positions.file), message)]
        return sorted(found.values(), key=position_key)

    @cached_property
    def _deciding(self) -> Any:
        return quick_validator(self._schema, self._schema)

    @cached_property
    def _explaining(self) -> Any:
        return explaining_validator(self._schema)

    def _faults(self, document: dict[str, Any], positions: Positions) -> Iterator[Diagnostic]:
        errors = list(islice(self._explaining.iter_errors(document), MOST_FOUND))
        # A value of the wrong type fails the other keywords too; only the type says something.
        mistyped = {tuple(e.absolute_path) for e in errors if e.validator == "type"}
        for error in errors:
            path = tuple(error.absolute_path)
            if "propertyNames" in error.schema_path:
                yield from _bad_name(error, (*path, error.instance), positions)
            elif error.validator == "type" or path not in mistyped:
                yield from self._fault(error, path, positions)

    def _fault(self, error: Any, path: Path, positions: Positions) -> Iterator[Diagnostic]:
        place = positions.value(path)
        match error.validator:
            case "additionalProperties":
                yield from _unknown_keys(error, path, positions)
            case "required":
                yield from self._missing_keys(error, path, positions)
            case "type":
                yield _wrong_type(error, path, positions)
            case "enum" | "const":
                yield _not_allowed(error, path, positions)
            case "pattern":
                message = f"{_quoted(error.instance)} is not {_title(error.schema)}"
                written, pattern = error.instance, error.validator_value
                otherwise = (not_negative(written, pattern, _name(path)), _examples(error.schema))
                help = with_a_dot(written, pattern) or "; ".join(filter(None, otherwise))
                yield diagnose("PR205", place, message, help)
            case "uniqueItems":
                yield from _repeated(error.instance, path, positions)
            case "minItems" | "minProperties":
                what = "item" if error.validator == "minItems" else "key"
                message = f"{_name(path)} is empty: it needs at least one {what}"
                optional = path not in {(name,) for name in self._schema["required"]}
                yield diagnose("PR206", place, message, _hint_for_empty(error.schema, optional=optional))
            case "maxItems" | "maxLength" | "maxProperties":
                unit = _UNITS[error.validator]
                most = f"at most {error.validator_value:,} are allowed"
                message = f"{_name(path)} has {len(error.instance):,} {unit}; {most}"
                yield diagnose("PR206", place, message, "shorten it")

    def _missing_keys(self, error: Any, path: Path, positions: Positions) -> Iterator[Diagnostic]:
        for name in error.validator_value:
            if name not in error.instance:
                where = f" in `{path[-1]}`" if path and isinstance(path[-1], str) else ""
                help = f"add it, for example `{name}: {self._example(error.schema, name)}`"
                yield diagnose("PR202", positions.key(path), f"the key `{name}` is missing{where}", help)

    def _example(self, schema: dict[str, Any], name: str) -> str:
        """An example of a key's value, as it may be written in a clinic file."""
        # What a condition demands (`then`) is described at the top.
        described: dict[str, Any] = schema.get("properties", self._schema["properties"])[name]
        while "examples" not in described:
            described = self._schema["$defs"][described["$ref"].removeprefix("#/$defs/")]
        return _as_written(described["examples"][0])


def _unknown_keys(error: Any, path: Path, positions: Positions) -> Iterator[Diagnostic]:
    known = error.schema["properties"]
    for name in error.instance:
        if name not in known:
            help = did_you_mean(name, known) or f"known here: {listed(known)}"
            if path[-1:] == ("set",) and name in ("price", "amount", "currency"):
                help = "rules never set amounts: the price stands in the booking or in `session_types`"
            yield diagnose("PR201", positions.key((*path, name)), f"unknown key {_quoted(name)}", help)


def _wrong_type(error: Any, path: Path, positions: Positions) -> Diagnostic:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    named = " or ".join(_TYPES[name] for name in wanted)
    value = error.instance
    if value is None:
        return diagnose(
            "PR203", positions.key(path), f"{_name(path)} has no value", f"write {named}; `#` begins a comment"
        )
    written = "" if isinstance(value, dict | list) else positions.written(path)
    message = f"{_name(path)} must be {named}, not {_kind(value)}" + (f" ({_quoted(written)})" if written else "")
    if "enum" in error.schema:
        help = f"write one of {listed(_words(error.schema['enum']))}"
    elif wanted == ["string"] and not _fits(written, error.schema):
        help = _examples(error.schema)
    elif "string" in wanted and "object" not in wanted and written:
        help = f"put it in quotes: {_quoted(json.dumps(written))}"
    elif wanted == ["array"] and not isinstance(value, dict):
        help = "write `[]` for none" if written in ("none", "no", "off") else f"write a list: {_quoted(f'[{written}]')}"
    else:
        help = f"write {named}"
    return diagnose("PR203", positions.value(path), message, help)


def _not_allowed(error: Any, path: Path, positions: Positions) -> Diagnostic:
    place = positions.value(path)
    if path[0] in _VERSIONS:
        message = f"format version {positions.written(path)[:_SHOWN]} is not known"
        return diagnose("PR208", place, message, f"write `{path[0]}: 1`, the only version there is")
    allowed = _words(error.validator_value if error.validator == "enum" else [error.validator_value])
    written = str(error.instance)
    help = did_you_mean(written, allowed)
    if error.validator == "const":
        help = help or as_quiet_hours(written)
        return diagnose("PR204", place, f"{_quoted(error.instance)} is not {listed(allowed)}", help)
    message = f"{_quoted(error.instance)} is not one of {listed(allowed)}"
    if tuple(allowed) == WEEKDAYS:
        help = as_weekdays(written) or help
    return diagnose("PR204", place, message, help or f"write one of {listed(allowed)}")


def _repeated(items: list[Any], path: Path, positions: Positions) -> Iterator[Diagnostic]:
    for index in repeated(items):
        message = f"{_quoted(items[index])} stands in the list twice"
        yield diagnose("PR207", positions.value((*path, index)), message, "keep one")


def _bad_name(error: Any, path: Path, positions: Positions) -> Iterator[Diagnostic]:
    place = positions.key(path)
    if error.validator == "maxLength":
        message = f"this key has {len(error.instance):,} characters; at most {error.validator_value:,} are allowed"
        yield diagnose("PR206", place, message, "shorten it")
    else:
        yield diagnose(
            "PR205", place, f"{_quoted(error.instance)} is not {_title(error.schema)}", _examples(error.schema)
        )


def _words(values: list[str | None]) -> list[str]:
    return ["null" if value is None else value for value in values]


def _name(path: Path) -> str:
    """A value by its key, an item of a list by its list."""
    if not path:
        return "the file"
    return f"an item of `{path[-2]}`" if isinstance(path[-1], int) else f"`{path[-1]}`"


def _quoted(value: Any) -> str:
    """A value as its author wrote it, in backticks, on one line and not too long."""
    text = value if isinstance(value, str) else json.dumps(value)
    if not text:
        return "an empty text"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:_SHOWN])
    return f"`{shown}…`" if len(text) > _SHOWN else f"`{shown}`"


def _fits(written: str, schema: dict[str, Any]) -> bool:
    return re.search(schema.get("pattern", ""), written) is not None


def _as_written(example: Any) -> str:
    """An example as it may stand in a clinic file: text in quotes where it would be read as something else."""
    if isinstance(example, dict):
        return "{" + ", ".join(f"{key}: {_as_written(value)}" for key, value in example.items()) + "}"
    if isinstance(example, list):
        return "[" + ", ".join(map(_as_written, example)) + "]"
    if isinstance(example, str) and isinstance(resolve_scalar(example), str):
        return example
    return json.dumps(example, ensure_ascii=False)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "`true` or `false`"
    kinds = {dict: "a mapping", list: "a list", int: "a number", float: "a number", str: "text"}
    return kinds[type(value)]


def _title(schema: dict[str, Any]) -> str:
    title = str(schema.get("title", "of the right form"))
    return f"{'an' if title[0].lower() in 'aeio' else 'a'} {title}" if "title" in schema else title


def _examples(schema: dict[str, Any]) -> str:
    examples = [_as_written(example) for example in schema.get("examples", ())]
    return f"write for example {listed(examples[:3])}" if examples else ""


def _hint_for_empty(schema: dict[str, Any], *, optional: bool) -> str:
    known = schema.get("properties")
    return f"known here: {listed(known)}" if known else "add one, or remove the key" if optional else "add one"
