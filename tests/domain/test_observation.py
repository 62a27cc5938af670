"""Every outcome means exactly one thing."""

from __future__ import annotations

import pytest

from bot.domain.observation import ABSENCES, MUFFLED, PRESENT, TOMBSTONES, UNOBSERVED, Cause, Outcome


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_has_exactly_one_meaning(outcome: Outcome) -> None:
    meanings = [PRESENT, set(TOMBSTONES), set(ABSENCES), UNOBSERVED, {Outcome.PENDING}]
    assert sum(outcome in meaning for meaning in meanings) == 1


def test_muffled_is_a_way_of_being_present() -> None:
    assert {Outcome.FOLDED, Outcome.SHADOWED} == MUFFLED
    assert MUFFLED < PRESENT


def test_an_absence_without_a_signal_has_no_cause() -> None:
    assert [outcome for outcome, cause in {**TOMBSTONES, **ABSENCES}.items() if cause is Cause.UNKNOWN] == [
        Outcome.GONE
    ]
