"""A booking that stands twice in one file of samples."""

from collections.abc import Iterable

import pytest

from payrules.app import repeats
from payrules.app.records import Fault, Record, Refusal
from payrules.app.repeats import refuse_repeats


def records(*bookings: tuple[object, object]) -> Iterable[Record]:
    """Records of a clinic and an id each, numbered from 1, two lines a record."""
    return (Record(n, 2 * n, {"clinic": clinic, "id": id_}) for n, (clinic, id_) in enumerate(bookings, 1))


def refused(items: Iterable[Record | Refusal]) -> list[tuple[int, str]]:
    """Number and problem of each refusal."""
    return [(item.number, item.faults[0].problem) for item in refuse_repeats(items) if isinstance(item, Refusal)]


def test_the_later_record_is_refused_and_names_the_first() -> None:
    found = list(refuse_repeats(records(("a", "b1"), ("a", "b2"), ("a", "b1"), ("a", "b1"))))
    assert [type(item) for item in found] == [Record, Record, Refusal, Refusal]
    fault = Fault("id", "record 1 has the same id", "keep the record that is right")
    assert found[2:] == [Refusal(3, 6, (fault,), "b1"), Refusal(4, 8, (fault,), "b1")]


def test_an_id_is_a_clinics_own() -> None:
    assert refused(records(("a", "b1"), ("b", "b1"), ("ab", "1"), ("a", "b1"))) == [(4, "record 1 has the same id")]


@pytest.mark.parametrize("odd", [None, 5, ["b1"], {}])
def test_what_is_no_id_is_left_to_the_intake(odd: object) -> None:
    assert refused(records(("a", odd), ("a", odd), (odd, "b1"), (odd, "b1"))) == []


def test_what_is_refused_already_stays_as_it_is() -> None:
    refusal = Refusal(1, 1, (Fault("", "is not JSON"),), "b1")
    assert list(refuse_repeats([refusal, refusal])) == [refusal, refusal]


def test_bookings_whose_hashes_share_a_slot_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_SLOTS", 8)
    monkeypatch.setattr(repeats, "MOST_REMEMBERED", 7)
    ids = [("a", f"b{n}") for n in range(7)]
    assert refused(records(*ids, *ids)) == [(n + 8, f"record {n + 1} has the same id") for n in range(7)]


def test_what_no_longer_fits_is_not_remembered_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST_REMEMBERED", 2)
    ids = [("a", "b1"), ("a", "b2"), ("a", "b3")]
    assert refused(records(*ids, *ids)) == [(4, "record 1 has the same id"), (5, "record 2 has the same id")]
