"""The learned hazards, one per platform and day, the newest holds; and what they are learned from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection, func, insert, select

from bot.domain.comment import Source
from bot.domain.hazard import Hazard
from bot.domain.instant import Micros
from bot.domain.spacing import Schedule
from bot.store.tables import hazard, source, tracking

#: Rows that are in memory at a time.
_AT_A_TIME = 10_000


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


def fitted_at(connection: Connection, platform: str) -> Micros | None:
    """Return when the hazard of a platform was learned last, None before there is one."""
    query = select(func.max(hazard.c.fitted_at)).where(hazard.c.platform == platform)
    at: Micros | None = connection.execute(query).scalar_one()
    return at


def add(connection: Connection, platform: str, at: Micros, learned: Hazard, *, comments: int, removals: int) -> None:
    """Put a learned hazard in force, with how much it was learned from."""
    row = {"platform": platform, "fitted_at": at, "edges": list(learned.edges), "rates": list(learned.rates)}
    connection.execute(insert(hazard).values(**row, comments=comments, removals=removals))


def has_removals(connection: Connection, platform: str, since: Micros, number: int) -> bool:
    """Return whether at least so many of a platform's comments first seen `since` then have a removal on record."""
    query = (
        select(tracking.c.comment_id)
        .join(source, source.c.id == tracking.c.source_id)
        .where(source.c.platform == platform, tracking.c.first_seen >= since, tracking.c.gone_before.is_not(None))
    )
    return len(connection.execute(query.limit(number)).all()) == number


def records(connection: Connection, platform: str, since: Micros) -> Iterator[tuple[float, float]]:
    """Yield for each followed comment first seen `since` then, in microseconds of age: last visible, first absent.

    A removal on record lies between the two, also if the comment came back. Without one the first absence is infinite:
    an absence that is not proved yet ends what is known of the comment at the last sighting before it.
    """
    # A removal is dated after the last sighting before it; later sightings do not undo it.
    visible = func.coalesce(tracking.c.gone_after, tracking.c.last_seen) - tracking.c.first_seen
    query = (
        select(visible, tracking.c.gone_before - tracking.c.first_seen)
        .join(source, source.c.id == tracking.c.source_id)
        .where(source.c.platform == platform, tracking.c.first_seen >= since)
    )
    for left, right in connection.execute(query.execution_options(yield_per=_AT_A_TIME)):
        yield float(left), math.inf if right is None else float(right)
