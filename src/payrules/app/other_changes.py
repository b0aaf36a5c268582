"""What a change of a clinic file changes beside decisions: the names, the contact, the texts of messages."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from payrules.compiler.compile import Version
from payrules.domain.policy import Policy, TextKey


class OtherChange(NamedTuple):
    """One thing that is no decision. `what` is a key of the clinic file; a side that has nothing is None.

    Where a list changed, `before` names what is gone and `after` what is new or other.
    """

    what: str
    before: str | None
    after: str | None

    @property
    def is_noticed(self) -> bool:
        """Whether anybody but the readers of the file notices: how rules are written only they do."""
        return not self.what.startswith("rules")


def other_changes(before: Version, after: Version) -> tuple[OtherChange, ...]:
    """All of them, in the order of the reference."""
    old, new = before.policy, after.policy
    found = [
        OtherChange(key, getattr(old, key), getattr(new, key))
        for key in ("name", "country", "language", "contact")
        if getattr(old, key) != getattr(new, key)
    ]
    if before.effective_from != after.effective_from:
        sides = (_local(before.effective_from, old), _local(after.effective_from, new))
        found.append(OtherChange("effective_from", *sides))
    return (*found, *_session_types(old, new), *_rules(before, after), *_messages(old, new))


def _local(instant: datetime | None, policy: Policy) -> str | None:
    return None if instant is None else f"{instant.astimezone(policy.zone):%Y-%m-%d %H:%M} {policy.timezone}"


def _session_types(old: Policy, new: Policy) -> Iterator[OtherChange]:
    """Session types that come, go or are called otherwise; a price that changes is a matter of decisions."""
    known = {name: kind.name for name, kind in old.session_types.items()}
    now = {name: kind.name for name, kind in new.session_types.items()}
    gone, come = [name for name in known if name not in now], [name for name in now if name not in known]
    if gone or come:
        yield OtherChange("session_types", ", ".join(gone) or None, ", ".join(come) or None)
    for name, called in known.items():
        if name in now and now[name] != called:
            yield OtherChange(f"session_types.{name}.name", called, now[name])


def _rules(before: Version, after: Version) -> Iterator[OtherChange]:
    """Which rules the text has changed: whether that changes a decision is told by the difference."""
    known, now = _by_id(before), _by_id(after)
    gone, come = [name for name in known if name not in now], [name for name in now if name not in known]
    both = [name for name in now if name in known]
    otherwise = [name for name in both if any(known[name][key] != now[name][key] for key in ("when", "set"))]
    said = [
        f"{what} {', '.join(names)}" for what, names in (("new:", come), ("written otherwise:", otherwise)) if names
    ]
    if [name for name in known if name in now] != both:
        said.append("in another order")
    if gone or said:
        yield OtherChange("rules", f"removed: {', '.join(gone)}" if gone else None, "; ".join(said) or None)
    for name in both:
        old, new = known[name].get("why"), now[name].get("why")
        if old != new:
            yield OtherChange(f"rules.{name}.why", old, new)


def _by_id(version: Version) -> dict[str, dict[str, Any]]:
    """The rules as they are written, without what they take over from the clinic."""
    return {rule["id"]: rule for rule in json.loads(version.canonical).get("rules", ())}


def _messages(old: Policy, new: Policy) -> Iterator[OtherChange]:
    for key in sorted(old.messages.keys() | new.messages.keys()):
        before, after = old.messages.get(key), new.messages.get(key)
        if before != after:
            yield OtherChange(_path(key), before, after)


def _path(key: TextKey) -> str:
    return ".".join(("messages", *key))
