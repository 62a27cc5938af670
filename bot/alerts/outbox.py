"""Empties the outbox: claim, commit, send, record. An attempt whose end nobody saw is repeated, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from bot.domain.errors import ChannelError
from bot.domain.instant import DAY, Micros, micros, seconds
from bot.ports import Channel, Clock
from bot.store import outbox
from bot.store.outbox import OutboxRow

LEASE = 60.0
ATTEMPTS = 10
_FIRST_BACK_OFF = 30.0
_LONGEST_BACK_OFF = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Arrived:
    external_id: str | None


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why an attempt did not arrive; `unsure`: it may have arrived after all."""

    reason: str
    permanent: bool = False
    retry_after: float | None = None
    unsure: bool = False


async def drain(
    engine: Engine,
    channels: Mapping[str, Channel],
    clock: Clock,
    *,
    only: Collection[str],
    limit: int = 50,
    patience: float = 15.0,
) -> int:
    """Deliver what is due on the channels named in `only`, at most `limit` alerts each; return how many arrived.

    The channels take their turns side by side, so that a slow one holds up nobody else; each keeps its order.
    `patience`: seconds that one delivery may take; well under LEASE, or two processes could send the same row.
    """
    mine = [channel for name, channel in channels.items() if name in only]
    turns = (_drain_channel(engine, channel, clock, limit, patience) for channel in mine)
    arrived = await asyncio.gather(*turns, return_exceptions=True)
    # Only now: a database error of one channel must not leave the others half way.
    for error in arrived:
        if isinstance(error, BaseException):
            raise error
    return sum(count for count in arrived if isinstance(count, int))


async def _drain_channel(engine: Engine, channel: Channel, clock: Clock, limit: int, patience: float) -> int:
    arrived = 0
    for _ in range(limit):
        row = await asyncio.to_thread(_claim, engine, channel.name, clock.real())
        if row is None:
            break
        result = await _deliver(channel, row, patience)
        await asyncio.to_thread(_record, engine, row, result, clock.real())
        arrived += isinstance(result, _Arrived)
    return arrived


def _claim(engine: Engine, name: str, real: Micros) -> OutboxRow | None:
    # Committed before anything is sent: a sender that dies leaves a trace.
    with engine.begin() as connection:
        rows = outbox.claim(connection, channels=[name], real=real, lease=LEASE, limit=1)
    return rows[0] if rows else None


async def _deliver(channel: Channel, row: OutboxRow, patience: float) -> _Arrived | _Failed:
    if row.attempt > ATTEMPTS:
        # Attempts are counted when they begin: this alert may be what ends its senders.
        return _Failed("its last attempt never reported its end")
    try:
        async with asyncio.timeout(patience):
            return _Arrived(await channel.send(row.alert, repeat=row.unsure))
    except ChannelError as error:
        return _Failed(str(error), error.permanent, error.retry_after)
    except (TimeoutError, ConnectionError) as error:
        return _Failed(str(error) or "no answer in time", unsure=True)


def _record(engine: Engine, row: OutboxRow, result: _Arrived | _Failed, real: Micros) -> None:
    with engine.begin() as connection:
        if isinstance(result, _Arrived):
            recorded = outbox.sent(connection, row.id, row.attempt, result.external_id, real)
        elif result.permanent or row.attempt >= ATTEMPTS:
            recorded = outbox.failed(connection, row.id, row.attempt, result.reason)
        else:
            due = real + _pause(row.attempt, result.retry_after)
            recorded = outbox.postpone(connection, row.id, row.attempt, due, result.reason, result.unsure)
    _tell(row, result, recorded=recorded)


def _pause(attempt: int, retry_after: float | None) -> Micros:
    back_off = min(_FIRST_BACK_OFF * 2 ** (attempt - 1), _LONGEST_BACK_OFF)
    return micros(min(back_off if retry_after is None else retry_after, seconds(DAY)))


def _tell(row: OutboxRow, result: _Arrived | _Failed, *, recorded: bool) -> None:
    about = log.bind(channel=row.channel, key=row.alert.key, attempt=row.attempt)
    if not recorded:
        about.warning("alert taken over", advice="another process delivers it too: its lease ended too early")
    if isinstance(result, _Arrived):
        about.info("alert delivered", repeat=row.unsure)
    elif result.permanent or row.attempt >= ATTEMPTS:
        about.error("alert given up", failure=result.reason)
    else:
        about.warning("alert postponed", failure=result.reason, unsure=result.unsure)
