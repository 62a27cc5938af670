"""The law of removal that the benchmarks take for true, exact and independent of the product's own steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

#: Zhu et al. 2013: ages in minutes, and the share of all removals by then; log-linear in between.
AGES = np.array([1.0, 8.0, 30.0, 1440.0, 43200.0])
SHARES = np.array([0.0, 0.05, 0.30, 0.90, 1.0])
#: Share of comments that are ever removed.
EVER = 0.12
#: Minutes that a comment is followed: removals after it are nobody's business here.
HORIZON = 7 * 1440.0
_FINE = np.unique(np.concatenate([[0.0], np.geomspace(1.0, AGES[-1], 60_000), [HORIZON]]))


def survival(ages: Numbers) -> Numbers:
    """Return the share of comments that are still there at these ages (minutes)."""
    shares = np.interp(np.log(np.maximum(ages, 1.0)), np.log(AGES), SHARES)
    return np.asarray(1.0 - EVER * shares)


_SURVIVED = survival(_FINE)
_LIVED = np.concatenate([[0.0], np.cumsum(np.diff(_FINE) * (_SURVIVED[1:] + _SURVIVED[:-1]) / 2)])
#: Removals within the horizon, per comment.
REMOVED = float(1.0 - survival(np.array([HORIZON]))[0])


def lived(ages: Numbers) -> Numbers:
    """Return the mean minutes lived up to these ages."""
    return np.asarray(np.interp(ages, _FINE, _LIVED))


def delay(before: Numbers, after: Numbers) -> Numbers:
    """Return the expected minutes from removal to detection, per comment, where looks stand at these two ages.

    Only removals within the horizon count; the look that finds them may come after it.
    """
    start, end = np.minimum(before, HORIZON), np.minimum(after, HORIZON)
    within = survival(start) * (end - start) - (lived(end) - lived(start))
    return np.asarray(within + (survival(start) - survival(end)) * (after - end))


def draw_removals(random: np.random.Generator, number: int) -> Numbers:
    """Return ages of removal in minutes, infinite for those that are never removed."""
    share = random.random(number) / EVER
    ages = np.exp(np.interp(share, SHARES, np.log(AGES)))
    return np.asarray(np.where(share < 1.0, ages, np.inf))


def optimum(looks: float) -> float:
    """Return the least mean delay in minutes of what is removed, for so many looks per comment that still lives.

    Exact up to its grid of ages: dynamic programme over the ages of looks, and the multiplier of the cost that makes
    it spend `looks` (the dual bound: no schedule, nor any mixture of schedules, does better).
    """
    ages = np.unique(np.concatenate([np.arange(0.0, 120.0), np.geomspace(120.0, HORIZON, 900), [HORIZON]]))
    alive = survival(ages)
    gaps = delay(ages[:, None], ages[None, :])
    low, high, best = -12.0, 8.0, 0.0
    for _ in range(40):
        middle = (low + high) / 2
        value, spent = _cheapest(gaps, alive, float(np.exp(middle)))
        best = max(best, value - float(np.exp(middle)) * looks)
        low, high = (middle, high) if spent > looks else (low, middle)
    return best / REMOVED


def _cheapest(gaps: Numbers, alive: Numbers, price: float) -> tuple[float, float]:
    size = len(alive)
    value, previous = np.zeros(size), np.zeros(size, dtype=int)
    for end in range(1, size):
        # Whoever was there at the look before costs this one.
        ways = value[:end] + gaps[:end, end] + price * alive[:end]
        previous[end] = int(np.argmin(ways))
        value[end] = ways[previous[end]]
    spent, at = 0.0, size - 1
    while at:
        at = int(previous[at])
        spent += float(alive[at])
    return float(value[-1]), spent
