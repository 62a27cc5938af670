"""Estimates each source's error rates once a day, from its own canaries, faults, cleared absences and restorations."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from bot.domain.error_rates import ErrorRates
from bot.domain.instant import DAY, HOUR, Micros
from bot.ports import Clock
from bot.stats.error_rates import Evidence, Fault, Guarded, estimate, faults_of, merged
from bot.store import error_rates, mass_disappearances

#: An estimate looks back so far: a source that got better or worse is seen to.
WINDOW: Micros = 28 * DAY


def estimate_due(engine: Engine, clock: Clock) -> int:
    """Estimate what has not been for a day, one transaction per source; return how many were."""
    now = clock.now()
    with engine.connect().execution_options(read_only=True) as connection:
        waiting = error_rates.due(connection, now - DAY)
    for source_id in waiting:
        with engine.begin() as connection:
            # Another process may have been first.
            if source_id in error_rates.due(connection, now - DAY):
                error_rates.add(connection, source_id, of_source(connection, source_id, now), now)
    return len(waiting)


def of_source(connection: Connection, source_id: int, now: Micros) -> ErrorRates:
    """Return what the last four weeks say of a source."""
    since = now - WINDOW
    rows = error_rates.batches(connection, source_id, since)
    failed, watched = faults_of([Guarded(row.finished_at, row.vantage, row.guards is None) for row in rows])
    annulled = [Fault(start, end) for start, end in mass_disappearances.annulled(connection, source_id, since=since)]
    faults = merged([*failed, *annulled])
    hours = error_rates.hours(connection, source_id, since)
    calm = [hour for hour in hours if not _in_fault(hour.hour, faults)]
    evidence = Evidence(
        canary_looks=sum(hour.canary_looks for hour in calm),
        canary_misses=sum(hour.canary_misses for hour in calm),
        looks=sum(hour.looks for hour in calm),
        cleared=error_rates.cleared(connection, source_id, since),
        tombstones_undone=error_rates.tombstones_undone(connection, source_id, since),
        faults=faults,
        watched=watched,
    )
    return estimate(evidence)


def _in_fault(hour: int, faults: list[Fault]) -> bool:
    return any(fault.start < (hour + 1) * HOUR and fault.end >= hour * HOUR for fault in faults)
