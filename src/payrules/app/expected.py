"""What a policy test expects, compared with the decision: only what is named counts."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from payrules.compiler.policy_tests import PolicyTest
from payrules.domain.decision import ActionType

_MESSAGES: Final = {"links": ActionType.SEND_PAYMENT_LINK, "reminders": ActionType.SEND_REMINDER}
_AMOUNTS: Final = ("price", "vat", "vat_rate")


class Mismatch(NamedTuple):
    """A part of a decision that is not as expected; both values are JSON, in the form of a tests file.

    `key` is dotted for what stands on the invoice: `invoice.payable_by`.
    """

    key: str
    expected: Any
    got: Any


def compare(test: PolicyTest, rendered: dict[str, Any]) -> tuple[Mismatch, ...]:
    """The parts of a rendered decision that differ from what a test expects of it, in the order of the test."""
    return tuple(
        Mismatch(key, expected, got)
        for key, expected, got in _pairs(test.expect, rendered)
        if not _is_same(key, expected, got)
    )


def _pairs(expect: dict[str, Any], rendered: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key, expected in expect.items():
        if key == "invoice":
            invoice = rendered["invoice"] or {}
            amounts = {**invoice, "vat": _amount(invoice.get("vat"))}
            yield from ((f"invoice.{name}", value, amounts.get(name)) for name, value in expected.items())
        elif key in _MESSAGES:
            yield key, expected, _messages(rendered, _MESSAGES[key], expected)
        elif key == "rule":
            yield key, expected, None if rendered["rule"] is None else rendered["rule"]["id"]
        else:
            yield key, expected, _amount(rendered["price"]) if key == "price" else rendered[key]


def _amount(money: dict[str, str] | None) -> str | None:
    return None if money is None else money["amount"]


def _is_same(key: str, expected: Any, got: Any) -> bool:
    if key.rpartition(".")[2] in _AMOUNTS and expected is not None and got is not None:
        return Decimal(expected) == Decimal(got)
    if key in _MESSAGES:
        return len(expected) == len(got) and all(map(_is_same_message, expected, got))
    return bool(sorted(expected) == sorted(got) if key == "missing" else expected == got)


def _is_same_message(expected: dict[str, Any], got: dict[str, Any]) -> bool:
    return (
        datetime.fromisoformat(expected["at"]) == datetime.fromisoformat(got["at"])
        and ("channels" not in expected or sorted(expected["channels"]) == sorted(got["channels"]))
        and ("shifted_by" not in expected or expected["shifted_by"] == got["shifted_by"])
    )


def _messages(rendered: dict[str, Any], kind: ActionType, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages of a kind as a tests file writes them, those of one time together, with the keys that are asked for.

    Times have an offset where the expected one in their place has one.
    """
    grouped: dict[tuple[str, str | None], list[str]] = {}
    for action in rendered["actions"]:
        if action["type"] == kind:
            grouped.setdefault((action["due_local"], action["shifted_by"]), []).append(action["channel"])
    asked = {name for message in expected for name in message} or {"at", "channels"}
    messages = []
    for number, ((due, shifted_by), channels) in enumerate(grouped.items()):
        like = expected[number]["at"] if number < len(expected) else ""
        message = {"at": _time_like(like, due), "channels": channels, "shifted_by": shifted_by}
        messages.append({name: value for name, value in message.items() if name in asked})
    return messages


def _time_like(expected: str, due_local: str) -> str:
    """A local time with its offset, written as the expected one is."""
    at = datetime.fromisoformat(due_local)
    if not expected or datetime.fromisoformat(expected).tzinfo is None:
        at = at.replace(tzinfo=None)
    return at.isoformat(timespec="seconds" if at.second else "minutes")
