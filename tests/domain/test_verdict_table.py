"""The table from outcomes to states, written down by hand: every outcome from every state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.health import BLIND, BREAKER, CANARY_UNSEEN
from bot.domain.observation import UNOBSERVED, Cause, Outcome
from bot.domain.verdict import DISAPPEARED, State, decide
from tests.domain.histories import HAZARD, WAYS, after, later

# One more look half an hour later, the guards hold; suspected, probable and confirmed came without a statement.
TABLE = """
                      visible    missing    suspected  probable   confirmed  restored
visible               visible    visible    visible    restored   restored   restored
edited                visible    visible    visible    restored   restored   restored
folded                visible    visible    visible    restored   restored   restored
shadowed              visible    visible    visible    probable   confirmed  restored
deleted_by_author     suspected  suspected  suspected  probable   confirmed  suspected
removed_by_moderator  suspected  suspected  suspected  probable   confirmed  suspected
removed_by_platform   suspected  suspected  suspected  probable   confirmed  suspected
gone                  missing    suspected  suspected  probable   confirmed  missing
account_gone          missing    suspected  suspected  probable   confirmed  missing
parent_gone           missing    suspected  suspected  probable   confirmed  missing
pending               visible    missing    suspected  probable   confirmed  restored
restricted            visible    missing    suspected  probable   confirmed  restored
comments_closed       visible    missing    suspected  probable   confirmed  restored
unreachable           visible    missing    suspected  probable   confirmed  restored
"""
_HEAD, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [
    (State(before), Outcome(outcome), State(expected))
    for outcome, *row in _ROWS
    for before, expected in zip(_HEAD, row, strict=True)
]
ABSENT = (Outcome.GONE, Outcome.ACCOUNT_GONE, Outcome.PARENT_GONE)
SILENT = (*sorted(UNOBSERVED), Outcome.PENDING)


def test_the_table_has_a_cell_for_every_outcome_and_state() -> None:
    assert {(state, outcome) for state in State for outcome in Outcome} == {cell[:2] for cell in CELLS}
    assert len(CELLS) == 84


@pytest.mark.parametrize("state", State)
def test_the_ways_lead_where_they_say(state: State) -> None:
    assert after(*WAYS[state]).state is state


@pytest.mark.parametrize(("before", "outcome", "expected"), CELLS)
def test_an_outcome_moves_a_state_as_the_table_says(before: State, outcome: Outcome, expected: State) -> None:
    track = after(*WAYS[before])
    decision = decide(track, later(track, outcome), HAZARD)
    assert decision.track.state is expected
    spoken = expected is not before or decision.track.run_cause is not track.run_cause
    assert (decision.why != "") == spoken, "words if and only if the state moved or the run's cause changed"
    assert decision.track.outcome is (track.outcome if outcome in UNOBSERVED else outcome)
    assert decision.track.looks == track.looks + 1


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", SILENT)
def test_what_could_not_be_observed_changes_nothing_but_the_count(state: State, outcome: Outcome) -> None:
    """Neither the state nor the run of absences nor any date."""
    track = after(*WAYS[state])
    one = later(track, outcome)
    counted = track.unobserved + (outcome is not Outcome.PENDING)
    said = outcome if outcome is Outcome.PENDING else track.outcome
    expected = replace(track, outcome=said, last_look=one.at, looks=track.looks + 1, unobserved=counted)
    assert decide(track, one, HAZARD).track == expected


@pytest.mark.parametrize("state", sorted(DISAPPEARED))
def test_a_removed_comment_that_its_author_alone_sees_stays_removed(state: State) -> None:
    track = after(*WAYS[state])
    one = later(track, Outcome.SHADOWED)
    decision = decide(track, one, HAZARD)
    assert decision.track == replace(track, outcome=Outcome.SHADOWED, last_look=one.at, looks=track.looks + 1)
    assert decision.why == ""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", ABSENT)
def test_a_held_absence_changes_nothing_but_since_when_it_is_absent(state: State, outcome: Outcome) -> None:
    track = after(*WAYS[state])
    one = later(track, outcome, held=CANARY_UNSEEN)
    since = one.at if track.absent_since is None else track.absent_since
    expected = replace(track, outcome=outcome, last_look=one.at, looks=track.looks + 1, absent_since=since)
    assert decide(track, one, HAZARD).track == expected


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", ABSENT)
def test_a_breaker_keeps_an_absence_and_lets_it_move_nothing_beyond_missing(state: State, outcome: Outcome) -> None:
    track = after(*WAYS[state])
    moved = decide(track, later(track, outcome, held=BREAKER), HAZARD).track
    calm = state in {State.VISIBLE, State.RESTORED}
    assert moved.state is (State.MISSING if calm else state)
    assert (moved.misses, moved.episode) == (track.misses + 1, track.episode)
    assert (moved.gone_after, moved.gone_before) == (track.gone_after, track.gone_before)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", ABSENT)
@pytest.mark.parametrize("held", sorted(BLIND))
def test_an_absence_where_nothing_is_proved_visible_does_not_even_begin_one(
    state: State, outcome: Outcome, held: str
) -> None:
    track = after(*WAYS[state])
    one = later(track, outcome, held=held)
    decision = decide(track, one, HAZARD)
    beside_the_answer = replace(decision.track, outcome=track.outcome)
    assert beside_the_answer == replace(track, last_look=one.at, looks=track.looks + 1)
    assert decision.why == ""


@pytest.mark.parametrize("held", sorted(BLIND))
def test_an_absence_where_nothing_is_proved_visible_says_nothing_of_the_comment(held: str) -> None:
    """Else a comment that was only asked blindly would no longer pass for visible, and could be no canary."""
    track = after(*WAYS[State.VISIBLE])
    assert decide(track, later(track, held=held), HAZARD).track.outcome is Outcome.VISIBLE


CAUSES = {
    Outcome.DELETED_BY_AUTHOR: Cause.AUTHOR,
    Outcome.REMOVED_BY_MODERATOR: Cause.MODERATOR,
    Outcome.REMOVED_BY_PLATFORM: Cause.PLATFORM,
    Outcome.ACCOUNT_GONE: Cause.ACCOUNT,
    Outcome.PARENT_GONE: Cause.PARENT,
}


@pytest.mark.parametrize("outcome", Outcome)
def test_a_cause_is_what_the_platform_states_and_otherwise_unknown(outcome: Outcome) -> None:
    track = after(*WAYS[State.VISIBLE])
    moved = decide(track, later(track, outcome), HAZARD).track
    assert moved.cause is CAUSES.get(outcome, Cause.UNKNOWN)
    assert moved.run_cause is moved.cause


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (State.VISIBLE, State.SUSPECTED),
        (State.MISSING, State.SUSPECTED),
        (State.SUSPECTED, State.SUSPECTED),
        (State.PROBABLE, State.PROBABLE),
        (State.CONFIRMED, State.CONFIRMED),
        (State.RESTORED, State.SUSPECTED),
    ],
)
def test_a_tombstone_that_names_nobody_suspects_at_once_and_gives_no_cause(before: State, expected: State) -> None:
    track = after(*WAYS[before])
    moved = decide(track, replace(later(track, Outcome.GONE), explicit=True), HAZARD).track
    assert moved.state is expected
    assert moved.cause is Cause.UNKNOWN
