"""Another document of the same meaning: what a person may change without changing anything."""

from copy import deepcopy
from random import Random
from typing import Any

from tests.strategies.documents import CHANNELS, Document
from tests.strategies.texts import SECONDS, seconds_of
from tests.strategies.writing import shuffled

from payrules.domain.money import MINOR_UNITS

_DEFAULTS: dict[str, dict[str, Any]] = {
    "notification": {"offset": "0m", "channels": ["sms", "email"], "delivery": "all", "quiet_hours": "none"},
    "manual": {"create_draft": True, "default_method": "cash"},
    "invoice": {"due_in": "14d", "vat_rate": "0", "number_prefix": ""},
}
_STARTS = (None, "2027-07-01T12:00", "2000-01-01T00:00Z", "2028-06-01T08:00:30+02:00")


def rewritten(document: Document, random: Random) -> Document:
    """The same settings in other words."""
    return _Rewriter(random).document(deepcopy(document))


class _Rewriter:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._digits = 0

    def document(self, document: Document) -> Document:
        self._digits = MINOR_UNITS[document["currency"]]
        self._settings(document)
        for group, defaults in _DEFAULTS.items():
            if group in document or (group != "notification" and self._chance()):
                self._toggle_defaults(document.setdefault(group, {}), defaults)
        if document.get("reminders") == [] or ("reminders" not in document and self._chance()):
            self._toggle(document, "reminders", [])
        for entry in document.get("session_types", {}).values():
            if "price" in entry:
                entry["price"] = self._decimal(entry["price"], self._digits)
        if not document.get("rules"):
            self._toggle(document, "rules", [])
        for rule in document.get("rules", ()):
            self._rule(rule)
        document.pop("effective_from", None)
        start = self._random.choice(_STARTS)
        return document if start is None else document | {"effective_from": start}

    def _chance(self) -> bool:
        return self._random.random() < 0.5

    def _toggle(self, settings: dict[str, Any], key: str, default: Any) -> None:
        """Write a key at its default, or leave it out."""
        if self._chance():
            settings[key] = default
        else:
            settings.pop(key, None)

    def _toggle_defaults(self, settings: dict[str, Any], defaults: dict[str, Any]) -> None:
        for key, default in defaults.items():
            if key not in settings or _same(settings[key], default):
                self._toggle(settings, key, default)

    def _settings(self, settings: dict[str, Any]) -> None:
        notification = settings.get("notification", {})
        if "offset" in notification:
            notification["offset"] = self._offset(notification["offset"])
        quiet = notification.get("quiet_hours")
        if isinstance(quiet, dict):
            if sorted(quiet.get("channels", CHANNELS)) == sorted(CHANNELS):
                self._toggle(quiet, "channels", shuffled(CHANNELS, self._random))
            else:
                quiet["channels"] = shuffled(quiet["channels"], self._random)
        if "reminders" in settings:
            settings["reminders"] = shuffled(map(self._offset, settings["reminders"]), self._random)
        invoice = settings.get("invoice", {})
        if "vat_rate" in invoice:
            invoice["vat_rate"] = self._decimal(invoice["vat_rate"], 2)

    def _rule(self, rule: dict[str, Any]) -> None:
        settings, when = rule["set"], rule["when"]
        self._settings(settings)
        for group in _DEFAULTS:
            if not settings.get(group):
                self._toggle(settings, group, {})
        notification = settings.get("notification", {})
        if "send" in notification and seconds_of(notification.get("offset", "0m")) == 0:
            self._toggle(notification, "offset", self._offset("0m"))
        for key in ("session_type", "practitioner", "location", "payer", "weekday"):
            if key in when:
                when[key] = self._one_or_list(when[key])
        if "client_tags" in when:
            when["client_tags"] = {group: shuffled(tags, self._random) for group, tags in when["client_tags"].items()}
        if "price" in when:
            when["price"] = {end: self._decimal(amount, self._digits) for end, amount in when["price"].items()}
        for key in ("duration", "lead_time"):
            if key in when:
                when[key] = {end: self._length(text) for end, text in when[key].items()}

    def _one_or_list(self, value: Any) -> Any:
        values = [value] if isinstance(value, str) else shuffled(value, self._random)
        return values[0] if len(values) == 1 and self._chance() else values

    def _decimal(self, text: str, most: int) -> str:
        """The same decimal with zeros more or fewer at its end."""
        whole, _, fraction = text.partition(".")
        fraction = fraction.rstrip("0")
        fraction += "0" * self._random.randint(0, most - len(fraction))
        return f"{whole}.{fraction}" if fraction else whole

    def _offset(self, text: str) -> str:
        """The same offset in minutes or hours; a day is no number of hours."""
        number, unit = int(text[:-1]), text[-1]
        if number == 0:
            return self._random.choice(["0m", "0h", "0d"])
        ways = [text]
        if unit == "h" and number * 60 <= 9_999:
            ways.append(f"{number * 60}m")
        if unit == "m" and number % 60 == 0:
            ways.append(f"{number // 60}h")
        return self._random.choice(ways)

    def _length(self, text: str) -> str:
        """The same length of a condition, where a day is 24 hours."""
        seconds = seconds_of(text)
        ways = [f"{seconds // size}{unit}" for unit, size in SECONDS.items() if not seconds % size]
        return self._random.choice([way for way in ways if len(way) <= 5])


def _same(value: Any, default: Any) -> bool:
    """Whether a value says what the default says: `0h` is `0m`, `0.0` is `0`."""
    if default in ("0m", "0") and isinstance(value, str):
        return value[:-1] == "0" if default == "0m" else not value.strip("0.")
    return bool(value == default)
