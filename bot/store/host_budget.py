"""The per-host budget that all processes share: one row a host, in real time."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, case, select, update

from bot.domain.instant import Micros, micros
from bot.ports import Clock
from bot.store.comments import insert_or_ignore
from bot.store.tables import host_budget


class StoredHostBudget:
    """A HostBudget in the database; each call is one short transaction of its own."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def reserve(self, host: str, requests: int, interval: float) -> Micros:
        """Reserve a run of requests `interval` seconds apart; return the real time of the first."""
        now = self._clock.real()
        run = micros(interval) * requests
        earliest = case((host_budget.c.next_real > now, host_budget.c.next_real), else_=now)
        with self._engine.begin() as connection:
            connection.execute(insert_or_ignore(connection, host_budget), {"host": host, "next_real": 0})
            statement = (
                update(host_budget)
                .where(host_budget.c.host == host)
                .values(next_real=earliest + run)
                .returning(host_budget.c.next_real, host_budget.c.blocked_real)
            )
            row = connection.execute(statement).one()
        return max(int(row.next_real) - run, int(row.blocked_real))

    def back_off(self, host: str, until: Micros) -> None:
        """Let nobody ask this host before `until` (real time)."""
        later = case((host_budget.c.blocked_real > until, host_budget.c.blocked_real), else_=until)
        with self._engine.begin() as connection:
            connection.execute(insert_or_ignore(connection, host_budget), {"host": host, "next_real": 0})
            connection.execute(update(host_budget).where(host_budget.c.host == host).values(blocked_real=later))


def blocked_until(connection: Connection, host: str) -> Micros:
    """Return until when nobody may ask this host (real time), 0 if it may be asked."""
    query = select(host_budget.c.blocked_real).where(host_budget.c.host == host)
    return int(connection.execute(query).scalar_one_or_none() or 0)
