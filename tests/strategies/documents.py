"""Clinic files as plain data, over all keys of the format. Pools are small, so that rules meet bookings."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from tests.strategies.moments import ZONES
from tests.strategies.texts import LENGTHS, amounts, clock_text, durations, minutes, seconds_of, texts

from payrules.domain.money import MINOR_UNITS

Document = dict[str, Any]

CURRENCIES = ("NOK", "USD", "JPY", "ISK", "KWD")
SESSION_TYPES = ("individual-50", "couples-90", "group: evening", "010")
PRACTITIONERS = ("practitioner-1", "practitioner-2", "NO")
TAGS = ("student", "member", "on")
PLACES = ("in_person", "online", "phone")
PAYERS = ("client", "guardian", "employer", "insurer", "public")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DATES = ("2000-01-01", "2011-12-30", "2027-03-27", "2027-03-28", "2027-04-05", "2027-10-31", "2028-02-29", "2999-12-31")
CHANNELS = ("sms", "email")
METHODS = ("cash", "card_terminal", "bank_transfer", "mobile_payment", "gift_card", "other")
SENDS = ("after_booking", "before_appointment", "after_appointment")


@cache
def slugs() -> st.SearchStrategy[str]:
    """Ids of clinics and rules."""
    return st.sampled_from(["a", "0", "nordlys-psykologi", "null", "1e3", "010", "a--b", "7-", "true", "x" * 63])


@cache
def some_of(values: tuple[str, ...], most: int = 3) -> st.SearchStrategy[list[str]]:
    """A list of different values, in any order."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


@cache
def one_or_some(values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """One value, or a list of them."""
    return st.sampled_from(values) | some_of(values)


@cache
def quiet_hours() -> st.SearchStrategy[dict[str, Any]]:
    """Quiet hours that end."""
    times = st.lists(minutes(), min_size=2, max_size=2, unique=True)
    return st.builds(
        lambda pair, more: {"from": clock_text(pair[0]), "to": clock_text(pair[1]), **more},
        times,
        st.fixed_dictionaries({}, optional={"channels": some_of(CHANNELS)}),
    )


@cache
def notifications(*, in_rule: bool) -> st.SearchStrategy[dict[str, Any]]:
    """The notification of a file, or what a rule changes of it."""
    send: dict[str, Any] = {"send": st.sampled_from(SENDS)}
    others: dict[str, Any] = {
        "offset": durations(),
        "channels": some_of(CHANNELS),
        "delivery": st.sampled_from(["all", "first_available"]),
        "quiet_hours": st.just("none") | quiet_hours() | quiet_hours(),
    }
    if in_rule:
        return st.fixed_dictionaries({}, optional=send | others)
    return st.fixed_dictionaries(send, optional=others)


@cache
def reminders() -> st.SearchStrategy[list[str]]:
    """Reminders of different lengths, in any order."""
    # A day and a minute less than one: their order is that of their lengths.
    close = st.permutations(["1d", "1439m", "2d", "49h", "47h"])
    return st.lists(durations(1), max_size=4, unique_by=seconds_of) | close.map(lambda found: found[:3])


@cache
def manuals() -> st.SearchStrategy[dict[str, Any]]:
    """Manual settings."""
    return st.fixed_dictionaries(
        {}, optional={"create_draft": st.booleans(), "default_method": st.sampled_from(METHODS)}
    )


@cache
def invoices() -> st.SearchStrategy[dict[str, Any]]:
    """Invoice settings."""
    return st.fixed_dictionaries(
        {},
        optional={
            "due_in": st.sampled_from(["0d", "1d", "14d", "30d", "999d"]),
            "vat_rate": st.sampled_from(["0", "6", "12.5", "25", "25.5", "8.25", "99.99", "100"]),
            "number_prefix": st.sampled_from(["", "NP-", "2026/", "0", "null", "a.b_c"]),
        },
    )


@cache
def changes() -> st.SearchStrategy[dict[str, Any]]:
    """`set` of a rule."""
    return st.fixed_dictionaries(
        {},
        optional={
            "process": st.sampled_from(["automatic", "manual"]),
            "notification": notifications(in_rule=True),
            "reminders": reminders(),
            "manual": manuals(),
            "invoice": invoices(),
        },
    )


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy[Any], key: Any, low: str, high: str) -> dict[str, Any]:
    """A range with one end or both, that holds something; `key` orders the values."""
    ends = sorted(draw(st.lists(values, min_size=2, max_size=2, unique_by=key)), key=key)
    kept = draw(st.sampled_from([(low, high), (low,), (high,)]))
    return {name: end for name, end in zip((low, high), ends, strict=True) if name in kept}


@cache
def conditions(digits: int, session_types: tuple[str, ...] = SESSION_TYPES) -> dict[str, st.SearchStrategy[Any]]:
    """Each key of `when` with its values; `digits` are the currency's decimals."""
    tags = some_of(TAGS)
    return {
        "session_type": one_or_some(session_types),
        "practitioner": one_or_some(PRACTITIONERS),
        "location": one_or_some(PLACES),
        "payer": one_or_some(PAYERS),
        "client_tags": st.fixed_dictionaries({}, optional={"any": tags, "all": tags, "none": tags}).filter(bool),
        "price": bounds(amounts(digits), float, "at_least", "below"),
        "duration": bounds(st.sampled_from(LENGTHS), seconds_of, "at_least", "below"),
        "lead_time": bounds(st.sampled_from(LENGTHS), seconds_of, "at_least", "below"),
        "first_visit": st.booleans(),
        "weekday": one_or_some(WEEKDAYS),
        "starts_on": bounds(st.sampled_from(DATES), str, "from", "before"),
        "start_time": st.lists(minutes(), min_size=2, max_size=2, unique=True).map(
            lambda pair: {"from": clock_text(pair[0]), "to": clock_text(pair[1])}
        ),
    }


CONDITION_KEYS = tuple(conditions(2))
"""Every key of `when`, in the order of the reference."""


@st.composite
def whens(draw: st.DrawFn, digits: int, session_types: tuple[str, ...] = SESSION_TYPES) -> dict[str, Any]:
    """`when` of a rule: most often one condition or two, so that it matches something."""
    keys = draw(st.lists(st.sampled_from(CONDITION_KEYS), min_size=1, max_size=3, unique=True))
    found = conditions(digits, session_types)
    return {key: draw(found[key]) for key in keys}


@cache
def effective_froms() -> st.SearchStrategy[str]:
    """Starts of settings that every zone has exactly once: in July, or with an offset."""
    return st.sampled_from(
        [
            "2027-07-01T12:00",
            "2027-07-01T12:00:30",
            "2027-07-01T12:00Z",
            "2027-03-28T02:30+01:00",
            "2027-10-31T02:30:00-04:00",
            "2000-01-01T12:00",
            "2999-07-31T12:00",
        ]
    )


_HEADS: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "clinic": slugs(),
        "name": texts(),
        "country": st.sampled_from(["NO", "GB", "US", "JP", "KW"]),
        "language": st.sampled_from(["nb", "no", "en-GB", "sv"]),
        "contact": st.sampled_from(["post@nordlys.example", "a@b.example", "0@1.2"]).map(
            lambda email: {"email": email}
        ),
        "timezone": st.sampled_from(ZONES),
        "currency": st.sampled_from(CURRENCIES),
        "payments": st.sampled_from(["active"] * 7 + ["inactive"]),
        "process": st.sampled_from(["automatic", "automatic", "manual"]),
    }
)


@cache
def _optional_parts(digits: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "effective_from": effective_froms(),
            "notification": notifications(in_rule=False),
            "reminders": reminders(),
            "manual": manuals(),
            "invoice": invoices(),
            "session_types": session_types(digits),
        },
    )


@st.composite
def clinic_documents(draw: st.DrawFn, most_rules: int = 4) -> Document:
    """Clinic files without errors, as data. The keys stand in any order that a dictionary can have."""
    document: Document = {"payrules": 1} | draw(_HEADS)
    digits = MINOR_UNITS[document["currency"]]
    document |= draw(_optional_parts(digits))
    if document["process"] == "automatic" and "notification" not in document:
        document["notification"] = draw(notifications(in_rule=False))
    listed = tuple(document.get("session_types", SESSION_TYPES))
    ids = draw(_ids(most_rules))
    said = draw(st.booleans())
    # No rules at all can be said or left unsaid.
    if ids or said:
        document["rules"] = [_sound_rule(document, draw(rules(rule, digits, listed))) for rule in ids]
    return document


@cache
def _ids(most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(slugs(), max_size=most, unique=True)


@cache
def session_types(digits: int) -> st.SearchStrategy[dict[str, Any]]:
    """A price list; some entries have no price."""
    entry = st.fixed_dictionaries({"name": texts()}, optional={"price": amounts(digits)})
    names = st.sampled_from(SESSION_TYPES) | texts()
    return st.dictionaries(names, entry, min_size=1, max_size=3)


@cache
def rules(rule: str, digits: int, listed: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """A rule of that id."""
    return st.fixed_dictionaries(
        {"id": st.just(rule), "when": whens(digits, listed), "set": changes()}, optional={"why": texts()}
    )


def _sound_rule(document: Document, rule: dict[str, Any]) -> dict[str, Any]:
    """The rule, saying when links go out where it is the only place that can."""
    if "notification" not in document and rule["set"].get("process") == "automatic":
        rule["set"].setdefault("notification", {}).setdefault("send", "after_booking")
    return rule
