"""Sources: what is watched, how far it was read, and whether its breaker holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.domain.health import Breaker
from bot.domain.instant import Micros
from bot.store.tables import source


def ensure(connection: Connection, *, name: str, platform: str, instance: str, now: Micros) -> int:
    """Return the id of the source with this name, made if it is new."""
    row = connection.execute(select(source.c.id).where(source.c.name == name)).first()
    if row is not None:
        connection.execute(update(source).where(source.c.id == row.id).values(platform=platform, instance=instance))
        return int(row.id)
    values = {"name": name, "platform": platform, "instance": instance, "first_seen": now, "cursor": {}}
    return int(connection.execute(insert(source).values(values).returning(source.c.id)).scalar_one())


def cursor(connection: Connection, source_id: int) -> Mapping[str, Any]:
    """Return how far a source was read."""
    stored: Mapping[str, Any] = connection.execute(select(source.c.cursor).where(source.c.id == source_id)).scalar_one()
    return stored


def move_cursor(connection: Connection, source_id: int, cursor: Mapping[str, Any]) -> None:
    """Store how far a source was read; in the transaction of the comments themselves."""
    connection.execute(update(source).where(source.c.id == source_id).values(cursor=dict(cursor)))


def collected(connection: Connection, source_id: int, *, now: Micros, real: Micros) -> Micros | None:
    """Record that a source was read to its end; return since when it had been failing, None if it had not."""
    failing_since = connection.execute(select(source.c.failing_since).where(source.c.id == source_id)).scalar_one()
    connection.execute(
        update(source)
        .where(source.c.id == source_id)
        .values(collected_at=now, collected_real=real, failing_since=None, failure=None)
    )
    return None if failing_since is None else int(failing_since)


def failed(connection: Connection, source_id: int, failure: str, *, now: Micros) -> Micros:
    """Record that a source could not be read; return since when it has been failing."""
    since = connection.execute(select(source.c.failing_since).where(source.c.id == source_id)).scalar_one()
    since = now if since is None else int(since)
    connection.execute(
        update(source).where(source.c.id == source_id).values(failing_since=since, failure=failure[:500])
    )
    return since


def breaker(connection: Connection, source_id: int) -> Breaker:
    """Return the breaker of a source, locked until the transaction ends."""
    columns = (
        source.c.breaker_since,
        source.c.healthy_since,
        source.c.breaker_faulty,
        source.c.breaker_agreed,
        source.c.breaker_denied,
    )
    return Breaker(*connection.execute(select(*columns).where(source.c.id == source_id).with_for_update()).one())


def set_breaker(connection: Connection, source_id: int, state: Breaker) -> None:
    """Store the breaker of a source."""
    connection.execute(
        update(source)
        .where(source.c.id == source_id)
        .values(
            breaker_since=state.since,
            healthy_since=state.healthy_since,
            breaker_faulty=state.faulty,
            breaker_agreed=state.agreed,
            breaker_denied=state.denied,
        )
    )
