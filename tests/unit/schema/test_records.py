"""The schemas of what goes in and comes out as lines: bookings, simulated decisions and diagnostics."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

Schema = dict[str, Any]
LoadSchema = Callable[[str], Schema]
Faults = Callable[[Any], set[tuple[str | int, ...]] | None]
Refuse = Callable[[str, Any], set[tuple[str | int, ...]]]

BOOKING: dict[str, Any] = {
    "id": "bk-1001",
    "clinic": "nordlys-psykologi",
    "practitioner": "practitioner-1",
    "client": {"id": "client-77", "name": "", "email": "client-77@mail.example", "phone": None, "tags": ["student"]},
    "session_type": "individual-50",
    "starts_at": "2026-12-03T14:00:00+01:00",
    "ends_at": "2026-12-03T14:50+01:00",
    "booked_at": "2026-12-01T09:00:00.125Z",
    "price": {"amount": "1250.00", "currency": "NOK"},
    "location": "in_person",
    "payer": {"kind": "guardian", "name": "Payer 1", "timezone": "Europe/Oslo", "language": "nb"},
    "first_visit": False,
}
ACTION = {
    "type": "create_invoice",
    "channel": None,
    "due_at": "2026-12-01T09:00:00Z",
    "due_local": "2026-12-01T10:00:00+01:00",
    "shifted_by": None,
}
DECISION: dict[str, Any] = {
    "booking_id": "bk-1001",
    "clinic": "nordlys-psykologi",
    "digest": "sha256:" + "0123456789abcdef" * 4,
    "outcome": "automatic",
    "rule": {"id": "first-visit-prepaid", "file": "clinics/nordlys-psykologi.yaml", "line": 41},
    "reason": "process_automatic",
    "reasons": ["rule `first-visit-prepaid` matches"],
    "price": {"amount": "1250.00", "currency": "NOK"},
    "default_method": None,
    "invoice": {
        "issued_on": "2026-12-01",
        "payable_by": "2026-12-15",
        "vat_rate": "25",
        "vat": {"amount": "250.00", "currency": "NOK"},
        "number_prefix": "",
    },
    "actions": [
        ACTION,
        ACTION | {"type": "issue_invoice", "shifted_by": "quiet_hours"},
        ACTION | {"type": "send_payment_link", "channel": "sms", "shifted_by": "not_before"},
        ACTION | {"type": "send_reminder", "channel": "email"},
    ],
    "missing": [],
}
UNCOVERED = DECISION | {
    "digest": None,
    "outcome": "externally_billed",
    "rule": None,
    "reason": "booked_before_activation",
    "price": None,
    "invoice": None,
    "actions": [],
}
DRAFT = DECISION | {
    "outcome": "draft",
    "reason": "process_manual",
    "price": None,
    "default_method": "cash",
    "invoice": {"issued_on": None, "payable_by": None, "vat_rate": "0", "vat": None, "number_prefix": "NP-"},
    "actions": [ACTION],
    "missing": ["price"],
}
CHANGE = {
    "booking_id": "bk-1001",
    "clinic": "nordlys-psykologi",
    "changed": ["outcome", "actions"],
    "before": DRAFT,
    "after": DECISION,
}
DIAGNOSTIC: dict[str, Any] = {
    "code": "PR103",
    "severity": "error",
    "message": "`currency` is set twice",
    "help": "",
    "file": "clinics/nordlys-psykologi.yaml",
    "line": 12,
    "column": 1,
    "end_column": 9,
    "pointer": "/session_types/50~160/price",
    "related": [{"file": "clinics/nordlys-psykologi.yaml", "line": 8, "column": 1, "message": "first set here"}],
}

GOOD = {
    "booking-full": ("booking", BOOKING),
    "booking-bare": (
        "booking",
        {key: BOOKING[key] for key in ("id", "clinic", "starts_at", "ends_at", "booked_at")} | {"client": {"id": "c"}},
    ),
    "booking-nulls": (
        "booking",
        BOOKING
        | dict.fromkeys(["practitioner", "session_type", "price", "location", "payer", "first_visit"])
        | {"client": {"id": "c"} | dict.fromkeys(["name", "email", "phone", "timezone", "tags"])},
    ),
    "booking-no-tags": ("booking", BOOKING | {"client": {"id": "c", "tags": []}}),
    "decision-automatic": ("simulation", DECISION),
    "decision-uncovered": ("simulation", UNCOVERED),
    "decision-draft": ("simulation", DRAFT),
    "decision-explained": ("simulation", DECISION | {"explain": {"settings": [{"key": "process"}], "rules": [{}]}}),
    "change": ("simulation", CHANGE),
    "change-new-clinic": ("simulation", CHANGE | {"before": None}),
    "change-removed-clinic": ("simulation", CHANGE | {"after": None}),
    "diagnostic": ("diagnostic", DIAGNOSTIC),
    "diagnostic-of-a-whole-file": (
        "diagnostic",
        DIAGNOSTIC | {"line": 0, "column": 0, "end_column": 0, "pointer": "", "related": []},
    ),
}

LEFT_OUT = object()
DOCUMENTS = {
    "booking": ("booking", BOOKING),
    "decision": ("simulation", DECISION),
    "change": ("simulation", CHANGE),
    "diagnostic": ("diagnostic", DIAGNOSTIC),
}
BAD: list[tuple[str, tuple[str | int, ...], Any]] = [
    *[("booking", (key,), LEFT_OUT) for key in ("id", "clinic", "client", "starts_at", "ends_at", "booked_at")],
    *[("booking", (key,), None) for key in ("id", "clinic", "client", "starts_at", "ends_at", "booked_at")],
    ("booking", ("sesion_type",), "individual-50"),
    ("booking", ("id",), "-1"),
    ("booking", ("id",), "b" * 129),
    ("booking", ("id",), 1001),
    ("booking", ("clinic",), "Nordlys"),
    ("booking", ("client", "id"), LEFT_OUT),
    ("booking", ("client", "id"), ""),
    ("booking", ("client", "e-mail"), "client-77@mail.example"),
    ("booking", ("client", "tags"), "student"),
    ("booking", ("client", "tags", 0), " student"),
    ("booking", ("client", "tags", 0), None),
    ("booking", ("starts_at",), "2026-12-03T14:00:00"),
    ("booking", ("starts_at",), "2026-12-03"),
    ("booking", ("starts_at",), "1999-12-31T23:59:59Z"),
    ("booking", ("starts_at",), "3000-01-01T00:00:00Z"),
    ("booking", ("starts_at",), 1764763200),
    ("booking", ("price", "amount"), 1250.0),
    ("booking", ("price", "amount"), "-1"),
    ("booking", ("price", "amount"), "NaN"),
    ("booking", ("price", "amount"), LEFT_OUT),
    ("booking", ("price", "currency"), LEFT_OUT),
    ("booking", ("price",), "1250.00"),
    ("booking", ("location",), "at home"),
    ("booking", ("payer", "kind"), LEFT_OUT),
    ("booking", ("payer", "kind"), None),
    ("booking", ("payer", "timezone"), "Europe Oslo"),
    ("booking", ("first_visit",), "true"),
    ("booking", ("first_visit",), 1),
    *[("decision", (key,), LEFT_OUT) for key in DECISION],
    ("decision", ("surprise",), 1),
    ("decision", ("digest",), "sha256:0"),
    ("decision", ("outcome",), "maybe"),
    ("decision", ("reason",), "because"),
    ("decision", ("rule", "line"), 0),
    ("decision", ("price", "amount"), 1250),
    ("decision", ("default_method",), "cheque"),
    ("decision", ("invoice", "vat"), LEFT_OUT),
    ("decision", ("actions", 0, "due_at"), "2026-12-01T10:00:00+01:00"),
    ("decision", ("actions", 0, "due_local"), "2026-12-01T10:00:00"),
    ("decision", ("actions", 0, "channel"), "fax"),
    ("decision", ("missing",), ["shoe_size"]),
    ("decision", ("missing",), ["price", "price"]),
    ("decision", ("explain",), {"settings": []}),
    *[("change", (key,), LEFT_OUT) for key in ("booking_id", "clinic", "before", "after")],
    ("change", ("changed",), []),
    ("change", ("surprise",), 1),
    ("change", ("before", "outcome"), "maybe"),
    ("change", ("after",), "none"),
    *[("diagnostic", (key,), LEFT_OUT) for key in DIAGNOSTIC],
    ("diagnostic", ("surprise",), 1),
    ("diagnostic", ("code",), "E103"),
    ("diagnostic", ("severity",), "hint"),
    ("diagnostic", ("line",), -1),
    ("diagnostic", ("pointer",), "session_types"),
    ("diagnostic", ("pointer",), "/session_types/50~2"),
    ("diagnostic", ("related", 0, "message"), LEFT_OUT),
]


def with_change(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A copy of the document with one value replaced, added or left out."""
    changed = copy.deepcopy(document)
    holder: Any = changed
    for part in path[:-1]:
        holder = holder[part]
    if value is LEFT_OUT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


@pytest.fixture(scope="module")
def refuse(
    load_schema: LoadSchema,
    faults_by_jsonschema: Callable[[Schema], Faults],
    faults_by_jsonschema_rs: Callable[[Schema], Faults],
) -> Refuse:
    """The places that a schema refuses, which both validators must name alike."""

    def places(name: str, document: Any) -> set[tuple[str | int, ...]]:
        faults = faults_by_jsonschema(load_schema(name))(document)
        assert faults == faults_by_jsonschema_rs(load_schema(name))(document)
        return faults or set()

    return places


@pytest.mark.parametrize("case", GOOD)
def test_good_record_is_accepted(case: str, refuse: Refuse) -> None:
    assert refuse(*GOOD[case]) == set()


def id_of(row: tuple[str, tuple[str | int, ...], Any]) -> str:
    """A row of BAD as a test's id."""
    name, path, value = row
    written = "left out" if value is LEFT_OUT else repr(value)[:30]
    return f"{name} {'.'.join(map(str, path))} {written}"


@pytest.mark.parametrize(("name", "path", "value"), [pytest.param(*row, id=id_of(row)) for row in BAD])
def test_bad_record_is_refused_where_it_is_bad(
    name: str, path: tuple[str | int, ...], value: Any, refuse: Refuse
) -> None:
    schema, document = DOCUMENTS[name]
    places = refuse(schema, with_change(document, path, value))
    # A key too few or too many is a fault of the mapping that holds it.
    assert places
    assert all(place[: len(path)] in (path, path[:-1]) for place in places)
