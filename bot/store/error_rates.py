"""The measured error rates: one row per source and day, the newest holds."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.domain.error_rates import ASSUMED, ErrorRates
from bot.store.tables import error_rate


def in_force(connection: Connection, source_id: int) -> ErrorRates:
    """Return the error rates of a source that were estimated last, the assumed ones before there are any."""
    query = select(error_rate.c.rates).where(error_rate.c.source_id == source_id)
    row = connection.execute(query.order_by(error_rate.c.estimated_at.desc()).limit(1)).first()
    return ASSUMED if row is None else ErrorRates(**row.rates)
