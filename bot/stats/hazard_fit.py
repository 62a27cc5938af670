"""Learns a hazard from what was seen: each removal lies between two looks, and most comments are still there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.domain.hazard import Hazard
from bot.domain.instant import seconds

Numbers: TypeAlias = NDArray[np.float64]

#: The prior weighs as much as so many removals per step of ages.
_PRIOR = 0.5
#: Neighbouring steps of ages share what they saw: standard deviation of the kernel, in steps.
_BREADTH = 1.5
_ROUNDS = 400
_ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class Records:
    """Ages in seconds since a comment was first seen: `after` < removal <= `before`, or seen last at `seen`."""

    after: Numbers
    before: Numbers
    seen: Numbers


def fit(records: Records, prior: Hazard) -> Hazard:
    """Return the hazard on the steps of `prior`: EM over the removals, with a Gamma prior, smoothed over log age.

    What is learned is how many times the prior's hazard holds at an age; without records the prior comes back.
    """
    edges = np.array([seconds(edge) for edge in prior.edges])
    ends = np.append(edges[1:], np.inf)
    # No step of the prior is impossible.
    base = np.maximum(np.array(prior.rates), 1e-15)
    kernel = _kernel(len(edges))
    after, before = records.after, np.maximum(records.before, records.after + 1.0)
    known = _time_in(np.concatenate([after, records.seen]), edges, ends)
    pieces = _pieces(after, before, edges, ends)
    rates = base
    for _ in range(_ROUNDS):
        removals, time = _expect(pieces, rates)
        better = base * (kernel @ removals + _PRIOR) / (kernel @ ((known + time) * base) + _PRIOR)
        moved = float(np.max(np.abs(np.log(better / rates))))
        rates = better
        if moved < _ENOUGH:
            break
    return Hazard(prior.edges, tuple(float(rate) for rate in rates))


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The parts of each removal's interval that lie in one step: of which removal, in which step, how long."""

    removal: NDArray[np.int64]
    step: NDArray[np.int64]
    length: Numbers
    removals: int
    steps: int


def _pieces(after: Numbers, before: Numbers, edges: Numbers, ends: Numbers) -> _Pieces:
    low = np.maximum(after[:, None], edges[None, :])
    length = np.minimum(before[:, None], ends[None, :]) - low
    removal, step = np.nonzero(length > 0)
    return _Pieces(removal, step, length[removal, step], len(after), len(edges))


def _expect(pieces: _Pieces, rates: Numbers) -> tuple[Numbers, Numbers]:
    """Return how many removals each step is expected to hold, and the seconds lived in it within the intervals."""
    risk = rates[pieces.step] * pieces.length
    # Survival within its interval: the pieces of a removal follow each other.
    total = np.cumsum(risk) - risk
    begins = np.searchsorted(pieces.removal, np.arange(pieces.removals))
    survival = np.exp(-(total - total[begins][pieces.removal]))
    gone = survival * -np.expm1(-risk)
    share = np.bincount(pieces.removal, gone, pieces.removals)[pieces.removal]
    # Who goes later than this piece lives through it; who goes in it, through half of it.
    later = share - np.cumsum(gone) + (np.cumsum(gone) - gone)[begins][pieces.removal]
    lived = pieces.length * (np.maximum(later, 0.0) + gone / 2)
    return (
        np.bincount(pieces.step, gone / share, pieces.steps).astype(np.float64),
        np.bincount(pieces.step, lived / share, pieces.steps).astype(np.float64),
    )


def _time_in(ages: Numbers, edges: Numbers, ends: Numbers) -> Numbers:
    """Return the seconds that comments of these ages have spent in each step."""
    return np.array(
        [np.clip(np.minimum(ages, end) - start, 0.0, None).sum() for start, end in zip(edges, ends, strict=True)]
    )


def _kernel(size: int) -> Numbers:
    steps = np.arange(size)
    weights = np.exp(-(((steps[:, None] - steps[None, :]) / _BREADTH) ** 2) / 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
