"""Collectors: one task per source reads its pages and hands them to the intake; a failure is told, never judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.domain import alert
from bot.domain.comment import Source
from bot.domain.instant import MINUTE, Micros
from bot.intake import Desk, Taken, take_in
from bot.ports import CollectError, Http, Platform
from bot.store import observations, outbox, sources

#: A source that cannot be read for this long (domain time) is told to the owner, once.
PATIENCE: Micros = 15 * MINUTE
#: Real seconds; however fast domain time runs, a source is not asked in a closed loop.
_SHORTEST_PAUSE = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """What a collector works with: one source and the way to it; `every` in domain seconds."""

    desk: Desk
    source: Source
    platform: Platform
    open_http: Callable[[Source], AbstractAsyncContextManager[Http]]
    every: float


async def collect_forever(round_: Round) -> None:
    """Read a source again and again until cancelled."""
    pause = max(round_.every / round_.desk.clock.rate, _SHORTEST_PAUSE)
    while True:
        await collect_once(round_)
        await asyncio.sleep(pause)


async def collect_once(round_: Round) -> Taken:
    """Read a source from its cursor to its end; what was stored stays stored when it fails midway."""
    new = edited = flagged = 0
    # The request that finds that there is no more costs as much as the others.
    requests = 1
    try:
        async with round_.open_http(round_.source) as http:
            cursor = await asyncio.to_thread(_cursor, round_)
            asked = round_.desk.clock.now()
            async for page in round_.platform.collect(round_.source, cursor, http):
                taken = await asyncio.to_thread(take_in, round_.desk, round_.source, _vantage(round_), page, asked)
                new, edited, flagged = new + taken.new, edited + taken.edited, flagged + taken.flagged
                asked = round_.desk.clock.now()
                requests += 1
    except CollectError as error:
        log.warning("a source could not be read", source=round_.source.name, reason=str(error))
        await asyncio.to_thread(_failed, round_, str(error), requests)
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.exception("an adapter failed", source=round_.source.name)
        await asyncio.to_thread(_failed, round_, f"{type(error).__name__} in the adapter; the log says where", requests)
    else:
        await asyncio.to_thread(_collected, round_, requests)
    return Taken(new, edited, flagged)


def _vantage(round_: Round) -> str:
    return round_.platform.capabilities.vantages[0]


def _cursor(round_: Round) -> dict[str, object]:
    with round_.desk.engine.connect().execution_options(read_only=True) as connection:
        return dict(sources.cursor(connection, round_.source.id))


def _failed(round_: Round, failure: str, requests: int) -> None:
    desk, source = round_.desk, round_.source
    now = desk.clock.now()
    with desk.engine.begin() as connection:
        _pay(connection, round_, requests)
        since = sources.failed(connection, source.id, failure, now=now)
        if now - since >= PATIENCE:
            told = alert.unreachable(source_id=source.id, since=since, at=now, source=source.name, failure=failure)
            outbox.put(connection, told, desk.channels, now=now, real=desk.clock.real())


def _collected(round_: Round, requests: int) -> None:
    desk, source = round_.desk, round_.source
    now = desk.clock.now()
    with desk.engine.begin() as connection:
        _pay(connection, round_, requests)
        since = sources.collected(connection, source.id, now=now, real=desk.clock.real())
        if since is not None and now - since >= PATIENCE:
            told = alert.reachable(source_id=source.id, since=since, at=now, source=source.name)
            outbox.put(connection, told, desk.channels, now=now, real=desk.clock.real())


def _pay(connection: Connection, round_: Round, requests: int) -> None:
    """Enter a reading in the ledger: it is paid for from the same budget as looks and canaries."""
    cost = requests * round_.platform.capabilities.cost_per_request
    observations.cover(connection, round_.source.id, round_.desk.clock.now(), {"requests": cost})
