"""Why, and why not: what is said of every rule is what the plain reading says of it."""

from datetime import timedelta
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import plain_reading
from tests.properties.compiling import compiled, examples
from tests.strategies.bookings import bookings
from tests.strategies.documents import Document, clinic_documents
from tests.strategies.texts import clock_text
from tests.strategies.writing import Writer, random_sources

from payrules.app.rendering import Renderer
from payrules.domain.booking import Booking
from payrules.domain.decision import decide

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, bytes, Booking]:
    """A clinic with rules, its file with the keys in any order, and a booking there."""
    document = draw(clinic_documents(6).filter(lambda found: found.get("rules")))
    content = Writer(draw(random_sources())).document(document).encode()
    return document, content, draw(bookings(document))


def in_file_order(content: bytes) -> list[tuple[int, list[str]]]:
    """For each rule the line it begins on and the keys of its `when` in their order, by asking the YAML parser."""
    rules = _below(yaml.compose(content, Loader=LOADER), "rules").value
    return [(rule.start_mark.line + 1, [key.value for key, _ in _below(rule, "when").value]) for rule in rules]


def parts_of(wanted: Any) -> list[str]:
    """The words that a condition cannot be told without: its values, or the names of its parts."""
    return [wanted] if isinstance(wanted, str) else [str(wanted).lower()] if isinstance(wanted, bool) else list(wanted)


def _below(node: Any, name: str) -> Any:
    (found,) = [value for key, value in node.value if key.value == name]
    return found


@examples(200)
@given(cases())
def test_what_became_of_each_rule(case: tuple[Document, bytes, Booking]) -> None:
    document, content, booking = case
    version = compiled(document, content)
    decision = decide(version.policy, booking, booking.booked_at)
    explained = Renderer(version).explain(booking, decision)["rules"]
    facts = plain_reading.facts_of(booking, document)
    decided = document["payments"] == "inactive"
    assert [entry["id"] for entry in explained] == [rule["id"] for rule in document["rules"]]
    written = in_file_order(content)
    for number, (rule, entry, (line, keys)) in enumerate(zip(document["rules"], explained, written, strict=True)):
        when = rule["when"]
        assert sorted(keys) == sorted(when)
        found = plain_reading.verdict(when, facts)
        result = {False: "failed", None: "unknown", True: "later" if decided else "matched"}[found]
        assert entry["result"] == result
        assert (result == "matched") == (number == decision.rule and found is True)
        at_fault = [
            key for key in keys if found is not True and plain_reading.holds(key, when[key], facts[key]) is found
        ]
        assert entry["condition"] == (at_fault[0] if at_fault else None)
        assert (entry["wanted"] is None) == (not at_fault)
        assert all(part in entry["wanted"] for part in parts_of(when[at_fault[0]] if at_fault else []))
        assert (entry["actual"] is None) == (found is not False)
        decided = decided or number == decision.rule
        assert entry["line"] == line


def values_of(document: Document, rule: int | None) -> dict[str, str]:
    """Every setting and its value, in the words of the clinic file."""
    settings = plain_reading.settings_of(document, rule)
    quiet = settings.quiet_hours
    quiet_text = "none"
    if quiet is not None:
        quiet_text = f"{clock_text(quiet[0])}-{clock_text(quiet[1])} ({', '.join(sorted(quiet[2]))})"
    return {
        "process": settings.process,
        "notification.send": settings.send or "none",
        "notification.offset": offset_text(settings.offset),
        "notification.channels": ", ".join(settings.channels),
        "notification.delivery": settings.delivery,
        "notification.quiet_hours": quiet_text,
        "reminders": ", ".join(map(offset_text, settings.reminders)) or "none",
        "manual.create_draft": "true" if settings.create_draft else "false",
        "manual.default_method": settings.default_method,
        "invoice.due_in": f"{settings.due_in}d" if settings.due_in else "0m",
        "invoice.vat_rate": format(float(settings.vat_rate), "g"),
        "invoice.number_prefix": settings.number_prefix or "none",
    }


def offset_text(offset: plain_reading.Offset) -> str:
    """An offset in its largest whole unit."""
    minutes = offset.elapsed // timedelta(minutes=1)
    if offset.days:
        return f"{offset.days}d"
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"


@examples(100)
@given(cases())
def test_every_setting_has_its_source(case: tuple[Document, bytes, Booking]) -> None:
    document, content, booking = case
    version = compiled(document, content)
    decision = decide(version.policy, booking, booking.booked_at)
    settings = Renderer(version).explain(booking, decision)["settings"]
    if decision.terms is None:
        assert settings == []
        return
    assert {entry["setting"]: entry["value"] for entry in settings} == values_of(document, decision.rule)
    changes = {} if decision.rule is None else document["rules"][decision.rule]["set"]
    for entry in settings:
        group, _, key = entry["setting"].partition(".")
        in_rule = key in changes.get(group, {}) if key else group in changes
        implied = entry["setting"] == "notification.offset" and "send" in changes.get("notification", {})
        in_file = key in document.get(group, {}) if key else group in document
        if in_rule or implied:
            assert decision.rule is not None
            assert entry["source"] == f"rule {document['rules'][decision.rule]['id']}"
        else:
            assert entry["source"] == ("file" if in_file else "default")
        assert (entry["line"] is None) == (entry["source"] == "default")
