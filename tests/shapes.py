"""What commands print as JSON has the form that its schema promises: every line that a test reads is looked at."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import jsonschema_rs

from payrules.adapters.resources import read_schema

SCHEMAS = {
    ("status",): "status",
    ("history",): "history",
    ("process",): "process",
    ("bookings", "list"): "bookings",
    ("drafts", "list"): "bookings",
    ("bookings", "show"): "booking-story",
    ("held", "list"): "held",
    ("dead", "list"): "held",
}
"""The schema of each command's lines."""


@cache
def validator_of(name: str) -> jsonschema_rs.Draft202012Validator:
    """A validator of one of the schemas, by its short name."""
    found = jsonschema_rs.validator_for(json.loads(read_schema(f"{name}.v1.schema.json")))
    assert isinstance(found, jsonschema_rs.Draft202012Validator)
    return found


def read_lines(text: str, *command: str) -> list[dict[str, Any]]:
    """The objects that a command printed, one a line, each of the form that is promised for it."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    name = next((SCHEMAS[words] for words in (command[:1], command[:2]) if words in SCHEMAS), None)
    if name is not None:
        assert faults(name, rows) == []
    return rows


def faults(name: str, rows: Iterable[dict[str, Any]]) -> list[str]:
    """What is not as the schema has it."""
    validator = validator_of(name)
    return [f"{list(error.instance_path)}: {error.message}" for row in rows for error in validator.iter_errors(row)]
