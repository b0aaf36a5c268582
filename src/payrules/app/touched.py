"""What a change of a clinic file touches, so that its tests can be asked for just that."""

import json
from difflib import SequenceMatcher
from typing import Any, Final

from payrules.compiler.compile import Version

# Whatever these say, every booking is treated after it.
_WHOLE: Final = ("payments", "timezone", "currency")
# What these say decides nothing.
_SILENT: Final = ("name", "country", "language", "contact", "messages", "rules", "effective_from")


def touched_by(before: Version | None, after: Version) -> frozenset[int | None]:
    """The numbers of the rules that a change touches, and None for the defaults.

    A rule is touched if it is new, if its `when` or `set` changed, or if it was moved past others; the defaults, if
    a setting outside the rules changed. Everything is touched in a new clinic file, and where the time zone, the
    currency or the payments switch changed. A rule that was removed leaves no one behind to be tested but the rules
    that its bookings fall to, which nobody can name in general; so the defaults are touched.
    """
    everything = frozenset([*range(len(after.policy.rules)), None])
    if before is None:
        return everything
    old, new = json.loads(before.canonical), json.loads(after.canonical)
    if any(old.get(key) != new.get(key) for key in _WHOLE):
        return everything
    old_rules, new_rules = old.get("rules", []), new.get("rules", [])
    known = {rule["id"]: rule for rule in old_rules}
    ids = [rule["id"] for rule in new_rules]
    kept = [id_ for id_ in known if id_ in set(ids)]
    moved = _moved(kept, [id_ for id_ in ids if id_ in known])
    touched: set[int | None] = {
        number
        for number, rule in enumerate(new_rules)
        if rule["id"] in moved or _meaning(rule) != _meaning(known.get(rule["id"], {}))
    }
    settings = (set(old) | set(new)) - set(_SILENT)
    if len(kept) < len(known) or any(old.get(key) != new.get(key) for key in settings):
        touched.add(None)
    return frozenset(touched)


def _meaning(rule: dict[str, Any]) -> tuple[Any, Any]:
    return rule.get("when"), rule.get("set")


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The ids that are not where they were among the others."""
    moved: set[str] = set()
    for tag, _, _, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            moved.update(after[first:last])
    return moved
