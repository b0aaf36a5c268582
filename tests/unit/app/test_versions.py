"""Versions from the ledger: with the lines they had, and never another one than the digest names."""

from collections.abc import Iterable

import pytest
from tests.builders import COMPILER, FILE, clinic_text, version_of

from payrules.adapters.memory import MemoryLedger
from payrules.app.rows import PolicyRow
from payrules.app.versions import VersionError, Versions, load_version

TEXT = clinic_text("rules:\n  - id: first\n    when: {first_visit: true}\n    set: {process: manual}\n")
VERSION = version_of(TEXT)
ROW = PolicyRow(VERSION.digest, VERSION.canonical, FILE, TEXT.encode())


def ledger_with(rows: Iterable[PolicyRow]) -> MemoryLedger:
    ledger = MemoryLedger()
    with ledger.writing() as tx:
        for row in rows:
            tx.add_policy(row)
    return ledger


def other(name: str) -> PolicyRow:
    text = clinic_text(name=name)
    version = version_of(text)
    return PolicyRow(version.digest, version.canonical, FILE, text.encode())


def test_a_version_comes_back_with_its_lines() -> None:
    version = load_version(ROW, COMPILER)
    assert version == VERSION
    place = version.positions.value(("rules", 0, "id"))
    assert (place.file, place.line) == (FILE, 13)


@pytest.mark.parametrize("content", [b"", b"not: a clinic file\n", clinic_text(name="Other").encode()])
def test_where_the_file_no_longer_means_it_the_canonical_text_does(content: bytes) -> None:
    version = load_version(ROW._replace(content=content), COMPILER)
    assert version.policy == VERSION.policy
    # Its lines are not those of the file, and do not claim to be.
    assert version.positions.value(("clinic",)).file == f"canonical/{FILE.removeprefix('clinics/')}"


def test_what_is_not_as_its_digest_names_it_is_refused() -> None:
    wrong = other("Other")._replace(digest=ROW.digest)
    with pytest.raises(VersionError, match=ROW.digest):
        load_version(wrong, COMPILER)


def test_versions_are_compiled_once() -> None:
    rows = [ROW, other("Other")]
    versions = Versions(COMPILER)
    with ledger_with(rows).reading() as tx:
        first = versions.find(tx, [row.digest for row in rows])
        again = versions.find(tx, [ROW.digest])
    assert first.keys() == {row.digest for row in rows}
    assert again[ROW.digest] is first[ROW.digest]


def test_an_unknown_digest_is_refused() -> None:
    with ledger_with([]).reading() as tx, pytest.raises(VersionError, match=ROW.digest):
        Versions(COMPILER).find(tx, [ROW.digest])


def test_the_least_used_versions_are_let_go() -> None:
    rows = [ROW, other("B"), other("C")]
    versions = Versions(COMPILER, most=2)
    with ledger_with(rows).reading() as tx:
        kept = versions.find(tx, [ROW.digest])[ROW.digest]
        versions.find(tx, [rows[1].digest])
        assert versions.find(tx, [ROW.digest])[ROW.digest] is kept
        dropped = versions.find(tx, [rows[1].digest])[rows[1].digest]
        versions.find(tx, [ROW.digest])
        versions.find(tx, [rows[2].digest])
        assert versions.find(tx, [ROW.digest])[ROW.digest] is kept
        assert versions.find(tx, [rows[1].digest])[rows[1].digest] is not dropped
        # What is asked for at once is given, however much is kept.
        assert len(versions.find(tx, [row.digest for row in rows])) == 3
