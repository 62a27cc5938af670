"""The hazard of disappearing, learned from looks: each disappearance is known to an interval, the rest lived so long.

The published hazard times a factor per bin of age; the factors by EM, smoothed over log age, with a Gamma prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.domain.hazard import Hazard
from bot.domain.instant import seconds

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

#: Bins of age that have a factor of their own.
_BINS = 24
#: Events that the published law is worth for the level as a whole, and, at that level, in each bin.
_LEVEL_EVENTS = 5.0
_BIN_EVENTS = 2.0
#: Events that a bin's neighbourhood is worth to it: few records are smoothed, many speak for themselves.
_NEIGHBOUR_EVENTS = 30.0
#: Width of the kernel, in log age: about one bin to each side.
_BANDWIDTH = 0.4
#: It is over when no factor moves by more than this share any more; or after so many rounds.
_TOLERANCE = 1e-4
_ROUNDS = 1000
#: Ages are rounded to a grid with steps of 3.5 %, so that a round costs the same for any number of records.
_GRID = np.geomspace(10.0, 120 * 86_400.0, 400)
#: Survival below exp(-500) is none: its reciprocal would not be a number.
_LARGEST = 500.0
_TINY = 1e-250


@dataclass(frozen=True, slots=True)
class Records:
    """Ages in seconds since first seen: last known visible, first absent (inf: never); weights count as so many."""

    left: Array
    right: Array
    weights: Array | None = None

    def checked(self) -> tuple[Array, Array, Array]:
        """Return left, right and weights; ValueError where they are no ages or no weights."""
        weights = np.ones_like(self.left) if self.weights is None else self.weights
        if not self.left.shape == self.right.shape == weights.shape or self.left.ndim != 1:
            raise ValueError("left, right and weights must be flat arrays of one length: one entry per comment")
        if not (np.isfinite(self.left).all() and (self.left >= 0).all() and (self.right >= self.left).all()):
            raise ValueError("ages must fulfil 0 <= left <= right, left finite: check the order of the two arrays")
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ValueError("weights must be finite and not negative")
        return self.left, self.right, weights


@dataclass(frozen=True, slots=True)
class _Cells:
    """The records on the grid: `seen`, the seconds lived for certain per cell; each interval is [first, last)."""

    widths: Array
    seen: Array
    first: Indices
    last: Indices
    weights: Array


def fit(records: Records, prior: Hazard) -> Hazard:
    """Return the hazard that records and prior make likely: never 0, and near the prior where little was seen.

    ValueError for impossible records. EM as in Turnbull 1976, smoothed in each round as in Silverman et al. 1990.
    """
    edges = np.array([seconds(edge) for edge in prior.edges])
    grid = np.unique(np.concatenate([[0.0], edges, _GRID]))
    cells = _on_grid(grid, records)
    step = np.searchsorted(edges, grid[:-1], side="right") - 1
    prior_rates = np.array(prior.rates)
    bins = np.arange(len(edges)) // max(1, round(len(edges) / _BINS))
    kernel = _kernel(edges, bins)
    bin_of_cell, rate_of_cell = bins[step], prior_rates[step]
    factors = np.ones(bins[-1] + 1)
    for _ in range(_ROUNDS):
        events, lived = _expect(cells, rate_of_cell * factors[bin_of_cell])
        had = np.bincount(bin_of_cell, events, len(factors))
        awaited = np.bincount(bin_of_cell, lived * rate_of_cell, len(factors))
        # A platform that deletes ten times as often is learned as that, not bin by bin.
        level = (had.sum() + _LEVEL_EVENTS) / (awaited.sum() + _LEVEL_EVENTS)
        before = factors
        around = (kernel @ had + _BIN_EVENTS) / (kernel @ awaited + _BIN_EVENTS / level)
        factors = (had + _NEIGHBOUR_EVENTS) / (awaited + _NEIGHBOUR_EVENTS / around)
        if np.abs(np.log(factors / before)).max() < _TOLERANCE:
            break
    return Hazard(prior.edges, tuple(float(rate) for rate in prior_rates * factors[bins]))


def _kernel(edges: Array, bins: Indices) -> Array:
    """Return how much each bin listens to each other one, by the distance of their middles in log age."""
    middles = np.array([edges[bins == one][-1] for one in range(bins[-1] + 1)])
    places = np.log(np.maximum(middles, _GRID[0]))
    kernel: Array = np.exp(-0.5 * ((places[:, None] - places) / _BANDWIDTH) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    return kernel


def _on_grid(grid: Array, records: Records) -> _Cells:
    left, right, weights = records.checked()
    last = len(grid) - 1
    middles = (grid[1:] + grid[:-1]) / 2
    start = np.searchsorted(middles, left)
    gone = np.isfinite(right)
    first, end = start[gone], np.searchsorted(middles, right[gone])
    # Shorter than the grid is fine, or at its end: the one cell that holds its middle.
    narrow = end <= first
    centre = np.searchsorted(grid, (left[gone] + right[gone]) / 2, side="right") - 1
    first = np.where(narrow, np.minimum(centre, last - 1), first)
    end = np.where(narrow, first + 1, end)
    start[gone] = first
    widths = np.diff(grid)
    still_there = np.cumsum(np.bincount(start, weights, last + 1)[::-1])[::-1]
    pairs, place = np.unique(first * (last + 1) + end, return_inverse=True)
    return _Cells(
        widths=widths,
        seen=still_there[1:] * widths,
        first=pairs // (last + 1),
        last=pairs % (last + 1),
        weights=np.bincount(place, weights[gone], len(pairs)).astype(np.float64),
    )


def _expect(cells: _Cells, rates: Array) -> tuple[Array, Array]:
    """Return the events and the seconds lived that are expected in each cell, given its hazard."""
    hazard = np.minimum(np.concatenate([[0.0], np.cumsum(rates * cells.widths)]), _LARGEST)
    survival, gone = np.exp(-hazard), -np.expm1(-hazard)
    chance = survival[cells.first] * -np.expm1(hazard[cells.first] - hazard[cells.last])
    share = cells.weights / np.maximum(chance, _TINY)
    # Each interval adds to all its cells: as a step up at its first and down after its last.
    covering, ends = _spread(cells, share), _spread(cells, share * gone[cells.last])
    died = survival[:-1] * -np.expm1(-np.diff(hazard))
    # The mean of `gone` over a cell, times its width; lived within the interval: those who are not gone before its end.
    area = cells.widths - died / rates
    return covering * died, cells.seen + np.maximum(ends * cells.widths - covering * area, 0.0)


def _spread(cells: _Cells, values: Array) -> Array:
    number = len(cells.widths) + 1
    steps = np.bincount(cells.first, values, number) - np.bincount(cells.last, values, number)
    spread: Array = np.maximum(np.cumsum(steps)[:-1], 0.0)
    return spread
