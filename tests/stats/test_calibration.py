"""Verdicts against the truth: what counts as right, as found, and as too young to be judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.instant import DAY, HOUR, Micros
from bot.domain.observation import Cause
from bot.domain.truth import TruthEvent, TruthKind
from bot.stats.calibration import Followed, calibrate
from bot.stats.intervals import quantile

T: Micros = 1_790_000_000 * 1_000_000
UNTIL = T + 30 * DAY
ALIVE = Followed(T, T + 30 * DAY, Cause.UNKNOWN, None, None, None, None, ())


def removed(at: Micros, cause: Cause = Cause.UNKNOWN) -> TruthEvent:
    return TruthEvent("1", at, TruthKind.REMOVED, cause)


def restored(at: Micros) -> TruthEvent:
    return TruthEvent("1", at, TruthKind.RESTORED)


FOUND = replace(
    ALIVE, gone_after=T + HOUR, probable_at=T + 9 * HOUR, confirmed_at=T + 80 * HOUR, events=(removed(T + 2 * HOUR),)
)


def test_a_true_verdict_is_found_and_its_delay_runs_from_the_removal() -> None:
    row = calibrate([FOUND, ALIVE], UNTIL).levels["probable"]["all"]
    assert (row.precision.count, row.precision.of, row.recall.count, row.recall.of) == (1, 1, 1, 1)
    assert row.median is not None
    assert row.median.value == 7 * 3600


def test_a_verdict_without_a_removal_lowers_precision_and_not_recall() -> None:
    row = calibrate([FOUND, replace(FOUND, events=())], UNTIL).levels["probable"]["all"]
    assert (row.precision.count, row.precision.of, row.recall.of) == (1, 2, 1)


def test_a_removal_after_the_verdict_does_not_make_it_true() -> None:
    row = calibrate([replace(FOUND, events=(removed(T + 10 * HOUR),))], UNTIL).levels["probable"]["all"]
    assert (row.precision.count, row.recall.count, row.recall.of) == (0, 0, 1)


def test_a_removal_undone_before_it_was_last_seen_does_not_make_it_true() -> None:
    gone = (removed(T + 10), restored(T + 20))
    assert calibrate([replace(FOUND, events=gone)], UNTIL).levels["probable"]["all"].precision.count == 0


def test_a_missed_removal_counts_only_once_it_is_a_day_old_and_within_the_follow_up() -> None:
    missed = [replace(ALIVE, events=(removed(at),)) for at in (UNTIL - DAY - 1, UNTIL - DAY + 1, T - HOUR)] + [
        replace(ALIVE, follow_until=T + DAY, events=(removed(T + 2 * DAY),))
    ]
    row = calibrate(missed, UNTIL).levels["probable"]["all"]
    assert (row.recall.count, row.recall.of) == (0, 1)


def test_confirmed_stands_apart_and_a_verdict_later_than_the_truth_is_left_out() -> None:
    levels = calibrate([FOUND], T + 30 * HOUR).levels
    assert levels["probable"]["all"].recall.count == 1
    assert levels["confirmed"]["all"].recall == replace(levels["confirmed"]["all"].recall, count=0, of=1)
    assert levels["confirmed"]["all"].precision.of == 0


def test_a_removal_confirmed_at_once_is_probable_or_better_from_then_on() -> None:
    levels = calibrate([replace(FOUND, probable_at=None, confirmed_at=T + 3 * HOUR)], UNTIL).levels
    assert levels["probable"] == levels["confirmed"]
    assert levels["probable"]["all"].recall.count == 1


def test_by_cause_precision_goes_by_the_named_one_and_recall_by_the_true_one() -> None:
    wrong = replace(FOUND, cause=Cause.AUTHOR, events=(removed(T + 2 * HOUR, Cause.MODERATOR),))
    rows = calibrate([wrong], UNTIL).levels["probable"]
    assert (rows["author"].precision.of, rows["author"].recall.of) == (1, 0)
    assert (rows["moderator"].precision.of, rows["moderator"].recall.count) == (0, 1)
    assert rows["moderator"].cause_right.count == 0


def test_restorations_are_asked_of_removals_on_record_alone() -> None:
    back = (removed(T + 2 * HOUR), restored(T + 4 * DAY))
    noticed, unnoticed = replace(FOUND, events=back, restored_at=T + 5 * DAY), replace(FOUND, events=back)
    share = calibrate([noticed, unnoticed, replace(ALIVE, events=back)], UNTIL).restorations
    assert (share.count, share.of) == (1, 2)


def test_the_interval_of_a_quantile_holds_order_statistics() -> None:
    """Of 20 values the 95 % interval of the median is the 6th to the 15th (Conover 1999, table of binomials)."""
    found = quantile([float(number) for number in range(1, 21)], 0.5)
    assert found == (10.0, 6.0, 15.0)


def test_a_small_sample_does_not_bound_a_quantile() -> None:
    assert quantile([1.0, 2.0, 3.0], 0.9) == (3.0, 1.0, None)
    assert quantile([1.0, 2.0, 3.0], 0.5) == (2.0, None, None)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
def test_a_quantile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        quantile(values, share)
