"""How likely a comment is to disappear at an age: a step function, published at first, learned later."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.instant import DAY, HOUR, MINUTE, Micros, seconds

# Zhu et al. 2013, "The Velocity of Censorship" (arXiv 1303.0597): of all deletions 5 % within 8 minutes,
# 30 % within 30 minutes, 90 % within 24 hours; log-linear in between, tail to 30 days.
_PUBLISHED_LAW = ((MINUTE, 0.0), (8 * MINUTE, 0.05), (30 * MINUTE, 0.30), (24 * HOUR, 0.90), (30 * DAY, 1.0))
# Share of comments that ever disappear: the "sensitive users" of the same study lost about 12 % of their posts.
_EVER = 0.12
_STEPS_PER_PIECE = 12


@dataclass(frozen=True, slots=True)
class Hazard:
    """Piecewise constant hazard: `rates[i]` per second for ages in [edges[i], edges[i + 1]), the last one for ever."""

    edges: tuple[Micros, ...]
    rates: tuple[float, ...]

    def rate(self, age: Micros) -> float:
        """Return the hazard per second at an age."""
        return self.rates[max(0, bisect_right(self.edges, age) - 1)]

    def probability(self, start: Micros, end: Micros) -> float:
        """Return the chance of disappearing between two ages, given visible at the first."""
        return -math.expm1(-self._integral(start, end))

    def _integral(self, start: Micros, end: Micros) -> float:
        if end <= start:
            return 0.0
        first = max(0, bisect_right(self.edges, start) - 1)
        total, at = 0.0, start
        for index in range(first, len(self.rates)):
            stop = end if index + 1 == len(self.edges) else min(end, self.edges[index + 1])
            total += self.rates[index] * seconds(max(0, stop - at))
            at = max(at, stop)
            if at >= end:
                break
        return total


def published() -> Hazard:
    """Return the hazard of the published law, as steps that halve or double an age several times per piece."""
    ages = [MINUTE]
    for (start, _), (end, _) in pairwise(_PUBLISHED_LAW):
        ratio = (end / start) ** (1 / _STEPS_PER_PIECE)
        ages += [round(start * ratio**step) for step in range(1, _STEPS_PER_PIECE)] + [end]
    survival = [1 - _EVER * _share(age) for age in ages]
    # Below the first minute nothing is known: one step with the minutes after it, so that the law holds at their end.
    edges = (0, *ages[1:])
    rates = [
        math.log(before / after) / seconds(end - start)
        for (start, end), (before, after) in zip(pairwise(edges), pairwise(survival), strict=True)
    ]
    # After 30 days: as in the last step.
    return Hazard(edges, (*rates, rates[-1]))


def _share(age: Micros) -> float:
    for (start, low), (end, high) in pairwise(_PUBLISHED_LAW):
        if age <= end:
            return low + (high - low) * math.log(age / start) / math.log(end / start)
    return 1.0
