"""Error rates of a source from what its looks, canaries and restorations have shown. Numbers in, numbers out.

The assumed rates stand as a prior that weighs some hundred looks: few data stay as pessimistic as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.error_rates import ASSUMED, ErrorRates
from bot.domain.instant import HOUR, Micros, seconds

#: What the assumptions weigh: looks at living comments, hours of watching, faults.
PRIOR_LOOKS = 300.0
PRIOR_HOURS = 300.0
PRIOR_FAULTS = 5.0
#: Guards that fail in so many batches in a row are a fault; in fewer, a look that went wrong by itself.
FAULT_BATCHES = 2
#: Nothing is known later than this after a batch: then a fault is over, and so is the time that was watched.
WATCHED_FOR: Micros = HOUR


@dataclass(frozen=True, slots=True)
class Guarded:
    """A batch: when its answers were judged, from which vantage, and whether its guards held."""

    at: Micros
    vantage: str
    held: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """A run of batches of one vantage whose guards failed: [start, end) until one held, or nobody looked."""

    start: Micros
    end: Micros


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was counted in a source's window.

    `canary_looks`, `canary_misses`: outside of faults only, for inside they are the fault's. `looks`: at comments,
    that showed something. `cleared`: absences that counted and that a sighting ended before they were a removal.
    `tombstones_undone`: deletions that the platform stated, of comments that were seen again. `watched`: microseconds.
    """

    canary_looks: int
    canary_misses: int
    looks: int
    cleared: int
    tombstones_undone: int
    faults: Sequence[Fault]
    watched: Micros


def faults_of(batches: Sequence[Guarded]) -> tuple[list[Fault], Micros]:
    """Return the faults in batches in the order of time, and how long was watched, by the vantage watched longest."""
    faults: list[Fault] = []
    watched = 0
    for vantage in sorted({one.vantage for one in batches}):
        mine = [one for one in batches if one.vantage == vantage]
        ends = [one.at for one in mine[1:]]
        spans = [min(end - one.at, WATCHED_FOR) for one, end in zip(mine, ends, strict=False)] + [0] * bool(mine)
        watched = max(watched, sum(spans))
        faults += _runs(mine, spans)
    return faults, watched


def _runs(batches: Sequence[Guarded], spans: Sequence[Micros]) -> list[Fault]:
    found: list[Fault] = []
    run: list[int] = []
    for index, one in enumerate(batches):
        if not one.held:
            run.append(index)
        if one.held or index + 1 == len(batches):
            if len(run) >= FAULT_BATCHES:
                found.append(Fault(batches[run[0]].at, batches[run[-1]].at + spans[run[-1]]))
            run = []
    return found


def merged(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults in the order of time, those that overlap as one: what two vantages saw at once is one fault."""
    found: list[Fault] = []
    for one in sorted(faults, key=lambda fault: fault.start):
        if found and one.start <= found[-1].end:
            found[-1] = Fault(found[-1].start, max(one.end, found[-1].end))
        else:
            found.append(one)
    return found


def estimate(evidence: Evidence, prior: ErrorRates = ASSUMED) -> ErrorRates:
    """Return the posterior means: Beta for shares, Gamma for the length of a fault; `false_sight` stays assumed."""
    looks = evidence.canary_looks + evidence.looks
    misses = evidence.canary_misses + evidence.cleared
    length = sum(seconds(fault.end - fault.start) for fault in evidence.faults)
    hours = seconds(evidence.watched) / 3600
    return replace(
        prior,
        false_miss=_share(prior.false_miss, PRIOR_LOOKS, misses, looks),
        false_tombstone=_share(prior.false_tombstone, PRIOR_LOOKS, evidence.tombstones_undone, looks),
        fault_share=_share(prior.fault_share, PRIOR_HOURS, length / 3600, hours),
        fault_seconds=(PRIOR_FAULTS * prior.fault_seconds + length) / (PRIOR_FAULTS + len(evidence.faults)),
        measured=evidence.canary_looks,
    )


def _share(prior: float, weight: float, count: float, of: float) -> float:
    """Return the mean of a Beta: the prior's, with `weight` looks behind it, and what was counted."""
    return (prior * weight + min(count, of)) / (weight + of)
