"""Starts and supervises what runs for months: Redis, workers, collectors, outbox, digest, web; stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from bot import __version__
from bot.alerts.outbox import drain
from bot.app import App, bench_of, desk_of, ears_of, planning_of, rounds_of
from bot.children import Supervisor
from bot.collect import Round, collect_forever
from bot.digest.due import due_weeks
from bot.digest.publish import publish
from bot.error_rates import estimate_due
from bot.job_queue import InProcessQueue, RqQueue
from bot.learning import learn
from bot.planner import Planning, tick
from bot.ports import Channel, JobQueue
from bot.recheck import recheck_batch
from bot.redis_server import RedisKind, RedisPlan, command, find_redis, private_folder, socket_url, wait_ready
from bot.store import outbox, standing, tracking
from bot.truth import listen
from bot.web.app import build_app, serve_web
from bot.web.health import Limits

#: Real seconds between two looks at what is due, and between two heartbeats.
PLAN_EVERY = 0.25
DRAIN_EVERY = 0.5
DIGEST_EVERY = 5.0
BEAT_EVERY = 10.0
MEASURE_EVERY = 5.0
#: Real seconds between two questions whether a day has passed and the hazards are due.
LEARN_EVERY = 60.0
#: Real seconds for children to finish their batch; the whole stop takes less than 20.
GRACE = 12.0
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """What `serve` has started, for whoever waits for it."""

    web_port: int
    redis: RedisPlan


async def serve(
    app: App,
    channels: dict[str, Channel],
    *,
    workers: bool = True,
    started: Callable[[Running], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, or until cancelled; what was claimed is finished or comes back by its lease.

    `channels`: of this process; the workers build those that are not bound to a terminal anew.
    """
    stop = asyncio.Event()
    with _signals(stop):
        async with contextlib.AsyncExitStack() as stack:
            desk = await asyncio.to_thread(desk_of, app)
            plan, url = await _redis(app, stack)
            queue = await _workers(app, stack, channels, url, workers=workers)
            port = await _web(app, stack, url)
            log.info("running", version=__version__, redis=plan.reason, port=port, sources=len(app.sources))
            tasks = _tasks(app, rounds_of(app, desk), channels, queue, in_process=not url)
            if started is not None:
                started(Running(port, plan))
            await _until(stop, tasks)
            log.info("stopping")


async def _until(stop: asyncio.Event, jobs: list[Awaitable[None]]) -> None:
    """Run the tasks until `stop`; the first one that fails ends them all, with its error."""
    tasks = [asyncio.ensure_future(job) for job in (*jobs, stop.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tasks(
    app: App, rounds: list[Round], channels: dict[str, Channel], queue: JobQueue, *, in_process: bool
) -> list[Awaitable[None]]:
    own = {name: channel for name, channel in channels.items() if channel.local or in_process}
    tasks: list[Awaitable[None]] = [collect_forever(one) for one in rounds]
    tasks.append(_every(DRAIN_EVERY, lambda: _drain(app, own, queue, set(channels) - set(own))))
    tasks.append(_every(DIGEST_EVERY, lambda: asyncio.to_thread(publish_due, app)))
    tasks.append(_every(LEARN_EVERY, lambda: asyncio.to_thread(learn_hazards, app)))
    tasks.append(_every(BEAT_EVERY, lambda: asyncio.to_thread(beat, app, "collector", f"{len(rounds)} sources")))
    tasks.append(_every(MEASURE_EVERY, lambda: measure(app)))
    if in_process:
        tasks.append(plan_forever(planning_of(app, queue)))
        tasks.append(_every(BEAT_EVERY, lambda: asyncio.to_thread(beat, app, "worker", "in-process")))
    return tasks


async def plan_forever(planning: Planning) -> None:
    """Look for due work again and again; with nothing due it costs one indexed query per source."""
    while True:
        await asyncio.to_thread(tick, planning)
        await asyncio.sleep(PLAN_EVERY)


def beat(app: App, part: str, detail: str) -> None:
    """Report that this process lives."""
    with app.engine.begin() as connection:
        standing.beat(connection, part, detail, app.clock.real())


def learn_hazards(app: App) -> None:
    """Learn the hazards that are due; due-ness is in the database."""
    learn(app.engine, app.clock, {one.platform for one in app.sources.values()})


def publish_due(app: App) -> None:
    """Make every digest that is due, the oldest first; due-ness is in the database, so a missed week is caught up."""
    wanted = app.settings.digest
    zone = ZoneInfo(wanted.timezone)
    weekday = WEEKDAYS.index(wanted.weekday)
    with app.engine.connect().execution_options(read_only=True) as connection:
        weeks = due_weeks(connection, app.clock.now(), zone, weekday, wanted.hour)
    for week in weeks:
        folder = app.settings.data_dir / "digests"
        if publish(
            app.engine, week, app.clock, folder, app.settings.alerts.channels, zone, weekday=weekday, hour=wanted.hour
        ):
            log.info("digest made", week=str(week))


async def measure(app: App) -> None:
    """Listen to the platforms that tell the truth themselves, and estimate the error rates that are a day old."""
    for ear in ears_of(app):
        await listen(ear)
    await asyncio.to_thread(estimate_due, app.engine, app.clock)


async def _every(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    while True:
        await job()
        await asyncio.sleep(seconds)


async def _drain(app: App, own: dict[str, Channel], queue: JobQueue, others: set[str]) -> None:
    """Deliver on the channels of this process, and ring for the others."""
    if await asyncio.to_thread(_waiting, app, set(own)):
        await drain(app.engine, own, app.clock, only=own.keys())
    if await asyncio.to_thread(_waiting, app, others):
        await asyncio.to_thread(queue.deliver)


def _waiting(app: App, channels: set[str]) -> bool:
    if not channels:
        return False
    with app.engine.connect().execution_options(read_only=True) as connection:
        return outbox.is_due(connection, channels, app.clock.real())


async def _redis(app: App, stack: contextlib.AsyncExitStack) -> tuple[RedisPlan, str]:
    """Find or start Redis; return how, and its URL (empty: jobs run in this process)."""
    plan = find_redis(app.settings.redis, allow_insecure=app.settings.allow_insecure_redis)
    if plan.kind is RedisKind.NONE:
        return plan, ""
    if plan.kind is RedisKind.URL:
        await wait_ready(plan.url, 10.0)
        return plan, plan.url
    folder = stack.enter_context(private_folder(app.settings.data_dir))
    supervisor = Supervisor()
    stack.push_async_callback(supervisor.stop, GRACE)
    supervisor.start("redis", command(plan.binary, folder))
    await wait_ready(socket_url(folder), 10.0)
    return plan, socket_url(folder)


async def _workers(
    app: App, stack: contextlib.AsyncExitStack, channels: dict[str, Channel], url: str, *, workers: bool
) -> JobQueue:
    """Start the worker pool where there is a Redis; otherwise make this process do the work."""
    if workers or not url:
        # The workers of the last run died with it: what they held need not wait for its lease to end.
        with app.engine.begin() as connection:
            tracking.end_leases(connection)
    if not url:
        bench = bench_of(app)
        queue = InProcessQueue(
            lambda batch_id: recheck_batch(bench, batch_id),
            lambda: drain(app.engine, channels, app.clock, only=channels.keys()),
        )
        stack.push_async_callback(queue.finish)
        return queue
    if workers:
        supervisor = Supervisor()
        stack.push_async_callback(supervisor.stop, GRACE)
        supervisor.start("workers", worker_command(app), {"REMOVALWATCH_REDIS": url})
    return RqQueue(url)


def worker_command(app: App) -> list[str]:
    """Return the command of the worker pool: named, not imported, for workers import bot."""
    return [sys.executable, "-P", "-m", "workers", "--config", str(app.configuration.path.resolve())]


async def _web(app: App, stack: contextlib.AsyncExitStack, redis_url: str) -> int:
    web = app.settings.web
    limits = Limits(redis_url=redis_url)
    site = build_app(app.engine, app.clock, version=__version__, limits=limits, allowed_hosts=web.allowed_hosts)
    runner = await serve_web(site, web.host, web.port)
    stack.push_async_callback(runner.cleanup)
    return int(runner.addresses[0][1])


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def is_terminal() -> bool:
    """Return whether logs go to a person rather than to a collector of JSON lines."""
    return sys.stderr.isatty() and not os.environ.get("REMOVALWATCH_LOG_JSON")
