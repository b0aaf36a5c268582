"""The kinds of columns and indexes that the tables of the ledger are made of, and how their constraints are named."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(referred_table_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
"""How indexes and constraints are named."""


def key(name: str, kind: type[Integer] | type[Text] = Integer) -> Column[Any]:
    """A part of the primary key."""
    return Column(name, kind, primary_key=True, autoincrement=False)


def number(name: str, kind: type[Integer] = Integer, *, nullable: bool = False) -> Column[int]:
    """A number, of the size it needs."""
    return Column(name, kind, nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    """Microseconds since 1970."""
    return Column(name, BigInteger, nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[str]:
    """Text of any length."""
    return Column(name, Text, nullable=nullable)


def index_of_some(name: str, where: str, *columns: Column[Any] | str, unique: bool = False) -> Index:
    """An index of the rows that are like this alone. It serves queries that say the same, in numbers of their own."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
