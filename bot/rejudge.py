"""Verdicts are made again from stored observations, after the decision changed; nothing is erased, nobody is alerted.

Looks -> replay -> what moved -> (with `apply`) new verdict rows and tracks, a few hundred comments a transaction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from bot.domain.comment import Source
from bot.domain.error_rates import ErrorRates
from bot.domain.errors import InputError
from bot.domain.hazard import Hazard, published
from bot.domain.replay import Seen, beginning, replay
from bot.domain.verdict import Track
from bot.ports import Clock
from bot.store import error_rates, hazards, mass_disappearances, observations, story

CHUNK = 500
#: Comments that are named for each kind of move.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the looks of a source are judged by: today's hazard and error rates, and the faults that were annulled."""

    hazard: Hazard
    rates: ErrorRates
    annulled: list[tuple[int, int]]


@dataclass(slots=True)
class Moves:
    """What moved: from -> to (state and cause), how many comments, and the first few of them.

    `looked_at`: comments that were judged again; `held`: left as they are, because a batch looks at them just now;
    `incomplete`: so too, as not all of their looks are stored;
    `dates`: same state and cause, but another date or count.
    """

    looked_at: int = 0
    dates: int = 0
    held: int = 0
    incomplete: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many comments moved."""
        return self.dates + sum(self.counts.values())


def rejudge(engine: Engine, clock: Clock, *, source: str | None = None, apply: bool = False) -> Moves:
    """Judge all followed comments again, of one source or of all; InputError where there is no such source."""
    with engine.connect().execution_options(read_only=True) as connection:
        chosen = [one for one in story.stored_sources(connection) if source in {None, one.name}]
        names = ", ".join(one.name for one in story.stored_sources(connection))
    if source is not None and not chosen:
        raise InputError(f"there is no source {source}", instead=f"one of: {names}" if names else "start the bot first")
    moves = Moves()
    for one in chosen:
        _rejudge_source(engine, clock, one, moves, apply=apply)
    return moves


def _rejudge_source(engine: Engine, clock: Clock, source: Source, moves: Moves, *, apply: bool) -> None:
    after: int | None = 0
    while after is not None:
        # One chunk is one transaction: readers hold up nobody, a writer holds up the others for milliseconds.
        opened = engine.begin() if apply else engine.connect().execution_options(read_only=True)
        with opened as connection:
            after = _chunk(connection, clock, source, after, moves, apply=apply)


def _chunk(
    connection: Connection, clock: Clock, source: Source, after: int, moves: Moves, *, apply: bool
) -> int | None:
    stored = story.tracks(connection, source.id, after, CHUNK, for_update=apply)
    if not stored:
        return None
    grounds = grounds_of(connection, source)
    looks = story.looks_of(connection, [comment_id for comment_id, _ in stored])
    # Looks that are missing must not take a removal off its record; those stored since are left out.
    whole = [one for one in stored if len(looks.get(one[0], ())) >= one[1].looks]
    judged = [(key, before, judge(before, looks.get(key, [])[: before.looks], grounds)) for key, before in whole]
    moved = [
        (comment_id, before, track) for comment_id, before, track in judged if weightless(before) != weightless(track)
    ]
    moves.looked_at += len(whole)
    moves.incomplete += len(stored) - len(whole)
    if apply:
        moved = _apply(connection, clock, moved, moves)
    for comment_id, before, track in moved:
        _note(moves, comment_id, before, track)
    return stored[-1][0]


def grounds_of(connection: Connection, source: Source) -> Grounds:
    """Return what holds for a source today."""
    return Grounds(
        hazards.newest(connection, source.platform) or published(),
        error_rates.in_force(connection, source.id),
        mass_disappearances.annulled(connection, source.id, since=0),
    )


def judge(before: Track, looks: list[Seen], grounds: Grounds) -> Track:
    """Return the track that the looks give a comment today."""
    track = beginning(before.first_seen)
    for turn in replay(track, looks, grounds.annulled, grounds.hazard, grounds.rates):
        track = turn.track
    return track


def weightless(track: Track) -> Track:
    """Return a track without its log-odds: they follow hazard and rates, which are learned and move every day."""
    return replace(track, log_odds=None)


def _apply(
    connection: Connection, clock: Clock, moved: list[tuple[int, Track, Track]], moves: Moves
) -> list[tuple[int, Track, Track]]:
    now = clock.now()
    free = set(story.replace_tracks(connection, [(comment_id, track) for comment_id, _, track in moved], now))
    moves.held += len(moved) - len(free)
    done = [one for one in moved if one[0] in free]
    observations.add_verdicts(connection, [_verdict_row(comment_id, old, new, now) for comment_id, old, new in done])
    return done


def _verdict_row(comment_id: int, before: Track, track: Track, now: int) -> dict[str, object]:
    return {
        "comment_id": comment_id,
        "episode": track.episode,
        "at": now,
        "state": track.state,
        "cause": track.run_cause,
        "log_odds": track.log_odds,
        "why": f"rejudged: was {_name(before)}" if _name(before) != _name(track) else "rejudged: dates or counts only",
    }


def _name(track: Track) -> str:
    return f"{track.state} ({track.cause})"


def _note(moves: Moves, comment_id: int, before: Track, track: Track) -> None:
    kind = _name(before), _name(track)
    if kind[0] == kind[1]:
        moves.dates += 1
        return
    moves.counts[kind] += 1
    examples = moves.examples.setdefault(kind, [])
    if len(examples) < NAMED:
        examples.append(comment_id)
