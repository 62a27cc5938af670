"""Listens to the platforms' own event streams, apart from the collectors: what it stores measures verdicts only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from bot.domain.comment import Source
from bot.domain.truth import TruthPage
from bot.ports import Clock, CollectError, Http, Platform, Truthful
from bot.store import truth

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ear:
    """What it takes to listen to one source: its stream and the way to it."""

    engine: Engine
    clock: Clock
    source: Source
    stream: Truthful
    open_http: Callable[[Source], AbstractAsyncContextManager[Http]]


def stream_of(platform: Platform) -> Truthful | None:
    """Return the platform's event stream, None where it has none."""
    return platform if isinstance(platform, Truthful) else None


async def listen(ear: Ear) -> bool:
    """Read the stream from its cursor to its end; False where it could not be read: then the next time goes on."""
    asked = ear.clock.now()
    reached = await asyncio.to_thread(_cursor, ear)
    try:
        async with ear.open_http(ear.source) as http:
            async for page in ear.stream.events(ear.source, reached, http):
                await asyncio.to_thread(_add, ear, page)
    except CollectError as error:
        log.warning("an event stream could not be read", source=ear.source.name, reason=str(error))
        return False
    await asyncio.to_thread(_heard, ear, asked)
    return True


def _cursor(ear: Ear) -> dict[str, object]:
    with ear.engine.connect().execution_options(read_only=True) as connection:
        return dict(truth.cursor(connection, ear.source.id))


def _add(ear: Ear, page: TruthPage) -> None:
    with ear.engine.begin() as connection:
        truth.add(connection, ear.source.id, page.events, page.cursor)


def _heard(ear: Ear, asked: int) -> None:
    with ear.engine.begin() as connection:
        truth.heard(connection, ear.source.id, asked)
