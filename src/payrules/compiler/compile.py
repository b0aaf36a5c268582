"""Compiling a clinic file: text → document → schema → checks → policy.

Each stage runs only when the one before found no error, and every fault it finds is reported, not the first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from payrules.compiler.canonical import canonical_form, canonical_text, digest_of
from payrules.compiler.checks import Subject, instants_of, run_checks
from payrules.compiler.document import MAX_BYTES, read_document
from payrules.compiler.findings import diagnose, listed
from payrules.compiler.lowering import lower
from payrules.compiler.positions import Positions
from payrules.compiler.schema import FileSchema
from payrules.domain.analysis import analyse
from payrules.domain.diagnostics import Diagnostic, Related, Severity, has_errors, position_key
from payrules.domain.policy import Policy

MOST_SHOWN = 100
"""How many diagnostics are told of one file."""
_MOST_NAMED = 5
_MOST_RELATED = 50


@dataclass(frozen=True, slots=True)
class Version:
    """A policy version: the policy, the canonical text it was lowered from, and the digest that names it.

    `effective_from` is an aware UTC instant, None where the file names none. `positions` finds the lines of
    the file the version was compiled from.
    """

    policy: Policy
    canonical: bytes
    digest: str
    effective_from: datetime | None
    positions: Positions = field(compare=False)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of a clinic file: a version, or none where a diagnostic is an error."""

    file: str
    version: Version | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Compiler:
    """Compiles clinic files. `schema` is the text of the clinic schema; time zones come from outside."""

    schema: bytes
    load_zone: Callable[[str], tzinfo | None]
    zone_names: Callable[[], Iterable[str]]

    def compile(
        self,
        content: bytes,
        file: str,
        *,
        now: datetime | None = None,
        analysis: bool = True,
        max_bytes: int | None = MAX_BYTES,
    ) -> Compiled:
        """Compile the bytes of a clinic file; `file` is its path, as diagnostics shall name it.

        With `now` (an aware UTC instant) an `effective_from` already past is reported; with `analysis`, rules
        that can never match or that change nothing. A file of more than `max_bytes` is refused; a canonical
        form, which can be longer than the file it came from, is compiled again with None. Never raises,
        whatever the bytes.
        """
        document, found = read_document(content, file, max_bytes)
        if document is None:
            return _result(file, None, found)
        positions = Positions(content, file)
        if not self._schema.accepts(document):
            return _result(file, None, found + self._schema.explain(document, positions))
        zone = self.load_zone(document["timezone"])
        found += run_checks(Subject(document, file, zone, self.zone_names, now), positions)
        if zone is None or has_errors(found):
            return _result(file, None, found)
        version = _version(document, zone, positions)
        if analysis and version.policy.rules:
            found += _rule_findings(version)
        return _result(file, version, found)

    @cached_property
    def _schema(self) -> FileSchema:
        return FileSchema(self.schema)


def _result(file: str, version: Version | None, found: list[Diagnostic]) -> Compiled:
    """The first diagnostics by position; where there are too many, errors stay before warnings."""
    if len(found) > MOST_SHOWN:
        found.sort(key=lambda d: (d.severity is not Severity.ERROR, position_key(d)))
        shown, hidden = found[:MOST_SHOWN], found[MOST_SHOWN:]
        place = min(hidden, key=position_key).location
        message = f"only {MOST_SHOWN} findings are shown, and there are more: the first of them is here"
        found = [*shown, diagnose("PR013", place, message, "correct what is shown, and look again")]
    return Compiled(file, version, tuple(sorted(found, key=position_key)))


def _version(document: dict[str, Any], zone: tzinfo, positions: Positions) -> Version:
    form = canonical_form(document)
    text = canonical_text(form)
    written = document.get("effective_from")
    effective_from = None if written is None else instants_of(written, zone)[0]
    return Version(lower(form, zone), text, digest_of(text), effective_from, positions)


def _rule_findings(version: Version) -> list[Diagnostic]:
    """PR351, PR352, PR353, PR355: what the analysis proves of the rules."""
    rules, positions = version.policy.rules, version.positions
    findings = analyse(version.policy)
    found = []
    for number, by in findings.never:
        place = positions.value(("rules", number, "id"))
        if by:
            names, verb = listed(rules[i].id for i in by[:_MOST_NAMED]), "match" if len(by) > 1 else "matches"
            more = f" and {len(by) - _MOST_NAMED:,} more" if len(by) > _MOST_NAMED else ""
            message = f"the rule `{rules[number].id}` can never match: {names}{more} always {verb} first"
            related = [
                Related(positions.value(("rules", i, "id")), f"`{rules[i].id}` stands before it")
                for i in by[:_MOST_RELATED]
            ]
            found.append(
                diagnose("PR352", place, message, "move the rule up, narrow the others, or remove it", related)
            )
        else:
            message = f"the rule `{rules[number].id}` can never match: no booking can meet its conditions"
            found.append(diagnose("PR351", place, message, "correct its conditions, or remove the rule"))
    for number in findings.redundant:
        message = f"without the rule `{rules[number].id}` no booking would be decided differently"
        place = positions.value(("rules", number, "id"))
        found.append(diagnose("PR353", place, message, "remove the rule, or give it a `set` that makes a difference"))
    for number in findings.unsettled:
        message = f"it could not be settled whether the rule `{rules[number].id}` can ever match"
        place = positions.value(("rules", number, "id"))
        found.append(diagnose("PR355", place, message, "make the rules before it simpler, or fewer"))
    for number in findings.unweighed:
        message = f"the rule `{rules[number].id}` can match; whether it changes anything could not be settled"
        place = positions.value(("rules", number, "id"))
        found.append(
            diagnose("PR355", place, message, "nothing has to be done; simpler rules, or fewer, can be settled")
        )
    return found
