"""What a source may be asked in a day, and the price that keeps it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budget import PRICED_EVERY, Allowance, allowance, next_price


@pytest.mark.parametrize(
    ("spent", "expected"),
    [(0, "everything"), (89, "everything"), (90, "urgent"), (99.9, "urgent"), (100, "nothing"), (500, "nothing")],
)
def test_the_last_tenth_of_a_day_is_kept_for_what_is_urgent(spent: float, expected: str) -> None:
    assert allowance(100, spent) is Allowance(expected)


def test_an_ample_budget_leaves_the_price_alone() -> None:
    assert next_price(1.0, per_day=1000, spent=0, over=PRICED_EVERY) == 1.0
    assert next_price(1.3, per_day=1000, spent=0, over=PRICED_EVERY) == 1.0
    assert next_price(4.0, per_day=1000, spent=0, over=PRICED_EVERY) == pytest.approx(4.0 * 0.5**0.5)


@given(st.floats(1.0, 50.0), st.floats(0.0, 1e6))
def test_the_price_rises_with_what_is_overspent_and_never_leaps(factor: float, spent: float) -> None:
    after = next_price(factor, per_day=1000, spent=spent, over=PRICED_EVERY)
    assert max(1.0, 0.7 * factor) <= after <= 1.42 * factor
    # A quarter of a day may spend a quarter of nine tenths of the budget.
    assert after >= factor if spent >= 225 else after <= factor


@pytest.mark.parametrize("demand", [300, 900, 2000, 20_000])
def test_spending_settles_at_the_budget_where_demand_exceeds_it(demand: float) -> None:
    """Looks go by 1 / price: what is spent meets nine tenths of the budget, the last is kept for what is urgent."""
    factor, spent = 1.0, 0.0
    for _ in range(60):
        spent = demand / factor / 4
        factor = next_price(factor, per_day=1000, spent=spent, over=PRICED_EVERY)
    assert 4 * spent == pytest.approx(min(demand, 900), rel=0.01)
