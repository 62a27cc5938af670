"""What is said to be missing is what the decision asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.domain.instant import MINUTE
from bot.domain.next_step import in_words, ways_on
from bot.domain.verdict import Look, State, Track, decide
from tests.domain.histories import HAZARD, WAYS, after, look, moment
from tests.domain.test_verdict_properties import VANTAGES, histories

LEISURE = settings(deadline=None, max_examples=150)


def walked(track: Track, looks: list[Look]) -> list[State]:
    states = []
    for one in looks:
        track = decide(track, one, HAZARD).track
        states.append(track.state)
    return states


@LEISURE
@given(histories())
def test_doing_exactly_what_is_missing_reaches_the_state_that_it_names(history: list[Look]) -> None:
    """And not before the last of its absences."""
    track = after(*history)
    ways = ways_on(track, VANTAGES, HAZARD)
    assert bool(ways) == (track.state is not State.CONFIRMED)
    for way in ways:
        *before, reached = walked(track, way.looks)
        assert reached is way.state
        assert set(before) <= {track.state}


@LEISURE
@given(histories())
def test_a_minute_earlier_or_one_absence_less_is_not_enough(history: list[Look]) -> None:
    track = after(*history)
    for way in ways_on(track, VANTAGES, HAZARD):
        looks = way.looks
        assert way.state not in walked(track, looks[:-1])
        early = replace(looks[-1], at=looks[-1].at - MINUTE)
        follows = looks[-2].at if len(looks) > 1 else track.last_miss
        if follows is not None and early.at > max(follows, track.last_look):
            assert way.state not in walked(track, [*looks[:-1], early])


@pytest.mark.parametrize(
    ("track", "missing"),
    [
        (after(), ["for missing: one absence from front, at the next look"]),
        (
            after(look(60)),
            ["for suspected: one more absence from front, at least 10 minutes after 2025-06-15T16:06:40Z"],
        ),
        (
            after(*WAYS[State.SUSPECTED]),
            [
                "for probable: 2 more absences from front, at least 40 minutes after 2025-06-15T16:26:40Z"
                ", then 5 h later"
            ],
        ),
        (
            after(*WAYS[State.CONFIRMED]),
            ["nothing: confirmed is the last step; a sighting would make it restored"],
        ),
    ],
)
def test_what_is_missing_is_said_in_plain_words(track: Track, missing: list[str]) -> None:
    assert in_words(track, ways_on(track, ("front",), HAZARD)) == missing


def test_the_shortest_way_is_named_first_and_says_from_where() -> None:
    """Two absences from each of two vantages: ten minutes apart, the one that lacks them first."""
    track = after(look(60), look(70, vantage="mirror"))
    ways = ways_on(track, VANTAGES, HAZARD)
    assert (ways[0].state, ways[0].vantages) == (State.CONFIRMED, ("front", "mirror"))
    assert ways[0].not_before == (moment(80), moment(90))
    assert {(way.state, way.vantages[0]) for way in ways[1:]} == {
        (State.PROBABLE, "front"),
        (State.PROBABLE, "mirror"),
    }
    assert in_words(track, ways)[0].startswith("for confirmed: 2 more absences from front, then mirror, at least 10 m")
