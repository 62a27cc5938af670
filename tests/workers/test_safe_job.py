"""Whoever writes to Redis can make our workers run our jobs, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job

from bot.job_queue import RqQueue, connect
from bot.redis_server import command, find_redis, socket_url, wait_ready
from tests.main_job.bot_process import require_redis
from workers.safe_job import SafeJob


@pytest.fixture
async def redis_url(tmp_path: Path) -> Iterator[str]:
    """Start a Redis of the test's own."""
    require_redis()
    process = subprocess.Popen(command(find_redis("auto").binary, tmp_path))
    await wait_ready(socket_url(tmp_path), 10)
    yield socket_url(tmp_path)
    process.kill()
    process.wait()


def work(redis: Redis) -> None:
    """Run what waits, as our workers do, but in this process."""
    queue = Queue("recheck", connection=redis, serializer="json", job_class=SafeJob)
    worker = SimpleWorker([queue], connection=redis, serializer="json", job_class=SafeJob)
    worker.work(burst=True, logging_level="ERROR")


def put(redis: Redis, function: str, *arguments: str, **fields: str) -> Job:
    """Enqueue a job as an attacker would, with any fields of its hash."""
    job = Queue("recheck", connection=redis, serializer="json").enqueue_call(function, args=arguments)
    if fields:
        redis.hset(job.key, mapping=fields)
    return job


def test_a_function_that_is_not_ours_is_never_called(redis_url: str, tmp_path: Path) -> None:
    """The JSON serializer alone would run it."""
    redis = connect(redis_url)
    victim = tmp_path / "made"
    job = put(redis, "os.mkdir", str(victim))
    work(redis)
    assert not victim.exists()
    assert job.get_status(refresh=True) == "failed"


@pytest.mark.parametrize("field", ["success_callback_name", "failure_callback_name", "stopped_callback_name"])
def test_callbacks_are_never_called(
    redis_url: str, tmp_path: Path, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RQ calls them even where the function itself is refused."""
    called = tmp_path / "called"
    (tmp_path / "trap.py").write_text(f"def spring(*_):\n    open({str(called)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    redis = connect(redis_url)
    put(redis, "os.getcwd", **{field: "trap.spring"})
    work(redis)
    assert not called.exists()


def test_a_ring_carries_ids_only_and_rings_once(redis_url: str) -> None:
    """No text of a comment reaches Redis; a second ring for the same batch is not another job."""
    queue = RqQueue(redis_url)
    queue.recheck(7)
    queue.recheck(7)
    queue.deliver()
    queue.deliver()
    assert queue.depth() == 1
    redis = connect(redis_url)
    job = Job.fetch("recheck-7", connection=redis, serializer="json")
    assert (job.func_name, job.args, job.description) == (
        "workers.jobs.recheck_batch",
        [7],
        "workers.jobs.recheck_batch",
    )
    assert job.ttl is not None
    assert redis.llen("rq:queue:alerts") == 1


def test_a_redis_that_is_gone_holds_up_nobody(tmp_path: Path) -> None:
    """The ring is lost, the work is not: it lies in the database."""
    queue = RqQueue(f"unix://{tmp_path}/nothing.sock")
    queue.recheck(1)
    queue.deliver()
    assert queue.depth() == 0
    assert list(tmp_path.iterdir()) == []
