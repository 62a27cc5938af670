"""Figures in words: denominators, intervals, and no rounding to nothing or to everything."""

from __future__ import annotations

import pytest

from bot.digest import figures
from bot.domain.observation import Cause
from bot.store.counts import Count


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 9, "0.0 %"),
        (12, 140, "8.6 %"),
        (9, 9, "100.0 %"),
        (1, 1_000_000, "<0.1 %"),
        (999_999, 1_000_000, ">99.9 %"),
    ],
)
def test_a_few_of_many_are_neither_none_nor_all(part: int, whole: int, shown: str) -> None:
    """0.0 % means none, 100.0 % means all."""
    assert figures.percent(part, whole) == shown


def test_a_share_stands_with_its_denominator_and_interval() -> None:
    """12 of 100 is the published example."""
    count = Count(followed=100, unknown=12)
    assert (figures.disappeared(count), figures.interval(count)) == ("12 of 100 (12.0 %)", "7.0–19.8 %")


def test_where_nothing_was_followed_there_is_no_share() -> None:
    """Not 0 %."""
    assert (figures.disappeared(Count()), figures.interval(Count())) == ("none followed", "–")


def test_what_could_not_be_seen_stands_with_the_number_of_looks() -> None:
    """One look is one look."""
    assert figures.unseen(Count(looks=1200, unobserved=11)) == "0.9 % of 1,200 looks"
    assert figures.unseen(Count(looks=1)) == "0.0 % of 1 look"
    assert figures.unseen(Count()) == "no looks"


def test_causes_come_most_frequent_first_and_none_is_left_out() -> None:
    """Causes that nobody stated are called that."""
    count = Count(author=1, unknown=1300)
    assert figures.causes(count) == "cause not stated: 1,300; deleted by the author: 1"
    assert figures.causes(Count()) == "–"
    assert set(figures.CAUSES) == set(Cause)


def test_removed_is_said_only_where_the_platform_says_so() -> None:
    """A moderator's or the platform's own statement."""
    assert {cause for cause, words in figures.CAUSES.items() if "removed" in words} == {Cause.MODERATOR, Cause.PLATFORM}
