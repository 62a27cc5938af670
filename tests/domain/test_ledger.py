"""What a batch adds to the coverage ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import ledger
from bot.domain.error_rates import ASSUMED
from bot.domain.instant import HOUR, Micros
from bot.domain.observation import Outcome
from bot.domain.verdict import Look, Track
from tests.domain.histories import HAZARD, H, fresh, look, moment

NOW = moment(10 * H)


def entries(*looks: tuple[Track, Look, Micros | None], blind: bool = False) -> dict[str, float]:
    return ledger.entries(looks, NOW, HAZARD, ASSUMED, blind=blind)


def test_what_was_done_late_and_unobserved_is_counted_by_look() -> None:
    made = entries(
        (fresh(), look(10 * H, Outcome.VISIBLE), moment(9 * H)),
        (fresh(), look(10 * H, Outcome.VISIBLE), moment(9 * H) - 1),
        (fresh(), look(10 * H, Outcome.UNREACHABLE), None),
    )
    assert (made["done"], made["late"], made["unreachable"]) == (3, 1, 1)


def test_new_absences_are_those_of_comments_without_one_that_nothing_explains() -> None:
    known = replace(fresh(), absent_since=moment(5 * H))
    outcomes = Outcome.GONE, Outcome.PARENT_GONE, Outcome.ACCOUNT_GONE, Outcome.DELETED_BY_AUTHOR, Outcome.VISIBLE
    looks = [(fresh(), look(10 * H, outcome), None) for outcome in outcomes]
    looks += [(known, look(10 * H), None), (fresh(), look(10 * H, explicit=True), None)]
    assert entries(*looks)["new_misses"] == 1
    assert entries(*looks, blind=True)["new_misses"] == entries(*looks, blind=True)["expected"] == 0


def test_a_comment_is_expected_to_vanish_once_an_hour_however_often_it_is_looked_at() -> None:
    """A purge of comments that are looked at every ten minutes would otherwise pass for chance."""
    before, within = replace(fresh(), last_look=NOW - 2 * HOUR), replace(fresh(), last_look=NOW - 1)
    made = entries((before, look(10 * H), None), (within, look(10 * H), None))
    assert made["fresh"] == 1
    assert made["expected"] == pytest.approx(HAZARD.probability(0, 10 * HOUR) + ASSUMED.false_miss)
