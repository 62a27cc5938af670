"""The fit against hazards that are known, because the records were drawn from them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, HOUR, MINUTE, SECOND, Micros
from bot.stats.hazard_fit import Array, Records, fit

PRIOR = published()
AGES: tuple[Micros, ...] = (5 * MINUTE, 20 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 20 * DAY)
FOLLOW_UP = 30 * 86_400.0


def scaled(factor: float) -> Hazard:
    return Hazard(PRIOR.edges, tuple(rate * factor for rate in PRIOR.rates))


def looked_at(truth: Hazard, number: int, *, looks: int = 20, seed: int = 1) -> Records:
    """Let comments disappear by a hazard, and look at each at jittered ages, dense at first, up to 30 days."""
    random = np.random.default_rng(seed)
    edges, rates = np.array(truth.edges) / SECOND, np.array(truth.rates)
    passed = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(edges))])
    drawn = random.exponential(size=number)
    step = np.searchsorted(passed, drawn, side="right") - 1
    gone = edges[step] + (drawn - passed[step]) / rates[step]
    ages = (60 + FOLLOW_UP * (np.arange(1, looks + 1) / looks) ** 4) * random.uniform(0.7, 1.3, (number, 1))
    ages = np.hstack([np.zeros((number, 1)), ages, np.full((number, 1), np.inf)])
    seen = (ages < gone[:, None]).sum(axis=1) - 1
    rows = np.arange(number)
    at_the_end = seen == looks + 1
    seen = np.where(at_the_end, looks, seen)
    return Records(ages[rows, seen], ages[rows, seen + 1])


def records(*pairs: tuple[float, float]) -> Records:
    return Records(np.array([left for left, _ in pairs]), np.array([right for _, right in pairs]))


def ratios(one: Hazard, other: Hazard) -> list[float]:
    return [one.rate(age) / other.rate(age) for age in AGES]


@pytest.mark.parametrize("factor", [0.2, 1.0, 5.0])
def test_a_hazard_is_recovered_from_what_looks_saw_of_it(factor: float) -> None:
    """A hundred thousand comments: within 20 % at every age, whatever the published law had made one expect."""
    truth = scaled(factor)
    assert ratios(fit(looked_at(truth, 100_000), PRIOR), truth) == pytest.approx([1.0] * len(AGES), rel=0.25)


def test_more_records_come_nearer_to_the_truth() -> None:
    truth = scaled(3.0)
    errors = [
        np.mean(
            [np.abs(np.log(ratios(fit(looked_at(truth, number, seed=seed), PRIOR), truth))).mean() for seed in range(5)]
        )
        for number in (300, 3_000, 30_000)
    ]
    assert errors[0] > 1.5 * errors[1] > 1.5**2 * errors[2]


def test_another_shape_than_the_published_one_is_recovered() -> None:
    """Moderators who come once a day: nothing for hours, most between 6 hours and 3 days."""
    truth = Hazard((0, 6 * HOUR, 3 * DAY), (2e-8, 1e-6, 5e-8))
    learned = fit(looked_at(truth, 100_000, looks=40), PRIOR)
    expected, found = ([hazard.probability(0, age) for age in AGES] for hazard in (truth, learned))
    assert found == pytest.approx(expected, abs=0.01)
    assert PRIOR.probability(0, 6 * HOUR) > 100 * truth.probability(0, 6 * HOUR)


def test_dating_a_disappearance_to_its_first_absence_would_be_late_and_the_fit_is_not() -> None:
    """Four looks in 30 days: the share gone by an hour is known all the same, as the prior has the shape within."""
    seen = looked_at(PRIOR, 50_000, looks=4)
    learned = fit(seen, scaled(2.0)).probability(0, HOUR)
    assert learned == pytest.approx(PRIOR.probability(0, HOUR), rel=0.15)
    assert np.mean(seen.right <= 3600) == 0


def test_a_platform_that_never_deletes_scales_the_prior_down_and_never_to_nothing() -> None:
    factors = []
    for number in (100, 1_000, 10_000, 1_000_000):
        alive = Records(np.full(number, FOLLOW_UP), np.full(number, np.inf))
        learned = np.array(fit(alive, PRIOR).rates) / PRIOR.rates
        assert (learned > 0).all()
        # No bin stands out: what nobody saw happen differs between neighbours by what was expected there.
        assert np.abs(np.diff(np.log(learned))).max() < math.log(2)
        factors.append(learned.max())
    assert factors == sorted(factors, reverse=True)
    assert factors[0] < 0.8
    assert factors[-1] < 1e-3


def test_no_records_leave_the_prior_as_it_is() -> None:
    assert fit(records(), PRIOR).rates == pytest.approx(PRIOR.rates)


def test_few_records_stay_near_the_prior() -> None:
    learned = fit(records((HOUR / SECOND, 2 * HOUR / SECOND), (600.0, math.inf), (7_000.0, math.inf)), PRIOR)
    assert all(1 / 2 < ratio < 2 for ratio in ratios(learned, PRIOR))
    assert learned.rate(90 * MINUTE) > PRIOR.rate(90 * MINUTE)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_prior_at_a_wrong_scale_is_corrected_by_a_few_hundred_removals(factor: float) -> None:
    """At every age, also where hardly any of them were seen."""
    seen = looked_at(PRIOR, 3_000)
    learned = fit(seen, scaled(factor))
    assert 200 < np.isfinite(seen.right).sum() < 500
    assert all(1 / 3 < ratio < 3 for ratio in ratios(learned, PRIOR))


def test_intervals_that_touch_are_not_counted_twice() -> None:
    """The end of one interval is the beginning of the next, where a rate ends as well: an eighth of all in each."""
    number = 4_000
    edges = PRIOR.edges[26:36:2]
    ages = np.array(edges) / SECOND
    left, right = np.repeat(ages[:-1], number), np.repeat(ages[1:], number)
    alive = np.full(4 * number, FOLLOW_UP)
    learned = fit(Records(np.append(left, alive), np.append(right, np.full_like(alive, np.inf))), PRIOR)
    for (start, end), survivors in zip(pairwise(edges), (8, 7, 6, 5), strict=True):
        assert learned.probability(start, end) == pytest.approx(1 / survivors, rel=0.02)
    assert learned.probability(0, 30 * DAY) == pytest.approx(0.5, abs=0.01)


def test_an_interval_shorter_than_the_grid_or_empty_is_an_event_of_its_age() -> None:
    """A look every minute of comments of a week, and a platform that names the moment itself."""
    week = 7 * DAY / SECOND
    for width in (60.0, 0.0):
        gone, alive = np.full(500, week), np.full(500, FOLLOW_UP)
        some = Records(np.append(gone, alive), np.append(gone + width, np.full(500, np.inf)))
        assert fit(some, PRIOR).probability(5 * DAY, 10 * DAY) == pytest.approx(0.5, abs=0.1)


def test_a_weight_counts_a_record_so_many_times() -> None:
    pairs = [(60.0, 600.0), (3_600.0, 7_200.0), (FOLLOW_UP, math.inf)]
    many = fit(records(*(pair for pair, times in zip(pairs, (5, 3, 40), strict=True) for _ in range(times))), PRIOR)
    one = records(*pairs)
    weighted = fit(Records(one.left, one.right, np.array([5.0, 3.0, 40.0])), PRIOR)
    assert weighted.rates == pytest.approx(many.rates, rel=1e-9)


@pytest.mark.parametrize(
    "some",
    [
        Records(np.zeros(100_000), np.full(100_000, 60.0)),
        Records(np.zeros(10), np.full(10, 1e9)),
        Records(np.full(10, 2e8), np.full(10, 3e8)),
        Records(np.full(1000, 1e12), np.full(1000, np.inf)),
        Records(np.zeros(1_000), np.zeros(1_000)),
    ],
    ids=["all within a minute", "looked at once", "older than the grid", "for ever", "at once"],
)
def test_whatever_the_records_every_rate_is_a_positive_number(some: Records) -> None:
    learned = fit(some, PRIOR)
    assert all(math.isfinite(rate) and rate > 0 for rate in learned.rates)
    assert learned.edges == PRIOR.edges
    assert 0 < learned.probability(0, 30 * DAY) <= 1


@pytest.mark.parametrize(
    ("left", "right", "weights", "says"),
    [
        ([2.0], [1.0], None, "0 <= left <= right"),
        ([-1.0], [1.0], None, "0 <= left <= right"),
        ([math.nan], [1.0], None, "0 <= left <= right"),
        ([1.0], [math.nan], None, "0 <= left <= right"),
        ([math.inf], [math.inf], None, "left finite"),
        ([1.0, 2.0], [3.0], None, "one length"),
        ([1.0], [3.0], [-1.0], "weights must be finite and not negative"),
    ],
)
def test_impossible_records_are_refused_with_what_is_wrong(
    left: list[float], right: list[float], weights: list[float] | None, says: str
) -> None:
    heavy: Array | None = None if weights is None else np.array(weights)
    with pytest.raises(ValueError, match=says):
        fit(Records(np.array(left), np.array(right), heavy), PRIOR)
