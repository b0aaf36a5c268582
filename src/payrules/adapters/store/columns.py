"""The kinds of columns that the tables of the ledger are made of, and how their constraints are named."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Text

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
