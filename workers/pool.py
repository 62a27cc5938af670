"""The worker pool: supervises RQ workers, one queue each, and runs the planner's tick beside them."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys

import structlog
from rq import Queue, Worker

from bot.app import App, bench_of, planning_of
from bot.children import Supervisor
from bot.job_queue import ALERTS, RECHECK, RqQueue, connect
from bot.redis_server import wait_ready
from bot.serve import BEAT_EVERY, beat, plan_forever
from workers import jobs
from workers.rehearsal import rehearse
from workers.safe_job import SafeJob

GRACE = 10.0

log = structlog.get_logger()


async def run_pool(app: App, config: str, url: str) -> None:
    """Keep the workers of the configuration running, and plan, until SIGTERM or SIGINT."""
    await wait_ready(url, 10.0)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    supervisor = Supervisor()
    try:
        for queue, count in ((RECHECK, app.settings.workers.recheck), (ALERTS, app.settings.workers.alerts)):
            for number in range(count):
                supervisor.start(f"worker {queue} {number + 1}", _command(config, queue), {"REMOVALWATCH_REDIS": url})
        tasks = [
            asyncio.ensure_future(plan_forever(planning_of(app, RqQueue(url)))),
            asyncio.ensure_future(_report(app, supervisor)),
            asyncio.ensure_future(stop.wait()),
        ]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for task in done:
            task.result()
    finally:
        await supervisor.stop(GRACE)


def work(queue: str, url: str) -> None:
    """Be one RQ worker of one queue: only then RQ takes jobs with the crash-safe BLMOVE."""
    # Built, imported and compiled before the first fork, so that no job pays for it; and nothing of it is for the
    # garbage collector of a job, which would touch, and so copy, every page of it.
    rehearse(bench_of(jobs.app()))
    gc.collect()
    gc.freeze()
    redis = connect(url, blocking=True)
    worker = Worker(
        [Queue(queue, connection=redis, serializer="json", job_class=SafeJob)],
        connection=redis,
        serializer="json",
        job_class=SafeJob,
        # Short: orphans go quickly. The database, not RQ, brings lost work back.
        worker_ttl=30,
        job_monitoring_interval=10,
        maintenance_interval=30,
        default_result_ttl=0,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


async def _report(app: App, supervisor: Supervisor) -> None:
    part = f"worker:{socket.gethostname()}-{os.getpid()}"
    while True:
        living = sum(child.pid is not None for child in supervisor.children)
        await asyncio.to_thread(beat, app, part, f"{living} of {len(supervisor.children)} workers live")
        await asyncio.sleep(BEAT_EVERY)


def _command(config: str, queue: str) -> list[str]:
    return [sys.executable, "-P", "-m", "workers", "--config", config, "--queue", queue]
