"""One way for a request to ask the database: read only, off the event loop, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

Answer = TypeVar("Answer")

# A health check that hangs is worse than one that says no.
_PATIENCE = 5.0

log = structlog.get_logger()


class DatabaseSilentError(Exception):
    """The database did not answer; the details are in the log, because they may name hosts and users."""


async def ask(engine: Engine, question: Callable[[Connection], Answer]) -> Answer:
    """Return what `question` reads; DatabaseSilentError if that fails or takes longer than 5 seconds."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.to_thread(_read, engine, question)
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("the database does not answer a web request", error=repr(error))
        raise DatabaseSilentError from None


def _read(engine: Engine, question: Callable[[Connection], Answer]) -> Answer:
    with engine.execution_options(read_only=True).begin() as connection:
        return question(connection)
