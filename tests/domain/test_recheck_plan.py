"""When the next look is due: as dense as the price allows, after every horizon, and spaced while in doubt."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.hazard import Hazard
from bot.domain.health import BREAKER, CANARY_UNSEEN
from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.domain.observation import Outcome
from bot.domain.recheck_plan import Plan, first_look, next_look
from bot.domain.spacing import Schedule
from bot.domain.verdict import Look, State, Track, decide
from tests.domain.histories import FIRST_SEEN, HAZARD, WAYS, D, H, after, fresh, look, moment

HORIZONS = (HOUR, DAY, 7 * DAY, 30 * DAY)
MONTH = Schedule(HAZARD, looks=30, follow_up=30 * DAY)
TWO = ("front", "mirror")
JITTERS = st.floats(-1, 1)


def plan_after(track: Track, last: Look, vantages: tuple[str, ...] = ("front",)) -> tuple[float | None, str]:
    """Return the minutes until the next look, and from where."""
    until = FIRST_SEEN + MONTH.follow_up
    plan = next_look(track, last, vantages=vantages, schedule=MONTH, jitter=0, begin=FIRST_SEEN, follow_until=until)
    return None if plan.due is None else (plan.due - last.at) / MINUTE, plan.vantage


def always_visible(schedule: Schedule, jitter: float = 0) -> list[Micros]:
    """Return the ages at which a comment that never disappears is looked at."""
    until = FIRST_SEEN + schedule.follow_up
    track = fresh()
    plan = first_look(FIRST_SEEN, "front", schedule=schedule, jitter=jitter, follow_until=until)
    ages = []
    while plan.due is not None:
        ages.append(plan.due - FIRST_SEEN)
        one = Look(plan.due, plan.vantage, Outcome.VISIBLE)
        track = decide(track, one, HAZARD).track
        plan = next_look(
            track, one, vantages=TWO, schedule=schedule, jitter=jitter, begin=FIRST_SEEN, follow_until=until
        )
        assert plan.vantage == "front"
    return ages


def vanished(vantages: tuple[str, ...], dark: str = "") -> tuple[list[tuple[float, str]], Track]:
    """Return minutes and vantages of the looks after the first absence, until confirmed; `dark` cannot be reached."""
    one = look(60)
    track, looks = decide(fresh(), one, HAZARD).track, [(0.0, "front")]
    while track.state is not State.CONFIRMED:
        minutes, vantage = plan_after(track, one, vantages)
        assert minutes is not None
        looks.append((looks[-1][0] + minutes, vantage))
        outcome = Outcome.UNREACHABLE if vantage == dark else Outcome.GONE
        one = look(60 + looks[-1][0], outcome, vantage=vantage)
        track = decide(track, one, HAZARD).track
    return looks, track


@pytest.mark.parametrize("days", [7, 30])
@pytest.mark.parametrize("looks", [12, 30, 60])
def test_the_price_spends_the_wanted_looks(days: int, looks: int) -> None:
    """Closing looks, gaps that are bounded, and comments that disappear meanwhile are in the price: within 1 %."""
    schedule = Schedule(HAZARD, looks, days * DAY)
    jitters = [(2 * number + 1) / 60 - 1 for number in range(60)]
    spent = fmean(
        sum(1 - HAZARD.probability(0, before) for before in [0, *always_visible(schedule, jitter)[:-1]])
        for jitter in jitters
    )
    assert spent == pytest.approx(looks, rel=0.01)


def test_the_price_of_a_constant_hazard_spaces_the_looks_evenly() -> None:
    schedule = Schedule(Hazard((0,), (1e-7,)), looks=48, follow_up=2 * DAY)
    gaps = [(later - before) / MINUTE for before, later in pairwise(always_visible(schedule))]
    assert sum(55 <= gap <= 66 for gap in gaps) >= 44, "all but those beside the closing looks"


def test_looks_are_dense_at_first_and_sparse_later() -> None:
    ages = always_visible(MONTH)
    assert sum(age <= DAY for age in ages) > sum(age > 7 * DAY for age in ages) / 2
    assert ages[1] - ages[0] < HOUR
    assert ages[-2] - ages[-3] > DAY


@settings(deadline=None, max_examples=40)
@given(JITTERS, st.floats(15, 200))
def test_every_horizon_has_a_look_just_after_it(jitter: float, looks: float) -> None:
    ages = always_visible(Schedule(HAZARD, looks, 30 * DAY), jitter)
    for horizon in HORIZONS:
        assert any(horizon < age <= horizon * 1.01 for age in ages)


@settings(deadline=None, max_examples=40)
@given(JITTERS, st.floats(45, 200), st.integers(HOUR // 2, 90 * DAY))
def test_gaps_are_bounded_and_the_last_look_closes_the_follow_up(jitter: float, looks: float, span: Micros) -> None:
    ages = always_visible(Schedule(HAZARD, looks, span), jitter)
    gaps = [b - a for a, b in pairwise([0, *ages])]
    # Roundings and shifts move a gap around its bound.
    assert max(gaps) <= 5 * DAY
    closings = [horizon + horizon // 100 for horizon in (*HORIZONS, span)]
    assert all(gap >= MINUTE for gap, age in zip(gaps, ages, strict=True) if age not in closings)
    assert ages == sorted(set(ages))
    assert ages[-2] < span <= ages[-1] <= span + span // 100


def test_no_price_is_paid_for_more_than_a_look_every_two_minutes() -> None:
    ages = always_visible(Schedule(HAZARD, looks=10_000, follow_up=HOUR // 2))
    assert ages[:3] == pytest.approx([2 * MINUTE, 4 * MINUTE, 6 * MINUTE], rel=0.02)


def test_a_comment_is_no_longer_looked_at_when_its_time_is_over() -> None:
    until = FIRST_SEEN + MONTH.follow_up
    for minutes in (30 * D, 31 * D):
        last = look(minutes, Outcome.VISIBLE)
        plan = next_look(
            after(last), last, vantages=TWO, schedule=MONTH, jitter=0, begin=FIRST_SEEN, follow_until=until
        )
        assert plan == Plan(None, "front")


@settings(deadline=None)
@given(JITTERS, st.lists(st.integers(1, 3 * D), min_size=1, max_size=8))
def test_a_pair_with_one_jitter_is_looked_at_together(jitter: float, gaps: list[int]) -> None:
    """First seen at the same time, folded here and edited there: the same looks."""
    until = FIRST_SEEN + MONTH.follow_up
    at, one, other = 0, fresh(), fresh()
    for gap in gaps:
        at += gap
        folded, edited = look(at, Outcome.FOLDED), look(at, Outcome.EDITED)
        one, other = decide(one, folded, HAZARD).track, decide(other, edited, HAZARD).track
        plans = [
            next_look(track, last, vantages=TWO, schedule=MONTH, jitter=jitter, begin=FIRST_SEEN, follow_until=until)
            for track, last in ((one, folded), (other, edited))
        ]
        assert plans[0] == plans[1]


@settings(deadline=None)
@given(JITTERS, st.lists(st.integers(1, 2 * D), min_size=1, max_size=8))
def test_a_control_seen_earlier_is_looked_at_when_its_partner_is(jitter: float, gaps: list[int]) -> None:
    """First seen 50 minutes before its partner: its own age moves neither the schedule nor a closing look."""
    until = FIRST_SEEN + MONTH.follow_up
    partner, control = fresh(), replace(fresh(), first_seen=FIRST_SEEN - 50 * MINUTE)
    at = 0
    for gap in gaps:
        at += gap
        last = look(at, Outcome.VISIBLE)
        partner, control = (decide(track, last, HAZARD).track for track in (partner, control))
        plans = [
            next_look(track, last, vantages=TWO, schedule=MONTH, jitter=jitter, begin=FIRST_SEEN, follow_until=until)
            for track in (partner, control)
        ]
        assert plans[0] == plans[1]


def test_a_closing_look_goes_by_the_pair_and_not_by_when_the_comment_was_first_seen() -> None:
    last = look(50, Outcome.VISIBLE)
    begin, until = moment(20), moment(20) + MONTH.follow_up
    due = [
        next_look(after(last), last, vantages=TWO, schedule=sparse, jitter=0, begin=begin, follow_until=until).due
        for sparse in (Schedule(HAZARD, 12, 30 * DAY), Schedule(HAZARD, 15, 30 * DAY))
    ]
    assert due == [begin + HOUR + HOUR // 100] * 2


def test_one_vantage_proves_an_absence_at_its_steps() -> None:
    looks, track = vanished(("front",))
    assert looks == [(minutes, "front") for minutes in (0, 20, 60, 6 * H, 24 * H, 72 * H)]
    assert track.looks == 6


def test_two_vantages_prove_an_absence_in_thirty_minutes() -> None:
    looks, track = vanished(TWO)
    assert looks == [(0, "front"), (10, "mirror"), (20, "front"), (30, "mirror")]
    assert track.state is State.CONFIRMED


def test_a_second_vantage_that_cannot_be_asked_leaves_the_long_way_to_the_first() -> None:
    looks, track = vanished(TWO, dark="mirror")
    assert [vantage for _, vantage in looks[:5]] == ["front", "mirror", "front", "mirror", "front"]
    assert [minutes for minutes, _ in looks[:6]] == [0, 10, 20, 60, 70, 70 + 5 * H]
    assert looks[-1][0] >= 72 * H
    assert set(track.miss_vantages) == {"front"}
    assert len(looks) == 11


def test_a_first_vantage_that_fails_after_an_absence_leaves_the_long_way_to_the_second() -> None:
    """One absence of the first may have been a slip; and nobody is asked every ten minutes for days."""
    looks, track = vanished(TWO, dark="front")
    assert [vantage for _, vantage in looks[:4]] == ["front", "front", "mirror", "front"] or looks[1][1] == "mirror"
    assert set(track.miss_vantages[1:]) <= {"front", "mirror"}
    assert looks[-1][0] >= 72 * H
    assert len(looks) < 30


@pytest.mark.parametrize("state", [State.MISSING, State.SUSPECTED, State.PROBABLE])
@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.RESTRICTED, Outcome.COMMENTS_CLOSED])
def test_a_look_that_saw_nothing_is_repeated_while_an_absence_is_open(state: State, outcome: Outcome) -> None:
    minutes = (WAYS[state][-1].at - FIRST_SEEN) / MINUTE + 30
    last = look(minutes, outcome)
    assert plan_after(after(*WAYS[state], last), last) == (10, "front")


@pytest.mark.parametrize("state", [State.MISSING, State.SUSPECTED, State.PROBABLE])
def test_an_absence_that_is_held_is_looked_at_again_soon(state: State) -> None:
    minutes = (WAYS[state][-1].at - FIRST_SEEN) / MINUTE + 30
    last = look(minutes, held=CANARY_UNSEEN)
    assert plan_after(after(*WAYS[state], last), last) == (10, "front")


CALM = [State.VISIBLE, State.RESTORED, State.CONFIRMED]


@pytest.mark.parametrize("state", CALM)
@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.RESTRICTED, Outcome.COMMENTS_CLOSED])
def test_a_look_that_saw_nothing_is_repeated_after_an_hour_where_no_absence_is_open(
    state: State, outcome: Outcome
) -> None:
    minutes = (WAYS[state][-1].at - FIRST_SEEN) / MINUTE + 8 * H
    last = look(minutes, outcome)
    assert plan_after(after(*WAYS[state], last), last) == (60, "front")


@pytest.mark.parametrize(
    ("state", "silence", "wait"),
    [
        *((state, silence, wait) for state in CALM for silence, wait in ((9 * H, 67.5), (D, 3 * H), (7 * D, 21 * H))),
        *((state, 8 * D, D) for state in CALM),
        *((state, 20 * D, D) for state in CALM),
        *((State.MISSING, silence, wait) for silence, wait in ((80, 10), (88, 11), (D, 3 * H), (9 * D, D))),
        (State.PROBABLE, 16 * H, 2 * H),
    ],
)
def test_the_longer_nothing_was_said_the_longer_is_the_wait(state: State, silence: float, wait: float) -> None:
    """An eighth of the silence, and never more than a day, however the looks in between went."""
    minutes = (WAYS[state][-1].at - FIRST_SEEN) / MINUTE
    between, last = look(minutes + silence / 2, Outcome.RESTRICTED), look(minutes + silence, Outcome.UNREACHABLE)
    assert plan_after(after(*WAYS[state], between, last), last) == (wait, "front")


def test_a_look_that_saw_nothing_is_repeated_after_an_hour_even_where_looks_are_dense() -> None:
    seen, unseen = look(5, Outcome.VISIBLE), look(5, Outcome.UNREACHABLE)
    minutes, _ = plan_after(after(seen), seen)
    assert minutes is not None
    assert minutes < 60
    assert plan_after(after(unseen), unseen) == (60, "front")


def test_a_first_absence_that_is_held_is_not_left_to_the_schedule() -> None:
    """Otherwise a breaker would delay a removal of an old comment by days."""
    seen, held = look(20 * D, Outcome.VISIBLE), look(22 * D, held=BREAKER)
    later, _ = plan_after(after(seen), seen)
    assert later is not None
    assert later > D
    assert plan_after(after(seen, held), held) == (20, "front")


def test_what_a_breaker_holds_is_looked_at_within_the_hour_and_from_both_vantages_in_turn() -> None:
    """It may end at any time, and the one whose fault is over must be able to say so."""
    minutes = (0, 10, 20, 30, 90, 150, 450)
    names = ("front", "mirror") * 4
    held = [look(60 + at, vantage=name, held=BREAKER) for at, name in zip(minutes, names, strict=False)]
    assert plan_after(after(*held), held[-1], TWO) == (60, "mirror")
    assert plan_after(after(*held[:-1]), held[-2], TWO) == (60, "front")


def silent(state: State, vantages: tuple[str, ...], days: int) -> tuple[list[Micros], Plan]:
    """Return when a comment in this state is looked at while nothing answers for so many days, and the next plan."""
    track, one = after(*WAYS[state]), WAYS[state][-1]
    start, until, looks = one.at, FIRST_SEEN + MONTH.follow_up, list[Micros]()
    while True:
        plan = next_look(track, one, vantages=vantages, schedule=MONTH, jitter=0, begin=FIRST_SEEN, follow_until=until)
        if plan.due is None or plan.due > start + days * DAY:
            return looks, plan
        one = Look(plan.due, plan.vantage, Outcome.UNREACHABLE)
        track = decide(track, one, HAZARD).track
        looks.append(one.at)


@pytest.mark.parametrize("vantages", [("front",), TWO])
@pytest.mark.parametrize("state", State)
def test_a_month_of_silence_costs_fewer_than_120_looks(state: State, vantages: tuple[str, ...]) -> None:
    looks, plan = silent(state, vantages, 30)
    assert 30 <= len(looks) < 120
    assert plan.due is not None, "and is not the end"


@pytest.mark.parametrize("state", State)
def test_silence_ends_the_looks_a_week_after_the_follow_up(state: State) -> None:
    looks, plan = silent(state, TWO, 60)
    extra = FIRST_SEEN + MONTH.follow_up + 7 * DAY
    assert plan.due is None
    assert looks[-2] <= extra < looks[-1] <= extra + DAY


def test_a_restoration_is_still_looked_for_when_the_follow_up_and_its_extra_week_are_over() -> None:
    said = look(20 * D, Outcome.DELETED_BY_AUTHOR), look(20 * D + 10, Outcome.DELETED_BY_AUTHOR)
    dark = look(38 * D + 10, Outcome.UNREACHABLE)
    assert plan_after(after(*said, dark), dark) == (12 * D, "front"), "30 days after it was confirmed"


@pytest.mark.parametrize("state", [State.VISIBLE, State.RESTORED])
@pytest.mark.parametrize("last", [look(30 * D, Outcome.UNREACHABLE), look(37 * D, held=CANARY_UNSEEN)])
def test_a_closing_look_that_saw_nothing_is_repeated_for_a_week(state: State, last: Look) -> None:
    seen = look(29 * D + 20 * H, Outcome.VISIBLE)
    wait = max(H, (last.at - seen.at) / MINUTE / 8)
    assert plan_after(after(*WAYS[state], seen, last), last) == (wait, "front")
    over = look(37 * D + 1, Outcome.UNREACHABLE)
    assert plan_after(after(*WAYS[state], seen, over), over) == (None, "front")


def test_a_restoration_look_that_saw_nothing_is_repeated_and_the_next_one_is_in_time() -> None:
    confirmed = WAYS[State.CONFIRMED][-1].at
    dark = Look(confirmed + DAY, "front", Outcome.UNREACHABLE)
    assert plan_after(after(*WAYS[State.CONFIRMED], dark), dark) == (3 * H, "front")
    again = Look(dark.at + 3 * HOUR, "front", Outcome.GONE)
    assert plan_after(after(*WAYS[State.CONFIRMED], dark, again), again) == (2 * D - 3 * H, "front")


def test_the_looks_for_a_second_restoration_go_by_the_second_removal() -> None:
    second = look(9 * D, Outcome.DELETED_BY_AUTHOR), look(9 * D + 10, Outcome.DELETED_BY_AUTHOR)
    track = after(*WAYS[State.RESTORED], *second)
    assert (track.state, track.settled_at) == (State.CONFIRMED, second[1].at)
    assert plan_after(track, second[1]) == (D, "front")


def test_an_absence_that_comes_too_soon_is_asked_again_from_the_second_vantage() -> None:
    first, soon = look(60), look(65)
    assert plan_after(after(first, soon), soon, TWO) == (10, "mirror")
    soon = look(65, vantage="mirror")
    assert plan_after(after(first, soon), soon, TWO) == (10, "mirror")


@pytest.mark.parametrize(("asked", "next_one"), [("front", "mirror"), ("mirror", "front")])
@pytest.mark.parametrize("held", [None, CANARY_UNSEEN])
def test_where_nothing_counted_the_other_vantage_is_asked(asked: str, next_one: str, held: str | None) -> None:
    last = look(90, Outcome.GONE if held else Outcome.UNREACHABLE, vantage=asked, held=held)
    assert plan_after(after(look(60), last), last, TWO) == (10, next_one)


def test_a_step_is_due_a_whole_wait_after_the_one_before() -> None:
    """A late step moves those after it: what counts are waits, not the time since the first absence."""
    looks = [look(60 + minutes) for minutes in (0, 50, 100, 10 * H)]
    due = [plan_after(after(*looks[: number + 1]), one) for number, one in enumerate(looks)]
    assert due == [(20, "front"), (40, "front"), (5 * H, "front"), (18 * H, "front")]
    cluster = [look(60), look(70), look(80), look(90)]
    assert plan_after(after(*cluster), cluster[-1]) == (30, "front"), "40 minutes after the step at 80"


def test_the_look_after_a_failed_second_vantage_comes_from_the_first_and_the_next_from_the_second() -> None:
    first, dark = look(60), look(70, Outcome.UNREACHABLE, vantage="mirror")
    assert plan_after(after(first), first, TWO) == (10, "mirror")
    assert plan_after(after(first, dark), dark, TWO) == (10, "front")
    again = look(80)
    assert plan_after(after(first, dark, again), again, TWO)[1] == "mirror"


def test_a_tombstone_is_asked_for_once_more_after_ten_minutes() -> None:
    last = look(60, Outcome.REMOVED_BY_MODERATOR)
    assert plan_after(after(last), last) == (10, "front")


def test_a_confirmed_comment_is_looked_at_after_a_day_three_days_a_week_and_a_month() -> None:
    confirmed = look(70, Outcome.DELETED_BY_AUTHOR)
    last, track, ages = confirmed, after(look(60, Outcome.DELETED_BY_AUTHOR), confirmed), []
    while True:
        minutes, vantage = plan_after(track, last)
        if minutes is None:
            break
        assert vantage == "front"
        last = Look(last.at + round(minutes * MINUTE), vantage, Outcome.GONE)
        track = decide(track, last, HAZARD).track
        ages.append((last.at - confirmed.at) / DAY)
    assert ages == [1, 3, 7, 30]


def test_a_restoration_look_that_comes_late_skips_those_it_has_overtaken() -> None:
    confirmed = WAYS[State.CONFIRMED][-1]
    late = Look(confirmed.at + 5 * DAY, "front", Outcome.GONE)
    assert plan_after(after(*WAYS[State.CONFIRMED], late), late) == (2 * D, "front")


def test_a_restored_comment_is_watched_again_until_its_time_is_over() -> None:
    back = WAYS[State.RESTORED][-1]
    minutes, vantage = plan_after(after(*WAYS[State.RESTORED]), back)
    assert minutes is not None
    assert 0 < minutes <= 3 * D
    assert vantage == "front"
    late = look(40 * D, Outcome.VISIBLE)
    assert plan_after(after(*WAYS[State.CONFIRMED], late), late) == (None, "front")


def test_an_absence_that_opens_at_the_end_is_still_proved() -> None:
    """The follow-up ends for what was seen; a removal found by the closing look is not lost."""
    last = look(30 * D + 400)
    assert moment(30 * D + 400) > FIRST_SEEN + MONTH.follow_up
    assert plan_after(after(last), last) == (20, "front")
