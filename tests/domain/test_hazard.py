"""The published law, and the step function that holds it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, HOUR, MINUTE, SECOND, Micros

LAW = published()
STEPS = Hazard((0, MINUTE, HOUR), (1e-2, 1e-3, 1e-4))
AGES = st.integers(0, 40 * DAY)


@pytest.mark.parametrize(
    ("age", "share"), [(8 * MINUTE, 0.05), (30 * MINUTE, 0.30), (24 * HOUR, 0.90), (30 * DAY, 1.0)]
)
def test_the_published_law_is_reproduced(age: Micros, share: float) -> None:
    """Of the 12 % that ever disappear, the shares of Zhu et al. 2013."""
    assert LAW.probability(0, age) == pytest.approx(0.12 * share, abs=1e-9)


@pytest.mark.parametrize(("start", "low", "end", "high"), [(8, 0.05, 30, 0.30), (30, 0.30, 24 * 60, 0.90)])
def test_between_its_points_the_law_is_log_linear(start: int, low: float, end: int, high: float) -> None:
    middle = math.sqrt(start * end)
    share = LAW.probability(0, round(middle * MINUTE)) / 0.12
    assert share == pytest.approx((low + high) / 2, abs=1e-6)


def test_the_law_is_positive_at_every_age() -> None:
    assert all(rate > 0 for rate in LAW.rates)
    assert len(LAW.edges) == len(LAW.rates)
    assert list(LAW.edges) == sorted(set(LAW.edges))
    assert LAW.edges[0] == 0


def test_the_law_goes_on_after_thirty_days() -> None:
    assert LAW.rate(31 * DAY) == LAW.rate(10_000 * DAY) == LAW.rates[-1]
    assert LAW.probability(30 * DAY, 60 * DAY) > 0


@pytest.mark.parametrize(
    ("age", "rate"),
    [(-1, 1e-2), (0, 1e-2), (MINUTE - 1, 1e-2), (MINUTE, 1e-3), (HOUR - 1, 1e-3), (HOUR, 1e-4), (DAY, 1e-4)],
)
def test_a_step_begins_at_its_edge(age: Micros, rate: float) -> None:
    assert STEPS.rate(age) == rate


def test_probability_follows_from_the_rates() -> None:
    assert STEPS.probability(0, MINUTE) == pytest.approx(-math.expm1(-0.6))
    assert STEPS.probability(30 * SECOND, 2 * HOUR) == pytest.approx(-math.expm1(-(0.3 + 3.54 + 0.36)))
    assert STEPS.probability(2 * HOUR, 3 * HOUR) == pytest.approx(-math.expm1(-0.36))


@pytest.mark.parametrize("age", [0, MINUTE, 3 * HOUR])
def test_no_time_and_time_backwards_hold_no_chance(age: Micros) -> None:
    assert LAW.probability(age, age) == 0
    assert LAW.probability(age + SECOND, age) == 0


@settings(deadline=None)
@given(AGES, AGES, AGES)
def test_surviving_a_span_is_surviving_its_parts(one: Micros, two: Micros, three: Micros) -> None:
    start, middle, end = sorted((one, two, three))
    parts = (1 - LAW.probability(start, middle)) * (1 - LAW.probability(middle, end))
    assert 1 - LAW.probability(start, end) == pytest.approx(parts, rel=1e-12)
    assert 0 <= LAW.probability(start, end) < 1
