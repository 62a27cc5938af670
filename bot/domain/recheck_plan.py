"""When to look again, and from where: dense where disappearance is likely, spaced where an absence must be proved."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.hazard import Hazard
from bot.domain.instant import DAY, HOUR, MINUTE, Micros, micros
from bot.domain.verdict import ONE_VANTAGE_STEPS, RUNNING, SPACING, Look, State, Track

#: A figure for a horizon needs a look after it (science B2): otherwise its last bin holds only events.
HORIZONS: tuple[Micros, ...] = (HOUR, 24 * HOUR, 7 * DAY, 30 * DAY)
#: After a confirmation: does it come back?
RESTORATION_STEPS: tuple[Micros, ...] = (DAY, 3 * DAY, 7 * DAY, 30 * DAY)
SHORTEST_GAP: Micros = 2 * MINUTE
LONGEST_GAP: Micros = 3 * DAY
#: A look that counted for nothing is repeated after this: while an absence is open, and otherwise.
RETRY: Micros = 10 * MINUTE
RETRY_CALM: Micros = HOUR


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a source's looks may cost: `looks` per comment spread over `follow_up` by sqrt(hazard) x gap = price."""

    hazard: Hazard
    looks: float
    follow_up: Micros

    @property
    def price(self) -> float:
        """Return the shadow price: the value of sqrt(hazard) x gap at which a look is worth its cost."""
        return self.hazard.root_integral(self.follow_up) / self.looks


@dataclass(frozen=True, slots=True)
class Plan:
    """The next look: `due` in domain time, None when the comment is no longer followed."""

    due: Micros | None
    vantage: str


def first_look(at: Micros, vantage: str, *, schedule: Schedule, jitter: float, follow_until: Micros) -> Plan:
    """Return the plan for a comment that is enrolled at `at`."""
    return Plan(_watch(at, at, schedule, jitter, follow_until), vantage)


def next_look(
    track: Track, look: Look, *, vantages: tuple[str, ...], schedule: Schedule, jitter: float, follow_until: Micros
) -> Plan:
    """Return the plan after `look` (already decided into `track`).

    `jitter` in [-1, 1] is fixed per pair: a control, enrolled with its partner, is looked at when its partner is.
    """
    if track.state in RUNNING:
        return _prove(track, look, vantages)
    if track.state is State.CONFIRMED:
        due = _await_restoration(track, look)
    else:
        due = _watch(track.first_seen, look.at, schedule, jitter, follow_until)
    if due is not None and not look.counts:
        due = min(due, look.at + RETRY_CALM)
    return Plan(due, vantages[0])


def _prove(track: Track, look: Look, vantages: tuple[str, ...]) -> Plan:
    first, other = vantages[0], vantages[-1]
    # The second vantage counts, unless it cannot be asked: then the first one goes the long way meanwhile.
    usual = other if track.misses else first
    counted = track.last_miss == look.at
    vantage = usual if counted or look.vantage != usual else first if usual == other else other
    if not counted:
        wait = SPACING if look.counts else RETRY
        return Plan(look.at + wait, vantage)
    if track.explicit or len(vantages) > 1:
        return Plan(look.at + SPACING, vantage)
    step = ONE_VANTAGE_STEPS[min(track.misses, len(ONE_VANTAGE_STEPS) - 1)]
    return Plan(max(look.at + SPACING, (track.first_miss or look.at) + step), vantage)


def _await_restoration(track: Track, look: Look) -> Micros | None:
    since = track.confirmed_at or look.at
    return next((since + step for step in RESTORATION_STEPS if since + step > look.at), None)


def _watch(first_seen: Micros, now: Micros, schedule: Schedule, jitter: float, follow_until: Micros) -> Micros | None:
    age = now - first_seen
    gap = micros(schedule.price / schedule.hazard.rate(age) ** 0.5 * (1 + 0.3 * jitter))
    due = now + min(max(gap, SHORTEST_GAP), LONGEST_GAP)
    for horizon in (*HORIZONS, follow_until - first_seen):
        # Just after a horizon, not before it and then days later.
        closing = first_seen + horizon + horizon // 100
        if now < closing < due:
            due = closing
    return None if now >= follow_until else due
