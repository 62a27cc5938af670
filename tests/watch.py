"""The whole watch in one process: the real rooms around a simulated platform, domain time moved by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Engine, Row, func, select

from bot.collect import Round, collect_once
from bot.demo.acts import Act, OpenThread, Post
from bot.demo.platform import SimulatedPlatform
from bot.domain.comment import Source
from bot.domain.hazard import published
from bot.domain.instant import DAY, MINUTE, Micros
from bot.domain.spacing import Schedule
from bot.domain.tracking import MatchedBy
from bot.domain.verdict import State
from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from bot.intake import Desk, Taken
from bot.located_yaml import load_text
from bot.planner import ClockGuard, Planning, tick
from bot.platforms.registry import platform
from bot.recheck import Bench, recheck_batch
from bot.rules.load import read_rules
from bot.rules.matcher import Matcher
from bot.store import comments, sources, tables
from tests.demo.hand_clock import HandClock

RULES = """\
version: 1
rules:
  - {id: snacks, title: Snacks, why: test, severity: low, phrase: 零食, tests: {match: [零食], no_match: [快递]}}
  - {id: trial, title: Trial, why: test, severity: low, mode: shadow, phrase: 快递,
     tests: {match: [快递], no_match: [零食]}}
"""
FLAGGED, PLAIN = "俄罗斯零食好吃，第{n}次买", "快递很快，第{n}次买"


class Bell:
    """A job queue that only remembers; `Watch.look` runs what was asked for."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def recheck(self, batch_id: int) -> None:
        self.batches.append(batch_id)

    def deliver(self) -> None:
        raise AssertionError("nobody delivers here")

    def depth(self) -> int:
        return len(self.batches)


class Watch:
    """One source on a simulated platform, collected and looked at when the test says so."""

    def __init__(self, engine: Engine, site: SimulatedPlatform, clock: HandClock, **settings: Any) -> None:
        self.engine, self.site, self.clock = engine, site, clock
        adapter = platform("demo")
        options = adapter.options({"url": site.urls["front"], "origin_url": site.urls["origin"], "interval": 0.0001})
        instance = adapter.instance(options)
        rules = read_rules(load_text(RULES, "rules.yaml"))
        with engine.begin() as connection:
            now = clock.now()
            number = sources.ensure(connection, name="demo", platform="demo", instance=instance, now=now)
            version = comments.ensure_rule_version(connection, rules.version, rules.body, now)
        self.source = Source(number, "demo", "demo", instance, options)
        schedule = Schedule(published(), settings.get("looks", 200), 30 * DAY)
        self.desk = Desk(
            engine=engine,
            clock=clock,
            matcher=Matcher(rules),
            rule_version_id=version,
            key=b"k" * 32,
            schedule=schedule,
            panel=settings.get("panel", 0.0),
            controls=settings.get("controls", 1),
            match=settings.get("match", MatchedBy.THREAD),
            channels=("room",),
            tell_matches=settings.get("tell_matches", False),
        )
        self.round = Round(self.desk, self.source, adapter, self.open_http, 300.0)
        self.bench = Bench(
            engine=engine,
            clock=clock,
            sources={number: self.source},
            platform=platform,
            open_http=self.open_http,
            schedule=schedule,
            channels=("room",),
            alert_from=State.PROBABLE,
        )
        self.bell = Bell()
        guard = ClockGuard(clock.real())
        self.planning = Planning(engine, clock, {number: self.source}, platform, self.bell, guard)

    def open_http(self, _source: Source) -> Session:
        return open_http(
            MemoryBudget(), user_agent="removalwatch-tests", allow_networks=["127.0.0.0/8"], interval=0.0001
        )

    def act(self, *acts: Act) -> None:
        """Let things happen on the platform, now."""
        for act in acts:
            self.site.simulation.act(act)

    async def collect(self) -> Taken:
        return await collect_once(self.round)

    async def look(self) -> int:
        """Look at what is due now, once; return how many batches it took."""
        count = 0
        while tick(self.planning):
            for batch_id in self.bell.batches:
                await recheck_batch(self.bench, batch_id)
                count += 1
            self.bell.batches.clear()
        return count

    async def live(self, span: Micros, step: Micros = 10 * MINUTE) -> None:
        """Let domain time pass, looking at what is due at every step."""
        end = self.clock.at + span
        while self.clock.at < end:
            self.clock.at = min(end, self.clock.at + step)
            await self.look()

    def track(self, native_id: str) -> Row[Any]:
        query = select(tables.tracking).join_from(tables.tracking, tables.comment)
        return self.rows(query.where(tables.comment.c.native_id == native_id))[0]

    def states(self) -> dict[str, str]:
        query = select(tables.comment.c.native_id, tables.tracking.c.state).join_from(tables.tracking, tables.comment)
        return {row.native_id: row.state for row in self.rows(query)}

    def alerts(self, kind: str) -> list[dict[str, Any]]:
        return [row.alert for row in self.rows(select(tables.outbox)) if row.alert["kind"] == kind]

    def count(self, table: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def rows(self, query: Any) -> list[Row[Any]]:
        with self.engine.connect().execution_options(read_only=True) as connection:
            return list(connection.execute(query))


def ids(number: int, thread: int = 0) -> list[str]:
    """Return the ids that `fill` gives to the comments of a thread."""
    return [str(10**18 + thread * 1000 + index) for index in range(number)]


def fill(watch: Watch, threads: int, number: int, *, flagged_every: int = 2) -> None:
    """Open threads with comments; every so many of them is flagged."""
    for thread in range(threads):
        watch.act(OpenThread(id=f"t{thread}", title=f"Thread {thread}"))
        for index, name in enumerate(ids(number, thread)):
            text = (FLAGGED if index % flagged_every == 0 else PLAIN).format(n=index)
            watch.act(Post(id=name, thread=f"t{thread}", author=f"author-{thread}-{index}", text=text))


@contextlib.asynccontextmanager
async def watching(engine: Engine, **settings: Any) -> AsyncIterator[Watch]:
    """Start a simulated platform and a watch on it."""
    clock = HandClock()
    async with SimulatedPlatform(clock) as site:
        yield Watch(engine, site, clock, **settings)
