"""What the platforms' event streams said. Read by the calibration alone: no verdict may know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select, text, update

from bot.domain.comment import storable
from bot.domain.instant import Micros
from bot.domain.observation import Cause
from bot.domain.truth import TruthEvent, TruthKind
from bot.store.tables import source, truth

_ADD = text(
    "INSERT INTO truth (source_id, native_id, at, kind, cause) VALUES (:source_id, :native_id, :at, :kind, :cause)"
    " ON CONFLICT (source_id, native_id, at, kind) DO NOTHING"
)


def cursor(connection: Connection, source_id: int) -> Mapping[str, Any]:
    """Return how far the stream of a source was read."""
    found = connection.execute(select(source.c.truth_cursor).where(source.c.id == source_id)).scalar_one()
    return found or {}


def add(connection: Connection, source_id: int, events: Iterable[TruthEvent], reached: Mapping[str, object]) -> None:
    """Store events and how far they go; the same event twice is one."""
    rows = [
        {
            "source_id": source_id,
            "native_id": storable(one.native_id),
            "at": one.at,
            "kind": one.kind,
            "cause": one.cause,
        }
        for one in events
    ]
    if rows:
        connection.execute(_ADD, rows)
    connection.execute(update(source).where(source.c.id == source_id).values(truth_cursor=dict(reached)))


def heard(connection: Connection, source_id: int, until: Micros) -> None:
    """Record that the stream was read to its end: everything before `until` (domain time) is known."""
    connection.execute(update(source).where(source.c.id == source_id).values(truth_until=until))


def until(connection: Connection) -> dict[int, Micros]:
    """Return for each source whose stream was read until when its truth is known."""
    rows = connection.execute(select(source.c.id, source.c.truth_until).where(source.c.truth_until.is_not(None)))
    return {row.id: row.truth_until for row in rows}


def of_source(connection: Connection, source_id: int) -> dict[str, list[TruthEvent]]:
    """Return the events of each comment of a source, oldest first."""
    found: dict[str, list[TruthEvent]] = {}
    query = select(truth).where(truth.c.source_id == source_id).order_by(truth.c.at, truth.c.id)
    for row in connection.execute(query):
        event = TruthEvent(row.native_id, row.at, TruthKind(row.kind), Cause(row.cause))
        found.setdefault(row.native_id, []).append(event)
    return found
