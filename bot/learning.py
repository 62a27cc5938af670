"""What each platform's removals teach the schedule: its hazard is learned anew every day from the bot's own records."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import structlog
from sqlalchemy import Engine

from bot.domain.hazard import Hazard
from bot.domain.instant import SECOND, Micros
from bot.stats.hazard_fit import Records, fit
from bot.store import hazards

log = structlog.get_logger()


def learn_due(engine: Engine, platforms: Iterable[str], prior: Hazard, now: Micros) -> int:
    """Learn the hazard of every platform for which that is due; return of how many."""
    with engine.connect().execution_options(read_only=True) as connection:
        due = [name for name in sorted(set(platforms)) if hazards.is_learning_due(connection, name, now)]
    for name in due:
        learn(engine, name, prior, now)
    return len(due)


def learn(engine: Engine, platform: str, prior: Hazard, now: Micros) -> Hazard:
    """Learn the hazard of a platform from every comment that is or was followed there, and put it in force."""
    # Read and fitted before the transaction: it takes far longer than storing.
    with engine.connect().execution_options(read_only=True) as connection:
        removed = hazards.removals(connection, platform)
        seen = hazards.survivors(connection, platform)
    after, before = (np.array([row[side] for row in removed], dtype=float) / SECOND for side in (0, 1))
    learned = fit(Records(after, before, np.array(seen, dtype=float) / SECOND), prior)
    with engine.begin() as connection:
        if hazards.is_learning_due(connection, platform, now):
            comments = len(removed) + len(seen)
            hazards.add(connection, platform, learned, at=now, comments=comments, removals=len(removed))
    log.info("hazard learned", platform=platform, comments=len(removed) + len(seen), removals=len(removed))
    return learned
