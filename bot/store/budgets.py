"""What a source was asked: read from the coverage ledger, which counts the requests of every hour."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from bot.domain.instant import DAY, HOUR, Micros
from bot.store.tables import coverage, source


def spent(connection: Connection, source_id: int, *, now: Micros, over: Micros = DAY) -> float:
    """Return how many requests were made in the trailing hours, this one included (units of the platform's cost)."""
    first = (now - over) // HOUR + 1
    query = select(func.sum(coverage.c.requests)).where(
        coverage.c.source_id == source_id, coverage.c.hour.between(first, now // HOUR)
    )
    return float(connection.execute(query).scalar_one() or 0.0)


def price(connection: Connection, source_id: int) -> tuple[float, Micros | None]:
    """Return by what the price of a source is multiplied, and when that was decided."""
    row = connection.execute(select(source.c.price_factor, source.c.priced_at).where(source.c.id == source_id)).one()
    return float(row.price_factor), row.priced_at


def set_price(connection: Connection, source_id: int, factor: float, *, at: Micros) -> None:
    """Store the price of a source; due times that are stored stay as they are until the next look."""
    values = {"price_factor": factor, "priced_at": at}
    connection.execute(update(source).where(source.c.id == source_id).values(values))
