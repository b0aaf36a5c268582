"""Documents that somebody spoilt: meaningless ones that the schema accepts, misshapen ones, and any text at all."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.strategies.documents import CONDITION_KEYS, Document, clinic_documents
from tests.strategies.texts import texts
from tests.strategies.writing import Writer, random_sources, renderings

Spoil = Callable[[Document, Random], object]


def _rules(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document.setdefault("rules", [])
    if not found:
        found.append({"id": "first", "when": {"first_visit": True}, "set": {}})
    return found


def _when(document: Document, random: Random, key: str, *values: Any) -> None:
    random.choice(_rules(document))["when"][key] = random.choice(values)


def _set(document: Document, random: Random) -> dict[str, Any]:
    """Somewhere that settings stand."""
    found: dict[str, Any] = random.choice([document, *(rule["set"] for rule in _rules(document))])
    return found


def _amount(document: Document, random: Random) -> None:
    if random.random() < 0.5:
        _when(document, random, "price", {"at_least": "0.0001"}, {"below": "500.0000"})
    else:
        document["session_types"] = {"a": {"name": "A", "price": random.choice(["10.0001", "1.2500"])}}
        _forget_session_types(document)


def _forget_session_types(document: Document) -> None:
    for rule in _rules(document):
        rule["when"].pop("session_type", None)
        rule["when"]["payer"] = "client"


def _twice(document: Document, random: Random) -> None:
    rules = _rules(document)
    rules.insert(random.randint(0, len(rules)), deepcopy(random.choice(rules)))


def _empty_range(document: Document, random: Random) -> None:
    key, value = random.choice(
        [
            ("price", {"at_least": "500", "below": "500.00"}),
            ("price", {"at_least": "1000", "below": "999"}),
            ("price", {"at_least": "10", "below": "9"}),
            ("price", {"below": "0.0"}),
            ("duration", {"below": "0h"}),
            ("duration", {"at_least": "1h", "below": "60m"}),
            ("lead_time", {"at_least": "1d", "below": "24h"}),
            ("starts_on", {"from": "2027-01-01", "before": "2027-01-01"}),
            ("starts_on", {"from": "2027-01-02", "before": "2027-01-01"}),
            ("start_time", {"from": "08:00", "to": "08:00"}),
        ]
    )
    _when(document, random, key, value)


def _start(zone: str, *starts: str) -> Spoil:
    return lambda document, random: document.update(timezone=zone, effective_from=random.choice(starts))


def _quiet_hours(document: Document, random: Random) -> None:
    settings = _set(document, random)
    settings.setdefault("notification", {"send": "after_booking"})["quiet_hours"] = {"from": "21:00", "to": "21:00"}


def _unknown_session_type(document: Document, random: Random) -> None:
    document["session_types"] = {"known": {"name": "Known"}}
    _forget_session_types(document)
    _when(document, random, "session_type", "unknown", ["known", "unknown"])


def _reminders(document: Document, random: Random) -> None:
    _set(document, random)["reminders"] = random.choice([["1d", "24h"], ["60m", "3d", "1h"]])


def _no_time(document: Document, random: Random) -> None:
    document["process"] = "manual"
    document.pop("notification", None)
    settings = random.choice(_rules(document))["set"]
    settings["process"] = "automatic"
    settings.pop("notification", None)


MEANINGLESS: dict[str, Spoil] = {
    "PR301": lambda document, random: document.update(clinic=document["clinic"][:62] + random.choice("ab")),
    "PR302": lambda document, random: document.update(timezone=random.choice(["Europe/Olso", "Mars", "europe/oslo"])),
    "PR303": lambda document, random: document.update(currency=random.choice(["NKO", "XXX", "BTC"])),
    "PR304": _amount,
    "PR305": _twice,
    "PR306": _empty_range,
    "PR307": _start("Europe/Oslo", "2027-03-28T02:00", "2027-03-28T02:59:59"),
    "PR308": _start("Australia/Lord_Howe", "2027-04-04T01:30", "2027-04-04T01:59:59"),
    "PR309": _quiet_hours,
    "PR310": _unknown_session_type,
    "PR311": lambda document, random: document.update(country=random.choice(["UK", "XX", "ZZ"])),
    "PR312": lambda document, random: (
        _when(document, random, "starts_on", {"from": "2027-02-29"}, {"before": "2100-02-29"})
        if random.random() < 0.5
        else document.update(effective_from=random.choice(["2027-02-30T12:00", "2027-06-31T12:00Z"]))
    ),
    "PR313": _reminders,
    "PR314": _no_time,
}
"""For each error of the checks, a change that brings it about and that the schema lets pass."""


@cache
def oddities() -> st.SearchStrategy[Any]:
    """Values of any kind that YAML can write."""
    text = texts() | st.sampled_from(["", " ", "a\tb", "x" * 600, "15m\n", "٣m", "2027-13-40", "none", "0", "15m"])
    number = st.integers(-3, 3) | st.floats() | st.sampled_from([10**17, float("inf"), float("-inf"), float("nan")])
    scalar = st.none() | st.booleans() | number | text
    return st.recursive(
        scalar,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(_keys() | text, below, max_size=3),
        max_leaves=8,
    )


@cache
def _keys() -> st.SearchStrategy[str]:
    """Keys of the format, right or with a slip."""
    names = ["rules", "when", "set", "id", "notification", "send", "reminders", "manual", "from", "to", "any"]
    return st.sampled_from([*names, *CONDITION_KEYS, "proces", "Process", "session-type"])


def places_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: the holder and its key or index."""
    below = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, inner in below:
        yield value, key
        if isinstance(inner, dict | list):
            yield from places_of(inner)


@st.composite
def misshapen_documents(draw: st.DrawFn) -> Any:
    """Clinic files with one part or a few replaced, left out or added."""
    document = draw(clinic_documents(2))
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        places = list(places_of(document))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                holder[key] = draw(oddities())
            case "remove":
                del holder[key]
            case _ if isinstance(holder, dict):
                holder[draw(_keys())] = draw(oddities())
            case _:
                holder.append(draw(oddities()))
    return document


_PIECES: tuple[str, ...] = (
    "&a ",
    "*a",
    "*a : 1\n",
    "<<: *a\n",
    "k: 1\n",
    "\t",
    "- ",
    ": ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "|",
)
_PIECES += (">", "!!str ", "! ", "--- ", "\n---\n", "\n...\n", "%YAML 1.1\n", "#", "\r", "\r\n", "\x00", "\x07", "\x85")
_PIECES += ("\u2028", "\ufeff", "\ufffe", "\\", "🧠", "~", "\n", " ", "", "0x", "1e999", "\n  ")


@st.composite
def broken_texts(draw: st.DrawFn) -> bytes:
    """Texts of clinic files in which some characters or bytes were lost, doubled or added."""
    text = draw(clinic_documents(1).flatmap(renderings)).decode()
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.sampled_from([0, 0, 1, 5]))
        piece = draw(st.sampled_from(_PIECES) | st.just(text[at : at + 40]))
        text = text[:at] + piece + text[at + length :]
    content = text.encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(min_size=1, max_size=3)) + content[at + 1 :]
    return content


@cache
def small_texts() -> st.SearchStrategy[bytes]:
    """Short texts made of what means something to YAML."""
    return st.lists(st.sampled_from([*_PIECES, "a", "b"]), max_size=8).map("".join).map(str.encode)


def any_content() -> st.SearchStrategy[bytes]:
    """Bytes of any kind: noise, texts, data of any shape, and clinic files that somebody broke."""
    written = st.builds(lambda value, random: Writer(random).document(value).encode(), oddities(), random_sources())
    return st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | small_texts() | written | broken_texts()
