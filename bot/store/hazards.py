"""The learned hazards: one per platform and day, the newest holds."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from bot.domain.comment import Source
from bot.domain.hazard import Hazard
from bot.domain.recheck_plan import Schedule
from bot.store.tables import hazard


def newest(connection: Connection, platform: str) -> Hazard | None:
    """Return the hazard that was learned last for a platform, None before there is one."""
    query = select(hazard.c.edges, hazard.c.rates).where(hazard.c.platform == platform)
    row = connection.execute(query.order_by(hazard.c.fitted_at.desc()).limit(1)).first()
    return None if row is None else Hazard(tuple(row.edges), tuple(row.rates))


def in_force(connection: Connection, source: Source, base: Schedule) -> Schedule:
    """Return the schedule of a source: `base` with what was learned for its platform."""
    learned = newest(connection, source.platform)
    return base if learned is None else replace(base, hazard=learned)
