"""How the tables of a store came to be: one script a version, in order, run by alembic on first use and on upgrade.

A script is never changed once it was released. It is written out, so that later changes of
`payrules.adapters.store.tables` do not change it.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0002"
"""The version of the tables that this payrules works with. Versions have four digits and count up."""

VERSION_TABLE = "payrules_version"
"""Where a store keeps its version."""


def version_of(connection: Connection) -> str | None:
    """The version of a store's tables; None where there are none. Alembic, slow to load, is not asked."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608  # own name
    return version


def upgrade(connection: Connection) -> None:
    """Run the scripts that a store has not seen, in the transaction that is open."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
