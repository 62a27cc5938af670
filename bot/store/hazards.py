"""The learned hazards: one per platform and day, the newest holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from bot.domain.comment import Source
from bot.domain.hazard import Hazard
from bot.domain.instant import DAY, Micros
from bot.domain.spacing import Schedule
from bot.store.tables import hazard, source, tracking

#: Domain time after which a platform's hazard is learned anew.
LEARN_EVERY: Micros = DAY


def newest(connection: Connection, platform: str) -> Hazard | None:
    """Return the hazard that was learned last for a platform, None before there is one."""
    query = select(hazard.c.edges, hazard.c.rates).where(hazard.c.platform == platform)
    row = connection.execute(query.order_by(hazard.c.fitted_at.desc()).limit(1)).first()
    return None if row is None else Hazard(tuple(row.edges), tuple(row.rates))


def in_force(connection: Connection, where: Source, base: Schedule) -> Schedule:
    """Return the schedule of a source: `base` with what was learned for its platform, at the price of its budget."""
    learned = newest(connection, where.platform)
    factor = connection.execute(select(source.c.price_factor).where(source.c.id == where.id)).scalar_one()
    return replace(base, hazard=base.hazard if learned is None else learned, factor=float(factor))


def is_learning_due(connection: Connection, platform: str, now: Micros) -> bool:
    """Return whether a day has passed since a hazard was learned for a platform; true where none was."""
    last = connection.execute(select(func.max(hazard.c.fitted_at)).where(hazard.c.platform == platform)).scalar_one()
    return last is None or now - int(last) >= LEARN_EVERY


def removals(connection: Connection, platform: str) -> Sequence[Row[int, int]]:
    """Return the ages between which each removal on record lies: (last seen, first absence that counts)."""
    born = tracking.c.first_seen
    query = select(tracking.c.gone_after - born, tracking.c.gone_before - born)
    return connection.execute(query.where(_on(platform), tracking.c.gone_before.is_not(None))).all()


def survivors(connection: Connection, platform: str) -> Sequence[Micros]:
    """Return the ages at which comments without a removal on record were seen last."""
    query = select(tracking.c.last_seen - tracking.c.first_seen)
    return connection.execute(query.where(_on(platform), tracking.c.gone_before.is_(None))).scalars().all()


def add(connection: Connection, platform: str, learned: Hazard, *, at: Micros, comments: int, removals: int) -> None:
    """Store what was learned for a platform, and from how much; from now on it is in force."""
    row = {"edges": list(learned.edges), "rates": list(learned.rates), "comments": comments, "removals": removals}
    connection.execute(insert(hazard).values(platform=platform, fitted_at=at, **row))


def _on(platform: str) -> ColumnElement[bool]:
    return tracking.c.source_id.in_(select(source.c.id).where(source.c.platform == platform))
