"""Ten thousand comments followed by the real planner and the real store, on a clock that the benchmark moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, insert

from bot import planner
from bot.domain.comment import FetchedThread, Source
from bot.domain.instant import MINUTE, SECOND, Micros
from bot.domain.observation import Outcome
from bot.domain.recheck_plan import Plan, first_look, next_look
from bot.domain.spacing import Schedule
from bot.domain.verdict import Look, State, Track
from bot.platforms.registry import platform
from bot.store import comments, hazards, sources, tables, tracking
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade

BIRTH: Micros = 1_790_000_000 * SECOND
#: The planner looks for due work every five seconds at first, later every 0.4 % of the age.
_STEP = 0.004
_VANTAGE = "front"

#: What decides the next look: the product's plan, or a control.
Planner = Callable[[Track, Look, Schedule, float], Plan]


class Clock:
    """Domain time as the benchmark sets it."""

    rate = 1.0

    def __init__(self) -> None:
        self.at = BIRTH

    def now(self) -> Micros:
        """Return domain time."""
        return self.at

    def real(self) -> Micros:
        """Return real time."""
        return time.time_ns() // 1000


class Bell:
    """A job queue that remembers what it was rung for."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def recheck(self, batch_id: int) -> None:
        """Remember a batch."""
        self.batches.append(batch_id)

    def deliver(self) -> None:
        """Deliver nothing: nobody is told."""

    def depth(self) -> int:
        """Return how many batches wait."""
        return len(self.batches)


class Following:
    """One source whose comments are all born at once; `goes`: ages of removal in minutes, infinite for never."""

    def __init__(self, folder: Path, schedule: Schedule, goes: NDArray[np.float64], random: np.random.Generator):
        self.engine: Engine = open_engine(database_url("", folder))
        upgrade(self.engine)
        self.schedule, self.goes, self.clock, self.bell = schedule, goes, Clock(), Bell()
        #: Age in minutes of every look, by comment.
        self.looks: list[list[float]] = [[] for _ in goes]
        adapter = platform("demo")
        options = adapter.options({"url": "http://127.0.0.1:1", "origin_url": "http://127.0.0.1:2"})
        with self.engine.begin() as connection:
            number = sources.ensure(connection, name="demo", platform="demo", instance="demo", now=BIRTH)
        self.source = Source(number, "demo", "demo", "demo", options)
        guard = planner.ClockGuard(self.clock.real())
        self.planning = planner.Planning(self.engine, self.clock, {number: self.source}, platform, self.bell, guard, 20)
        self._enrol(random.uniform(-1.0, 1.0, len(goes)))

    def _enrol(self, jitters: NDArray[np.float64]) -> None:
        with self.engine.begin() as connection:
            schedule = hazards.in_force(connection, self.source, self.schedule)
            thread = comments.ensure_thread(connection, self.source.id, FetchedThread("t"), BIRTH)
            ids = list(range(1, len(jitters) + 1))
            connection.execute(insert(tables.comment), [self._comment(one, thread) for one in ids])
            until = BIRTH + schedule.follow_up
            rows = []
            for one, jitter in zip(ids, jitters.tolist(), strict=True):
                track = Track(first_seen=BIRTH, last_look=BIRTH, last_seen=BIRTH)
                plan = self._first(schedule, jitter, until)
                place = {"comment_id": one, "source_id": self.source.id, "thread_id": thread}
                own = {"jitter": jitter, "begin": BIRTH, "follow_until": until}
                rows.append({**place, **own, **tracking.fresh(track, plan)})
            tracking.follow(connection, rows)

    def _first(self, schedule: Schedule, jitter: float, until: Micros) -> Plan:
        return first_look(BIRTH, _VANTAGE, schedule=schedule, jitter=jitter, follow_until=until)

    def _next(self, track: Track, look: Look, schedule: Schedule, jitter: float) -> Plan:
        until = BIRTH + schedule.follow_up
        ways = {"vantages": (_VANTAGE,), "schedule": schedule, "jitter": jitter}
        return next_look(track, look, begin=BIRTH, follow_until=until, **ways)

    def _comment(self, number: int, thread: int) -> dict[str, object]:
        place = {"platform": "demo", "instance": "demo", "source_id": self.source.id, "thread_id": thread}
        own = {"id": number, "native_id": str(number), "first_seen": BIRTH, "language": "zh", "length": 5}
        return {**place, **own}

    def follow(self) -> None:
        """Let the follow-up pass: the planner claims what is due, and every batch is saved with its next looks."""
        end = BIRTH + self.schedule.follow_up + self.schedule.follow_up // 50
        while self.clock.at < end:
            self.clock.at += max(5 * SECOND, round((self.clock.at - BIRTH) * _STEP))
            while planner.tick(self.planning):
                for batch_id in self.bell.batches:
                    self._look(batch_id)
                self.bell.batches.clear()

    def _look(self, batch_id: int) -> None:
        now = self.clock.now()
        with self.engine.begin() as connection:
            batch = tracking.load_batch(connection, batch_id, for_update=True)
            if batch is None:
                return
            schedule = hazards.in_force(connection, self.source, self.schedule)
            saved = []
            for one in batch.followed:
                self.looks[one.comment_id - 1].append((now - BIRTH) / MINUTE)
                saved.append((one.comment_id, *self._seen(one.track, one.comment_id, now, schedule, one.jitter)))
            tracking.save(connection, batch_id, saved)
            tracking.finish(connection, batch_id, at=now, done=len(saved), guards=None)

    def _seen(
        self, track: Track, comment_id: int, now: Micros, schedule: Schedule, jitter: float
    ) -> tuple[Track, Plan]:
        if (now - BIRTH) / MINUTE < self.goes[comment_id - 1]:
            track = replace(track, last_look=now, last_seen=now, looks=track.looks + 1)
            return track, self._next(track, Look(now, _VANTAGE, Outcome.VISIBLE), schedule, jitter)
        gone = {"gone_after": track.last_seen, "gone_before": now, "last_look": now}
        return replace(track, state=State.CONFIRMED, **gone), Plan(None, _VANTAGE)


class RoundRobin(Following):
    """The control: looks at even distances, whatever the age."""

    def _first(self, schedule: Schedule, jitter: float, until: Micros) -> Plan:
        del until, jitter
        return Plan(BIRTH + round(self._gap(schedule)), _VANTAGE)

    def _next(self, track: Track, look: Look, schedule: Schedule, jitter: float) -> Plan:
        del track, jitter
        end = BIRTH + schedule.follow_up
        return Plan(None if look.at >= end else min(look.at + round(self._gap(schedule)), end), _VANTAGE)

    def _gap(self, schedule: Schedule) -> float:
        return schedule.follow_up / schedule.looks
