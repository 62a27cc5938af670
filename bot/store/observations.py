"""What was observed and what it changed: append only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.domain.instant import HOUR, Micros
from bot.store.comments import insert_or_ignore
from bot.store.tables import coverage, observation, verdict


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert observations; a batch observes a comment once."""
    if rows:
        connection.execute(insert_or_ignore(connection, observation), list(rows))


def add_verdicts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert changes of state."""
    if rows:
        connection.execute(insert(verdict), list(rows))


def cover(
    connection: Connection, source_id: int, at: Micros, *, due: int, done: int, late: int, unreachable: int, new: int
) -> None:
    """Add to the coverage ledger of a source's hour; `new`: comments newly absent without an explanation."""
    values = {"due": due, "done": done, "late": late, "unreachable": unreachable, "new_misses": new}
    statement = insert_or_ignore(connection, coverage)
    row = {"source_id": source_id, "hour": at // HOUR, **dict.fromkeys(values, 0)}
    connection.execute(statement, row)
    connection.execute(
        coverage.update()
        .where(coverage.c.source_id == source_id, coverage.c.hour == at // HOUR)
        .values({name: coverage.c[name] + value for name, value in values.items()})
    )


def trailing_misses(connection: Connection, source_id: int, at: Micros) -> tuple[int, int]:
    """Return (newly absent, looked at) of a source in this hour and the one before: trailing data only."""
    query = select(func.sum(coverage.c.new_misses), func.sum(coverage.c.done)).where(
        coverage.c.source_id == source_id, coverage.c.hour.between(at // HOUR - 1, at // HOUR)
    )
    new, done = connection.execute(query).one()
    return int(new or 0), int(done or 0)
