"""What was observed and what it changed: append only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.domain.instant import HOUR, Micros
from bot.store.comments import insert_or_ignore
from bot.store.tables import coverage, observation, tracking, verdict


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


def window_start(at: Micros) -> Micros:
    """Return the beginning of the trailing window: of the hour before this one."""
    return (at // HOUR - 1) * HOUR


def trailing_misses(connection: Connection, source_id: int, at: Micros) -> tuple[int, int]:
    """Return (newly absent, looked at) comments of a source in this hour and the one before: trailing data only.

    Comments, not looks: one that is looked at every ten minutes counts once.
    """
    start = window_start(at)
    absent = select(func.sum(coverage.c.new_misses)).where(
        coverage.c.source_id == source_id, coverage.c.hour.between(start // HOUR, at // HOUR)
    )
    looked = select(func.count()).where(tracking.c.source_id == source_id, tracking.c.last_look >= start)
    return int(connection.execute(absent).scalar_one() or 0), int(connection.execute(looked).scalar_one())
