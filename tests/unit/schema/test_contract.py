"""The schemas as public contracts: valid, described key by key, and free of keywords that hide a fault."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from payrules.compiler.document import read_document

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.name.removesuffix(".v1.schema.json") for path in (ROOT / "schema").glob("*.json"))
DESIGN_EXAMPLE = ROOT / "tests/cases/valid/nordlys-psykologi.yaml"

Schema = dict[str, Any]
LoadSchema = Callable[[str], Schema]

REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], DRAFT202012.create_resource(schema))
    for name in NAMES
    for schema in [json.loads((ROOT / f"schema/{name}.v1.schema.json").read_text(encoding="utf-8"))]
)

DEFAULTS = {
    "/notification/offset": "0m",
    "/notification/channels": ["sms", "email"],
    "/notification/delivery": "all",
    "/notification/quiet_hours": "none",
    "/notification/quiet_hours/channels": ["sms", "email"],
    "/reminders": [],
    "/manual/create_draft": True,
    "/manual/default_method": "cash",
    "/invoice/due_in": "14d",
    "/invoice/vat_rate": "0",
    "/invoice/number_prefix": "",
    "/rules": [],
    # Of a rule's settings only quiet hours are replaced whole, so only their parts have defaults of their own.
    "/rules/*/set/notification/quiet_hours/channels": ["sms", "email"],
}
"""Every default of the clinic file, by the key's place."""

# `oneOf` and `anyOf` answer "the whole object is not valid"; `format` is checked by some and not by others;
# `multipleOf` works on floats.
AVOIDED = {"oneOf", "anyOf", "not", "format", "multipleOf", "dependentSchemas", "unevaluatedProperties"}


def resolved(part: Schema, whole: Schema) -> Schema:
    """The part with what its `$ref` points to laid under it."""
    under: Schema = {}
    if "$ref" in part:
        under = resolved(whole["$defs"][part["$ref"].removeprefix("#/$defs/")], whole)
    return under | {name: value for name, value in part.items() if name != "$ref"}


def keys_of(part: Schema, whole: Schema, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every key that a document can have, with what the schema says of it."""
    part = resolved(part, whole)
    for name, below in part.get("properties", {}).items():
        yield f"{place}/{name}", resolved(below, whole)
        yield from keys_of(below, whole, f"{place}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(part.get(keyword), dict):
            yield from keys_of(part[keyword], whole, f"{place}/*")
    for keyword in ("then", "else"):
        if keyword in part:
            yield from keys_of(part[keyword], whole, place)


def parts_of(part: Any, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every mapping inside the schema that is itself a schema, with its place in the file."""
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from parts_of(item, f"{place}/{index}")
    if isinstance(part, dict):
        holds_names = place.rsplit("/", 1)[-1] in ("properties", "$defs")
        if not holds_names:
            yield place, part
        for name, below in part.items():
            if holds_names or name not in ("examples", "default", "enum", "const"):
                yield from parts_of(below, f"{place}/{name}")


def validator_of(part: Schema, whole: Schema) -> Draft202012Validator:
    """A validator of a part of the schema that can still follow its references."""
    within = {"$schema": whole["$schema"], "$id": whole["$id"], "$defs": whole.get("$defs", {}), "allOf": [part]}
    return Draft202012Validator(within, registry=REGISTRY)


def test_the_schemas_are_there() -> None:
    assert {"booking", "clinic", "diagnostic", "simulation"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_against_the_metaschema(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert jsonschema_rs.meta.is_valid(schema)


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_named_like_its_file(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"https://payrules.example/schema/{name}.v1.schema.json"


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere_and_every_definition_is_used(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    used = {part["$ref"] for _, part in parts_of(schema) if "$ref" in part}
    inside = {reference for reference in used if reference.startswith("#")}
    assert inside == {f"#/$defs/{definition}" for definition in schema.get("$defs", {})}
    # Another schema of the repository; raises where it has no such part.
    for reference in used - inside:
        REGISTRY.resolver(schema["$id"]).lookup(reference)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"event"}))
def test_only_events_rest_on_another_schema(name: str, load_schema: LoadSchema) -> None:
    assert all(part["$ref"].startswith("#") for _, part in parts_of(load_schema(name)) if "$ref" in part)


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_described(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    keys = list(keys_of(schema, schema))
    assert keys
    undescribed = [
        place
        for place, key in keys
        if not (key.get("title") and key.get("examples") and re.fullmatch(r"[A-Z].{10,}\.", key.get("description", "")))
    ]
    assert undescribed == []


@pytest.mark.parametrize("name", NAMES)
def test_titles_fit_into_a_sentence(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    titles = {part["title"] for _, part in parts_of(schema) if "title" in part}
    assert [title for title in titles if not re.match("[a-z]|VAT", title) or title.endswith(".")] == []


@pytest.mark.parametrize("name", NAMES)
def test_examples_and_defaults_are_themselves_valid(name: str, load_schema: LoadSchema) -> None:
    schema = load_schema(name)
    wrong = [
        (place, value)
        for place, part in parts_of(schema)
        for value in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]
        if not validator_of(part, schema).is_valid(value)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_no_keyword_hides_the_fault(name: str, load_schema: LoadSchema) -> None:
    used = [(place, AVOIDED & set(part)) for place, part in parts_of(load_schema(name)) if AVOIDED & set(part)]
    assert used == []


@pytest.mark.parametrize("name", NAMES)
def test_unknown_keys_are_refused_wherever_keys_are_named(name: str, load_schema: LoadSchema) -> None:
    opened = [
        place
        for place, part in parts_of(load_schema(name))
        # The `if` of a condition only looks. An event is closed by the kind it is of, each of which is looked at here.
        if "properties" in part and part.get("additionalProperties") is not False and not place.endswith("/if")
        if not (name == "event" and place == "")
    ]
    assert opened == []


@pytest.mark.parametrize("name", NAMES)
def test_patterns_are_whole_and_alike_in_every_dialect(name: str, load_schema: LoadSchema) -> None:
    patterns = [part["pattern"] for _, part in parts_of(load_schema(name)) if "pattern" in part]
    # Classes such as \d hold other characters in each dialect, and not every engine can look around.
    odd = [p for p in patterns if not re.fullmatch(r"\^.*\$", p) or re.search(r"\\[dDwWsSbB]|\(\?", p)]
    assert patterns
    assert odd == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_pattern_wants_is_said_beside_it(name: str, load_schema: LoadSchema) -> None:
    silent = [
        place
        for place, part in parts_of(load_schema(name))
        if "pattern" in part and not {"type", "title", "examples"} <= set(part)
    ]
    assert silent == []


def test_defaults_are_those_of_the_format(load_schema: LoadSchema) -> None:
    schema = load_schema("clinic")
    assert {place: key["default"] for place, key in keys_of(schema, schema) if "default" in key} == DEFAULTS


def test_keys_stand_in_the_order_in_which_they_are_written(load_schema: LoadSchema) -> None:
    document, found = read_document(DESIGN_EXAMPLE.read_bytes(), DESIGN_EXAMPLE.name)
    assert not found
    assert document is not None
    # The texts of messages are left out: the example uses those that come with payrules.
    assert [key for key in load_schema("clinic")["properties"] if key != "messages"] == list(document)


def test_a_rule_sets_what_the_file_sets(load_schema: LoadSchema) -> None:
    schema = load_schema("clinic")
    keys = {place for place, _ in keys_of(schema, schema)}
    settings = {place.removeprefix("/rules/*/set") for place in keys if place.startswith("/rules/*/set/")}
    parts = ("/process", "/notification", "/reminders", "/manual", "/invoice")
    assert settings == {place for place in keys if place.startswith(parts)}


@pytest.mark.parametrize("name", ["clinic", "tests"])
def test_editors_can_offer_every_word_where_one_or_a_list_is_meant(name: str, load_schema: LoadSchema) -> None:
    # They do not follow the condition of a key that has no value yet; its examples they offer at once.
    schema = load_schema(name)
    for place, part in parts_of(schema):
        if part.get("if") == {"type": "string"}:
            words = resolved(part["then"], schema).get("enum", [])
            assert set(words) <= {word for word in part["examples"] if isinstance(word, str)}, place
