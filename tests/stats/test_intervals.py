"""Wilson's interval against published figures and against the test that it inverts."""

import math
from statistics import NormalDist

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.stats.intervals import wilson


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    """Draw successes and the number that they are of."""
    n = draw(st.integers(1, 10_000_000))
    return draw(st.integers(0, n)), n


levels = st.floats(0.5, 0.999)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.277533), (12, 100, 0.069994, 0.198121), (3, 3000, 0.000340, 0.002936)],
)
def test_published_figures_come_out_to_the_sixth_place(successes: int, n: int, low: float, high: float) -> None:
    """Nothing of ten, an eighth of a hundred, and a rare event."""
    interval = wilson(successes, n)

    assert interval == pytest.approx((low, high), abs=1e-6)


@settings(deadline=None)
@given(shares(), levels)
def test_the_score_test_just_accepts_each_limit(share: tuple[int, int], level: float) -> None:
    """The limits are the shares whose score statistic is exactly the normal quantile."""
    successes, n = share
    z = NormalDist().inv_cdf((1 + level) / 2)
    for limit in wilson(successes, n, level):
        if 0 < limit < 1:
            score = abs(successes / n - limit) / math.sqrt(limit * (1 - limit) / n)
            assert score == pytest.approx(z, rel=1e-5)


@settings(deadline=None)
@given(shares(), levels)
def test_the_interval_holds_the_share_and_stays_between_0_and_1(share: tuple[int, int], level: float) -> None:
    """Whatever rounding does at the ends."""
    successes, n = share
    low, high = wilson(successes, n, level)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high


@settings(deadline=None)
@given(shares(), levels)
def test_counting_the_failures_mirrors_the_interval(share: tuple[int, int], level: float) -> None:
    """What disappeared and what did not are the same finding."""
    successes, n = share
    low, high = wilson(successes, n, level)
    assert wilson(n - successes, n, level) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@settings(deadline=None)
@given(shares(), levels, levels)
def test_more_confidence_asks_for_a_wider_interval(share: tuple[int, int], one: float, other: float) -> None:
    """Nothing is had for nothing."""
    assume(other - one > 1e-3)
    inner, outer = wilson(*share, one), wilson(*share, other)
    assert outer.low <= inner.low
    assert inner.high <= outer.high


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (1, 0), (-1, 10), (11, 10)])
def test_what_is_no_share_is_refused(successes: int, n: int) -> None:
    """Least of all a share of nothing."""
    with pytest.raises(ValueError, match=f"{successes} of {n} is no share"):
        wilson(successes, n)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_that_is_no_confidence_is_refused(level: float) -> None:
    """95 in place of 0.95 is the usual slip."""
    with pytest.raises(ValueError, match="choose one between 0 and 1"):
        wilson(1, 10, level)
