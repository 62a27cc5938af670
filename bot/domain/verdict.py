"""The decision: what one answer, given what was known before, makes of a comment. Pure: no clock, no I/O.

The table from outcomes to states is `decide`; the ladder of an unexplained absence is `_ladder`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.hazard import Hazard
from bot.domain.instant import HOUR, MINUTE, Micros
from bot.domain.observation import ABSENCES, PRESENT, TOMBSTONES, UNOBSERVED, Cause, Outcome


class State(StrEnum):
    """What is thought of a comment; `restored` never erases the removal before it."""

    VISIBLE = "visible"
    MISSING = "missing"
    SUSPECTED = "suspected"
    PROBABLE = "probable"
    CONFIRMED = "confirmed"
    RESTORED = "restored"


#: Probable or better counts as disappeared in rates.
DISAPPEARED = frozenset({State.PROBABLE, State.CONFIRMED})
RUNNING = frozenset({State.MISSING, State.SUSPECTED, State.PROBABLE})

#: Two absences nearer than this are one observation: faults last (science: spacing alone buys a factor of 4 to 20).
SPACING: Micros = 10 * MINUTE
#: One vantage: looks at these times after the first miss; the fourth makes it probable, the last confirmed.
ONE_VANTAGE_STEPS: tuple[Micros, ...] = (0, 20 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR)
PROBABLE_STEP = 4

# Error rates until a source's own are measured: an absent answer for a living comment, a sighting of a dead one,
# a false tombstone. Deliberately pessimistic.
FALSE_MISS = 1e-2
FALSE_SIGHT = 2e-2
FALSE_TOMBSTONE = 1e-4


@dataclass(frozen=True, slots=True)
class Look:
    """One answer as the decision sees it; `held` says why an absence does not count (canary, breaker …)."""

    at: Micros
    vantage: str
    outcome: Outcome
    explicit: bool = False
    held: str | None = None

    @property
    def stated(self) -> bool:
        """Whether the platform itself says, in a structured way, that the comment was deleted."""
        return self.outcome in TOMBSTONES or (self.outcome is Outcome.GONE and self.explicit)

    @property
    def counts(self) -> bool:
        """Whether anything follows from it: it saw the comment or its absence, and nothing held it."""
        return self.held is None and self.outcome not in UNOBSERVED

    @property
    def absent(self) -> bool:
        """Whether the comment could not be seen although the platform answered."""
        return self.outcome in ABSENCES or self.stated


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one followed comment. Instants are domain time; None: not (yet) so.

    `misses`, `first_miss`, `last_miss`, `miss_vantages` describe the current run of absences that count;
    `absent_since` the current run of all absent answers. (gone_after, gone_before] holds the first removal.
    """

    first_seen: Micros
    last_look: Micros
    last_seen: Micros
    state: State = State.VISIBLE
    cause: Cause = Cause.UNKNOWN
    outcome: Outcome = Outcome.VISIBLE
    log_odds: float | None = None
    absent_since: Micros | None = None
    first_miss: Micros | None = None
    last_miss: Micros | None = None
    misses: int = 0
    explicit: bool = False
    miss_vantages: tuple[str, ...] = ()
    episode: int = 0
    gone_after: Micros | None = None
    gone_before: Micros | None = None
    suspected_at: Micros | None = None
    probable_at: Micros | None = None
    confirmed_at: Micros | None = None
    restored_at: Micros | None = None
    looks: int = 0
    unobserved: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The new track; `why` says in words what moved, and is empty if the state did not."""

    track: Track
    why: str = ""


def decide(track: Track, look: Look, hazard: Hazard) -> Decision:
    """Return what `look` makes of `track` (design, section 6)."""
    seen = replace(track, last_look=look.at, outcome=look.outcome, looks=track.looks + 1)
    if look.outcome in PRESENT:
        return _sighted(seen, look)
    if look.stated:
        return _tombstone(seen, look, hazard)
    if look.absent:
        return _absence(seen, look, hazard)
    if look.outcome is Outcome.PENDING:
        # Withheld: neither present nor a miss. It counts only if it still is so at the horizon.
        return Decision(seen)
    return Decision(replace(seen, unobserved=track.unobserved + 1))


def _sighted(track: Track, look: Look) -> Decision:
    was_gone = track.state in DISAPPEARED
    calm = replace(
        track,
        last_seen=look.at,
        log_odds=None,
        absent_since=None,
        first_miss=None,
        last_miss=None,
        misses=0,
        explicit=False,
        miss_vantages=(),
    )
    if was_gone:
        why = f"seen again from {look.vantage}"
        return Decision(replace(calm, state=State.RESTORED, restored_at=look.at), why)
    state = State.RESTORED if track.restored_at is not None else State.VISIBLE
    cause = track.cause if state is State.RESTORED else Cause.UNKNOWN
    why = f"seen from {look.vantage}: the absence was none" if track.state is not state else ""
    return Decision(replace(calm, state=state, cause=cause), why)


def _tombstone(track: Track, look: Look, hazard: Hazard) -> Decision:
    """Suspected at once with the stated cause; confirmed by one more look at least SPACING later."""
    if track.explicit and _too_soon(track, look):
        return Decision(track)
    run = _counted(track, look, TOMBSTONES.get(look.outcome, Cause.UNKNOWN), hazard)
    if track.explicit:
        return _raise_to(run, State.CONFIRMED, look, "the platform says again that it was deleted")
    return _raise_to(run, State.SUSPECTED, look, "the platform says that it was deleted")


def _absence(track: Track, look: Look, hazard: Hazard) -> Decision:
    if look.held is not None or _too_soon(track, look):
        return Decision(replace(track, absent_since=_since(track, look)))
    run = _counted(track, look, ABSENCES[look.outcome], hazard)
    state, why = _ladder(run)
    return _raise_to(run, state, look, why)


def _too_soon(track: Track, look: Look) -> bool:
    return track.last_miss is not None and look.at - track.last_miss < SPACING


def _since(track: Track, look: Look) -> Micros:
    return look.at if track.absent_since is None else track.absent_since


def _ladder(run: Track) -> tuple[State, str]:
    """Return how far a run of counted absences reaches: number, span and vantages (science D3, D4)."""
    span = (run.last_miss or 0) - (run.first_miss or 0)
    if run.explicit:
        return State.CONFIRMED, "the platform said that it was deleted, and it is still absent"
    if run.misses >= 3 and run.miss_vantages[0] not in run.miss_vantages[-2:]:
        return State.CONFIRMED, f"{run.misses} absences, the last two from another vantage"
    for state, steps in ((State.CONFIRMED, len(ONE_VANTAGE_STEPS)), (State.PROBABLE, PROBABLE_STEP)):
        if run.misses >= steps and span >= ONE_VANTAGE_STEPS[steps - 1]:
            return state, f"{run.misses} absences over {span / HOUR:.0f} h"
    if run.misses >= 2:
        return State.SUSPECTED, f"{run.misses} absences"
    return State.MISSING, "absent once"


def _counted(track: Track, look: Look, cause: Cause, hazard: Hazard) -> Track:
    starts = track.misses == 0
    before = _prior(track, look, hazard) if track.log_odds is None else track.log_odds
    return replace(
        track,
        # A cause once stated is kept when the tombstone itself is purged; a stated one replaces unknown.
        cause=cause if starts or cause is not Cause.UNKNOWN else track.cause,
        absent_since=_since(track, look),
        first_miss=look.at if starts else track.first_miss,
        last_miss=look.at,
        misses=track.misses + 1,
        explicit=track.explicit or look.stated,
        miss_vantages=(*track.miss_vantages, look.vantage),
        log_odds=before + math.log((1 - FALSE_SIGHT) / (FALSE_TOMBSTONE if look.stated else FALSE_MISS)),
    )


def _prior(track: Track, look: Look, hazard: Hazard) -> float:
    """Return the log-odds before any absence; from age alone, never from a rule, a flag or the panel."""
    chance = hazard.probability(track.last_seen - track.first_seen, look.at - track.first_seen)
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    return math.log(chance / (1 - chance))


_ORDER = (State.VISIBLE, State.RESTORED, State.MISSING, State.SUSPECTED, State.PROBABLE, State.CONFIRMED)


def _raise_to(run: Track, state: State, look: Look, why: str) -> Decision:
    """Move up to `state`, never down, and date what is reached for the first time in this run."""
    if _ORDER.index(state) <= _ORDER.index(run.state):
        return Decision(run)
    moved = replace(run, state=state)
    if state is not State.MISSING and run.state not in {State.SUSPECTED, State.PROBABLE}:
        moved = replace(moved, episode=run.episode + 1, suspected_at=look.at, probable_at=None, confirmed_at=None)
    if state is State.PROBABLE:
        moved = replace(moved, probable_at=look.at)
    if state is State.CONFIRMED:
        moved = replace(moved, confirmed_at=look.at)
    if state in DISAPPEARED and moved.gone_before is None:
        moved = replace(moved, gone_after=run.last_seen, gone_before=run.first_miss)
    return Decision(moved, why)
