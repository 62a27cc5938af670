"""The ladder of an unexplained absence, the statement of a platform, and the way back."""

from __future__ import annotations

import math

import pytest

from bot.domain.hazard import Hazard
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import Look, State, decide
from tests.domain.histories import FIRST_SEEN, HAZARD, WAYS, D, H, after, decisions, later, look, moment

ONCE, TWICE = math.log((1 - 2e-2) / 1e-2), math.log((1 - 2e-2) / 1e-4)
BY_AUTHOR, BY_MODERATOR = Outcome.DELETED_BY_AUTHOR, Outcome.REMOVED_BY_MODERATOR


def states(*looks: Look) -> list[str]:
    return [decision.track.state.value for decision in decisions(*looks)]


def test_one_vantage_needs_six_hours_for_probable_and_three_days_for_confirmed() -> None:
    made = decisions(*WAYS[State.CONFIRMED])
    assert [one.track.state.value for one in made] == [
        "missing", "suspected", "suspected", "probable", "probable", "confirmed",
    ]  # fmt: skip
    assert [one.why for one in made] == [
        "absent once", "2 absences", "", "4 absences over 6 h", "", "6 absences over 72 h",
    ]  # fmt: skip
    track = made[-1].track
    assert (track.suspected_at, track.probable_at) == (moment(60 + 20), moment(60 + 6 * H))
    assert (track.confirmed_at, track.restored_at) == (moment(60 + 72 * H), None)
    assert track.episode == 1


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((0, 20, 60, 6 * H - 1), "suspected"),
        ((0, 20, 6 * H), "suspected"),
        ((0, 20, 60, 6 * H, 24 * H, 72 * H - 1), "probable"),
        ((0, 20, 60, 6 * H, 72 * H), "probable"),
    ],
)
def test_neither_number_nor_span_alone_climbs_the_ladder(minutes: tuple[int, ...], expected: str) -> None:
    assert states(*(look(60 + one) for one in minutes))[-1] == expected


def test_two_vantages_need_three_absences_ten_minutes_apart() -> None:
    made = decisions(look(60), look(70, vantage="mirror"), look(80, vantage="mirror"))
    assert [one.track.state.value for one in made] == ["missing", "suspected", "confirmed"]
    assert made[-1].why == "3 absences, the last two from another vantage"


@pytest.mark.parametrize(
    "vantages",
    [
        "front front front",
        "front mirror",
        "front mirror front",
        "front front mirror",
        "front mirror front mirror",
        "mirror mirror mirror",
    ],
)
def test_only_the_last_two_from_another_vantage_confirm(vantages: str) -> None:
    looks = [look(60 + 10 * number, vantage=name) for number, name in enumerate(vantages.split())]
    assert states(*looks)[-1] == "suspected"


def test_a_second_vantage_does_not_confirm_faster_than_the_spacing() -> None:
    track = after(look(60), look(69, vantage="mirror"), look(78, vantage="mirror"))
    assert track.state is State.SUSPECTED
    assert track.miss_vantages == ("front", "mirror")


def test_absences_nearer_than_ten_minutes_count_once() -> None:
    track = after(*(look(60 + seconds / 60) for seconds in range(0, 600, 30)))
    assert (track.state, track.misses, track.last_miss) == (State.MISSING, 1, moment(60))
    assert (track.looks, track.absent_since) == (20, moment(60))
    assert after(look(60), look(70)).misses == 2


def test_held_absences_leave_the_spacing_alone() -> None:
    """A held look is no miss: the next one need not be ten minutes after it."""
    track = after(look(60), look(69, held="a canary was not seen"), look(70))
    assert (track.misses, track.state) == (2, State.SUSPECTED)


def test_the_removal_is_dated_from_the_last_sighting_to_the_first_absence_that_counts() -> None:
    looks = (look(50, Outcome.FOLDED), look(55, held="no canary"), look(57, Outcome.UNREACHABLE), look(59))
    track = after(*looks, look(80), look(59 + H), look(59 + 6 * H))
    assert (track.absent_since, track.first_miss) == (moment(55), moment(59))
    assert (track.gone_after, track.gone_before) == (moment(50), moment(59))


@pytest.mark.parametrize(("minutes", "expected"), [(9, "suspected"), (10, "confirmed")])
def test_a_tombstone_is_confirmed_by_one_more_look_ten_minutes_later(minutes: int, expected: str) -> None:
    made = decisions(look(60, BY_MODERATOR), look(60 + minutes, BY_MODERATOR))
    assert [one.track.state.value for one in made] == ["suspected", expected]
    assert made[-1].track.cause is Cause.MODERATOR
    assert made[-1].track.probable_at is None


@pytest.mark.parametrize(("minutes", "expected"), [(9, "suspected"), (10, "confirmed")])
def test_a_purged_tombstone_is_confirmed_by_its_absence_and_keeps_its_cause(minutes: int, expected: str) -> None:
    track = after(look(60, BY_AUTHOR), look(60 + minutes))
    assert (track.state.value, track.cause) == (expected, Cause.AUTHOR)


def test_a_purged_tombstone_is_not_confirmed_by_an_absence_that_is_held() -> None:
    assert after(look(60, BY_AUTHOR), look(80, held="no canary")).state is State.SUSPECTED


def test_a_statement_made_later_replaces_an_unknown_cause() -> None:
    made = decisions(look(60), look(80), look(100, BY_MODERATOR), look(110))
    assert [one.track.state.value for one in made] == ["missing", "suspected", "suspected", "confirmed"]
    assert [one.track.cause.value for one in made] == ["unknown", "unknown", "moderator", "moderator"]


def test_a_tombstone_that_is_seen_again_was_none() -> None:
    made = decisions(look(60, BY_AUTHOR), look(61, Outcome.VISIBLE))
    assert made[-1].track.state is State.VISIBLE
    assert made[-1].track.cause is Cause.UNKNOWN
    assert made[-1].why == "seen from front: the absence was none"
    assert (made[-1].track.gone_after, made[-1].track.gone_before) == (None, None)


def test_a_confirmed_tombstone_that_is_seen_again_is_restored_and_keeps_its_cause() -> None:
    made = decisions(look(60, BY_AUTHOR), look(70, BY_AUTHOR), look(90, Outcome.EDITED, vantage="mirror"))
    assert made[-1].track.state is State.RESTORED
    assert made[-1].track.cause is Cause.AUTHOR
    assert made[-1].why == "seen again from mirror"


def test_a_tombstone_counts_even_where_an_absence_would_be_held() -> None:
    """The guards prove that an absence is none of ours; a statement is structured and proves itself."""
    assert states(look(60, BY_AUTHOR, held="no canary"), look(70, BY_AUTHOR, held="no canary"))[-1] == "confirmed"


@pytest.mark.parametrize("state", [State.PROBABLE, State.CONFIRMED])
def test_restored_keeps_the_removal_before_it(state: State) -> None:
    gone = after(*WAYS[state])
    back = later(gone, Outcome.VISIBLE)
    track = decide(gone, back, HAZARD).track
    assert (track.state, track.restored_at, track.last_seen) == (State.RESTORED, back.at, back.at)
    assert (track.gone_after, track.gone_before) == (FIRST_SEEN, moment(60))
    assert (track.misses, track.first_miss, track.last_miss, track.absent_since) == (0, None, None, None)
    assert (track.miss_vantages, track.explicit, track.log_odds) == ((), False, None)


def test_a_second_removal_is_an_episode_of_its_own_and_leaves_the_first_dates() -> None:
    again = [look(6 * D + minutes) for minutes in (0, 20, 1 * H, 6 * H)]
    made = decisions(*WAYS[State.RESTORED], *again)
    assert [one.track.state.value for one in made[-5:]] == [
        "restored", "missing", "suspected", "suspected", "probable",
    ]  # fmt: skip
    assert [one.track.episode for one in made[-5:]] == [1, 1, 2, 2, 2]
    track = made[-1].track
    assert (track.gone_after, track.gone_before) == (FIRST_SEEN, moment(60))
    assert (track.suspected_at, track.probable_at) == (again[1].at, again[3].at)


def test_a_second_suspicion_that_clears_goes_back_to_restored() -> None:
    track = after(*WAYS[State.RESTORED], look(6 * D), look(6 * D + 20), look(7 * D, Outcome.VISIBLE))
    assert track.state is State.RESTORED
    assert track.restored_at == moment(5 * D), "it came back once, not twice"


def test_absences_before_a_sighting_do_not_count_after_it() -> None:
    looks = (look(60), look(80), look(120), look(130, Outcome.SHADOWED), look(60 + 6 * H), look(80 + 6 * H))
    assert states(*looks) == ["missing", "suspected", "suspected", "visible", "missing", "suspected"]


def test_looks_are_counted_and_those_that_saw_nothing_apart() -> None:
    track = after(look(60, Outcome.VISIBLE), look(70, Outcome.UNREACHABLE), look(80, Outcome.PENDING), look(90))
    assert (track.looks, track.unobserved) == (4, 1)


def test_log_odds_start_from_what_disappears_anyway_and_grow_by_each_counted_absence() -> None:
    chance = HAZARD.probability(moment(50) - FIRST_SEEN, moment(60) - FIRST_SEEN)
    made = decisions(look(50, Outcome.VISIBLE), look(60), look(65), look(66, held="no canary"), look(80))
    prior = math.log(chance / (1 - chance))
    expected = [prior + ONCE, prior + ONCE, prior + ONCE, prior + 2 * ONCE]
    assert [one.track.log_odds for one in made[1:]] == pytest.approx(expected)
    assert made[0].track.log_odds is None
    assert decide(made[-1].track, look(90, Outcome.VISIBLE), HAZARD).track.log_odds is None


def test_a_statement_weighs_more_than_an_absence() -> None:
    plain, stated = after(look(60)).log_odds, after(look(60, BY_AUTHOR)).log_odds
    assert plain is not None
    assert stated is not None
    assert stated - plain == pytest.approx(TWICE - ONCE)


@pytest.mark.parametrize(("rate", "chance"), [(0.0, 1e-9), (1.0, 1 - 1e-9)])
def test_log_odds_stay_finite_where_the_hazard_is_certain(rate: float, chance: float) -> None:
    odds = decide(after(), look(60), Hazard((0,), (rate,))).track.log_odds
    assert odds == pytest.approx(math.log(chance / (1 - chance)) + ONCE)
