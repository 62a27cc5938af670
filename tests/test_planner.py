"""The planner: rings for what the database holds, and for nothing else."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import Engine, select

from bot.domain.instant import HOUR, MINUTE, SECOND
from bot.planner import BATCH, ClockGuard, tick
from bot.store import tables
from bot.store.host_budget import StoredHostBudget
from tests.watch import fill, watching


async def test_due_comments_are_claimed_in_batches_and_only_while_few_wait(sqlite_engine: Engine) -> None:
    """While batches wait, what becomes due joins the next one: batches grow with the load, not the queue."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=5, number=60)
        await watch.collect()
        watch.clock.at += HOUR
        assert tick(watch.planning) == 1
        assert tick(watch.planning) == 1
        assert tick(watch.planning) == 0
        watch.bell.batches.clear()
        assert tick(watch.planning) == 1
    sizes = [row.due for row in watch.rows(select(tables.batch.c.due))]
    assert sizes == [BATCH, BATCH, BATCH]


async def test_a_wiped_redis_loses_nothing(engine: Engine) -> None:
    """A ring that nobody heard is rung again when its lease is over."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=6)
        await watch.collect()
        watch.clock.at += HOUR
        assert tick(watch.planning) == 1
        watch.bell.batches.clear()
        assert tick(watch.planning) == 0
        with engine.begin() as connection:
            connection.execute(tables.tracking.update().values(lease_real=watch.clock.real() - SECOND))
        assert await watch.look() == 1
    assert watch.count(tables.observation) == 6


async def test_a_host_that_sent_us_away_is_left_alone(sqlite_engine: Engine) -> None:
    """Its comments wait; they are not spent as unreachable looks."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        watch.clock.at += HOUR
        host = watch.round.platform.host(watch.source, "front")
        budget = StoredHostBudget(sqlite_engine, watch.clock)
        budget.back_off(host, watch.clock.real() + 60 * SECOND)
        assert tick(watch.planning) == 0
        with sqlite_engine.begin() as connection:
            connection.execute(tables.host_budget.update().values(blocked_real=0))
        assert tick(watch.planning) == 1


async def test_a_clock_that_was_set_skips_one_round(sqlite_engine: Engine) -> None:
    """Spacings measured across a jump mean nothing."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        watch.clock.at += HOUR
        guard = ClockGuard(watch.clock.real() - 5 * MINUTE, time.monotonic())
        planning = replace(watch.planning, guard=guard)
        assert tick(planning) == 0
        assert tick(planning) == 1
