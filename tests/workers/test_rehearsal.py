"""A worker rehearses one batch before it forks: nothing of it stays, and no job compiles SQL anew."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import CacheStats

from bot.domain.instant import HOUR
from bot.planner import tick
from bot.recheck import recheck_batch
from bot.store import tables
from tests.watch import Watch, fill, watching
from workers.rehearsal import rehearse


def compiled(engine: Engine) -> list[str]:
    """Return a list to which every statement is added that was not compiled before."""
    found: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def listen(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT:
            found.append(statement)

    return found


async def collected(watch: Watch) -> None:
    """Let something be due."""
    fill(watch, 2, 20)
    await watch.collect()
    watch.clock.at += HOUR


async def test_a_rehearsal_leaves_nothing_behind(engine: Engine) -> None:
    """Its source, comments, batch and observations are rolled back."""
    async with watching(engine) as watch:
        await asyncio.to_thread(rehearse, watch.bench)
        rows = {table.name: watch.count(table) for table in tables.metadata.sorted_tables}
    assert {name for name, number in rows.items() if number} == {"source", "rule_version"}
    assert rows["source"] == 1


async def test_after_a_rehearsal_a_batch_compiles_no_statement(engine: Engine) -> None:
    """Every fork would compile it again."""
    async with watching(engine) as watch:
        await collected(watch)
        await asyncio.to_thread(rehearse, watch.bench)
        tick(watch.planning)
        news = compiled(engine)
        for batch_id in watch.bell.batches:
            await recheck_batch(watch.bench, batch_id)
        assert news == []
        assert watch.count(tables.observation) > 1
