"""The canonical form: what a clinic file means, in one way of writing.

Two files of the same meaning have the same canonical form and therefore the same digest. A key left at its default
stays out, so that a new key of a later format changes no digest; `effective_from` stays out, since it says when and
not what. The canonical form is itself a clinic file: compiling it gives the same policy.
"""

import hashlib
import json
from typing import Any

from payrules.domain.duration import format_seconds, parse_duration, parse_seconds
from payrules.domain.money import parse_decimal
from payrules.domain.policy import WEEKDAYS

_DEFAULTS: dict[str, dict[str, Any]] = {
    "notification": {"offset": "0m", "channels": ["sms", "email"], "delivery": "all", "quiet_hours": "none"},
    "manual": {"create_draft": True, "default_method": "cash"},
    "invoice": {"due_in": "14d", "vat_rate": "0", "number_prefix": ""},
}
_REQUIRED = (
    "payrules",
    "clinic",
    "name",
    "country",
    "language",
    "contact",
    "timezone",
    "currency",
    "payments",
    "process",
)
_ALL_CHANNELS = ["email", "sms"]


def canonical_form(document: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of a document that the schema and the checks have accepted."""
    form: dict[str, Any] = {key: document[key] for key in _REQUIRED}
    # The schema accepts `1.0` too.
    form["payrules"] = 1
    settings = _settings(document)
    for group, defaults in _DEFAULTS.items():
        changed = {key: value for key, value in settings.get(group, {}).items() if value != defaults.get(key)}
        if changed:
            form[group] = changed
    if settings.get("reminders"):
        form["reminders"] = settings["reminders"]
    if "session_types" in document:
        form["session_types"] = {name: _session_type(entry) for name, entry in document["session_types"].items()}
    if "messages" in document:
        form["messages"] = document["messages"]
    if document.get("rules"):
        form["rules"] = [_rule(rule) for rule in document["rules"]]
    return form


def canonical_text(form: dict[str, Any]) -> bytes:
    """The canonical form as JSON: sorted keys, no white space, UTF-8."""
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(text: bytes) -> str:
    """The digest that names a policy version: `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(text).hexdigest()


def _decimal(text: str) -> str:
    return str(parse_decimal(text))


def _settings(written: dict[str, Any]) -> dict[str, Any]:
    """The settings among the keys of a file or of a rule's `set`, each value in one way of writing."""
    form: dict[str, Any] = {}
    if "process" in written:
        form["process"] = written["process"]
    if "notification" in written:
        form["notification"] = _notification(written["notification"])
    if "reminders" in written:
        durations = sorted((parse_duration(text) for text in written["reminders"]), key=lambda d: d.nominal_seconds)
        form["reminders"] = [str(duration) for duration in durations]
    if "manual" in written:
        form["manual"] = written["manual"]
    if "invoice" in written:
        invoice = form["invoice"] = dict(written["invoice"])
        if "due_in" in invoice:
            invoice["due_in"] = _days(invoice["due_in"])
        if "vat_rate" in invoice:
            invoice["vat_rate"] = _decimal(invoice["vat_rate"])
    return form


def _days(text: str) -> str:
    return f"{int(text[:-1])}d"


def _notification(written: dict[str, Any]) -> dict[str, Any]:
    form = dict(written)
    if "offset" in form:
        offset = str(parse_duration(form["offset"]))
        if "send" in form and offset == "0m":
            # Naming `send` sets the offset to nothing already.
            del form["offset"]
        else:
            form["offset"] = offset
    quiet = form.get("quiet_hours")
    if isinstance(quiet, dict):
        form["quiet_hours"] = quiet = dict(quiet)
        if "channels" in quiet:
            quiet["channels"] = sorted(quiet["channels"])
            if quiet["channels"] == _ALL_CHANNELS:
                del quiet["channels"]
    return form


def _session_type(written: dict[str, Any]) -> dict[str, Any]:
    return {**written, "price": _decimal(written["price"])} if "price" in written else written


def _rule(written: dict[str, Any]) -> dict[str, Any]:
    form = {"id": written["id"], "when": _when(written["when"]), "set": _set(written["set"])}
    if "why" in written:
        form["why"] = written["why"]
    return form


def _set(written: dict[str, Any]) -> dict[str, Any]:
    # An empty group changes nothing.
    return {key: value for key, value in _settings(written).items() if value or key == "reminders"}


def _when(written: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for key, value in written.items():
        match key:
            case "session_type" | "practitioner" | "location" | "payer":
                form[key] = [value] if isinstance(value, str) else sorted(value)
            case "weekday":
                form[key] = sorted([value] if isinstance(value, str) else value, key=WEEKDAYS.index)
            case "client_tags":
                form[key] = {group: sorted(tags) for group, tags in value.items()}
            case "price":
                form[key] = {bound: _decimal(amount) for bound, amount in value.items()}
            case "duration" | "lead_time":
                form[key] = {bound: format_seconds(parse_seconds(text)) for bound, text in value.items()}
            case _:
                form[key] = value
    return form
