"""Planted against found, on cases made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.demo.report import CauseCount, Found, Planted, compare, planted
from bot.domain.comment import Role
from bot.domain.instant import DAY, HOUR
from bot.domain.observation import Cause
from bot.domain.verdict import State

AT = 100 * DAY

SILENT = Planted("1", None, silent=True, at=AT)
BY_MODERATOR = Planted("2", Cause.MODERATOR, silent=False, at=AT)
BY_NOBODY = Planted("3", None, silent=False, at=AT)
BACK = Planted("4", None, silent=True, at=AT, restored_at=AT + 2 * DAY)
TRUTH = (SILENT, BY_MODERATOR, BY_NOBODY, BACK)


def _gone(native_id: str, cause: Cause = Cause.UNKNOWN, *, restored: bool = False) -> Found:
    return Found(
        native_id,
        Role.FLAGGED,
        State.RESTORED if restored else State.CONFIRMED,
        cause,
        restored,
        gone_after=AT - HOUR,
        gone_before=AT + HOUR,
    )


def _there(native_id: str, state: State = State.VISIBLE) -> Found:
    return Found(native_id, Role.CONTROL, state, Cause.UNKNOWN, restored=False, gone_after=None, gone_before=None)


ALL = (_gone("1"), _gone("2", Cause.MODERATOR), _gone("3"), _gone("4", restored=True), _there("5"))


def _with(changed: Found) -> list[Found]:
    return [changed if one.id == changed.id else one for one in ALL]


def test_everything_found_and_nothing_else_is_ok() -> None:
    result = compare(TRUTH, ALL)
    assert result.ok
    assert (result.planted_removals, result.found_removals) == (4, 4)
    assert (result.restorations_planted, result.restorations_found) == (1, 1)
    assert result.misdated == ()
    assert result.by_cause == {
        "moderator": CauseCount(1, 1, 1),
        "silent": CauseCount(2, 2, 2),
        "unknown": CauseCount(1, 1, 1),
    }


@pytest.mark.parametrize("state", [State.VISIBLE, State.MISSING, State.SUSPECTED])
def test_a_removal_that_was_never_called_probable_is_missed(state: State) -> None:
    result = compare(TRUTH, _with(_there("1", state)))
    assert not result.ok
    assert result.missed == ("1",)
    assert result.found_removals == 3
    assert result.by_cause["silent"] == CauseCount(2, 1, 1)


def test_a_removal_that_nobody_planted_is_false_even_if_it_was_taken_back() -> None:
    for state in (State.PROBABLE, State.CONFIRMED, State.RESTORED):
        wrong = replace(_gone("5"), state=state, restored=state is State.RESTORED)
        result = compare(TRUTH, _with(wrong))
        assert not result.ok
        assert result.false_removals == ("5",)
        assert result.found_removals == 4


def test_a_comment_that_is_merely_suspected_is_no_false_removal() -> None:
    assert compare(TRUTH, _with(_there("5", State.SUSPECTED))).ok


@pytest.mark.parametrize(
    ("native_id", "cause"),
    [("1", Cause.AUTHOR), ("3", Cause.PLATFORM), ("2", Cause.UNKNOWN), ("2", Cause.AUTHOR)],
)
def test_a_cause_that_was_not_stated_or_a_stated_one_missed_is_wrong(native_id: str, cause: Cause) -> None:
    result = compare(TRUTH, _with(_gone(native_id, cause)))
    assert not result.ok
    assert result.wrong_cause == (native_id,)
    assert result.missed == ()


def test_a_restoration_that_nobody_noticed_is_missed() -> None:
    result = compare(TRUTH, _with(_gone("4")))
    assert not result.ok
    assert result.missed_restorations == ("4",)
    assert (result.restorations_planted, result.restorations_found) == (1, 0)


def test_a_comment_that_is_still_gone_and_called_restored_is_wrong() -> None:
    result = compare(TRUTH, _with(_gone("1", restored=True)))
    assert not result.ok
    assert result.false_restorations == ("1",)


@pytest.mark.parametrize(
    ("after", "before", "right"),
    [
        (AT - 1, AT, True),
        (AT - 1, AT + 1, True),
        (AT, AT + 1, False),
        (AT - 2, AT - 1, False),
        (None, AT + 1, False),
    ],
)
def test_the_true_moment_must_lie_after_the_last_sighting_and_not_after_the_first_miss(
    after: int | None, before: int, *, right: bool
) -> None:
    result = compare(TRUTH, _with(replace(_gone("1"), gone_after=after, gone_before=before)))
    assert result.misdated == (() if right else ("1",))
    assert result.ok


def test_a_removal_of_a_comment_that_nobody_follows_does_not_count() -> None:
    result = compare((*TRUTH, Planted("77", Cause.AUTHOR, silent=False, at=AT)), ALL)
    assert result.ok
    assert result.planted_removals == 4


def test_of_two_removals_of_one_comment_the_first_is_compared() -> None:
    again = replace(BACK, cause=Cause.PLATFORM, silent=False, at=AT + 3 * DAY, restored_at=None)
    assert compare((*TRUTH, again), ALL).ok


def test_nothing_planted_and_nothing_found_is_ok() -> None:
    result = compare((), [_there("5")])
    assert result.ok
    assert result.by_cause == {}


def test_the_truth_of_the_panel_is_read_as_planted_removals() -> None:
    rows = [
        {"id": "1", "cause": None, "silent": True, "at": AT, "restored_at": None},
        {"id": "2", "cause": "parent", "silent": False, "at": AT, "restored_at": AT + 1},
    ]
    assert planted({"removals": rows}) == [
        SILENT,
        Planted("2", Cause.PARENT, silent=False, at=AT, restored_at=AT + 1),
    ]
