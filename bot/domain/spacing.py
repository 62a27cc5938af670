"""At which ages a comment is looked at: equal steps of the integral of sqrt(hazard), between the horizons.

A look is worth hazard x gap^2 / 2, so all gaps are worth the same where sqrt(hazard) x gap is one price everywhere.
The price is what makes the expected number of looks of a comment, while it survives, equal to what it may cost.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.domain.hazard import Hazard
from bot.domain.instant import DAY, HOUR, MINUTE, Micros, seconds

#: A figure for a horizon needs a look after it (science B2): otherwise its last bin holds only events.
HORIZONS: tuple[Micros, ...] = (HOUR, 24 * HOUR, 7 * DAY, 30 * DAY)
SHORTEST_GAP: Micros = 2 * MINUTE
LONGEST_GAP: Micros = 3 * DAY
#: The looks between two horizons are shifted by up to this share of a gap, so that every age is looked at by someone.
_SHIFT = 0.15
#: A look that comes late makes the next one needless when that is nearer than this share of a gap.
_NEAR = 0.2


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a source's looks may cost: `looks` per comment within `follow_up`, while it survives.

    `within`: None for the shortest mean delay; otherwise a look every so often from birth until the looks are spent.
    `factor`: what the price is multiplied by so that the budget of the source is spent.
    """

    hazard: Hazard
    looks: float
    follow_up: Micros
    within: Micros | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Spacing:
    """Ages of looks: `counts[i]` looks are due up to age `ages[i]`; `closings`: ages just after a horizon."""

    ages: tuple[Micros, ...]
    counts: tuple[float, ...]
    closings: tuple[Micros, ...]

    def after(self, age: Micros, jitter: float) -> tuple[Micros, bool]:
        """Return the age of the first look after `age`, and whether it closes a horizon.

        `jitter` in [-1, 1]: rounds the number of looks between two horizons, and shifts them, for a pair of comments.
        """
        number = bisect_right(self.closings, age)
        if number == len(self.closings):
            return age + LONGEST_GAP, False
        end = self.closings[number]
        low, high = self.count(self.closings[number - 1] if number else 0), self.count(end)
        looks = max(1, math.floor(high - low + _rounding(jitter, number)))
        step = (high - low) / looks
        if step > 0.0:
            done = (self.count(age) - low) / step
            following = math.floor(done + _NEAR - _SHIFT * jitter) + 1
            if following < looks:
                due = self._age(low + (max(following, 1) + _SHIFT * jitter) * step)
                if due > age:
                    return due, False
        return end, True

    def count(self, age: Micros) -> float:
        """Return how many looks are due up to an age."""
        return _between(age, self.ages, self.counts)

    def _age(self, count: float) -> Micros:
        return round(_between(count, self.counts, self.ages))


def _rounding(jitter: float, number: int) -> float:
    # Far apart for pairs whose jitter is near, and another one for every stretch between two horizons.
    return (jitter + 1) * 0.5 * 13.0 ** (number + 1) % 1.0


def _between(value: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    at = min(max(bisect_left(xs, value), 1), len(xs) - 1)
    if xs[at] == xs[at - 1]:
        return ys[at]
    return ys[at - 1] + (ys[at] - ys[at - 1]) * (value - xs[at - 1]) / (xs[at] - xs[at - 1])


@lru_cache(maxsize=256)
def spacing(schedule: Schedule) -> Spacing:
    """Return the ages at which comments of a source are looked at."""
    closings, longest = _closings(schedule), LONGEST_GAP
    if expected_looks(schedule, _spacing(schedule, math.inf, closings, longest)) > schedule.looks:
        # So few looks that even the longest gaps are too short: only the horizons are left, the last ones first.
        closings = closings[-max(1, math.floor(schedule.looks)) :]
        longest = closings[-1]
    price = schedule.factor * _price(
        lambda price: expected_looks(schedule, _spacing(schedule, price, closings, longest)) - schedule.looks
    )
    return _spacing(schedule, price, closings, longest)


def expected_looks(schedule: Schedule, spaced: Spacing) -> float:
    """Return how many looks a comment costs on average until it disappears or the follow-up ends."""
    total, begin = 0.0, 0
    survival = _Survival(schedule.hazard)
    for end in spaced.closings:
        looks = sum(
            (high - low) / seconds(stop - start) * survival.integral(start, stop)
            for (start, stop), (low, high) in zip(pairwise(spaced.ages), pairwise(spaced.counts), strict=True)
            if begin <= start and stop <= end
        )
        whole = spaced.count(end) - spaced.count(begin)
        at_begin, at_end = survival.at(begin), survival.at(end)
        # At least one look, at the end. Whoever was there at the last look costs the next one: more than survive it.
        total += at_begin if whole <= 1.0 else looks + (at_begin - at_end) / 2
        begin = end
    return total


@dataclass(frozen=True, slots=True)
class _Survival:
    hazard: Hazard

    def at(self, age: Micros) -> float:
        return 1.0 - self.hazard.probability(0, age)

    def integral(self, start: Micros, end: Micros) -> float:
        """Return the seconds that a comment survives between two ages within one step of the hazard."""
        rate = self.hazard.rate(start) * seconds(end - start)
        return self.at(start) * seconds(end - start) * (-math.expm1(-rate) / rate if rate > 0.0 else 1.0)


def _closings(schedule: Schedule) -> tuple[Micros, ...]:
    within = [horizon for horizon in HORIZONS if horizon < schedule.follow_up]
    # Just after a horizon, not before it and then days later.
    return tuple(horizon + horizon // 100 for horizon in (*within, schedule.follow_up))


def _price(excess: Callable[[float], float]) -> float:
    """Return the price at which nothing is in excess: it falls as the price rises; by halving, on a log scale."""
    low, high = -30.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(math.exp(middle)) > 0 else (low, middle)
    return math.exp(high)


def _spacing(schedule: Schedule, price: float, closings: tuple[Micros, ...], longest: Micros) -> Spacing:
    ages, counts = [0], [0.0]
    for start, end, per_second in _densities(schedule, price, closings, longest):
        ages.append(end)
        counts.append(counts[-1] + per_second * seconds(end - start))
    return Spacing(tuple(ages), tuple(counts), closings)


def _densities(
    schedule: Schedule, price: float, closings: tuple[Micros, ...], longest: Micros
) -> Iterator[tuple[Micros, Micros, float]]:
    """Yield ages and how many looks per second are due between them."""
    last = closings[-1]
    until = 0 if schedule.within is None else round(min(last / price, last))
    marks = {age for age in (*schedule.hazard.edges, *closings, until) if 0 < age < last}
    fewest, most = 1 / seconds(longest), 1 / seconds(SHORTEST_GAP)
    for start, end in pairwise(sorted({0, *marks, last})):
        if schedule.within is None:
            wanted = schedule.hazard.rate(start) ** 0.5 / price
        else:
            wanted = 1 / seconds(schedule.within) if end <= until else 0.0
        yield start, end, min(max(wanted, fewest), most)
