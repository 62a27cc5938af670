"""Short ways to write down what was seen of a comment, and when."""

from __future__ import annotations

from bot.domain.hazard import published
from bot.domain.instant import MINUTE, SECOND, Micros
from bot.domain.observation import Outcome
from bot.domain.verdict import Decision, Look, State, Track, decide

HAZARD = published()
FIRST_SEEN: Micros = 1_750_000_000 * SECOND
H = 60
D = 24 * H


def moment(minutes: float) -> Micros:
    """Return the instant this many minutes after the comment was first seen."""
    return FIRST_SEEN + round(minutes * MINUTE)


def look(
    minutes: float,
    outcome: Outcome = Outcome.GONE,
    *,
    vantage: str = "front",
    explicit: bool = False,
    held: str | None = None,
) -> Look:
    """Return a look this many minutes after the comment was first seen; without more words an unexplained absence."""
    return Look(moment(minutes), vantage, outcome, explicit, held)


def fresh() -> Track:
    """Return a comment that was just seen for the first time."""
    return Track(first_seen=FIRST_SEEN, last_look=FIRST_SEEN, last_seen=FIRST_SEEN)


def decisions(*looks: Look) -> list[Decision]:
    """Return what each look made of a fresh comment."""
    track, made = fresh(), []
    for one in looks:
        made.append(decide(track, one, HAZARD))
        track = made[-1].track
    return made


def after(*looks: Look) -> Track:
    """Return a fresh comment after these looks."""
    return decisions(*looks)[-1].track if looks else fresh()


_GONE_AT_60 = tuple(look(60 + minutes) for minutes in (0, 20, 1 * H, 6 * H, 24 * H, 72 * H))

#: The shortest honest way into each state, from one vantage.
WAYS: dict[State, tuple[Look, ...]] = {
    State.VISIBLE: (look(60, Outcome.VISIBLE),),
    State.MISSING: _GONE_AT_60[:1],
    State.SUSPECTED: _GONE_AT_60[:2],
    State.PROBABLE: _GONE_AT_60[:4],
    State.CONFIRMED: _GONE_AT_60,
    State.RESTORED: (*_GONE_AT_60, look(5 * D, Outcome.VISIBLE)),
}


def later(track: Track, outcome: Outcome = Outcome.GONE, *, minutes: float = 30, held: str | None = None) -> Look:
    """Return a look this many minutes after the last one of `track`."""
    return Look(track.last_look + round(minutes * MINUTE), "front", outcome, held=held)
