"""Where each setting of a decision was written: in the rule, in the file, or nowhere (a default)."""

from typing import NamedTuple

from payrules.compiler.compile import Version
from payrules.compiler.positions import Path

SETTINGS: tuple[Path, ...] = (
    ("process",),
    ("notification", "send"),
    ("notification", "offset"),
    ("notification", "channels"),
    ("notification", "delivery"),
    ("notification", "quiet_hours"),
    ("reminders",),
    ("manual", "create_draft"),
    ("manual", "default_method"),
    ("invoice", "due_in"),
    ("invoice", "vat_rate"),
    ("invoice", "number_prefix"),
)
"""Every setting a rule can change, in the order of the reference."""


class Source(NamedTuple):
    """`name` is `file`, `default` or `rule` and the rule's id; `line` is None for a default."""

    name: str
    line: int | None


class Provenance:
    """The sources of one version's settings, each looked up once."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._known: dict[tuple[int | None, Path], Source] = {}

    def rule_line(self, rule: int) -> int:
        """The line on which a rule begins."""
        return self.source(None, ("rules", rule)).line or 0

    def source(self, rule: int | None, setting: Path) -> Source:
        """Where a setting comes from when the rule of that number decides, or the defaults (None)."""
        known = self._known.get((rule, setting))
        if known is None:
            known = self._known[rule, setting] = self._find(rule, setting)
        return known

    def text(self, rule: int | None, setting: Path) -> str:
        """The source as `clinics/nordlys.yaml:14`, or `default`."""
        source = self.source(rule, setting)
        return "default" if source.line is None else f"{self._version.positions.file}:{source.line}"

    def _find(self, rule: int | None, setting: Path) -> Source:
        positions = self._version.positions
        if rule is not None:
            prefix: Path = ("rules", rule, "set")
            # A rule that names `send` sets the offset too, written or not.
            implied = (*prefix, "notification", "send") if setting == ("notification", "offset") else None
            for path in ((*prefix, *setting), implied):
                if path is not None and path in positions:
                    return Source(f"rule {self._version.policy.rules[rule].id}", positions.line(path))
        return Source("file", positions.line(setting)) if setting in positions else Source("default", None)
