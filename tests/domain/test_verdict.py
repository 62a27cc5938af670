"""The ladder of an unexplained absence, the statement of a platform, and the way back."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bot.domain.error_rates import ErrorRates
from bot.domain.hazard import Hazard
from bot.domain.health import BREAKER, CANARY_UNSEEN, NO_CANARY
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import DISAPPEARED, Decision, Look, State, Track, annul, decide, prior, weight
from tests.domain.histories import FIRST_SEEN, HAZARD, WAYS, D, H, after, decisions, fresh, later, look, moment

ONCE, TWICE = math.log((1 - 2e-2) / 1e-2), math.log((1 - 2e-2) / 1e-4)
BY_AUTHOR, BY_MODERATOR = Outcome.DELETED_BY_AUTHOR, Outcome.REMOVED_BY_MODERATOR
BY_PLATFORM = Outcome.REMOVED_BY_PLATFORM


def record(track: Track) -> tuple[object, ...]:
    """Return what stands in the figures: the first removal."""
    dates = track.suspected_at, track.probable_at, track.confirmed_at
    return track.cause, *dates, track.gone_after, track.gone_before


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
        ((0, 10, 20, 30, 40, 72 * H), "suspected"),
        ((0, 20, 60, 6 * H, 6 * H + 10, 72 * H), "probable"),
        ((0, 20, 60, 7 * H, 25 * H - 1, 73 * H), "probable"),
        ((0, 20, 60, 7 * H, 25 * H, 73 * H - 1), "probable"),
        ((0, 20, 60, 7 * H, 25 * H, 73 * H), "confirmed"),
    ],
)
def test_neither_number_nor_span_but_every_whole_wait_climbs_the_ladder(
    minutes: tuple[int, ...], expected: str
) -> None:
    assert states(*(look(60 + one) for one in minutes))[-1] == expected


def test_a_step_is_climbed_only_after_the_whole_wait_since_the_step_before() -> None:
    """A cluster of misses is one fault: it carries nothing up the ladder, however long the run becomes."""
    made = decisions(*(look(60 + minutes) for minutes in (0, 10, 20, 30, 40, 72 * H)))
    assert [(one.track.misses, one.track.step) for one in made] == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 2), (6, 3)]
    steps = [moment(60 + minutes) for minutes in (0, 0, 20, 20, 20, 72 * H)]
    assert [one.track.step_at for one in made] == steps
    assert made[-1].track.state is State.SUSPECTED


def test_two_vantages_need_two_absences_each_ten_minutes_apart() -> None:
    made = decisions(look(60), look(70, vantage="mirror"), look(80), look(90, vantage="mirror"))
    assert [one.track.state.value for one in made] == ["missing", "suspected", "suspected", "confirmed"]
    assert made[-1].why == "4 absences, two or more from each of two vantages"


@pytest.mark.parametrize(
    ("vantages", "expected"),
    [
        ("front front front", "suspected"),
        ("front mirror front", "suspected"),
        ("front front mirror", "suspected"),
        ("front mirror mirror mirror mirror", "suspected"),
        ("mirror mirror mirror", "suspected"),
        ("front mirror front mirror", "confirmed"),
        ("front front mirror mirror", "confirmed"),
        ("mirror mirror mirror front front", "confirmed"),
    ],
)
def test_only_two_absences_from_each_of_two_vantages_confirm(vantages: str, expected: str) -> None:
    """One slip of the first and a fault of the second would otherwise do."""
    looks = [look(60 + 10 * number, vantage=name) for number, name in enumerate(vantages.split())]
    assert states(*looks)[-1] == expected


def test_absences_that_a_breaker_held_count_from_their_first_date_when_it_ends() -> None:
    held = [look(60 + 10 * number, vantage=name, held=BREAKER) for number, name in enumerate(("front", "mirror") * 2)]
    made = decisions(*held, look(7 * H))
    assert [one.track.state.value for one in made] == ["missing"] * 4 + ["confirmed"]
    assert made[0].why == "absent, in a mass disappearance that is undecided"
    assert [one.why for one in made[1:4]] == ["", "", ""]
    assert (made[-1].track.gone_after, made[-1].track.gone_before) == (FIRST_SEEN, moment(60))


def test_what_is_annulled_leaves_nothing_and_what_was_established_stands() -> None:
    held = look(60, held=BREAKER), look(70, vantage="mirror", held=BREAKER)
    taken_back = annul(after(*held), moment(30), moment(90))
    assert taken_back.why == "annulled: its absence was part of a fault of the source"
    assert taken_back.track == replace(fresh(), outcome=Outcome.GONE, last_look=moment(70), looks=2)
    for state in (State.PROBABLE, State.CONFIRMED, State.VISIBLE):
        track = after(*WAYS[state])
        assert annul(track, moment(0), moment(90)) == Decision(track)
    stated = after(look(60, BY_AUTHOR))
    assert annul(stated, moment(30), moment(90)) == Decision(stated)


@pytest.mark.parametrize(("start", "end", "kept"), [(30, 59, True), (61, 90, True), (60, 60, False)])
def test_only_an_absence_that_began_in_the_fault_is_annulled(start: float, end: float, kept: bool) -> None:
    track = after(look(60), look(75))
    assert (annul(track, moment(start), moment(end)).track == track) is kept


def test_annulling_a_second_suspicion_goes_back_to_restored() -> None:
    track = after(*WAYS[State.RESTORED], look(6 * D), look(6 * D + 20))
    assert annul(track, moment(6 * D), moment(6 * D)).track.state is State.RESTORED


def test_an_answer_weighs_by_the_rates_of_its_source_and_what_saw_nothing_weighs_nothing() -> None:
    rates = ErrorRates(false_miss=1e-3, false_sight=0.1, false_tombstone=1e-5)
    assert weight(look(60), rates) == pytest.approx(math.log(0.9 / 1e-3))
    assert weight(look(60, held=BREAKER), rates) == weight(look(60), rates)
    assert weight(look(60, BY_AUTHOR), rates) == pytest.approx(math.log(0.9 / 1e-5))
    assert weight(look(60, Outcome.VISIBLE), rates) == pytest.approx(math.log(0.1 / (1 - 1e-3)))
    for nothing in (look(60, Outcome.UNREACHABLE), look(60, Outcome.PENDING), look(60, held=CANARY_UNSEEN)):
        assert weight(nothing, rates) == 0.0
    run = decide(fresh(), look(60), HAZARD, rates).track
    assert run.log_odds == pytest.approx(prior(fresh(), look(60), HAZARD) + math.log(0.9 / 1e-3))


@pytest.mark.parametrize("cause", [Cause.ACCOUNT_SUSPENDED, Cause.ACCOUNT_DELETED, Cause.ACCOUNT_DEACTIVATED])
def test_the_end_of_an_account_is_named_as_finely_as_the_platform_does(cause: Cause) -> None:
    looks = [replace(look(60 + minutes, ACCOUNT), cause=cause) for minutes in (0, 20, 60, 6 * H)]
    assert after(*looks).cause is cause


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
    track = after(look(60), look(69, held=CANARY_UNSEEN), look(70))
    assert (track.misses, track.state) == (2, State.SUSPECTED)


def test_the_removal_is_dated_from_the_last_sighting_to_the_first_absence_that_counts() -> None:
    blind, held = look(53, held=NO_CANARY), look(55, held=CANARY_UNSEEN)
    looks = (look(50, Outcome.FOLDED), blind, held, look(57, Outcome.UNREACHABLE), look(59))
    track = after(*looks, look(80), look(80 + 40), look(80 + 40 + 5 * H))
    assert track.state is State.PROBABLE
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
    assert after(look(60, BY_AUTHOR), look(80, held=NO_CANARY)).state is State.SUSPECTED


def test_a_statement_made_later_replaces_an_unknown_cause() -> None:
    made = decisions(look(60), look(80), look(100, BY_MODERATOR), look(110))
    assert [one.track.state.value for one in made] == ["missing", "suspected", "suspected", "confirmed"]
    assert [one.track.cause.value for one in made] == ["unknown", "unknown", "moderator", "moderator"]


G, PARENT, ACCOUNT = Outcome.GONE, Outcome.PARENT_GONE, Outcome.ACCOUNT_GONE
STEPS = (0, 20, 60, 6 * H, 24 * H, 72 * H, 73 * H)


def run(*outcomes: Outcome) -> list[Decision]:
    """Return what a run of absences makes of a comment, each a step of the one-vantage ladder."""
    return decisions(*(look(60 + minutes, one) for minutes, one in zip(STEPS, outcomes, strict=False)))


@pytest.mark.parametrize(
    ("outcomes", "cause"),
    [
        ((PARENT,) * 6, Cause.PARENT),
        ((ACCOUNT,) * 6, Cause.ACCOUNT),
        ((PARENT, G, G, G, G, G), Cause.UNKNOWN),
        ((ACCOUNT, G, G, G, G, G), Cause.UNKNOWN),
        ((PARENT, G, PARENT, PARENT, PARENT, PARENT), Cause.UNKNOWN),
        ((G, PARENT, PARENT, PARENT, PARENT, PARENT), Cause.UNKNOWN),
        ((PARENT, ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT), Cause.UNKNOWN),
        ((PARENT, PARENT, PARENT, G, G, G), Cause.UNKNOWN),
        ((G, G, G, G, PARENT, PARENT), Cause.UNKNOWN),
        ((G, G, G, G, G, G, PARENT), Cause.UNKNOWN),
        ((G, G, G, G, G, G, ACCOUNT), Cause.UNKNOWN),
        ((G, G, G, G, G, G, BY_PLATFORM), Cause.PLATFORM),
        ((G, G, G, G, BY_AUTHOR), Cause.AUTHOR),
        ((PARENT, BY_AUTHOR, PARENT), Cause.AUTHOR),
        ((BY_MODERATOR, BY_MODERATOR, PARENT), Cause.MODERATOR),
        ((BY_MODERATOR, PARENT, PARENT), Cause.MODERATOR),
        ((BY_PLATFORM, ACCOUNT, ACCOUNT), Cause.PLATFORM),
        ((BY_AUTHOR, BY_MODERATOR, BY_MODERATOR), Cause.AUTHOR),
    ],
)
def test_a_statement_holds_and_an_end_elsewhere_explains_only_what_it_explains_throughout(
    outcomes: tuple[Outcome, ...], cause: Cause
) -> None:
    track = run(*outcomes)[-1].track
    assert track.state in DISAPPEARED
    assert (track.run_cause, track.cause) == (cause, cause)


def test_an_end_elsewhere_that_is_not_counted_takes_no_cause_away() -> None:
    track = after(look(60, PARENT), look(65), look(75, held=CANARY_UNSEEN), look(80, PARENT))
    assert (track.misses, track.cause) == (2, Cause.PARENT)


@pytest.mark.parametrize(
    ("outcomes", "state", "cause"),
    [
        ((PARENT, PARENT, G), State.SUSPECTED, Cause.UNKNOWN),
        ((G, G, BY_AUTHOR), State.SUSPECTED, Cause.AUTHOR),
        ((G, G, G, G, BY_MODERATOR), State.PROBABLE, Cause.MODERATOR),
        ((G, G, G, G, G, G, BY_PLATFORM), State.CONFIRMED, Cause.PLATFORM),
    ],
)
def test_a_cause_that_changes_has_words_although_the_state_stays(
    outcomes: tuple[Outcome, ...], state: State, cause: Cause
) -> None:
    before, last = run(*outcomes)[-2:]
    assert (before.track.state, last.track.state) == (state, state)
    assert before.track.run_cause is not cause
    assert last.track.run_cause is cause
    assert last.why != ""


def test_a_name_that_comes_too_soon_to_count_has_words_too() -> None:
    before, last = decisions(look(60, explicit=True), look(65, BY_MODERATOR))
    assert (before.track.state, last.track.state) == (State.SUSPECTED, State.SUSPECTED)
    assert (before.track.run_cause, last.track.run_cause) == (Cause.UNKNOWN, Cause.MODERATOR)
    assert last.track.misses == 1
    assert last.why != ""


def test_a_tombstone_that_is_seen_again_was_none() -> None:
    made = decisions(look(60, BY_AUTHOR), look(61, Outcome.VISIBLE))
    assert made[-1].track.state is State.VISIBLE
    assert made[-1].track.cause is Cause.UNKNOWN
    assert made[-1].why == "seen from front: the absence was none"
    assert (made[-1].track.gone_after, made[-1].track.gone_before) == (None, None)
    assert (made[0].track.suspected_at, made[-1].track.suspected_at) == (moment(60), None)


def test_a_confirmed_tombstone_that_is_seen_again_is_restored_and_keeps_its_cause() -> None:
    made = decisions(look(60, BY_AUTHOR), look(70, BY_AUTHOR), look(90, Outcome.EDITED, vantage="mirror"))
    assert made[-1].track.state is State.RESTORED
    assert made[-1].track.cause is Cause.AUTHOR
    assert made[-1].why == "seen again from mirror"


def test_a_tombstone_counts_even_where_an_absence_would_be_held() -> None:
    """The guards prove that an absence is none of ours; a statement is structured and proves itself."""
    assert states(look(60, BY_AUTHOR, held=NO_CANARY), look(70, BY_AUTHOR, held=NO_CANARY))[-1] == "confirmed"


@pytest.mark.parametrize("state", [State.PROBABLE, State.CONFIRMED])
def test_restored_keeps_the_removal_before_it(state: State) -> None:
    gone = after(*WAYS[state])
    back = later(gone, Outcome.VISIBLE)
    track = decide(gone, back, HAZARD).track
    assert (track.state, track.restored_at, track.last_seen) == (State.RESTORED, back.at, back.at)
    assert (track.gone_after, track.gone_before) == (FIRST_SEEN, moment(60))
    assert (track.misses, track.first_miss, track.last_miss, track.absent_since) == (0, None, None, None)
    assert (track.miss_vantages, track.explicit, track.log_odds) == ((), False, None)
    assert (track.run_cause, track.settled_at, track.step, track.step_at) == (Cause.UNKNOWN, None, 0, None)
    assert record(track) == record(gone)


def test_a_second_removal_is_an_episode_of_its_own_and_leaves_the_first_dates() -> None:
    again = [look(6 * D + minutes) for minutes in (0, 20, 1 * H, 6 * H)]
    made = decisions(*WAYS[State.RESTORED], *again)
    assert [one.track.state.value for one in made[-5:]] == [
        "restored", "missing", "suspected", "suspected", "probable",
    ]  # fmt: skip
    assert [one.track.episode for one in made[-5:]] == [1, 1, 2, 2, 2]
    track = made[-1].track
    assert (track.gone_after, track.gone_before) == (FIRST_SEEN, moment(60))
    assert (track.suspected_at, track.probable_at) == (moment(60 + 20), moment(60 + 6 * H))
    assert (track.confirmed_at, track.settled_at) == (moment(60 + 72 * H), None)
    assert (track.first_miss, track.misses, track.step, track.step_at) == (again[0].at, 4, 4, again[3].at)


def test_a_second_removal_by_another_hand_is_told_apart_from_the_record() -> None:
    first = look(60, BY_AUTHOR), look(70, BY_AUTHOR)
    second = look(D, BY_MODERATOR), look(D + 10, BY_MODERATOR)
    made = decisions(*first, look(2 * H, Outcome.VISIBLE), *second)
    assert [one.track.state.value for one in made] == [
        "suspected", "confirmed", "restored", "suspected", "confirmed",
    ]  # fmt: skip
    assert [one.track.run_cause.value for one in made] == ["author", "author", "unknown", "moderator", "moderator"]
    assert {one.track.cause for one in made} == {Cause.AUTHOR}
    assert [one.track.settled_at for one in made] == [None, moment(70), None, None, moment(D + 10)]
    track = made[-1].track
    assert record(track) == (Cause.AUTHOR, moment(60), None, moment(70), FIRST_SEEN, moment(60))
    assert track.episode == 2


def test_a_probable_removal_that_was_restored_is_never_confirmed_by_a_later_one() -> None:
    gone = after(*WAYS[State.PROBABLE])
    second = look(3 * D, BY_PLATFORM), look(3 * D + 10, BY_PLATFORM)
    track = after(*WAYS[State.PROBABLE], look(2 * D, Outcome.VISIBLE), *second)
    assert (track.state, track.settled_at, track.run_cause) == (State.CONFIRMED, second[1].at, Cause.PLATFORM)
    assert record(track) == record(gone)
    assert track.confirmed_at is None


def test_a_suspicion_that_clears_leaves_nothing_to_the_next_run() -> None:
    cleared = after(look(60, BY_AUTHOR), look(65, Outcome.VISIBLE))
    assert record(cleared) == (Cause.UNKNOWN, None, None, None, None, None)
    track = after(look(60, BY_AUTHOR), look(65, Outcome.VISIBLE), look(90), look(110))
    assert (track.cause, track.run_cause, track.suspected_at) == (Cause.UNKNOWN, Cause.UNKNOWN, moment(110))


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
    made = decisions(look(50, Outcome.VISIBLE), look(60), look(65), look(66, held=NO_CANARY), look(80))
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
