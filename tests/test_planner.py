"""The planner: rings for what the database holds, and for nothing else."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import Engine, select, update

from bot.domain.instant import DAY, HOUR, MINUTE, SECOND
from bot.planner import BATCH, ClockGuard, tick
from bot.store import budgets, observations, tables
from bot.store.host_budget import StoredHostBudget
from tests.watch import fill, ids, watching


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


async def test_a_short_budget_takes_what_is_urgent_first_and_then_nothing(engine: Engine) -> None:
    """One budget for collection, looks and canaries: closing looks and open absences go before ordinary ones."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=10)
        await watch.collect()
        watch.planning.budgets[watch.source.id] = 100.0
        urgent = watch.track(ids(10)[3]).comment_id
        with engine.begin() as connection:
            now = watch.clock.now()
            connection.execute(update(tables.tracking).values(due_at=now, urgent=False))
            connection.execute(
                update(tables.tracking).where(tables.tracking.c.comment_id == urgent).values(due_at=now, urgent=True)
            )
            observations.cover(connection, watch.source.id, now, {"requests": 95.0})
        assert tick(watch.planning) == 1
        held = watch.rows(select(tables.tracking.c.comment_id).where(tables.tracking.c.batch_id > 0))
        assert [row.comment_id for row in held] == [urgent]
        with engine.begin() as connection:
            observations.cover(connection, watch.source.id, now, {"requests": 5.0})
        assert tick(watch.planning) == 0


async def test_the_price_of_a_look_follows_the_budget_of_its_source(engine: Engine) -> None:
    """Four times a day, from what was spent since; and looks and readings are entered in the ledger."""
    async with watching(engine, looks=400) as watch:
        fill(watch, threads=1, number=10)
        await watch.collect()
        watch.planning.budgets[watch.source.id] = 60.0
        await watch.live(DAY, step=HOUR // 2)
        with engine.connect() as connection:
            factor, priced_at = budgets.price(connection, watch.source.id)
            spent = budgets.spent(connection, watch.source.id, now=watch.clock.now())
    assert factor > 1.1
    assert priced_at is not None
    assert 30 < spent <= 63, "a batch may end beyond the budget, and no other begins"
