"""One simulated source of `benchmarks.removals`: the product's own guards, breaker, decision and plan, without I/O."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from benchmarks.removal_faults import FLICKER, THREADS, Fault, answer
from bot.domain import health
from bot.domain.error_rates import ErrorRates
from bot.domain.health import Breaker, Canary, Ending, Misses
from bot.domain.instant import DAY, HOUR, Micros
from bot.domain.observation import PRESENT, Outcome
from bot.domain.recheck_plan import next_look
from bot.domain.spacing import Schedule
from bot.domain.verdict import RUNNING, Look, State, Track, annul, decide

NEVER: Micros = 10**18
#: Comments of one request.
BULK = 25
_CALLED = (State.SUSPECTED, State.PROBABLE, State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Policy:
    """The product's policy, or a mutant of it: each switch takes one safeguard away."""

    canaries: bool = True
    second_vantage: bool = True
    breaker: bool = True
    breaker_erases: bool = False
    two_misses: bool = False
    unreachable_counts: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What a simulated source is like; instants and spans in microseconds.

    `vantages`: names; `interval` between two ordinary looks at a comment, `tick` between two batches; `false_miss` is
    the chance that a living comment is answered as absent, at any look.
    """

    schedule: Schedule
    rates: ErrorRates
    vantages: tuple[str, ...]
    comments: int
    span: Micros
    interval: Micros
    tick: Micros
    false_miss: float

    @property
    def phases(self) -> int:
        """Return in how many groups the comments are looked at in turn."""
        return self.interval // self.tick


@dataclass(slots=True)
class Source:
    """A source in time: faults of each vantage, when each comment was truly removed, and what became of it.

    Comments without an open absence are not simulated: a look that sees them, or sees nothing, changes nothing
    (tests/benchmarks/test_removals.py proves it). `called`: per comment when it was first called so.
    """

    setting: Setting
    policy: Policy
    random: Generator
    faults: Mapping[str, Sequence[Fault]]
    removed_at: np.ndarray
    flagged: np.ndarray
    tracks: dict[int, Track] = field(default_factory=dict)
    due: dict[int, tuple[Micros, str]] = field(default_factory=dict)
    breaker: Breaker = field(default_factory=Breaker)
    annulled: list[tuple[Micros, Micros]] = field(default_factory=list)
    canaries: dict[int, Canary] = field(default_factory=dict)
    new_by_hour: Counter[int] = field(default_factory=Counter)
    called: dict[State, dict[int, Micros]] = field(default_factory=lambda: {state: {} for state in _CALLED})
    first_absent: dict[int, Micros] = field(default_factory=dict)
    breaker_since: Micros = 0
    settled: list[tuple[Micros, int]] = field(default_factory=list)
    looks: int = 0

    def run(self) -> None:
        """Live through the span, tick by tick; ticks in which nothing can happen are passed over."""
        self._appoint()
        setting = self.setting
        ticks = setting.span // setting.tick
        rounds = -(-ticks // setting.phases)
        slips = self.random.random((rounds, setting.comments)) < setting.false_miss
        self.looks += rounds * setting.comments
        for number in range(ticks):
            at = number * setting.tick
            phase, round_ = number % setting.phases, number // setting.phases
            ordinary = range(phase, setting.comments, setting.phases)
            slipped = slips[round_, phase :: setting.phases]
            if self._eventful(at, slipped):
                self._tick(at, ordinary, slipped)

    def _eventful(self, at: Micros, slipped: np.ndarray) -> bool:
        return (
            self.breaker.holds
            or bool(slipped.any())
            or any(due <= at for due, _ in self.due.values())
            or any(fault.holds(at) for fault in self.faults[self.setting.vantages[0]])
            or bool((self.removed_at <= at).any())
        )

    def _tick(self, at: Micros, ordinary: range, slipped: np.ndarray) -> None:
        first = self.setting.vantages[0]
        asked = {
            comment: bool(slip)
            for comment, slip in zip(ordinary, slipped, strict=True)
            if comment not in self.due and comment not in self.called[State.CONFIRMED]
        }
        for vantage in self.setting.vantages:
            mine = asked if vantage == first else {}
            proofs = [one for one, (due, where) in self.due.items() if due <= at and where == vantage]
            self.looks += len(proofs)
            if mine or proofs:
                self._batch(vantage, at, self._request(vantage, at, mine | dict.fromkeys(proofs)))

    def _request(self, vantage: str, at: Micros, asked: Mapping[int, bool | None]) -> dict[int, Outcome]:
        """Return the answers to requests of BULK comments each; the values say which slip, None: to be drawn."""
        answers = {}
        for start in range(0, len(asked), BULK):
            failing = self.random.random() < FLICKER
            for comment, slip in itertools.islice(asked.items(), start, start + BULK):
                answers[comment] = self._ask(vantage, comment, at, slip=slip, failing=failing)
        return answers

    def _ask(self, vantage: str, comment: int, at: Micros, *, slip: bool | None, failing: bool) -> Outcome:
        hidden = answer(self.faults[vantage], comment, at, failing=failing)
        if self.removed_at[comment] <= at:
            return hidden if hidden is Outcome.UNREACHABLE else Outcome.GONE
        if slip is None:
            slip = self.random.random() < self.setting.false_miss
        return hidden or (Outcome.GONE if slip else Outcome.VISIBLE)

    def _batch(self, vantage: str, at: Micros, answers: dict[int, Outcome]) -> None:
        if self.policy.unreachable_counts:
            answers = {one: Outcome.GONE if it is Outcome.UNREACHABLE else it for one, it in answers.items()}
        absent = any(outcome is Outcome.GONE for outcome in answers.values())
        watch = self._guard(vantage, at, again=absent)
        held = health.held_by_guards(list(watch.values()), None) if self.policy.canaries else None
        returned = any(self.canaries[one].returned(outcome) for one, outcome in watch.items())
        held = self._break(vantage, at, answers, held, returned=returned)
        for comment, outcome in answers.items():
            if outcome is Outcome.GONE or comment in self.tracks:
                self._judge(comment, Look(at, vantage, outcome, held=held if outcome is Outcome.GONE else None))
        self._relieve(watch, answers, at)

    def _guard(self, vantage: str, at: Micros, *, again: bool) -> dict[int, Outcome]:
        """Return what the canaries answer: the worse of before and, if something was absent, after."""
        watched = dict.fromkeys(self.canaries)
        before = self._request(vantage, at, watched)
        after = self._request(vantage, at, watched) if again else before
        return {one: after[one] if before[one] in PRESENT else before[one] for one in before}

    def _break(
        self, vantage: str, at: Micros, answers: Mapping[int, Outcome], held: str | None, *, returned: bool
    ) -> str | None:
        """Move the breaker, as bot.recheck does, and return why absences do not count."""
        if not self.policy.breaker:
            return held
        opened = {one: track.absent_since is not None for one, track in self.tracks.items()}
        if held not in health.BLIND:
            calm = [one for one, it in answers.items() if it is Outcome.GONE and not opened.get(one, False)]
            self.new_by_hour[at // HOUR] += len(calm)
        agreed = denied = 0
        if self.breaker.holds and vantage != self.setting.vantages[0] and held is None:
            theirs = [answers[one] for one in answers if opened.get(one, False)]
            agreed, denied = theirs.count(Outcome.GONE), sum(it in PRESENT for it in theirs)
        before, misses = self.breaker, self._misses(at)
        self.breaker, ending = health.next_breaker(
            before,
            at,
            healthy=held is None,
            misses=misses,
            agreed=agreed,
            denied=denied,
            returned=returned,
        )
        if self.breaker.holds and not before.holds:
            self.breaker_since = (at // HOUR - 1) * HOUR
        if ending is Ending.ANNULLED:
            self.annulled.append((self.breaker_since, at))
        if ending is Ending.COUNTED:
            self.settled.append((at, misses.new))
        return health.BREAKER if self.breaker.holds and held not in health.BLIND else held

    def _misses(self, at: Micros) -> Misses:
        hour = at // HOUR
        setting = self.setting
        window = at - (hour - 1) * HOUR
        looked = setting.comments * min(1.0, HOUR / setting.interval) * (1 + (window - HOUR) / HOUR)
        per_look = setting.schedule.hazard.probability(5 * DAY, 5 * DAY + setting.interval) + setting.rates.false_miss
        decided = sum(number for ended, number in self.settled if ended >= (hour - 1) * HOUR)
        new = self.new_by_hour[hour] + self.new_by_hour[hour - 1] - decided
        return Misses(max(0, new), round(looked), looked * per_look)

    def _judge(self, comment: int, look: Look) -> None:
        track = self.tracks.get(comment)
        if track is None:
            seen = max(look.at - self.setting.interval, 0)
            track = Track(first_seen=-5 * DAY, last_look=seen, last_seen=seen)
        for start, end in self.annulled:
            track = annul(track, start, end).track
        if self.policy.breaker_erases and look.held == health.BREAKER:
            # As if nothing had been absent: the suspects are set back, and looked at again in their turn.
            self._forget(comment)
            return
        track = decide(track, look, self.setting.schedule.hazard, self.setting.rates).track
        if self.policy.two_misses and track.misses >= 2:
            track = replace(track, state=State.CONFIRMED)
        if look.outcome is Outcome.GONE:
            self.first_absent.setdefault(comment, look.at)
        if track.state in self.called:
            self.called[track.state].setdefault(comment, look.at)
        self._plan(comment, track, look)

    def _plan(self, comment: int, track: Track, look: Look) -> None:
        self.due.pop(comment, None)
        if track.state is State.CONFIRMED:
            self.tracks.pop(comment, None)
            return
        if track.absent_since is None and track.state not in RUNNING:
            self._forget(comment)
            return
        self.tracks[comment] = track
        plan = next_look(
            track,
            look,
            vantages=self.setting.vantages,
            schedule=self.setting.schedule,
            jitter=0.0,
            begin=track.first_seen,
            follow_until=NEVER,
        )
        if plan.due is not None:
            self.due[comment] = (math.ceil(plan.due / self.setting.tick) * self.setting.tick, plan.vantage)

    def _forget(self, comment: int) -> None:
        for known in (self.tracks, self.due, self.first_absent):
            known.pop(comment, None)

    def _relieve(self, watch: Mapping[int, Outcome], answers: Mapping[int, Outcome], at: Micros) -> None:
        seen = {one for one, outcome in watch.items() if outcome in PRESENT}
        witnesses = any(outcome in PRESENT for outcome in answers.values())
        for one, outcome in watch.items():
            others = witnesses or bool(seen - {one})
            after = health.next_canary(
                self.canaries[one], at, outcome, stated=False, others_seen=others, undecided=self.breaker.holds
            )
            if after is None:
                del self.canaries[one]
                self._appoint()
            else:
                self.canaries[one] = after

    def _appoint(self) -> None:
        """Fill the canaries as the store does: unflagged first, of different threads, seen last time, any age."""
        free = [one for one in range(self.setting.comments) if one not in self.canaries and one not in self.tracks]
        taken = Counter(one % THREADS for one in self.canaries)
        lot = self.random.permutation(self.setting.comments)
        free.sort(key=lambda one: (bool(self.flagged[one]), taken[one % THREADS], lot[one]))
        for one in free[: health.CANARIES - len(self.canaries)]:
            self.canaries[one] = Canary(one)
