"""At which ages to look: the exact optimum for a price of a look, not a rule of thumb.

A look costs `price` (seconds of delay that it must save); what is wanted is the least mean delay of the removals for
the looks that are spent. In the limit of many looks the solution is Keller's law, gaps proportional to 1/sqrt(hazard)
(Management Science 21(3), 1974); with ten or twenty looks that law is 5 to 9 % slower than this dynamic programme.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.hazard import Hazard
from bot.domain.instant import DAY, HOUR, MINUTE, Micros, seconds

#: A figure for a horizon needs a look after it (science B2): otherwise its last bin holds only events.
HORIZONS: tuple[Micros, ...] = (HOUR, 24 * HOUR, 7 * DAY, 30 * DAY)
SHORTEST_GAP: Micros = 2 * MINUTE
LONGEST_GAP: Micros = 3 * DAY
#: Prices are this factor apart, so many of them on either side of the expected one: looks from a third to three times.
_STEP = math.sqrt(2)
_STEPS = 7
# Candidate ages per wanted look, and their number: gaps of the optimum are even on the scale of these candidates.
_FINENESS = 15
_FEWEST, _MOST = 300, 2400


@dataclass(frozen=True, slots=True)
class Ages:
    """One schedule: ages of the looks, and how many of them a comment lives to see on average."""

    ages: tuple[Micros, ...]
    spent: float


def closing_ages(follow_up: Micros) -> tuple[Micros, ...]:
    """Return the ages of the closing looks: just after each horizon, and after the follow-up."""
    horizons = [horizon for horizon in HORIZONS if horizon < follow_up]
    return tuple(horizon + horizon // 100 for horizon in (*horizons, follow_up))


@functools.lru_cache(maxsize=64)
def by_price(hazard: Hazard, looks: float, follow_up: Micros) -> tuple[Ages, ...]:
    """Return schedules from the dearest price (fewest looks) to the cheapest, around `looks` per comment."""
    grid = _Grid.of(hazard, looks, follow_up)
    # Keller's law: at the margin a look saves hazard x gap^2 / 2, and gaps are (its scale) / looks.
    middle = (hazard.root_integral(follow_up) / looks) ** 2 / 2
    found = [grid.cheapest(middle * _STEP**step) for step in range(_STEPS, -_STEPS - 1, -1)]
    rising = [found[0]]
    for one in found[1:]:
        if one.spent > rising[-1].spent:
            rising.append(one)
    return tuple(rising)


def within(minutes: float, looks: float, follow_up: Micros) -> Ages:
    """Return a look every so many minutes from the first moment until the looks are spent, then the closing ones."""
    closings = closing_ages(follow_up)
    gap = max(round(minutes * MINUTE), SHORTEST_GAP)
    regular = [gap * number for number in range(1, max(0, round(looks) - len(closings)) + 1)]
    ages = tuple(sorted({*(age for age in regular if age < follow_up), *closings}))
    return Ages(ages, float(len(ages)))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Candidate ages with the share gone by then and its integral over time (seconds); `forced` are the closings."""

    ages: tuple[Micros, ...]
    gone: tuple[float, ...]
    area: tuple[float, ...]
    forced: tuple[int, ...]

    @classmethod
    def of(cls, hazard: Hazard, looks: float, follow_up: Micros) -> _Grid:
        number = round(min(max(looks * _FINENESS, _FEWEST), _MOST))
        end = closing_ages(follow_up)[-1]
        whole = hazard.root_integral(end)
        even = [hazard.age_of_root(whole * step / number) for step in range(number)]
        ages = sorted({0, *closing_ages(follow_up), *even})
        gone, area = [0.0], [0.0]
        for before, after in zip(ages, ages[1:], strict=False):
            chance = hazard.probability(before, after)
            gone.append(gone[-1] + (1 - gone[-1]) * chance)
            area.append(area[-1] + (gone[-1] + gone[-2]) / 2 * seconds(after - before))
        forced = tuple(bisect_left(ages, age) for age in closing_ages(follow_up))
        return cls(tuple(ages), tuple(gone), tuple(area), forced)

    def cheapest(self, price: float) -> Ages:
        """Return the ages at which delay (comments x seconds) and `price` per look together cost least."""
        last = len(self.ages) - 1
        cost, following = [0.0] * (last + 1), [last] * (last + 1)
        for start in range(last - 1, -1, -1):
            cost[start], following[start] = self._best(start, cost, price)
        chosen, spent, at = [], 0.0, 0
        while at < last:
            spent += 1 - self.gone[at]
            at = following[at]
            chosen.append(self.ages[at])
        return Ages(tuple(chosen), spent)

    def _best(self, start: int, cost: Sequence[float], price: float) -> tuple[float, int]:
        """Return the cost from here on, and the next look; a closing look is never passed over."""
        stop = next(index for index in self.forced if index > start)
        here, gone, area = self.ages[start], self.gone[start], self.area[start]
        best, where, rising = math.inf, stop, 0
        for index in range(start + 1, stop + 1):
            gap = self.ages[index] - here
            if gap < SHORTEST_GAP and index < stop:
                continue
            if gap > LONGEST_GAP and where < index and best < math.inf:
                break
            # Whoever goes between two looks waits for the second; a look is paid for by all who are still there.
            total = self.area[index] - area - gone * seconds(gap) + price * (1 - gone) + cost[index]
            if total < best:
                best, where, rising = total, index, 0
            else:
                rising += 1
                if rising > 2 * _FINENESS:
                    break
        return best, where
