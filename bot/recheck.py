"""A comment is looked at again: one batch of one source, from one vantage, in one transaction.

claimed rows -> canaries, comments, canaries again -> answers -> decision -> observations, verdicts, next looks, alerts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from bot.alerts.removals import told_of
from bot.domain import alert, health, ledger
from bot.domain.alert import Alert
from bot.domain.comment import Source
from bot.domain.error_rates import ErrorRates
from bot.domain.health import Breaker, Canary, Ending
from bot.domain.instant import DAY, Micros
from bot.domain.observation import ABSENCES, PRESENT, TOMBSTONES, Answer, Cause, Outcome, Target
from bot.domain.recheck_plan import Plan, next_look
from bot.domain.spacing import Schedule
from bot.domain.verdict import DISAPPEARED, Decision, Look, State, annul, decide
from bot.ports import Capabilities, Clock, Http, Platform
from bot.store import (
    canaries,
    comments,
    error_rates,
    hazards,
    mass_disappearances,
    observations,
    outbox,
    sources,
    tracking,
)
from bot.store.tracking import Batch, Followed

#: Real seconds in which a batch begins to ask for comments; what was not asked for by then is released.
PROBE_SECONDS = 10.0
#: Real seconds after which it waits for no answer any more: well under the timeout of its job and its lease.
PATIENCE = 40.0
#: A comment is looked at at least once in this time: what was annulled before it concerns nobody any more.
_LONGEST_SILENCE: Micros = 60 * DAY


@dataclass(frozen=True, slots=True)
class Bench:
    """What a re-check works with."""

    engine: Engine
    clock: Clock
    sources: Mapping[int, Source]
    platform: Callable[[str], Platform]
    open_http: Callable[[Source], AbstractAsyncContextManager[Http]]
    schedule: Schedule
    channels: tuple[str, ...]
    alert_from: State


@dataclass(slots=True)
class Sight:
    """What a batch saw: answers with the time they were asked for and had, canaries, and why absences may not count."""

    answers: dict[str, tuple[Answer, Micros, Micros]] = field(default_factory=dict)
    canaries: dict[int, Answer] = field(default_factory=dict)
    held: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What was learned of one source, and holds when a batch of it is judged."""

    schedule: Schedule
    rates: ErrorRates


@dataclass(frozen=True, slots=True)
class Judged:
    """One comment of a batch: what was answered, and what follows."""

    followed: Followed
    answer: Answer
    look: Look
    decision: Decision


async def recheck_batch(bench: Bench, batch_id: int) -> None:
    """Look at a claimed batch and store what follows; a batch that was claimed anew meanwhile writes nothing."""
    batch, watch = await asyncio.to_thread(_open, bench, batch_id)
    if batch is None or not batch.followed:
        return
    source = bench.sources[batch.source_id]
    async with bench.open_http(source) as http:
        sight = await _look(bench, source, batch, watch, http)
    await asyncio.to_thread(_record, bench, source, batch_id, sight, watch)


def _open(bench: Bench, batch_id: int) -> tuple[Batch | None, list[tuple[Canary, Target]]]:
    with bench.engine.connect().execution_options(read_only=True) as connection:
        batch = tracking.load_batch(connection, batch_id)
        return batch, [] if batch is None else canaries.on_duty(connection, batch.source_id)


async def _look(
    bench: Bench, source: Source, batch: Batch, watch: Sequence[tuple[Canary, Target]], http: Http
) -> Sight:
    """Ask for the canaries, the comments, and, when something was absent, the canaries again."""
    platform = bench.platform(source.platform)
    sight = Sight()
    begin = time.monotonic()
    nowhere = platform.known_absent(source)
    guards = [target for _, target in watch] + ([nowhere] if nowhere else [])

    async def ask(targets: Sequence[Target]) -> dict[str, Answer]:
        async with asyncio.timeout(max(0.0, begin + PATIENCE - time.monotonic())):
            answers = await platform.probe(source, batch.vantage, targets, http)
        return {answer.native_id: answer for answer in answers}

    try:
        before = await ask(guards) if guards else {}
        for targets in _slices(batch, platform.capabilities.bulk_size):
            asked = bench.clock.now()
            answers = await ask(targets)
            had = bench.clock.now()
            sight.answers |= {native_id: (answer, asked, had) for native_id, answer in answers.items()}
            if time.monotonic() - begin > PROBE_SECONDS:
                break
        absent = any(answer.outcome in ABSENCES for answer, _, _ in sight.answers.values())
        after = await ask(guards) if guards and absent else {}
    except TimeoutError:
        # Without the second look at the canaries nothing is proved about what was seen so far; and a host that
        # keeps us waiting is a gap in the coverage, not a reason to ask again at once.
        sight.held = health.NOTHING_SEEN
        now = bench.clock.now()
        for one in batch.followed:
            sight.answers.setdefault(one.target.native_id, (_silence(one.target), now, now))
        return sight
    sight.canaries = {canary.comment_id: _worse(before, after, target, PRESENT) for canary, target in watch}
    found = _worse(before, after, nowhere, frozenset({Outcome.GONE})) if nowhere else None
    sight.held = health.held_by_guards([answer.outcome for answer in sight.canaries.values()], _as_found(found))
    return sight


def _as_found(answer: Answer | None) -> Outcome | None:
    """Return what the id that cannot exist is said to be; a tombstone that names nobody is a tombstone."""
    if answer is None:
        return None
    return Outcome.REMOVED_BY_PLATFORM if answer.explicit else answer.outcome


def _slices(batch: Batch, size: int) -> Iterator[list[Target]]:
    """Yield what one call of a platform is asked for: those of one thread together, as many as a request takes."""
    targets = sorted((one.target for one in batch.followed), key=lambda target: target.thread_id)
    for start in range(0, len(targets), max(1, size)):
        yield targets[start : start + size]


def _silence(target: Target) -> Answer:
    return Answer(target.native_id, Outcome.UNREACHABLE, evidence={"signal": "no answer in time"})


def _worse(
    before: Mapping[str, Answer], after: Mapping[str, Answer], target: Target, good: frozenset[Outcome]
) -> Answer:
    """Return the answer that proves less: a guard must be as it should be both times."""
    first = before.get(target.native_id, _silence(target))
    second = after.get(target.native_id, first)
    return second if first.outcome in good else first


def _record(bench: Bench, source: Source, batch_id: int, sight: Sight, watch: Sequence[tuple[Canary, Target]]) -> None:
    now = bench.clock.now()
    with bench.engine.begin() as connection:
        batch = tracking.load_batch(connection, batch_id, for_update=True)
        if batch is None:
            return
        policy = Policy(
            hazards.in_force(connection, source, bench.schedule), error_rates.in_force(connection, source.id)
        )
        looks = [_as_look(bench, source, batch, sight, one) for one in batch.followed if _answered(one, sight)]
        returned = any(canary.returned(sight.canaries[canary.comment_id].outcome) for canary, _ in _asked(watch, sight))
        held = _guard(connection, bench, source, batch, policy, looks, sight, now, returned=returned)
        annulled = mass_disappearances.annulled(connection, source.id, since=now - _LONGEST_SILENCE)
        judged = [_judge(policy, annulled, one, answer, look, held) for one, answer, look in looks]
        observations.add(connection, [_observation_row(batch, one) for one in judged])
        _store_moves(connection, bench, source, [one for one in judged if one.decision.why])
        for one in judged:
            if one.answer.outcome is Outcome.EDITED and one.answer.text is not None:
                comments.add_revision(connection, one.followed.comment_id, one.answer.text, one.look.at)
        tracks = [(one.followed.comment_id, one.decision.track, _plan(bench, source, policy, one)) for one in judged]
        tracking.save(connection, batch_id, tracks)
        tracking.release(connection, batch_id)
        tracking.finish(connection, batch_id, at=now, done=len(looks), guards=held)
        _relieve_canaries(connection, source, watch, sight, now)


def _asked(watch: Sequence[tuple[Canary, Target]], sight: Sight) -> list[tuple[Canary, Target]]:
    return [(canary, target) for canary, target in watch if canary.comment_id in sight.canaries]


def _answered(one: Followed, sight: Sight) -> bool:
    return one.target.native_id in sight.answers


def _judge(
    policy: Policy,
    annulled: Sequence[tuple[Micros, Micros]],
    followed: Followed,
    answer: Answer,
    look: Look,
    held: str | None,
) -> Judged:
    look = replace(look, held=held) if look.absent and not look.stated else look
    track, why = followed.track, ""
    for start, end in annulled:
        taken_back = annul(track, start, end)
        track, why = taken_back.track, why or taken_back.why
    decision = decide(track, look, policy.schedule.hazard, policy.rates)
    return Judged(followed, answer, look, decision if decision.why else replace(decision, why=why))


def _as_look(bench: Bench, source: Source, batch: Batch, sight: Sight, one: Followed) -> tuple[Followed, Answer, Look]:
    answer, asked, had = sight.answers[one.target.native_id]
    if sight.held == health.ABSENT_FOUND:
        # It also "finds" what cannot exist: neither presence nor absence means anything.
        answer = Answer(answer.native_id, Outcome.UNREACHABLE, evidence={"signal": health.ABSENT_FOUND})
    by_id = bench.platform(source.platform).capabilities.by_id
    if answer.outcome is Outcome.GONE and not (by_id or answer.proved or answer.explicit):
        # Not to stand in a list is no absence: pages are cut, sorted, shifted.
        answer = replace(answer, outcome=Outcome.UNREACHABLE, evidence={**answer.evidence, "unproved": True})
    # Seen at the latest when it was asked for; absent at the latest when the answer was there.
    at = max(asked if answer.outcome in PRESENT else had, one.track.last_look)
    return one, answer, Look(at, batch.vantage, answer.outcome, answer.explicit, cause=answer.cause)


def _guard(
    connection: Connection,
    bench: Bench,
    source: Source,
    batch: Batch,
    policy: Policy,
    looks: Sequence[tuple[Followed, Answer, Look]],
    sight: Sight,
    now: Micros,
    *,
    returned: bool,
) -> str | None:
    """Add the batch to the coverage ledger, move the breaker, and return why absences do not count, if so."""
    seen = [(one.track, look, one.due_at) for one, _, look in looks]
    blind = sight.held in health.BLIND
    numbers = ledger.entries(seen, now, policy.schedule.hazard, policy.rates, blind=blind)
    numbers |= {
        "due": len(batch.followed),
        "requests": _requests(bench.platform(source.platform).capabilities, len(looks), len(sight.canaries)),
        "canary_looks": len(sight.canaries),
        "canary_misses": sum(answer.outcome in ABSENCES for answer in sight.canaries.values()),
    }
    observations.cover(connection, source.id, now, numbers)
    before = sources.breaker(connection, source.id)
    misses = observations.trailing_misses(connection, source.id, now)
    decided = mass_disappearances.settled(connection, source.id, since=observations.window_start(now))
    misses = replace(misses, new=max(0, misses.new - decided))
    agreed, denied = _elsewhere(bench, source, batch, looks, sight) if before.holds else (0, 0)
    after, ending = health.next_breaker(
        before, now, healthy=sight.held is None, misses=misses, agreed=agreed, denied=denied, returned=returned
    )
    if after != before:
        sources.set_breaker(connection, source.id, after)
    if ending is not None:
        mass_disappearances.end(connection, source.id, at=now, ending=ending, misses=misses)
        _put(connection, bench, _decided(source, before, ending, now))
    elif after.since is not None and before.since is None:
        since = observations.window_start(now)
        mass_disappearances.begin(connection, source.id, since=since, at=now, misses=misses)
        told = alert.undecided(
            source_id=source.id, since=after.since, source=source.name, missing=misses.new, looked=misses.looked
        )
        _put(connection, bench, told)
    return health.BREAKER if after.holds and not blind else sight.held


def _requests(capabilities: Capabilities, looks: int, canaries: int) -> float:
    """Return what a batch cost of its source's budget: bulk lookups are priced by the request, canaries twice."""
    size = max(1, capabilities.bulk_size)
    return capabilities.cost_per_request * (-(-looks // size) + 2 * -(-canaries // size))


def _decided(source: Source, before: Breaker, ending: Ending, now: Micros) -> Alert:
    counted = ending is Ending.COUNTED
    return alert.decided(source_id=source.id, since=before.since or now, at=now, source=source.name, counted=counted)


def _elsewhere(
    bench: Bench, source: Source, batch: Batch, looks: Sequence[tuple[Followed, Answer, Look]], sight: Sight
) -> tuple[int, int]:
    """Return how many comments that are absent another vantage does not see either, and how many it sees."""
    if batch.vantage == bench.platform(source.platform).capabilities.vantages[0] or sight.held is not None:
        return 0, 0
    held = [look for one, _, look in looks if one.track.absent_since is not None]
    return sum(ledger.unexplained(look) for look in held), sum(look.outcome in PRESENT for look in held)


def _plan(bench: Bench, source: Source, policy: Policy, one: Judged) -> Plan:
    return next_look(
        one.decision.track,
        one.look,
        vantages=bench.platform(source.platform).capabilities.vantages,
        schedule=policy.schedule,
        jitter=one.followed.jitter,
        begin=one.followed.begin,
        follow_until=one.followed.follow_until,
    )


def _observation_row(batch: Batch, one: Judged) -> dict[str, object]:
    return {
        "comment_id": one.followed.comment_id,
        "batch_id": batch.id,
        "at": one.look.at,
        "vantage": one.look.vantage,
        "outcome": one.look.outcome,
        "explicit": one.look.explicit,
        "cause": one.look.cause,
        "held": one.look.held,
        "evidence": dict(one.answer.evidence),
    }


def _store_moves(connection: Connection, bench: Bench, source: Source, moved: Sequence[Judged]) -> None:
    """Store changes of state, the ends of threads, and what the owner hears of both."""
    observations.add_verdicts(connection, [_verdict_row(one) for one in moved])
    for one in moved:
        track = one.decision.track
        ended = None
        if track.run_cause is Cause.PARENT and track.state in DISAPPEARED:
            ended = comments.end_thread(connection, one.followed.thread_id, one.look.at)
        elif one.followed.track.run_cause is Cause.PARENT and track.state is State.RESTORED:
            comments.thread_is_back(connection, one.followed.thread_id)
        told = told_of(source, one.followed, one.decision, one.look, bench.alert_from, ended)
        if told is not None:
            _put(connection, bench, told)


def _verdict_row(one: Judged) -> dict[str, object]:
    track = one.decision.track
    return {
        "comment_id": one.followed.comment_id,
        "episode": track.episode,
        "at": one.look.at,
        "state": track.state,
        "cause": track.run_cause,
        "log_odds": track.log_odds,
        "why": one.decision.why,
    }


def _put(connection: Connection, bench: Bench, told: Alert) -> None:
    outbox.put(connection, told, bench.channels, now=bench.clock.now(), real=bench.clock.real())


def _relieve_canaries(
    connection: Connection, source: Source, watch: Sequence[tuple[Canary, Target]], sight: Sight, now: Micros
) -> None:
    """Store how the canaries fared, relieve those that have truly gone, and fill their places."""
    seen = {comment_id for comment_id, answer in sight.canaries.items() if answer.outcome in PRESENT}
    # Where a purge took every canary, the other comments of the batch are the witnesses.
    witnesses = sight.held not in {health.ABSENT_FOUND, health.ABSENT_UNASKED} and any(
        answer.outcome in PRESENT for answer, _, _ in sight.answers.values()
    )
    undecided = sources.breaker(connection, source.id).holds
    kept, gone = [], []
    for canary, _ in _asked(watch, sight):
        answer = sight.canaries[canary.comment_id]
        # All but a plain absence are statements of the platform.
        stated = answer.explicit or answer.outcome in ABSENCES.keys() - {Outcome.GONE} | TOMBSTONES.keys()
        others = witnesses or bool(seen - {canary.comment_id})
        after = health.next_canary(canary, now, answer.outcome, stated=stated, others_seen=others, undecided=undecided)
        if after is None:
            gone.append(canary.comment_id)
        elif after != canary:
            kept.append(after)
    canaries.save(connection, kept)
    canaries.retire(connection, gone)
    canaries.appoint(connection, source.id, health.CANARIES, now=now)
