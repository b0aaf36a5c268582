"""The two validators of the schema stage, and the keywords that the slow one reads in a way of its own.

jsonschema tells every fault, but takes microseconds for each item and each keyword. Here it looks only at what the
quick validator refuses, so that a list of a hundred thousand items does not keep it busy for half a minute.
Importing either library takes longer than most commands run: both are imported where they are first needed.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any]]
"""Reads a keyword of a schema: gets the validator, the keyword's value, the instance and the schema around it."""


def quick_validator(part: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A validator that decides in microseconds whether a value fits a part of a schema."""
    import jsonschema_rs

    return jsonschema_rs.validator_for({**part, "$defs": schema["$defs"]})


def is_valid(quick: Any, value: Any) -> bool:
    """What a quick validator says of a value."""
    try:
        return bool(quick.is_valid(value))
    except ValueError:
        # A number that JSON does not have (`.nan`, `.inf`): no key of the format takes one.
        return False


def explaining_validator(schema: dict[str, Any]) -> Any:
    """A validator that yields every fault of a document."""
    from jsonschema import Draft202012Validator, validators

    def refused(part: dict[str, Any], value: Any) -> bool:
        # The parts live as long as the schema, so their identity names them.
        if id(part) not in quick:
            quick[id(part)] = quick_validator(part, schema)
        return not is_valid(quick[id(part)], value)

    quick: dict[int, Any] = {}
    plain: Any = Draft202012Validator.VALIDATORS["additionalProperties"]
    ours = {"pattern": _pattern, "uniqueItems": _unique_items, **_descending(refused, plain)}
    extend: Any = validators.extend
    return extend(Draft202012Validator, ours)(schema)


def repeated(items: list[Any]) -> Iterator[int]:
    """The places of texts that stand in a list before. (Anything else in these lists has the wrong type.)"""
    seen = set()
    for index, item in enumerate(items):
        if isinstance(item, str):
            if item in seen:
                yield index
            seen.add(item)


def _pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[Any]:
    # In Python `$` also matches before a line break at the end; JSON Schema's does not.
    if isinstance(instance, str) and not re.search(wanted.removesuffix("$") + r"\Z", instance):
        yield _fault()


def _unique_items(_: Any, __: Any, instance: Any, ___: Any) -> Iterator[Any]:
    if isinstance(instance, list) and next(repeated(instance), None) is not None:
        yield _fault()


def _fault() -> Any:
    from jsonschema import ValidationError

    return ValidationError("")


def _descending(refused: Callable[[Any, Any], bool], plain: Keyword) -> dict[str, Keyword]:
    """The keywords that go down into the many parts of a list or a mapping.

    `refused` tells whether a part of the schema refuses a value; `plain` is the library's `additionalProperties`.
    """

    def items(validator: Any, part: Any, instance: Any, _: Any) -> Iterator[Any]:
        for index, item in enumerate(instance if isinstance(instance, list) else ()):
            if refused(part, item):
                yield from validator.descend(item, part, path=index)

    def additional_properties(validator: Any, part: Any, instance: Any, around: Any) -> Iterator[Any]:
        if part is False:
            yield from plain(validator, part, instance, around)
            return
        for name, value in instance.items() if isinstance(instance, dict) else ():
            if refused(part, value):
                yield from validator.descend(value, part, path=name)

    def property_names(validator: Any, part: Any, instance: Any, _: Any) -> Iterator[Any]:
        for name in instance if isinstance(instance, dict) else ():
            if refused(part, name):
                yield from validator.descend(name, part)

    return {"items": items, "additionalProperties": additional_properties, "propertyNames": property_names}
