"""What was observed and what it changed: append only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.domain.health import Misses
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


def cover(connection: Connection, source_id: int, at: Micros, numbers: Mapping[str, float]) -> None:
    """Add to the coverage ledger of a source's hour; `numbers` are named as the columns of `coverage`."""
    row = {"source_id": source_id, "hour": at // HOUR, **dict.fromkeys(_LEDGER, 0)}
    connection.execute(insert_or_ignore(connection, coverage), row)
    connection.execute(
        coverage.update()
        .where(coverage.c.source_id == source_id, coverage.c.hour == at // HOUR)
        .values({name: coverage.c[name] + value for name, value in numbers.items()})
    )


_LEDGER = tuple(column.name for column in coverage.c if not column.primary_key)


def window_start(at: Micros) -> Micros:
    """Return the beginning of the trailing window: of the hour before this one."""
    return (at // HOUR - 1) * HOUR


def trailing_misses(connection: Connection, source_id: int, at: Micros) -> Misses:
    """Return what became absent in this hour and the one before: trailing data only.

    Comments, not looks: one that is looked at every ten minutes counts once an hour.
    """
    columns = func.sum(coverage.c.new_misses), func.sum(coverage.c.fresh), func.sum(coverage.c.expected)
    window = coverage.c.hour.between(window_start(at) // HOUR, at // HOUR)
    new, fresh, expected = connection.execute(select(*columns).where(coverage.c.source_id == source_id, window)).one()
    return Misses(int(new or 0), int(fresh or 0), float(expected or 0.0))
