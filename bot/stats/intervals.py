"""Intervals for shares: no figure is printed without one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """The shares that the data do not contradict, both in [0, 1]."""

    low: float
    high: float


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Return Wilson's interval: the shares that the score test would not reject at 1 - `level`.

    ValueError where there is nothing to estimate from (n = 0), because [0, 1] in a table looks like a finding.
    Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} of {n} is no share: n must be at least 1 and hold the successes")
    if not 0 < level < 1:
        raise ValueError(f"a level of {level} is no confidence: choose one between 0 and 1, e.g. 0.95")
    z = NormalDist().inv_cdf((1 + level) / 2)
    failures = n - successes
    middle = successes + z * z / 2
    reach = z * math.sqrt(successes * failures / n + z * z / 4)
    # At the ends the limit is exact; rounding would leave a share a little below 0 or above 1.
    low = 0.0 if successes == 0 else (middle - reach) / (n + z * z)
    high = 1.0 if failures == 0 else (middle + reach) / (n + z * z)
    return Interval(low, high)


class Quantile(NamedTuple):
    """A quantile of a sample and its interval; an end is None where the sample is too small to bound it."""

    value: float
    low: float | None
    high: float | None


def quantile(values: Sequence[float], share: float, level: float = 0.95) -> Quantile:
    """Return a quantile with the interval between two order statistics, whatever the distribution of the values.

    The number of values below the true quantile is binomial, so ranks cut off (1 - `level`) / 2 at each side.
    ValueError where there is no value, or no such share.
    """
    if not values or not 0 < share < 1:
        raise ValueError("a quantile needs at least one value and a share between 0 and 1")
    ordered, n, tail = sorted(values), len(values), (1 - level) / 2
    below, low, high = 0.0, None, None
    for rank in range(n):
        # P(at most `rank` values lie below the true quantile).
        below += _binomial(rank, n, share)
        if below <= tail:
            low = ordered[rank]
        if high is None and below >= 1 - tail:
            high = ordered[rank]
    return Quantile(ordered[max(0, math.ceil(share * n) - 1)], low, high)


def _binomial(count: int, n: int, share: float) -> float:
    log_ways = math.lgamma(n + 1) - math.lgamma(count + 1) - math.lgamma(n - count + 1)
    return math.exp(log_ways + count * math.log(share) + (n - count) * math.log1p(-share))
