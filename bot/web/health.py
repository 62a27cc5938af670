"""Whether the process lives (/healthz), and whether the bot does its work (/readyz, with reasons)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from redis.exceptions import RedisError
from sqlalchemy import Engine

from bot.domain.instant import iso
from bot.ports import Clock
from bot.redis_server import ping, shown
from bot.store.standing import SourceStanding, Standing, answers, standing
from bot.web.database import DatabaseSilentError, ask


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on the bot is not ready: ages in seconds of real time.

    `parts`: the kinds of process that must report. `redis_url`: a Redis that must answer; empty: there is none.
    """

    oldest_due: float = 3600.0
    oldest_alert: float = 900.0
    heartbeat: float = 60.0
    parts: tuple[str, ...] = ("collector", "worker")
    redis_url: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Why the bot does not do its work (`reasons`), and what wants attention although it does (`notes`)."""

    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def judge(found: Standing, limits: Limits, rate: float) -> Readiness:
    """Return whether the bot, standing like this, does its work in time; `rate` is that of its clock."""
    notes = [note for source in found.sources for note in _source_notes(source)]
    if found.failed_alerts:
        notes.append(f"{found.failed_alerts} alerts could not be delivered and were given up")
    return Readiness((*_late(found, limits, rate), *_silent(found, limits)), tuple(notes))


class Health:
    """The two questions as request handlers."""

    def __init__(self, engine: Engine, clock: Clock, *, version: str, limits: Limits) -> None:
        self._engine = engine
        self._clock = clock
        self._version = version
        self._limits = limits

    async def healthz(self, _request: web.Request) -> web.Response:
        """Answer 200 while this process and the database answer, 503 otherwise."""
        body = {"status": "ok", "version": self._version, "at": iso(self._clock.now())}
        try:
            await ask(self._engine, answers)
        except DatabaseSilentError:
            return web.json_response({**body, "status": _DATABASE_SILENT}, status=503)
        return web.json_response(body)

    async def readyz(self, _request: web.Request) -> web.Response:
        """Answer 200 while the work is done in time, 503 with the reasons otherwise."""
        readiness = await self._judge()
        reasons = [*readiness.reasons, *await self._redis_reasons()]
        body = {"ready": not reasons, "reasons": reasons, "notes": readiness.notes}
        return web.json_response(body, status=503 if reasons else 200)

    async def _judge(self) -> Readiness:
        try:
            found = await ask(self._engine, lambda c: standing(c, self._clock.now(), self._clock.real()))
        except DatabaseSilentError:
            return Readiness(reasons=(_DATABASE_SILENT,))
        return judge(found, self._limits, self._clock.rate)

    async def _redis_reasons(self) -> list[str]:
        if not self._limits.redis_url:
            return []
        try:
            await ping(self._limits.redis_url)
        except (RedisError, OSError):
            return [f"Redis at {shown(self._limits.redis_url)} does not answer"]
        return []


_DATABASE_SILENT = "the database does not answer"


def _late(found: Standing, limits: Limits, rate: float) -> Iterator[str]:
    # Ages are of domain time. On a fast clock an hour of it says nothing: the machine had no time to be late.
    due, alert = (found.oldest_due or 0) / rate, (found.alerts.oldest or 0) / rate
    if due > limits.oldest_due:
        yield f"{found.due} comments are due, the oldest for {due:.0f} s (limit {limits.oldest_due:.0f} s)"
    if alert > limits.oldest_alert:
        limit = f"(limit {limits.oldest_alert:.0f} s)"
        yield f"{found.alerts.count} alerts are not delivered, the oldest for {alert:.0f} s {limit}"


def _silent(found: Standing, limits: Limits) -> Iterator[str]:
    living = {heartbeat.kind for heartbeat in found.heartbeats if heartbeat.age <= limits.heartbeat}
    for part in limits.parts:
        if part not in living:
            yield f"no {part} has reported for {limits.heartbeat:.0f} s"


def _source_notes(source: SourceStanding) -> Iterator[str]:
    if source.failing_since is not None:
        yield f"source {source.name} is unreachable since {iso(source.failing_since)}: {source.failure}"
    if source.breaker_since is not None:
        yield f"source {source.name}: the breaker holds absences back since {iso(source.breaker_since)}"
