"""The planner: claims what is due from the database and rings for it. Redis can be wiped at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection, Engine

from bot.domain.budget import PRICED_EVERY, Allowance, allowance, next_price
from bot.domain.comment import Source
from bot.domain.instant import DAY, SECOND, Micros, seconds
from bot.ports import Clock, JobQueue, Platform
from bot.store import budgets, tracking
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
    so that batches grow with the load instead of queues. `budgets`: requests that a source may be asked in a day.
    """

    engine: Engine
    clock: Clock
    sources: Mapping[int, Source]
    platform: Callable[[str], Platform]
    queue: JobQueue
    guard: ClockGuard
    waiting: int = 2
    budgets: Mapping[int, float] = field(default_factory=dict)


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
    for source, vantage, allowed in _due(planning) if free > 0 else ():
        if claimed >= free:
            break
        batch_id = _claim(planning, source, vantage, allowed)
        if batch_id is not None:
            planning.queue.recheck(batch_id)
            claimed += 1
    return claimed


def _due(planning: Planning) -> list[tuple[Source, str, Allowance]]:
    """Return the sources and vantages with something due whose host may be asked; reading holds up no writer."""
    now, real = planning.clock.now(), planning.clock.real()
    found: list[tuple[Source, str, Allowance]] = []
    with planning.engine.connect().execution_options(read_only=True) as connection:
        for source in planning.sources.values():
            allowed = _allowance(connection, planning, source, now)
            if allowed is Allowance.NOTHING:
                continue
            urgent = allowed is Allowance.URGENT
            adapter = planning.platform(source.platform)
            found += [
                (source, vantage, allowed)
                for vantage in adapter.capabilities.vantages
                if tracking.is_due(connection, source.id, vantage, now=now, real=real, urgent=urgent)
                and blocked_until(connection, adapter.host(source, vantage)) <= real
            ]
    return found


def _allowance(connection: Connection, planning: Planning, source: Source, now: Micros) -> Allowance:
    per_day = planning.budgets.get(source.id)
    if per_day is None:
        return Allowance.EVERYTHING
    return allowance(per_day, budgets.spent(connection, source.id, now=now))


def _claim(planning: Planning, source: Source, vantage: str, allowed: Allowance) -> int | None:
    now = planning.clock.now()
    with planning.engine.begin() as connection:
        _reprice(connection, planning, source, now)
        return tracking.claim(
            connection,
            source.id,
            vantage,
            now=now,
            real=planning.clock.real(),
            lease=LEASE,
            limit=BATCH,
            urgent=allowed is Allowance.URGENT,
        )


def _reprice(connection: Connection, planning: Planning, source: Source, now: Micros) -> None:
    """Let the price of a look follow the budget of its source, a few times a day."""
    per_day = planning.budgets.get(source.id)
    factor, priced_at = budgets.price(connection, source.id) if per_day is not None else (1.0, now)
    if per_day is None or (priced_at is not None and now - priced_at < PRICED_EVERY):
        return
    # The dearer of two views: hours in which the budget was used up say nothing of what looks would have cost.
    spans = (PRICED_EVERY, DAY)
    wanted = (
        next_price(factor, per_day, budgets.spent(connection, source.id, now=now, over=span), span) for span in spans
    )
    # The first time there is nothing yet to go by.
    factor = factor if priced_at is None else max(wanted)
    budgets.set_price(connection, source.id, factor, at=now)
