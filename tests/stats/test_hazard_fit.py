"""The fitted hazard: true where there is data, the prior where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.stats.hazard_fit import Records, fit

NOTHING = np.array([])


def test_without_records_the_prior_comes_back() -> None:
    learned = fit(Records(NOTHING, NOTHING, NOTHING), published())
    assert learned.edges == published().edges
    assert learned.rates == pytest.approx(published().rates)


def test_comments_that_stay_lower_the_hazard_and_never_to_zero() -> None:
    learned = fit(Records(NOTHING, NOTHING, np.full(10_000, 30 * 86_400.0)), published())
    assert 0 < learned.probability(0, 30 * DAY) < 0.02
    assert all(rate > 0 for rate in learned.rates)


def test_one_removal_moves_the_hazard_only_a_little() -> None:
    learned = fit(Records(np.array([600.0]), np.array([1200.0]), NOTHING), published())
    assert all(rate > 0 and np.isfinite(rate) for rate in learned.rates)
    assert 0.12 < learned.probability(0, 30 * DAY) < 0.6


def test_a_hazard_is_recovered_from_intervals_between_looks() -> None:
    """Three times the published one, known only from looks at ages that grow by half."""
    truth = Hazard(published().edges, tuple(3 * rate for rate in published().rates))
    random = np.random.default_rng(1)
    ages = np.geomspace(MINUTE, 30 * DAY, 400)
    risk = np.array([-np.log1p(-truth.probability(0, round(age))) for age in ages])
    gone = np.interp(random.exponential(size=20_000), risk, ages, right=np.inf) / 1e6
    looks = np.concatenate([[0.0], 60 * 1.5 ** np.arange(28)])
    at = np.searchsorted(looks, gone)
    removed = at < len(looks)
    after, before = looks[at[removed] - 1], looks[at[removed]]
    learned = fit(Records(after, before, np.full(int((~removed).sum()), looks[-1])), published())
    for age in (30 * MINUTE, HOUR, DAY, 20 * DAY):
        assert learned.probability(0, age) == pytest.approx(truth.probability(0, age), rel=0.06)
