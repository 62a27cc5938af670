"""The simulation of `benchmarks.removals`: what it passes over is neutral, and what it must catch it catches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from benchmarks import removals
from benchmarks.removal_faults import Kind
from benchmarks.removal_world import Policy
from bot.domain.instant import MINUTE
from bot.domain.observation import PRESENT, UNOBSERVED, Outcome
from bot.domain.verdict import Look, Track, decide
from tests.domain.histories import HAZARD, fresh, look

TWO, ONE = removals.TWO, removals.TWO[:1]
CALM = st.lists(st.tuples(st.sampled_from(sorted(PRESENT | UNOBSERVED)), st.integers(1, 500)), max_size=20)


def lived(looks: list[tuple[Outcome, int]]) -> Track:
    track, minutes = fresh(), 0
    for outcome, wait in looks:
        minutes += wait
        track = decide(track, look(minutes, outcome), HAZARD).track
    return track


@given(CALM)
def test_looks_without_an_open_absence_are_neutral(looks: list[tuple[Outcome, int]]) -> None:
    """Whatever a living comment answered before, the same absences make the same of it: only its dates move."""
    before = lived(looks)
    start = before.last_look + 60 * MINUTE
    short = replace(fresh(), last_seen=before.last_seen, last_look=before.last_look)
    for number in range(5):
        one = Look(start + number * 10 * MINUTE, ("front", "mirror")[number % 2], Outcome.GONE)
        before, short = decide(before, one, HAZARD).track, decide(short, one, HAZARD).track
        assert replace(before, looks=0, unobserved=0) == replace(short, looks=0, unobserved=0)


def test_the_same_seed_gives_the_same_figures() -> None:
    options = {"worlds": 2, "share": 0.0, "policy": Policy(), "vantages": TWO}
    assert removals.run_harsh(default_rng(5), **options) == removals.run_harsh(default_rng(5), **options)
    assert removals.run_harsh(default_rng(5), **options) != removals.run_harsh(default_rng(6), **options)


def test_every_comment_removed_under_the_harsh_faults_is_confirmed() -> None:
    found = removals.run_recall(default_rng(1), worlds=4, policy=Policy())
    assert found["found"] == found["planted"] == 40
    assert sorted(found["delays"])[20] <= 1


@pytest.mark.parametrize("vantages", [TWO, ONE])
def test_purges_are_called_disappeared_within_a_day(vantages: tuple[str, ...]) -> None:
    """From 5 to 100 % of the flagged, gone within a minute, while the threads live."""
    found = removals.run_purges(default_rng(1), worlds=6, policy=Policy(), vantages=vantages)
    assert found["found"] == found["planted"] > 300


def test_a_breaker_that_erases_never_finds_a_purge() -> None:
    policy = removals.MUTANTS["breaker_erases"]
    found = removals.run_purges(default_rng(1), worlds=6, policy=policy, vantages=ONE)
    assert found["found"] < 0.5 * found["planted"]


@pytest.mark.parametrize(("name", "vantages"), [("no_canary", ONE), ("two_misses", ONE), ("no_second_vantage", TWO)])
def test_a_policy_without_a_safeguard_calls_living_comments_removed(name: str, vantages: tuple[str, ...]) -> None:
    """The negative control: the worlds are harsh enough to catch it."""
    options = {"worlds": 60, "share": 0.0, "vantages": vantages}
    mutant = removals.run_harsh(default_rng(4), policy=removals.MUTANTS[name], **options)
    product = removals.run_harsh(default_rng(4), policy=Policy(), **options)
    assert mutant["called"] > product["called"] + 10


def test_unreachable_answers_of_every_kind_move_nobody() -> None:
    kinds = [(Kind.RATE_LIMITED,), (Kind.CAPTCHA, Kind.FORBIDDEN), (Kind.TIMEOUT, Kind.DNS)]
    found = removals.run_kinds(default_rng(3), worlds=2, combinations=kinds, policy=Policy(), vantages=TWO)
    assert (found["confirmed"], found["probable"]) == (0, 0)
    assert found["looks"] > 6 * 12_000


def test_an_absence_in_a_world_without_faults_or_slips_does_not_happen() -> None:
    setting = replace(removals.HARSH, false_miss=0.0)
    quiet = {vantage: [] for vantage in TWO}
    source = removals.source_of(setting, Policy(), default_rng(1), quiet)
    assert not source.first_absent
