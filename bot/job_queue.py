"""Jobs by name on RQ, or as tasks of this process when there is no Redis. A bell: the database holds the work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError

RECHECK, ALERTS = "recheck", "alerts"
#: Real seconds. The job stops itself earlier (recheck.PROBE_SECONDS); this is the last resort.
JOB_TIMEOUT = 50
# A lost list entry must not block its id for ever: RQ keeps the hash of a job without ttl (reliability 2.1, row 38).
_TTL = 120

log = structlog.get_logger()


def connect(url: str, *, blocking: bool = False) -> Redis:
    """Return a client. Whoever rings must not hang: it fails within seconds, where the default takes a minute.

    `blocking`: for a worker, whose blocking reads set timeouts of their own.
    """
    if blocking:
        return Redis.from_url(url)
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


class RqQueue:
    """Rings RQ workers; a Redis that does not answer is logged, and the lease brings the work back."""

    def __init__(self, url: str) -> None:
        redis = connect(url)
        self._recheck = Queue(RECHECK, connection=redis, serializer="json")
        self._alerts = Queue(ALERTS, connection=redis, serializer="json")

    def recheck(self, batch_id: int) -> None:
        """Ask for a batch to be looked at."""
        self._ring(self._recheck, "workers.jobs.recheck_batch", (batch_id,), f"recheck-{batch_id}")

    def deliver(self) -> None:
        """Ask for the outbox to be drained; one waiting request is enough."""
        self._ring(self._alerts, "workers.jobs.deliver", (), "deliver")

    def depth(self) -> int:
        """Return how many batches wait; 0 when Redis does not answer, for then nothing waits in it."""
        try:
            return self._recheck.count
        except RedisError:
            return 0

    def _ring(self, queue: Queue, function: str, arguments: tuple[int, ...], job_id: str) -> None:
        try:
            queue.enqueue_call(
                function,
                args=arguments,
                job_id=job_id,
                unique=True,
                timeout=JOB_TIMEOUT,
                ttl=_TTL,
                result_ttl=0,
                failure_ttl=30,
                description=function,
            )
        except DuplicateJobError:
            log.debug("already waiting", job=job_id)
        except RedisError as error:
            log.warning("Redis did not take a job: it comes back when its lease ends", reason=type(error).__name__)


class InProcessQueue:
    """Runs the same functions as tasks of this process's event loop, a few at a time."""

    def __init__(
        self, recheck: Callable[[int], Awaitable[None]], deliver: Callable[[], Awaitable[object]], at_once: int = 4
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._functions = recheck, deliver
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivering = False

    def recheck(self, batch_id: int) -> None:
        """Ask for a batch to be looked at; from any thread."""
        self._loop.call_soon_threadsafe(self._start, self._functions[0](batch_id))

    def deliver(self) -> None:
        """Ask for the outbox to be drained; from any thread."""
        if not self._delivering:
            self._delivering = True
            self._loop.call_soon_threadsafe(self._start, self._drain())

    def depth(self) -> int:
        """Return how many jobs run or wait."""
        return len(self._tasks)

    async def finish(self) -> None:
        """Wait for what is running."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self) -> None:
        try:
            await self._functions[1]()
        finally:
            self._delivering = False

    def _start(self, job: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _run(self, job: Awaitable[None]) -> None:
        async with self._slots:
            await job

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # As with a worker that died: the lease brings the work back.
            log.error("a job failed", exc_info=error)
