"""Collectors: one broken source is its own trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, select

from bot.domain.comment import Page, Source
from bot.ports import Http
from bot.store import tables
from tests.watch import fill, watching


async def test_an_adapter_that_trips_is_a_source_that_cannot_be_read(sqlite_engine: Engine) -> None:
    """What it had read is kept; the reason is told, and the next round begins where it stopped."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=2, number=10)
        adapter = watch.round.platform

        class Tripping:
            capabilities = adapter.capabilities

            async def collect(self, source: Source, cursor: Mapping[str, Any], http: Http) -> AsyncIterator[Page]:
                async for page in adapter.collect(source, cursor, http):
                    yield page
                    raise KeyError("a field that was always there")

        broken = replace(watch.round, platform=Tripping())
        from bot.collect import collect_once

        assert (await collect_once(broken)).new == 10
        failure = watch.rows(select(tables.source.c.failure))[0].failure
        assert failure == "KeyError in the adapter; the log says where"
        assert (await watch.collect()).new == 10
    assert watch.rows(select(tables.source.c.failure))[0].failure is None
