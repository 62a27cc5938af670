"""Each time a source's breaker opened: what it held and how it ended. Never deleted."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from bot.domain.health import Ending, Misses
from bot.domain.instant import Micros
from bot.store.tables import mass_disappearance


def begin(connection: Connection, source_id: int, *, since: Micros, at: Micros, misses: Misses) -> None:
    """Record that a breaker opened at `at`; `since`: the beginning of the window whose absences are undecided."""
    values = {
        "source_id": source_id,
        "since": since,
        "opened_at": at,
        "missing": misses.new,
        "looked": misses.looked,
    }
    connection.execute(insert(mass_disappearance).values(values))


def end(connection: Connection, source_id: int, *, at: Micros, ending: Ending, misses: Misses) -> None:
    """Record how the open mass disappearance of a source ended, and how many absences it decided."""
    still_open = mass_disappearance.c.ended_at.is_(None)
    connection.execute(
        update(mass_disappearance)
        .where(mass_disappearance.c.source_id == source_id, still_open)
        .values(ended_at=at, ending=ending, missing=misses.new, looked=misses.looked)
    )


def settled(connection: Connection, source_id: int, *, since: Micros) -> int:
    """Return how many absences were decided to count since then: they open no breaker a second time."""
    query = select(func.sum(mass_disappearance.c.missing)).where(
        mass_disappearance.c.source_id == source_id,
        mass_disappearance.c.ended_at >= since,
        mass_disappearance.c.ending == Ending.COUNTED,
    )
    return int(connection.execute(query).scalar_one() or 0)


def annulled(connection: Connection, source_id: int, *, since: Micros) -> list[tuple[Micros, Micros]]:
    """Return (start, end) of the mass disappearances ended since then that turned out to be faults."""
    query = (
        select(mass_disappearance.c.since, mass_disappearance.c.ended_at)
        .where(mass_disappearance.c.source_id == source_id, mass_disappearance.c.ended_at >= since)
        .where(mass_disappearance.c.ending == Ending.ANNULLED)
        .order_by(mass_disappearance.c.id)
    )
    return [(int(start), int(end)) for start, end in connection.execute(query)]
