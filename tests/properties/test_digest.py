"""One meaning, one digest: however the file is written, and never for two meanings."""

import json
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.properties.compiling import compile_text, compiled, examples
from tests.properties.plain_reading import meaning_of, settings_of
from tests.strategies.documents import CURRENCIES, Document, changes, clinic_documents, notifications, whens
from tests.strategies.moments import ZONES
from tests.strategies.rewriting import rewritten
from tests.strategies.writing import plainly, random_sources, renderings

MINIMAL: Document = {
    "payrules": 1,
    "clinic": "nordlys",
    "name": "Nordlys",
    "country": "NO",
    "language": "nb",
    "contact": {"email": "post@nordlys.example"},
    "timezone": "Europe/Oslo",
    "currency": "NOK",
    "payments": "active",
    "process": "automatic",
    "notification": {"send": "after_appointment"},
}


@examples(200)
@given(clinic_documents().flatmap(lambda document: st.tuples(st.just(document), renderings(document))))
def test_writing_changes_nothing(case: tuple[Document, bytes]) -> None:
    document, content = case
    plain, other = compiled(document), compiled(document, content)
    assert other.canonical == plain.canonical
    assert other.digest == plain.digest
    assert other.policy == plain.policy
    assert other.effective_from == plain.effective_from


@examples(200)
@given(clinic_documents(), random_sources())
def test_other_words_of_one_meaning_change_nothing(document: Document, random: Random) -> None:
    other = rewritten(document, random)
    assert meaning_of(other) == meaning_of(document)
    before, after = compiled(document), compiled(other)
    assert after.canonical == before.canonical
    assert after.digest == before.digest
    assert after.policy == before.policy


@st.composite
def altered_documents(draw: st.DrawFn) -> tuple[Document, Document]:
    """A document, and one in which a part was taken from elsewhere."""
    document = draw(clinic_documents())
    other = deepcopy(document)
    parts = _parts_of(other)
    holder, key, fresh = draw(st.sampled_from(parts))
    if fresh is None:
        del holder[key]
    else:
        holder[key] = draw(fresh)
    return document, other


def _parts_of(document: Document) -> list[tuple[Any, Any, st.SearchStrategy[Any] | None]]:
    """Parts that can be replaced, or left out (None), each with where it is."""
    parts: list[tuple[Any, Any, Any]] = [
        (document, "name", st.sampled_from(["Nordlys", "nordlys"])),
        (document, "country", st.sampled_from(["SE", "GB"])),
        (document, "language", st.sampled_from(["nn", "en"])),
        (document, "contact", st.just({"email": "other@nordlys.example"})),
        (document, "timezone", st.sampled_from(ZONES)),
        (document, "currency", st.sampled_from(CURRENCIES)),
        (document, "payments", st.sampled_from(["active", "inactive"])),
        (document, "process", st.sampled_from(["automatic", "manual"])),
        (document, "notification", notifications(in_rule=False)),
        (document, "reminders", st.sampled_from([[], ["1d"], ["24h"], ["1h"], ["60m", "2h"]])),
        (document, "manual", st.sampled_from([{}, {"create_draft": False}, {"default_method": "other"}])),
        (document, "invoice", st.sampled_from([{}, {"due_in": "15d"}, {"vat_rate": "2.5"}, {"vat_rate": "25"}])),
    ]
    parts += [(document, key, None) for key in ("reminders", "manual", "invoice", "rules") if key in document]
    for entry in document.get("session_types", {}).values():
        parts.append((entry, "price", st.sampled_from(["0", "1", "10", "100"])))
        parts.append((entry, "name", st.sampled_from(["Group", "group"])))
    for rule in document.get("rules", ()):
        parts.append((rule, "when", whens(0, tuple(document.get("session_types", ["group"])))))
        parts.append((rule, "set", changes()))
        parts.append((rule, "why", st.sampled_from(["because", "Because"])))
        parts += [(rule["set"], key, None) for key in rule["set"]]
        if len(rule["when"]) > 1:
            parts += [(rule["when"], key, None) for key in rule["when"]]
    if document.get("rules"):
        parts.append((document["rules"], -1, None))
        parts.append((document, "rules", st.just(document["rules"][::-1])))
    return parts


@examples(300)
@given(altered_documents())
def test_digests_differ_exactly_when_meanings_do(case: tuple[Document, Document]) -> None:
    document, other = case
    result = compile_text(plainly(other), other["clinic"])
    # A part from elsewhere may not fit, such as a price in a currency of fewer decimals.
    assume(result.version is not None)
    assert result.version is not None
    before = compiled(document)
    assert (result.version.digest == before.digest) == (meaning_of(other) == meaning_of(document))
    assert (result.version.digest == before.digest) == (result.version.canonical == before.canonical)
    if result.version.digest == before.digest:
        assert result.version.policy == before.policy


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("reminders", ["24h"], ["1d"]),
        ("notification", {"send": "after_booking", "offset": "24h"}, {"send": "after_booking", "offset": "1d"}),
        (
            "notification",
            {"send": "after_booking", "channels": ["sms", "email"]},
            {"send": "after_booking", "channels": ["email", "sms"]},
        ),
    ],
)
def test_a_day_is_no_number_of_hours_and_channels_have_an_order(key: str, one: Any, other: Any) -> None:
    assert compiled(MINIMAL | {key: one}).digest != compiled(MINIMAL | {key: other}).digest


@pytest.mark.parametrize("written", ["1", "1.0", "1e0", "0x1", "+1"])
def test_the_version_of_the_format_is_a_number_however_written(written: str) -> None:
    content = plainly(MINIMAL).replace(b"payrules: 1\n", f"payrules: {written}\n".encode())
    assert compiled(MINIMAL, content).digest == compiled(MINIMAL).digest


@examples(150)
@given(clinic_documents())
def test_the_canonical_form_is_a_clinic_file_of_the_same_policy(document: Document) -> None:
    version = compiled(document)
    again = compiled(document, version.canonical)
    assert again.policy == version.policy
    assert again.canonical == version.canonical
    assert again.digest == version.digest
    assert again.effective_from is None
    form = json.loads(version.canonical)
    assert version.canonical == json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert meaning_of(form) == meaning_of(document)


@examples(150)
@given(clinic_documents())
def test_a_policy_has_the_settings_that_the_file_says(document: Document) -> None:
    policy = compiled(document).policy
    for number, terms in [(None, policy.terms), *((n, rule.terms) for n, rule in enumerate(policy.rules))]:
        settings, notification, invoice = settings_of(document, number), terms.notification, terms.invoice
        assert terms.process == settings.process
        assert notification.send == settings.send
        assert _offset(notification.offset) == settings.offset
        assert notification.channels == settings.channels
        assert notification.delivery == settings.delivery
        assert notification.quiet_hours == settings.quiet_hours
        assert tuple(map(_offset, terms.reminders)) == settings.reminders
        assert terms.manual == (settings.create_draft, settings.default_method)
        assert invoice.due_in == (0, settings.due_in)
        assert invoice.vat_rate.units == settings.vat_rate * 10**invoice.vat_rate.scale
        assert invoice.number_prefix == settings.number_prefix
    assert [rule.id for rule in policy.rules] == [rule["id"] for rule in document.get("rules", ())]


def _offset(duration: Any) -> Any:
    return timedelta(minutes=duration.minutes), duration.days
