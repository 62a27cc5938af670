"""The measured error rates: one row per source and day, the newest holds; and what they are measured from."""

from __future__ import annotations

from dataclasses import asdict
from typing import NamedTuple

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select

from bot.domain.error_rates import ASSUMED, ErrorRates
from bot.domain.health import BREAKER
from bot.domain.instant import HOUR, Micros
from bot.domain.observation import Outcome
from bot.domain.verdict import State
from bot.store.tables import batch, coverage, error_rate, observation, source, tracking, verdict

_TOMBSTONES = (Outcome.DELETED_BY_AUTHOR, Outcome.REMOVED_BY_MODERATOR, Outcome.REMOVED_BY_PLATFORM)
#: Absences that stand behind a state which a sighting took back.
_CLEARED = {State.MISSING: 1, State.SUSPECTED: 2}
#: How the reason begins where a fault of the source took an absence back (domain.verdict.annul): that is the fault's.
_ANNULLED = "annulled"


class Hour(NamedTuple):
    """An hour of the ledger: its number since 1970; looks that showed something; canaries asked, and not seen."""

    hour: int
    looks: int
    canary_looks: int
    canary_misses: int


def in_force(connection: Connection, source_id: int) -> ErrorRates:
    """Return the error rates of a source that were estimated last, the assumed ones before there are any."""
    query = select(error_rate.c.rates).where(error_rate.c.source_id == source_id)
    row = connection.execute(query.order_by(error_rate.c.estimated_at.desc()).limit(1)).first()
    return ASSUMED if row is None else ErrorRates(**row.rates)


def due(connection: Connection, before: Micros) -> list[int]:
    """Return the sources first seen before `before` that have no estimate since."""
    newer = exists().where(error_rate.c.source_id == source.c.id, error_rate.c.estimated_at > before)
    return list(connection.scalars(select(source.c.id).where(~newer, source.c.first_seen <= before)))


def add(connection: Connection, source_id: int, rates: ErrorRates, at: Micros) -> None:
    """Store an estimate."""
    connection.execute(insert(error_rate).values(source_id=source_id, estimated_at=at, rates=asdict(rates)))


def batches(connection: Connection, source_id: int, since: Micros) -> list[Row[int, str, str | None]]:
    """Return finished_at, vantage and guards of each finished batch, in order; guards None where they held.

    Batches that the breaker held are left out: it ends counted or annulled, and then it is known what they were.
    """
    query = select(batch.c.finished_at, batch.c.vantage, batch.c.guards)
    decided = or_(batch.c.guards.is_(None), batch.c.guards != BREAKER)
    finished = and_(batch.c.source_id == source_id, batch.c.finished_at >= since, decided)
    return list(connection.execute(query.where(finished).order_by(batch.c.finished_at, batch.c.id)))


def hours(connection: Connection, source_id: int, since: Micros) -> list[Hour]:
    """Return the coverage ledger of a source."""
    seen = (coverage.c.done - coverage.c.unreachable).label("looks")
    query = select(coverage.c.hour, seen, coverage.c.canary_looks, coverage.c.canary_misses)
    rows = connection.execute(query.where(coverage.c.source_id == source_id, coverage.c.hour >= since // HOUR))
    return [Hour(*row) for row in rows]


def cleared(connection: Connection, source_id: int, since: Micros) -> int:
    """Return how many absences that counted a sighting ended: missing is one, suspected two; a removal is none."""
    earlier = func.lag(verdict.c.state).over(partition_by=verdict.c.comment_id, order_by=verdict.c.id)
    changes = (
        select(verdict.c.state, verdict.c.why, earlier.label("before"))
        .join(tracking, tracking.c.comment_id == verdict.c.comment_id)
        .where(tracking.c.source_id == source_id, verdict.c.at >= since)
        .subquery("changes")
    )
    ended = (
        select(changes.c.before, func.count())
        .where(changes.c.state.in_((State.VISIBLE, State.RESTORED)))
        .where(changes.c.before.in_(_CLEARED), changes.c.why.not_like(f"{_ANNULLED}%"))
        .group_by(changes.c.before)
    )
    return sum(count * _CLEARED[State(state)] for state, count in connection.execute(ended))


def tombstones_undone(connection: Connection, source_id: int, since: Micros) -> int:
    """Return how many comments were seen again although the platform had said that they were deleted."""
    stated = or_(observation.c.outcome.in_(_TOMBSTONES), observation.c.explicit)
    earlier = exists().where(observation.c.comment_id == tracking.c.comment_id, stated)
    back = and_(tracking.c.source_id == source_id, tracking.c.restored_at >= since, earlier)
    return connection.scalar(select(func.count()).select_from(tracking).where(back)) or 0
