"""The decision: what one answer, given what was known before, makes of a comment. Pure: no clock, no I/O.

The table from outcomes to states is `decide`; the ladder of an unexplained absence is `_ladder`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.error_rates import ASSUMED, ErrorRates
from bot.domain.hazard import Hazard
from bot.domain.health import BLIND, BREAKER
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
#: One vantage: absences at these times after the first one; the fourth makes it probable, the last confirmed.
ONE_VANTAGE_STEPS: tuple[Micros, ...] = (0, 20 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR)
PROBABLE_STEP = 4


@dataclass(frozen=True, slots=True)
class Look:
    """One answer as the decision sees it.

    `held` says why an absence does not count (canary, breaker …); `cause` is what the platform states more finely than
    the outcome does.
    """

    at: Micros
    vantage: str
    outcome: Outcome
    explicit: bool = False
    held: str | None = None
    cause: Cause | None = None

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

    Of the run of absences now (ended by a sighting): `first_miss`, `last_miss`, `misses`, `miss_vantages`, `explicit`,
    `run_cause`, `settled_at` (when it was confirmed), `step` and `step_at` (how far up the ladder of one vantage, and
    since when); `absent_since` counts held absences too.
    Of the removal on record, the first one: `cause`, `suspected_at`, `probable_at`, `confirmed_at`, and
    (gone_after, gone_before], which holds it. A restoration and later runs leave them as they are.
    `outcome` is the last that said something of the comment.
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
    run_cause: Cause = Cause.UNKNOWN
    settled_at: Micros | None = None
    step: int = 0
    step_at: Micros | None = None
    episode: int = 0
    gone_after: Micros | None = None
    gone_before: Micros | None = None
    suspected_at: Micros | None = None
    probable_at: Micros | None = None
    confirmed_at: Micros | None = None
    restored_at: Micros | None = None
    looks: int = 0
    unobserved: int = 0

    @property
    def informed_at(self) -> Micros:
        """When a look last said something: a sighting, or an absence that counts."""
        return max(self.last_seen, self.last_miss or 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """The new track; `why` says in words what moved, and is empty if the state did not."""

    track: Track
    why: str = ""


def decide(track: Track, look: Look, hazard: Hazard, rates: ErrorRates = ASSUMED) -> Decision:
    """Return what `look` makes of `track` (design, section 6)."""
    seen = replace(track, last_look=look.at, looks=track.looks + 1)
    if look.outcome in UNOBSERVED:
        return Decision(replace(seen, unobserved=track.unobserved + 1))
    if look.held in BLIND and not look.stated:
        # Nothing was proved to be visible then: not even that an absence begins.
        return Decision(seen)
    seen = replace(seen, outcome=look.outcome)
    if look.outcome in PRESENT:
        # What its author alone sees is no restoration.
        secret = look.outcome is Outcome.SHADOWED and track.state in DISAPPEARED
        return Decision(seen) if secret else _sighted(seen, look)
    if look.stated:
        return _tombstone(seen, look, hazard, rates)
    # Pending is withheld: neither present nor a miss. It counts only if it still is so at the horizon.
    return _absence(seen, look, hazard, rates) if look.absent else Decision(seen)


def _sighted(track: Track, look: Look) -> Decision:
    calm = replace(_without_run(track), last_seen=look.at)
    if track.state in DISAPPEARED:
        why = f"seen again from {look.vantage}"
        return Decision(replace(calm, state=State.RESTORED, restored_at=look.at), why)
    why = f"seen from {look.vantage}: the absence was none" if track.state in RUNNING else ""
    return Decision(_calmed(calm), why)


def _without_run(track: Track) -> Track:
    return replace(
        track,
        log_odds=None,
        absent_since=None,
        first_miss=None,
        last_miss=None,
        misses=0,
        explicit=False,
        miss_vantages=(),
        run_cause=Cause.UNKNOWN,
        settled_at=None,
        step=0,
        step_at=None,
    )


def _calmed(calm: Track) -> Track:
    """Return a comment without an open absence in the state that its record gives it."""
    if calm.gone_before is not None:
        return replace(calm, state=State.RESTORED)
    return replace(calm, state=State.VISIBLE, cause=Cause.UNKNOWN, suspected_at=None)


def annul(track: Track, start: Micros, end: Micros) -> Decision:
    """Take back an absence that began in [start, end], a mass disappearance that turned out to be a fault.

    What was established before, or stated by the platform, stands.
    """
    began = track.absent_since
    if began is None or not start <= began <= end or track.explicit or track.state in DISAPPEARED:
        return Decision(track)
    why = "annulled: its absence was part of a fault of the source" if track.state in RUNNING else ""
    return Decision(_calmed(_without_run(track)), why)


def _tombstone(track: Track, look: Look, hazard: Hazard, rates: ErrorRates) -> Decision:
    """Suspected at once with the stated cause; confirmed by one more look at least SPACING later."""
    cause = TOMBSTONES.get(look.outcome, Cause.UNKNOWN)
    if track.explicit and _too_soon(track, look):
        named = _named(track, cause)
        return Decision(named, "the platform says by whom" if named.run_cause is not track.run_cause else "")
    run = _counted(track, look, cause, hazard, rates)
    if track.explicit:
        return _raise_to(track, run, State.CONFIRMED, look, "the platform says again that it was deleted")
    return _raise_to(track, run, State.SUSPECTED, look, "the platform says that it was deleted")


def _absence(track: Track, look: Look, hazard: Hazard, rates: ErrorRates) -> Decision:
    undecided = look.held == BREAKER
    if (look.held is not None and not undecided) or _too_soon(track, look):
        return Decision(replace(track, absent_since=_since(track, look)))
    run = _counted(track, look, look.cause or ABSENCES[look.outcome], hazard, rates)
    if undecided:
        # A breaker delays and never erases: the absence is kept with its date, and moves nothing while it holds.
        return _raise_to(track, run, State.MISSING, look, "absent, in a mass disappearance that is undecided")
    state, why = _ladder(run)
    return _raise_to(track, run, state, look, why)


def _too_soon(track: Track, look: Look) -> bool:
    return track.last_miss is not None and look.at - track.last_miss < SPACING


def _since(track: Track, look: Look) -> Micros:
    return look.at if track.absent_since is None else track.absent_since


def _ladder(run: Track) -> tuple[State, str]:
    """Return how far a run of counted absences reaches: number, spacing and vantages (science D3, D4)."""
    hours = ((run.last_miss or 0) - (run.first_miss or 0)) / HOUR
    if run.explicit:
        return State.CONFIRMED, "the platform said that it was deleted, and it is still absent"
    if proved_twice(run):
        return State.CONFIRMED, f"{run.misses} absences, two or more from each of two vantages"
    if run.step >= len(ONE_VANTAGE_STEPS):
        return State.CONFIRMED, f"{run.misses} absences over {hours:.0f} h"
    if run.step >= PROBABLE_STEP:
        return State.PROBABLE, f"{run.misses} absences over {hours:.0f} h"
    if run.misses >= 2:
        return State.SUSPECTED, f"{run.misses} absences"
    return State.MISSING, "absent once"


def proved_twice(run: Track) -> bool:
    """Whether two vantages, whose infrastructure fails separately, each missed it twice."""
    return sum(run.miss_vantages.count(vantage) >= 2 for vantage in set(run.miss_vantages)) >= 2


def _counted(track: Track, look: Look, cause: Cause, hazard: Hazard, rates: ErrorRates) -> Track:
    starts = track.misses == 0
    before = prior(track, look, hazard) if track.log_odds is None else track.log_odds
    run = replace(
        track,
        absent_since=_since(track, look),
        first_miss=look.at if starts else track.first_miss,
        last_miss=look.at,
        misses=track.misses + 1,
        explicit=track.explicit or look.stated,
        miss_vantages=(*track.miss_vantages, look.vantage),
        log_odds=before + weight(look, rates),
    )
    return _named(_climbed(run, look), cause)


def weight(look: Look, rates: ErrorRates = ASSUMED) -> float:
    """Return what an answer weighs for "removed" against "alive", in log-odds; 0 where nothing was observed.

    A look that is held weighs nothing either; a sighting weighs against.
    """
    if look.outcome in PRESENT:
        return math.log(rates.false_sight / (1 - rates.false_miss))
    if look.stated:
        return math.log((1 - rates.false_sight) / rates.false_tombstone)
    if look.absent and look.held in {None, BREAKER}:
        return math.log((1 - rates.false_sight) / rates.false_miss)
    return 0.0


def _climbed(run: Track, look: Look) -> Track:
    """Count a step of the one-vantage ladder where the whole wait before it has passed since the last one."""
    if run.step_at is None:
        return replace(run, step=1, step_at=look.at)
    if run.step < len(ONE_VANTAGE_STEPS) and look.at - run.step_at >= step_wait(run.step):
        return replace(run, step=run.step + 1, step_at=look.at)
    return run


def step_wait(step: int) -> Micros:
    """Return how long after a step of the one-vantage ladder the next one may count."""
    return ONE_VANTAGE_STEPS[step] - ONE_VANTAGE_STEPS[step - 1]


def _named(run: Track, cause: Cause) -> Track:
    """Give the run its cause. A tombstone's holds; a thread's or an account's only while every absence says so.

    Once the removal is on record, a thread that ends later explains it no more; a tombstone still may.
    """
    if run.run_cause in _NAMED or (run.state in DISAPPEARED and cause not in _NAMED):
        return run
    agreed = cause in _NAMED or run.misses == 1 or run.run_cause is cause
    name = cause if agreed else Cause.UNKNOWN
    return replace(run, run_cause=name, cause=name if run.restored_at is None else run.cause)


_NAMED = frozenset(TOMBSTONES.values())


def prior(track: Track, look: Look, hazard: Hazard) -> float:
    """Return the log-odds before any absence; from age alone, never from a rule, a flag or the panel."""
    chance = hazard.probability(track.last_seen - track.first_seen, look.at - track.first_seen)
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    return math.log(chance / (1 - chance))


_ORDER = (State.VISIBLE, State.RESTORED, State.MISSING, State.SUSPECTED, State.PROBABLE, State.CONFIRMED)


def _raise_to(before: Track, run: Track, state: State, look: Look, why: str) -> Decision:
    """Move up to `state`, never down, and put on record what is reached for the first time."""
    if _ORDER.index(state) <= _ORDER.index(run.state):
        return Decision(run, why if run.run_cause is not before.run_cause else "")
    moved = replace(run, state=state)
    if state is not State.MISSING and run.state not in {State.SUSPECTED, State.PROBABLE}:
        moved = replace(moved, episode=run.episode + 1)
    if state is State.CONFIRMED:
        moved = replace(moved, settled_at=look.at)
    return Decision(moved if run.restored_at is not None else _recorded(moved, look), why)


def _recorded(moved: Track, look: Look) -> Track:
    """Date the first removal; what a comment does after it was restored is another episode."""
    if moved.state in DISAPPEARED and moved.gone_before is None:
        moved = replace(moved, gone_after=moved.last_seen, gone_before=moved.first_miss)
    match moved.state:
        case State.SUSPECTED:
            return replace(moved, suspected_at=look.at)
        case State.PROBABLE:
            return replace(moved, probable_at=look.at)
        case State.CONFIRMED:
            return replace(moved, confirmed_at=look.at)
    return moved
