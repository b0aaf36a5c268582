"""How a store in a file is written: what counts is on the disk, unless nobody would miss it."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from payrules.adapters.store import open_store


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 0)])
def test_every_commit_waits_for_the_disk_unless_it_may_be_lost(tmp_path: Path, durable: bool, synchronous: int) -> None:
    opened = open_store(str(tmp_path / "payrules.db"), durable=durable)
    with closing(opened) as ledger, ledger.reading_session() as session:
        assert session.value(text("PRAGMA synchronous")) == synchronous
        assert session.value(text("PRAGMA journal_mode")) == "wal"


def test_a_store_is_durable_where_nobody_says_otherwise(tmp_path: Path) -> None:
    with closing(open_store(str(tmp_path / "payrules.db"))) as ledger, ledger.reading_session() as session:
        assert session.value(text("PRAGMA synchronous")) == 2
