"""The schema of tests files: what it shares with that of clinic files, and that every fault of a document is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests.unit.schema.test_agreement import MakeFaults, altered, read, with_change
from tests.unit.schema.test_contract import keys_of

from payrules.compiler.positions import Positions
from payrules.compiler.schema import FileSchema
from payrules.domain.decision import Outcome, Reason, Uncovered
from payrules.domain.matching import FACTS

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "clinics/nordlys-psykologi.tests.yaml"

Schema = dict[str, Any]
LoadSchema = Callable[[str], Schema]


def test_what_both_files_know_is_the_same(load_schema: LoadSchema) -> None:
    clinic, tests = (load_schema(name)["$defs"] for name in ("clinic", "tests"))
    shared = clinic.keys() & tests.keys() - {"tag"}
    assert {"slug", "text", "dateTime", "positiveDuration", "channel"} == shared
    # Each has examples of its own: a reminder comes after days, an appointment takes minutes.
    assert all(clinic[name] | {"examples": []} == tests[name] | {"examples": []} for name in shared)
    booking = tests["booking"]["properties"]
    assert booking["price"]["pattern"] == clinic["amount"]["pattern"]
    assert booking["timezone"]["pattern"] == clinic["timeZoneName"]["pattern"]
    assert booking["payer"]["enum"] == clinic["payerKind"]["enum"]
    assert booking["location"]["enum"] == [*clinic["location"]["enum"], None]


def test_every_fact_that_rules_ask_for_can_be_told(load_schema: LoadSchema) -> None:
    schema = load_schema("tests")
    keys = {place for place, _ in keys_of(schema, schema)}
    # These follow from the times.
    derived = {"lead_time", "weekday", "starts_on", "start_time"}
    assert {f"/given/{name}" for name in set(FACTS) - derived} <= keys


def test_every_outcome_and_reason_can_be_expected(load_schema: LoadSchema) -> None:
    expect = load_schema("tests")["$defs"]["expect"]["properties"]
    assert set(expect["outcome"]["enum"]) == set(Outcome)
    assert set(expect["reason"]["enum"]) == set(Reason) - set(Uncovered)


def test_both_validators_agree_and_every_fault_is_told(
    load_schema: LoadSchema, faults_by_jsonschema: MakeFaults, faults_by_jsonschema_rs: MakeFaults
) -> None:
    schema = load_schema("tests")
    explaining, deciding = faults_by_jsonschema(schema), faults_by_jsonschema_rs(schema)
    file = FileSchema((ROOT / "schema/tests.v1.schema.json").read_bytes())
    document = read(SAMPLE)
    del document["tests"][2:]
    changes = list(altered(document))
    assert len(changes) > 1_000
    for path, value in changes:
        other = with_change(document, path, value)
        found = explaining(other)
        assert found == deciding(other), (path, value)
        if file.accepts(other):
            assert not found
            continue
        text = yaml.safe_dump(other, allow_unicode=True).encode()
        told = file.explain(other, Positions(text, "a.tests.yaml"))
        assert told
        assert all("no key could be named" not in d.message and "None" not in d.message + d.help for d in told), told
