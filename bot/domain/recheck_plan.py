"""When to look again, and from where: dense where disappearance is likely, spaced where an absence must be proved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.domain.spacing import Schedule, spacing
from bot.domain.verdict import ONE_VANTAGE_STEPS, RUNNING, SPACING, Look, State, Track, proved_twice, step_wait

#: After a confirmation: does it come back?
RESTORATION_STEPS: tuple[Micros, ...] = (DAY, 3 * DAY, 7 * DAY, 30 * DAY)
#: A look that said nothing is repeated after this (an absence is open, or not), and then ever more rarely.
RETRY: Micros = 10 * MINUTE
RETRY_CALM: Micros = HOUR
LONGEST_RETRY: Micros = DAY
#: So many absences at the shortest spacing must do; where one of two vantages is silent, the long way begins.
PROOFS = 6
#: What is open at the end of the follow-up is looked at for so long after it.
EXTRA_TIME: Micros = 7 * DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """The next look: `due` in domain time, None when the comment is no longer followed.

    `urgent`: it proves an absence or closes a horizon, and goes first where a budget is short.
    """

    due: Micros | None
    vantage: str
    urgent: bool = False


def first_look(at: Micros, vantage: str, *, schedule: Schedule, jitter: float, follow_until: Micros) -> Plan:
    """Return the plan for a comment that is enrolled at `at`."""
    return _watch(at, at, vantage, schedule, jitter, follow_until)


def next_look(
    track: Track,
    look: Look,
    *,
    vantages: tuple[str, ...],
    schedule: Schedule,
    jitter: float,
    begin: Micros,
    follow_until: Micros,
) -> Plan:
    """Return the plan after `look` (already decided into `track`).

    `begin`: when its pair was enrolled; `jitter` in [-1, 1] is fixed per pair: a control is looked at when its
    partner is.
    """
    if look.at > follow_until + EXTRA_TIME and track.state is not State.CONFIRMED:
        return Plan(None, vantages[0])
    if track.state in RUNNING:
        return replace(_prove(track, look, vantages), urgent=True)
    if not look.counts and look.at <= follow_until + EXTRA_TIME:
        # A closing look or a look for a restoration that saw nothing is not over; elsewhere more may be seen.
        elsewhere = vantages[-1] if look.vantage == vantages[0] else vantages[0]
        return Plan(look.at + _patience(track, look, RETRY_CALM), elsewhere, urgent=True)
    if track.state is State.CONFIRMED:
        return Plan(_await_restoration(track, look), vantages[0])
    return _watch(begin, look.at, vantages[0], schedule, jitter, follow_until)


def _prove(track: Track, look: Look, vantages: tuple[str, ...]) -> Plan:
    first, other = vantages[0], vantages[-1]
    if track.last_miss != look.at:
        # Nothing counted: from where nothing was seen, the other vantage is asked next.
        elsewhere = first if look.vantage == other else other
        return Plan(look.at + _patience(track, look, RETRY), other if look.counts else elsewhere)
    if track.explicit:
        return Plan(look.at + SPACING, other)
    ours, theirs = (track.miss_vantages.count(vantage) for vantage in (first, other))
    lacking = first if ours < 2 and theirs >= ours else other
    hopeful = look.vantage == other or ours - theirs < 2
    if first != other and hopeful and track.misses < PROOFS and not proved_twice(track):
        return Plan(look.at + SPACING, lacking)
    # One vantage, or one of two does not answer: the long way, and that one is asked first at each step.
    step = min(track.step, len(ONE_VANTAGE_STEPS) - 1)
    due = max(look.at + SPACING, (track.step_at or look.at) + step_wait(step))
    if look.held is None:
        return Plan(due, lacking)
    # A breaker that holds may end at any time: what it held is not left waiting for the next step. In turn, so that
    # the one whose fault is over can say so.
    return Plan(min(due, look.at + RETRY_CALM), first if look.vantage == other else other)


def _patience(track: Track, look: Look, shortest: Micros) -> Micros:
    """Return the wait after a look that said nothing: the longer nothing was said, the longer."""
    return min(max(shortest, (look.at - track.informed_at) // 8), LONGEST_RETRY)


def _await_restoration(track: Track, look: Look) -> Micros | None:
    since = track.settled_at or look.at
    return next((since + step for step in RESTORATION_STEPS if since + step > look.at), None)


def _watch(begin: Micros, now: Micros, vantage: str, schedule: Schedule, jitter: float, follow_until: Micros) -> Plan:
    if now >= follow_until:
        return Plan(None, vantage)
    age, closing = spacing(schedule).after(now - begin, jitter)
    return Plan(begin + age, vantage, urgent=closing)
