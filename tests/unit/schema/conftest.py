"""The schemas of the repository, and the validators that read them."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator, validators

ROOT = Path(__file__).parents[3]

Schema = dict[str, Any]
Faults = Callable[[Any], set[tuple[str | int, ...]] | None]
"""The paths of the values that a validator refuses; None where it cannot look at the document at all."""


def _pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    # In Python `$` also matches before a line break at the end; in JSON Schema it does not.
    if isinstance(value, str) and not re.search(wanted.removesuffix("$") + r"\Z", value):
        yield jsonschema.ValidationError(f"{value!r} does not match {wanted!r}")


StrictValidator: Any = validators.extend(  # type: ignore[no-untyped-call]  # its stub has no types here
    Draft202012Validator, {"pattern": _pattern}
)
"""jsonschema's validator with the end of a pattern read as JSON Schema reads it."""


@pytest.fixture(scope="session")
def load_schema() -> Callable[[str], Schema]:
    """Read a schema of the repository by its short name, such as `clinic`."""

    def load(name: str) -> Schema:
        text = (ROOT / f"schema/{name}.v1.schema.json").read_text(encoding="utf-8")
        schema: Schema = json.loads(text)
        return schema

    return load


@pytest.fixture(scope="session")
def faults_by_jsonschema() -> Callable[[Schema], Faults]:
    """Make a validator of a schema from the library that explains."""

    def make(schema: Schema) -> Faults:
        validator = StrictValidator(schema)
        return lambda document: {tuple(error.absolute_path) for error in validator.iter_errors(document)}

    return make


@pytest.fixture(scope="session")
def faults_by_jsonschema_rs() -> Callable[[Schema], Faults]:
    """Make a validator of a schema from the library that decides."""

    def make(schema: Schema) -> Faults:
        validator = jsonschema_rs.validator_for(schema)

        def faults(document: Any) -> set[tuple[str | int, ...]] | None:
            try:
                return {tuple(error.instance_path) for error in validator.iter_errors(document)}
            except ValueError:
                # A number that JSON does not have, such as `.nan`.
                return None

        return faults

    return make
