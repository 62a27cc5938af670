"""The planner: claims what is due from the database and rings for it. Redis can be wiped at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine

from bot.domain.comment import Source
from bot.domain.instant import SECOND, Micros, seconds
from bot.ports import Clock, JobQueue, Platform
from bot.store import tracking
from bot.store.host_budget import blocked_until

#: Comments of one batch, and real time after which a batch that nobody finished is given to another worker.
BATCH = 100
LEASE: Micros = 60 * SECOND
#: A step of the machine's clock by more than this makes all spacings doubtful: one round is skipped.
CLOCK_JUMP = 60.0

log = structlog.get_logger()


@dataclass(slots=True)
class ClockGuard:
    """Compares the wall clock with a clock that cannot be set."""

    real: Micros
    monotonic: float = field(default_factory=time.monotonic)

    def jumped(self, real: Micros, monotonic: float) -> float:
        """Return by how many seconds the wall clock was moved since the last call."""
        moved = seconds(real - self.real) - (monotonic - self.monotonic)
        self.real, self.monotonic = real, monotonic
        return moved


@dataclass(frozen=True, slots=True)
class Planning:
    """What the planner works with.

    `waiting`: how many batches may wait for a worker. Few: while they wait, what becomes due joins the next batch,
    so that batches grow with the load instead of queues.
    """

    engine: Engine
    clock: Clock
    sources: Mapping[int, Source]
    platform: Callable[[str], Platform]
    queue: JobQueue
    guard: ClockGuard
    waiting: int = 2


def tick(planning: Planning) -> int:
    """Claim due comments in batches of one source and vantage, and ring for each batch; return how many batches.

    A batch whose ring is lost comes back when its lease ends.
    """
    moved = planning.guard.jumped(planning.clock.real(), time.monotonic())
    if abs(moved) > CLOCK_JUMP:
        log.warning("the clock was set: one round of looks is skipped", seconds=round(moved))
        return 0
    free = planning.waiting - planning.queue.depth()
    claimed = 0
    for source, vantage in _due(planning) if free > 0 else ():
        if claimed >= free:
            break
        batch_id = _claim(planning, source, vantage)
        if batch_id is not None:
            planning.queue.recheck(batch_id)
            claimed += 1
    return claimed


def _due(planning: Planning) -> list[tuple[Source, str]]:
    """Return the sources and vantages with something due whose host may be asked; reading holds up no writer."""
    now, real = planning.clock.now(), planning.clock.real()
    with planning.engine.connect().execution_options(read_only=True) as connection:
        return [
            (source, vantage)
            for source in planning.sources.values()
            for vantage in planning.platform(source.platform).capabilities.vantages
            if tracking.is_due(connection, source.id, vantage, now=now, real=real)
            and blocked_until(connection, planning.platform(source.platform).host(source, vantage)) <= real
        ]


def _claim(planning: Planning, source: Source, vantage: str) -> int | None:
    with planning.engine.begin() as connection:
        return tracking.claim(
            connection,
            source.id,
            vantage,
            now=planning.clock.now(),
            real=planning.clock.real(),
            lease=LEASE,
            limit=BATCH,
        )
