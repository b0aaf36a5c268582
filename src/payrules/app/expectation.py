"""Expected decisions: what a scenario says must come out, compared with what does.

An expectation names a booking and any part of its rendered decision. Objects are compared by the keys that the
expectation has, lists item by item.
"""

import json
from collections.abc import Iterator
from typing import Any

from payrules.domain.errors import PayrulesError


class ExpectationError(PayrulesError):
    """A file of expectations cannot be read or is not a list of objects that name their booking."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


def read_expectations(text: str, path: str) -> list[dict[str, Any]]:
    """The expectations of a JSON list. Raises ExpectationError, also where it is empty."""
    try:
        expected = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExpectationError(path, f"is not JSON: {error}") from error
    if not isinstance(expected, list) or not expected:
        raise ExpectationError(path, "must be a JSON list with one object a booking, and must not be empty")
    for number, item in enumerate(expected, 1):
        if not isinstance(item, dict) or not isinstance(item.get("booking_id"), str):
            raise ExpectationError(path, f"expectation {number} must be an object with a `booking_id`")
    return expected


class Expectations:
    """Compares decisions with expectations as they come; each expectation is used up by its booking."""

    def __init__(self, expected: list[dict[str, Any]]) -> None:
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        for item in expected:
            self._waiting.setdefault(item["booking_id"], []).append(item)
        self.count = len(expected)
        self.met = 0

    def check(self, rendered: dict[str, Any]) -> list[str]:
        """What a rendered decision does otherwise than expected, each with its place; empty where all is met."""
        waiting = self._waiting.get(rendered["booking_id"], [])
        for number, expected in enumerate(waiting):
            if expected.get("clinic", rendered["clinic"]) == rendered["clinic"]:
                del waiting[number]
                differences = [f"{rendered['booking_id']}: {text}" for text in _differences(expected, rendered, "")]
                self.met += not differences
                return differences
        return [f"{rendered['booking_id']}: no expectation names this booking of `{rendered['clinic']}`"]

    def unused(self) -> list[str]:
        """The expectations whose booking never came."""
        return [f"{name}: expected, but not decided" for name, items in self._waiting.items() for _ in items]


def _differences(expected: Any, actual: Any, place: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            inner = f"{place}.{key}" if place else key
            if key in actual:
                yield from _differences(value, actual[key], inner)
            else:
                yield f"{inner}: expected {_shown(value)}, but there is no such key"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}: expected {len(expected)} items, got {len(actual)}"
        for number, (want, got) in enumerate(zip(expected, actual, strict=False)):
            yield from _differences(want, got, f"{place}[{number}]")
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{place}: expected {_shown(expected)}, got {_shown(actual)}"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
