"""What the demo plants: counts, times and causes, and that all of it happens when somebody reads along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import pytest

from bot.demo import sentences
from bot.demo.acts import Act, Edit, Fold, OpenThread, Post, Remove, StartFault, StopFault
from bot.demo.cast import ENDING_AUTHORS, ENDING_THREADS
from bot.demo.scenario import EDITS, FOLDS, PLANTED, RESTORED, age_at, share, timetable
from bot.demo.simulation import Simulation, Timed
from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.domain.observation import Cause
from tests.demo.hand_clock import START, HandClock

SEEDS = (1, 2, 3)
Kind = TypeVar("Kind", bound=Act)


@pytest.fixture(params=SEEDS)
def acts(request: pytest.FixtureRequest) -> list[Timed]:
    return timetable(START, request.param)


def _of(acts: Sequence[Timed], kind: type[Kind]) -> list[tuple[Micros, Kind]]:
    return [(at, act) for at, act in acts if isinstance(act, kind)]


def _flagged(act: Post) -> bool:
    return any(clause in act.text for clauses in sentences.FLAGGED.values() for clause in clauses)


def test_the_same_seed_gives_the_same_acts_and_another_seed_others() -> None:
    assert timetable(START, 5) == timetable(START, 5)
    assert timetable(START, 5) != timetable(START, 6)


def test_the_acts_come_in_the_order_of_their_times(acts: list[Timed]) -> None:
    times = [at for at, _ in acts]
    assert times == sorted(times)


def test_enough_comments_in_enough_threads_over_nearly_three_days(acts: list[Timed]) -> None:
    posts = _of(acts, Post)
    assert len({act.id for _, act in posts}) == len(posts) >= 2_200
    assert len({act.thread for _, act in posts}) == len(_of(acts, OpenThread)) >= 24
    backlog = sum(at < START for at, _ in posts)
    assert 0.5 * len(posts) < backlog < 0.8 * len(posts)
    assert posts[0][0] >= START - DAY
    assert posts[-1][0] <= START + 2 * DAY


def test_about_15_percent_are_flagged_and_all_four_languages_write(acts: list[Timed]) -> None:
    posts = [act for _, act in _of(acts, Post)]
    assert 0.12 < sum(map(_flagged, posts)) / len(posts) < 0.18
    for clauses in sentences.FLAGGED.values():
        assert any(clause in act.text for act in posts for clause in clauses)


def test_replies_answer_an_earlier_comment_of_their_thread(acts: list[Timed]) -> None:
    seen: dict[str | None, str] = {}
    replies = 0
    for _, act in _of(acts, Post):
        if act.parent is not None:
            replies += 1
            assert seen[act.parent] == act.thread
        seen[act.id] = act.thread
    assert replies > 100


def test_removals_leave_a_reader_time_and_are_over_in_time(acts: list[Timed]) -> None:
    posted = {act.id: at for at, act in _of(acts, Post)}
    for at, act in _of(acts, Remove):
        assert at >= max(posted[act.id], START) + 30 * MINUTE
        assert at <= START + 9 * DAY // 2
        # Nothing else is planted on it, so that its cause stays the one that was stated.
        assert [type(other) for _, other in acts if getattr(other, "id", "") == act.id] == [Post, Remove]


def test_what_comes_back_was_gone_two_days_and_is_back_before_the_end(acts: list[Timed]) -> None:
    back = [(at, act) for at, act in _of(acts, Remove) if act.restore_after is not None]
    assert Counter(act.silent for _, act in back) == RESTORED
    assert len(back) >= 12
    for at, act in back:
        assert act.by != "author"
        assert act.restore_after is not None
        assert 2 * DAY <= act.restore_after <= 3 * DAY
        assert at + act.restore_after <= START + 5 * DAY


def test_edits_and_folds_touch_only_comments_that_stay(acts: list[Timed]) -> None:
    edited = {act.id for _, act in _of(acts, Edit)}
    folded = {act.id for _, act in _of(acts, Fold)}
    removed = {act.id for _, act in _of(acts, Remove)}
    doomed = {act.id for _, act in _of(acts, Post) if act.thread in ENDING_THREADS or act.author in ENDING_AUTHORS}
    assert (len(edited), len(folded)) == (EDITS, FOLDS)
    assert not edited & folded
    assert not (edited | folded) & (removed | doomed)


def test_every_kind_of_fault_strikes_once_long_enough_and_never_two_at_a_time(acts: list[Timed]) -> None:
    faults = [(at, act) for at, act in acts if isinstance(act, StartFault | StopFault)]
    assert Counter(act.kind for _, act in faults) == dict.fromkeys(PLANTED, 2)
    total = 0
    for (start, begun), (end, ended) in zip(faults[::2], faults[1::2], strict=True):
        assert isinstance(begun, StartFault)
        assert isinstance(ended, StopFault)
        assert begun.kind is ended.kind
        assert 3 * HOUR // 2 <= end - start <= 4 * HOUR
        total += end - start
    assert faults[0][0] > START + 3 * DAY // 10
    assert faults[-1][0] < START + 5 * DAY
    assert total < (faults[-1][0] - faults[0][0]) // 2


def test_the_whole_host_fails_at_least_once_and_mostly_the_front_alone(acts: list[Timed]) -> None:
    struck = Counter(act.vantages for _, act in _of(acts, StartFault))
    assert struck[("front", "origin")] >= 1
    assert struck[("front",)] >= 8


@pytest.mark.parametrize(("age", "wanted"), [(8 * MINUTE, 0.05), (30 * MINUTE, 0.30), (24 * HOUR, 0.90)])
def test_the_law_of_ages_passes_through_its_published_points(age: Micros, wanted: float) -> None:
    assert share(age) == pytest.approx(wanted)
    assert age_at(wanted) == pytest.approx(age)


def test_the_law_of_ages_rises_from_nothing_to_everything() -> None:
    ages = [MINUTE * 2**step for step in range(16)]
    assert share(0) == share(MINUTE) == 0.0
    assert [share(age) for age in ages] == sorted({share(age) for age in ages})
    assert share(31 * DAY) == 1.0
    assert age_at(1.0) == 30 * DAY


def _play(seed: int, *, pause: Micros) -> Simulation:
    """Play a scenario for nine days before a reader who asks for everything after every `pause`."""
    clock = HandClock()
    simulation = Simulation(clock, timetable(START, seed))
    while clock.at < START + 9 * DAY:
        simulation.advance()
        public = [one for one in simulation.site.comments.values() if one.public]
        simulation.site.served(public, clock.at)
        clock.at += pause
    return simulation


@pytest.fixture(scope="module", params=SEEDS)
def played(request: pytest.FixtureRequest) -> Simulation:
    return _play(request.param, pause=2 * HOUR)


def test_all_that_is_planted_happens(played: Simulation) -> None:
    site = played.site
    posts = [act for _, act in _of(timetable(START, 1), Post)]
    assert len(site.comments) == len(posts)
    assert Counter(one.kind for one in site.changes) == {"edit": EDITS, "fold": FOLDS}
    assert sum(one.restored_at is not None for one in site.removals) == RESTORED[True] + RESTORED[False]
    assert all(episode.end is not None for episode in played.faults.episodes)


def test_enough_is_removed_for_enough_causes_and_half_of_it_silently(played: Simulation) -> None:
    removals = played.site.removals
    assert len({one.id for one in removals}) == len(removals)
    assert sum(one.silent for one in removals) * 2 == len(removals)
    stated = Counter(one.cause for one in removals if not one.silent)
    named = {Cause.AUTHOR, Cause.MODERATOR, Cause.PLATFORM, Cause.ACCOUNT_SUSPENDED, Cause.PARENT}
    assert all(stated[cause] >= 8 for cause in named)
    assert stated[None] >= 1


def test_most_removals_hit_flagged_comments_and_some_hit_others(played: Simulation) -> None:
    texts = [played.site.comments[one.id].text for one in played.site.removals]
    flagged = sum(any(clause in text for clauses in sentences.FLAGGED.values() for clause in clauses) for text in texts)
    assert flagged >= 70
    assert len(texts) - flagged >= 10


def test_nothing_is_removed_before_a_reader_had_it_for_half_an_hour(played: Simulation) -> None:
    for removal in played.site.removals:
        comment = played.site.comments[removal.id]
        assert comment.served_at is not None
        assert removal.at >= comment.served_at + 30 * MINUTE
        assert removal.at < START + 5 * DAY
