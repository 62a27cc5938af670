"""The hazard of each platform is learned once a day from what became of the comments that are followed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import structlog
from sqlalchemy import Engine

from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, SECOND, Micros
from bot.ports import Clock
from bot.stats.hazard_fit import Records, fit
from bot.store import hazards

#: A hazard holds for a day of domain time; it is learned from comments first seen in the last 60 days.
EVERY: Micros = DAY
WINDOW: Micros = 60 * DAY
#: Fewer removals say too little: the published law, or what was learned before, goes on.
FEWEST_REMOVALS = 30
_AGES = np.dtype([("visible", np.float64), ("gone", np.float64)])

log = structlog.get_logger()


def learn(engine: Engine, clock: Clock, platforms: Iterable[str], prior: Hazard | None = None) -> list[str]:
    """Learn the hazard of every platform whose last one is a day old; return those that have a new one.

    Due-ness is in the database: a restart neither repeats nor forgets it. `prior`: the published law if None.
    """
    law = published() if prior is None else prior
    return [platform for platform in sorted(set(platforms)) if _learn(engine, platform, clock.now(), law)]


def _learn(engine: Engine, platform: str, now: Micros, prior: Hazard) -> bool:
    since = now - WINDOW
    with engine.connect().execution_options(read_only=True) as connection:
        fitted = hazards.fitted_at(connection, platform)
        if fitted is not None and now - fitted < EVERY:
            return False
        # Most platforms of a young bot have few: that is found out without reading them all.
        if not hazards.has_removals(connection, platform, since, FEWEST_REMOVALS):
            return False
        rows = np.fromiter(hazards.records(connection, platform, since), _AGES)
    removals = int(np.isfinite(rows["gone"]).sum())
    hazard = fit(Records(rows["visible"] / SECOND, rows["gone"] / SECOND), prior)
    with engine.begin() as connection:
        hazards.add(connection, platform, now, hazard, comments=len(rows), removals=removals)
    log.info("hazard learned", platform=platform, comments=len(rows), removals=removals)
    return True
