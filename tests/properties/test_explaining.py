"""Why, and why not: what is said of every rule is what the plain reading says of it."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import plain_reading
from tests.properties.compiling import compiled, examples
from tests.strategies.bookings import bookings
from tests.strategies.documents import Document, clinic_documents
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


def in_file_order(content: bytes) -> list[list[str]]:
    """For each rule the keys of its `when` as they stand in the file, by asking the YAML parser itself."""
    rules = _below(yaml.compose(content, Loader=LOADER), "rules").value
    return [[key.value for key, _ in _below(rule, "when").value] for rule in rules]


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
    for number, (rule, entry, keys) in enumerate(zip(document["rules"], explained, written, strict=True)):
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
        assert (entry["actual"] is None) == (found is not False)
        decided = decided or number == decision.rule
        line = content.decode().splitlines()[entry["line"] - 1]
        assert "id" in line or "\\" in line


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
