"""What the tables are made of: names of constraints, row ids, texts by strangers, words from a list."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Dialect, Integer, MetaData, Text, TypeDecorator

from bot.domain.comment import Role, storable
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import State

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for a column that is exactly INTEGER PRIMARY KEY.
RowId = BigInteger().with_variant(Integer, "sqlite")


class ForeignText(TypeDecorator[str]):
    """A text that strangers wrote: it may hold what no database stores."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the same on both
        """Return the text as it can be stored."""
        return None if value is None else storable(value)


def one_of(column: str, values: type[Role | Cause | Outcome | State]) -> CheckConstraint:
    """Return the constraint that a column holds one of these words."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)
