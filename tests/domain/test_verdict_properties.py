"""What holds for every history, and a small referee who knows the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.health import BLIND
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import ABSENCES, PRESENT, TOMBSTONES, UNOBSERVED, Cause, Outcome
from bot.domain.recheck_plan import first_look, next_look
from bot.domain.spacing import Schedule
from bot.domain.verdict import DISAPPEARED, Look, State, Track, decide
from tests.domain.histories import FIRST_SEEN, HAZARD, after, decisions, fresh

SILENT = UNOBSERVED | {Outcome.PENDING}
VANTAGES = ("front", "mirror")
LEISURE = settings(deadline=None, max_examples=100)
GAPS = st.sampled_from([0, 1, 9, 10, 11, 20, 60, 360, 1440, 4320]) | st.integers(0, 6000)


@st.composite
def histories(draw: st.DrawFn, *, outcomes: frozenset[Outcome] = frozenset(Outcome)) -> list[Look]:
    """Draw looks in the order of time, whatever they show, whatever the guards say."""
    # Most answers are like the one before, and most of the others plain absences: else no run would ever grow long.
    plain = [Outcome.GONE] * 10 if Outcome.GONE in outcomes else []
    answers = st.sampled_from([*plain, *sorted(outcomes)])
    at, outcome, looks = FIRST_SEEN, draw(answers), list[Look]()
    for gap in draw(st.lists(GAPS, max_size=16)):
        at += gap * MINUTE
        outcome = draw(answers) if draw(st.integers(0, 3)) == 0 else outcome
        explicit = outcome is Outcome.GONE and draw(st.integers(0, 31)) == 0
        held = "a canary was not seen" if draw(st.integers(0, 7)) == 0 else None
        looks.append(Look(at, draw(st.sampled_from(VANTAGES)), outcome, explicit, held))
    return looks


def beside(track: Track) -> Track:
    """Return a track without what merely counts looks."""
    return replace(track, outcome=Outcome.VISIBLE, last_look=0, looks=0, unobserved=0)


def record(track: Track) -> tuple[object, ...]:
    """Return what stands in the figures: the first removal."""
    dates = track.suspected_at, track.probable_at, track.confirmed_at
    return track.cause, *dates, track.gone_after, track.gone_before


@LEISURE
@given(histories())
def test_what_could_not_be_observed_might_as_well_not_have_been_asked(looks: list[Look]) -> None:
    answered = [one for one in looks if one.outcome not in SILENT]
    assert beside(after(*looks)) == beside(after(*answered))


@LEISURE
@given(histories())
def test_the_outcome_on_record_is_the_last_that_said_something(looks: list[Look]) -> None:
    said = [one.outcome for one in looks if one.outcome not in UNOBSERVED]
    assert after(*looks).outcome is (said[-1] if said else fresh().outcome)


@LEISURE
@given(histories(), st.sampled_from(sorted(BLIND)))
def test_absences_where_nothing_is_proved_visible_might_as_well_not_have_been_asked(
    looks: list[Look], blind: str
) -> None:
    looks = [replace(one, held=one.held and blind) for one in looks]
    counted = [one for one in looks if one.held is None or one.stated or not one.absent]
    assert beside(after(*looks)) == beside(after(*counted))


@LEISURE
@given(histories())
def test_held_absences_only_tell_since_when_it_is_absent(looks: list[Look]) -> None:
    counted = [one for one in looks if one.held is None or one.stated or not one.absent]
    assert replace(beside(after(*looks)), absent_since=None) == replace(beside(after(*counted)), absent_since=None)


@LEISURE
@given(histories())
def test_every_removal_lies_between_a_sighting_and_an_absence_and_stays_where_it_was(looks: list[Look]) -> None:
    tracks = [one.track for one in decisions(*looks)]
    seen = {FIRST_SEEN, *(one.at for one in looks if one.outcome in PRESENT)}
    absent = {one.at for one in looks if one.absent}
    for before, track in pairwise([fresh(), *tracks]):
        assert (track.gone_after is None) == (track.gone_before is None)
        assert track.state not in DISAPPEARED or track.gone_after is not None
        if track.gone_after is not None and track.gone_before is not None:
            assert track.gone_after <= track.gone_before
            assert track.gone_after in seen
            assert track.gone_before in absent
        if before.gone_after is not None:
            assert (track.gone_after, track.gone_before) == (before.gone_after, before.gone_before)


@LEISURE
@given(histories())
def test_without_a_statement_nothing_is_probable_before_three_absences_twenty_minutes_apart(looks: list[Look]) -> None:
    run: list[Look] = []
    for one, decision in zip(looks, decisions(*looks), strict=True):
        if one.outcome in PRESENT and decision.track.state not in DISAPPEARED:
            run = []
        elif one.stated or (one.absent and one.held is None):
            run.append(one)
        if decision.track.state in DISAPPEARED and not any(missed.stated for missed in run):
            assert len(run) >= 3
            assert run[-1].at - run[0].at >= 20 * MINUTE
        if decision.track.state in DISAPPEARED:
            assert len(run) >= 2
            assert run[-1].at - run[0].at >= 10 * MINUTE


@LEISURE
@given(histories())
def test_no_cause_is_ever_given_that_the_platform_did_not_state(looks: list[Look]) -> None:
    stated = {Cause.UNKNOWN}
    for one, decision in zip(looks, decisions(*looks), strict=True):
        stated.add(TOMBSTONES.get(one.outcome, ABSENCES.get(one.outcome, Cause.UNKNOWN)))
        assert decision.track.cause in stated
        assert decision.track.run_cause in stated


@LEISURE
@given(histories())
def test_only_a_sighting_lowers_a_state_and_only_a_move_or_another_cause_has_words(looks: list[Look]) -> None:
    order = [State.VISIBLE, State.RESTORED, State.MISSING, State.SUSPECTED, State.PROBABLE, State.CONFIRMED]
    before = fresh()
    for one, decision in zip(looks, decisions(*looks), strict=True):
        now = decision.track
        assert one.outcome in PRESENT or order.index(now.state) >= order.index(before.state)
        moved = now.state is not before.state or now.run_cause is not before.run_cause
        assert (decision.why != "") == moved
        assert now.episode - before.episode in {0, 1}
        assert (now.log_odds is None) == (now.misses == 0)
        assert len(now.miss_vantages) == now.misses
        assert (now.settled_at is not None) == (now.state is State.CONFIRMED)
        assert (now.step_at is None) == (now.step == 0) == (now.misses == 0)
        before = now


@LEISURE
@given(histories())
def test_nothing_touches_the_record_of_a_comment_that_was_restored(looks: list[Look]) -> None:
    before = fresh()
    for decision in decisions(*looks):
        now = decision.track
        if before.restored_at is not None:
            assert record(now) == record(before)
        if now.state in {State.VISIBLE, State.MISSING}:
            assert (now.suspected_at, now.probable_at, now.confirmed_at) == (None, None, None) or now.restored_at
        before = now


@LEISURE
@given(histories())
def test_a_name_once_stated_holds_until_the_comment_is_seen(looks: list[Look]) -> None:
    before, named = fresh(), frozenset(TOMBSTONES.values())
    for decision in decisions(*looks):
        now = decision.track
        if before.run_cause in named and now.misses:
            assert now.run_cause is before.run_cause
        if before.state in DISAPPEARED and now.misses:
            assert now.run_cause is before.run_cause or now.run_cause in named
        before = now


@LEISURE
@given(histories(outcomes=PRESENT))
def test_a_comment_that_was_always_seen_stays_visible(looks: list[Look]) -> None:
    track = after(*looks)
    assert (track.state, track.misses, track.absent_since) == (State.VISIBLE, 0, None)
    assert (track.gone_after, track.episode, track.cause) == (None, 0, Cause.UNKNOWN)


# The referee: weeks of living and of removed comments, looked at when the plan says so.

SCHEDULE = Schedule(HAZARD, looks=30, follow_up=30 * DAY)
FOLLOW_UNTIL = FIRST_SEEN + 30 * DAY


def outages(random: Random) -> list[tuple[int, int]]:
    """Return when a source cannot be read: a dozen episodes in a month, minutes to days long."""
    starts = [FIRST_SEEN + random.randrange(30 * DAY) for _ in range(12)]
    return [(start, start + round(HOUR * random.lognormvariate(0, 2))) for start in starts]


def live(random: Random, vantages: tuple[str, ...], removed_at: int, sick: Outcome | None) -> Iterator[Track]:
    """Yield a comment's track after each look; during an outage the first vantage answers `sick`, or nothing."""
    bad = outages(random)
    track, jitter = fresh(), random.uniform(-1, 1)
    plan = first_look(FIRST_SEEN, vantages[0], schedule=SCHEDULE, jitter=jitter, follow_until=FOLLOW_UNTIL)
    while plan.due is not None and plan.due < FIRST_SEEN + 45 * DAY:
        outcome = Outcome.VISIBLE if plan.due < removed_at else Outcome.GONE
        if plan.vantage == vantages[0] and any(start <= plan.due < end for start, end in bad):
            outcome = sick or random.choice(sorted(UNOBSERVED))
        one = Look(plan.due, plan.vantage, outcome)
        track = decide(track, one, HAZARD).track
        yield track
        plan = next_look(
            track,
            one,
            vantages=vantages,
            schedule=SCHEDULE,
            jitter=jitter,
            begin=FIRST_SEEN,
            follow_until=FOLLOW_UNTIL,
        )


@pytest.mark.parametrize("vantages", [("front",), VANTAGES])
def test_living_comments_under_outages_never_leave_visible(vantages: tuple[str, ...]) -> None:
    random, unobserved = Random(1), 0
    for _ in range(60):
        tracks = list(live(random, vantages, removed_at=FIRST_SEEN + 99 * DAY, sick=None))
        assert {track.state for track in tracks} == {State.VISIBLE}
        unobserved += tracks[-1].unobserved
    assert unobserved > 60, "the outages met the looks"


@pytest.mark.parametrize("vantages", [("front",), VANTAGES])
def test_removed_comments_under_outages_all_disappear_and_are_rightly_dated(vantages: tuple[str, ...]) -> None:
    random, confirmed = Random(2), 0
    for _ in range(60):
        removed_at = FIRST_SEEN + random.randrange(20 * DAY)
        *_, track = live(random, vantages, removed_at, sick=None)
        assert track.state in DISAPPEARED
        confirmed += track.state is State.CONFIRMED
        assert track.gone_after is not None
        assert track.gone_before is not None
        assert track.gone_after < removed_at <= track.gone_before
    assert confirmed >= 58, "all but those whose outage lasts to the end"


def test_a_vantage_that_lies_does_not_confirm_while_the_other_one_sees_the_comment() -> None:
    random, worst = Random(3), set()
    for _ in range(60):
        tracks = live(random, VANTAGES, removed_at=FIRST_SEEN + 99 * DAY, sick=Outcome.GONE)
        worst |= {track.state for track in tracks}
    assert worst == {State.VISIBLE, State.MISSING}


def test_a_single_vantage_that_lies_for_days_is_believed_unless_the_guards_hold_it() -> None:
    """The negative control: without canaries and a second vantage the referee finds false removals."""
    random, believed = Random(3), 0
    for _ in range(60):
        tracks = live(random, ("front",), removed_at=FIRST_SEEN + 99 * DAY, sick=Outcome.GONE)
        believed += any(track.state in DISAPPEARED for track in tracks)
    assert believed > 0
