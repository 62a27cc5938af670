"""The sentences of a digest, for weeks of much, of little and of nothing."""

from __future__ import annotations

from dataclasses import replace

from bot.digest import sentences
from bot.digest.week import Numbers, SourceNumbers
from bot.domain.comment import Role
from bot.store.counts import Count
from tests.digest.example import EXAMPLE, NOTHING
from tests.digest.rows import MONDAY


def week_of(flagged: Count, control: Count | None = None) -> Numbers:
    """Return a week of one source."""
    groups = {Role.FLAGGED: flagged} | ({Role.CONTROL: control} if control else {})
    return replace(EXAMPLE, late=False, sources=(SourceNumbers("shop", 99, groups),))


def test_the_headline_has_both_rates_their_intervals_and_what_could_not_be_seen() -> None:
    """One sentence that can be forwarded alone."""
    numbers = week_of(Count(followed=100, unknown=12, looks=900, unobserved=9), Count(followed=10, looks=100))
    assert sentences.headline(numbers) == (
        "12 of 100 flagged comments disappeared (12.0 %, 95 % interval 7.0–19.8 %), "
        "against 0 of 10 controls (0.0 %, 0.0–27.8 %); not seen: 0.9 % of 1,000 looks."
    )


def test_a_missing_control_is_said_in_the_headline() -> None:
    """The rate must not look as if it had been compared."""
    assert sentences.headline(week_of(Count(followed=1))) == (
        "0 of 1 flagged comment disappeared (0.0 %, 95 % interval 0.0–79.3 %), "
        "with no control to compare; not seen: no looks."
    )


def test_a_week_without_flagged_comments_says_what_came_in() -> None:
    """Nothing flagged among many and nothing collected at all are different weeks."""
    assert sentences.headline(NOTHING) == "No flagged comment was followed this week; 7 comments came in."


def test_nothing_is_compared_where_events_are_few() -> None:
    """Ten events are enough, and then it is called an association."""
    few = week_of(Count(followed=90, unknown=4), Count(followed=90, unknown=5))
    assert sentences.caution(few) == "Too few to compare: 9 events in both groups together, fewer than 10."
    enough = week_of(Count(followed=90, unknown=5), Count(followed=90, unknown=5))
    assert "an association, not evidence of keyword filtering" in sentences.caution(enough)


def test_totals_are_not_compared_where_flagged_have_no_control() -> None:
    """A source with a high rate and few controls would make the flagged of all sources look bad."""
    numbers = week_of(Count(followed=90, unmatched=30, unknown=9), Count(followed=60, unknown=5))
    assert sentences.caution(numbers) == (
        "Flagged against control is an association, not evidence of keyword filtering. "
        "30 of 90 flagged have no control: compare within a source, not over all."
    )


def test_the_fate_of_the_disappeared_is_told_if_there_are_any() -> None:
    """Confirmed and restored stand beside the rate, causes as the platform states them."""
    assert sentences.fate(week_of(Count(followed=9, unknown=3, platform=1, confirmed=2, restored=1))) == (
        "Of the 4, 2 are confirmed and 1 restored. "
        "As the platform states it: cause not stated: 3; removed by the platform: 1."
    )
    assert sentences.fate(week_of(Count(followed=9))) == ""


def test_an_ordinary_week_has_no_warnings() -> None:
    """A warning that always stands there is read by nobody."""
    assert sentences.warnings(week_of(Count())) == []


def test_late_early_and_partly_watched_weeks_say_so() -> None:
    """Each in a sentence of its own."""
    numbers = replace(EXAMPLE, built_at=MONDAY, late=True, began=MONDAY)
    assert sentences.warnings(numbers) == [
        "Late: made 2026-11-16T12:00:00Z, more than a day after it was due.",
        "The week is not over: these are its numbers at 2026-11-16T12:00:00Z.",
        "Not a whole week: watching began 2026-11-16T12:00:00Z.",
    ]


def test_what_is_not_in_a_rate_is_noted_beside_it() -> None:
    """Dependants, muffled, withheld and unmatched comments; nothing where there is nothing."""
    count = Count(followed=9, unmatched=2, account=3, unknown=1, ended=2, muffled=1, pending=1)
    assert sentences.beside(Role.FLAGGED, count) == [
        "flagged: threads and accounts that ended: 2, with 3 of the 4 that disappeared; events in all: 3",
        "flagged: folded or shadowed, not counted as disappeared: 1",
        "flagged: withheld, counted only if so at the end of the follow-up: 1",
        "flagged: without a control: 2 of 9",
    ]
    assert sentences.beside(Role.CONTROL, Count(followed=9, unknown=1)) == []
