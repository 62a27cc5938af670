"""The main job on a real Isso server: real Redis, real RQ workers, real database; only domain time is scaled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.engine import URL

from bot.clock import ScaledClock
from bot.domain.instant import Micros
from bot.redis_server import RedisPlan, command, find_redis, socket_url, wait_ready
from bot.store import tables
from bot.store.engine import database_url, open_engine
from tests.alerts.fake_slack import FakeSlack
from tests.faulty_proxy import Fault, FaultyProxy
from tests.isso_server import IssoServer
from tests.main_job.bot_process import BotProcess, require_redis, running, worker_pids, write_config

THREADS = [f"/post-{number}/" for number in range(6)]
TEXTS = (
    "第{n}次来买零食，味道还不错",
    "Order {n}: the 零食 box arrived in good shape",
    "Заказ номер {n}, 零食 всем понравились",
    "Замовлення {n}: 零食 смачні, дякую",
)
#: Domain seconds per real second: the 72 h of the long rule pass in 29 s.
RATE = 9_000.0


@dataclass
class Visitors:
    """What people did on the Isso server; ids as strings, as the bot keeps them."""

    isso: IssoServer
    cookies: dict[int, str] = field(default_factory=dict)
    parents: list[int] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    def write(self, number: int) -> None:
        """Post comments in four languages; every fifth answers the one before it on its page."""
        last: dict[str, int] = {}
        for index in range(number):
            uri = THREADS[index % len(THREADS)]
            parent = last.pop(uri, None) if index % 5 == 4 else None
            text = TEXTS[index % len(TEXTS)].format(n=index)
            comment, cookie = self.isso.post(uri, text, author=f"visitor {index}", parent=parent)
            self.cookies[comment] = cookie
            if parent is None:
                last[uri] = comment
            else:
                self.parents.append(parent)

    def delete(self, by_author: int, by_moderator: int) -> None:
        """Delete leaves as their authors, and leaves and parents (which stay as tombstones) as the moderator."""
        leaves = [comment for comment in self.cookies if comment not in self.parents]
        authors, rest = leaves[: by_author * 3 : 3], leaves[by_author * 3 :]
        parents = self.parents[: by_moderator // 2]
        # A tombstone vanishes with its last child: children of deleted parents stay.
        moderators = (
            parents + [leaf for leaf in rest if leaf not in self._children(parents)][: by_moderator - len(parents)]
        )
        for comment in authors:
            self.isso.delete_as_author(comment, self.cookies[comment])
        for comment in moderators:
            self.isso.delete_as_moderator(comment)
        self.gone |= {str(comment) for comment in (*authors, *moderators)}

    def _children(self, parents: list[int]) -> set[int]:
        ids = sorted(self.cookies)
        return {ids[ids.index(parent) + 1] for parent in parents}


@dataclass
class Bench:
    """One run of the scenario: the servers around the bot, and the database that it fills."""

    folder: Path
    isso: IssoServer
    proxy: FaultyProxy
    slack: FakeSlack
    url: URL
    engine: Engine
    clock: ScaledClock

    def config(self, **more: Any) -> Path:
        """Write the bot's configuration."""
        source = {
            "name": "blog",
            "platform": "isso",
            "purpose": "test",
            "every": 30_000,
            "url": self.proxy.url,
            "threads": THREADS,
            "interval": 0.001,
        }
        return write_config(
            self.folder,
            {
                "data_dir": "data",
                "database": self.url.render_as_string(hide_password=False),
                "sources": [source],
                "follow": {"panel": 0.0, "days": 30, "looks": 24},
                "alerts": {"terminal": False, "slack": [{"webhook_url": self.slack.webhook_url}]},
                "web": {"port": 0},
                "http": {"allow_networks": ["127.0.0.0/8"]},
                **more,
            },
        )

    def states(self) -> dict[str, tuple[str, str]]:
        """Return state and cause of every followed comment, by its number on the server."""
        query = select(tables.comment.c.native_id, tables.tracking.c.state, tables.tracking.c.cause).join_from(
            tables.comment, tables.tracking
        )
        with self.engine.connect().execution_options(read_only=True) as connection:
            # The bot's id is the number and the time of writing: Isso gives numbers away again.
            return {row.native_id.partition("-")[0]: (row.state, row.cause) for row in connection.execute(query)}

    def in_state(self, *states: str) -> set[str]:
        """Return the native ids of the followed comments in these states."""
        return {native_id for native_id, (state, _) in self.states().items() if state in states}

    def verdicts(self, start: Micros, end: Micros) -> list[Any]:
        """Return the changes of state in a span of domain time."""
        query = select(tables.verdict).where(tables.verdict.c.at.between(start, end))
        with self.engine.connect().execution_options(read_only=True) as connection:
            return list(connection.execute(query))

    def canaries(self) -> int:
        """Return how many canaries are on duty."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            return len(connection.execute(select(tables.canary)).all())


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return what starts a Redis of the test's own, for bots that do not start one."""
    require_redis()
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> str:
        plan: RedisPlan = find_redis("auto")
        processes.append(subprocess.Popen(command(plan.binary, tmp_path)))
        return socket_url(tmp_path)

    yield start
    for process in processes:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def bench(folder: Path, url: URL) -> AsyncIterator[Bench]:
    """Start the servers around the bot."""
    (folder / "isso").mkdir()
    engine = open_engine(url)
    with IssoServer(folder / "isso") as isso, FaultyProxy(isso.url) as proxy:
        async with FakeSlack() as slack:
            yield Bench(folder, isso, proxy, slack, url, engine, ScaledClock(time.time(), RATE))
    engine.dispose()


async def until(what: str, true: Callable[[], bool], bot: BotProcess, seconds: float = 60.0) -> None:
    """Wait until something is so; fail with the bot's output when it does not come."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(true):
        if time.monotonic() > end or not bot.alive:
            pytest.fail(f"never: {what}\n{bot.output.read_text()[-4000:]}")
        await asyncio.sleep(0.2)


async def scenario(bench: Bench, bot: BotProcess, config: Path) -> None:
    """People write and delete, the server fails in three ways, a worker is killed; the bot finds the deleted ones."""
    visitors = Visitors(bench.isso)
    await asyncio.to_thread(visitors.write, 300)
    await until("300 comments are followed", lambda: len(bench.states()) == 300, bot)
    await until("five canaries are on duty", lambda: bench.canaries() == 5, bot)
    await asyncio.to_thread(visitors.delete, 20, 20)
    await until("the first deletions are noticed", lambda: bool(bench.in_state("missing", "suspected")), bot)

    os.kill(worker_pids(config, "recheck")[0], signal.SIGKILL)
    start = bench.clock.now()
    await asyncio.to_thread(bench.isso.stop)
    # A batch that was being looked at when the server stopped has its answers by now.
    await asyncio.sleep(1.5)
    outage = bench.clock.now()
    await asyncio.sleep(2.5)
    back = bench.clock.now()
    await asyncio.to_thread(bench.isso.start)
    for fault in (Fault.STATUS_500, Fault.EMPTY_200):
        bench.proxy.fail(fault)
        await asyncio.sleep(2)
    bench.proxy.fail(Fault.NONE)
    assert start < outage < back
    assert bench.verdicts(outage, back) == [], "nothing may move while nothing can be seen"

    await until("all 40 are confirmed", lambda: bench.in_state("confirmed") >= visitors.gone, bot, 120)
    # Time for a look at everything else: nobody else may have moved.
    await asyncio.sleep(2)
    assert len(visitors.gone) == 40
    assert bench.in_state("suspected", "probable", "confirmed", "restored") == visitors.gone
    assert {cause for _, cause in bench.states().values()} == {"unknown"}
    await until("Slack has every alert", lambda: len(told(bench, "disappeared")) >= 40, bot)
    every = told(bench, "disappeared")
    assert len(every) == 40
    assert max(every.values()) == 1, "an alert came twice, unmarked"


def told(bench: Bench, word: str) -> Counter[str]:
    """Count the messages without a repeat mark that speak of a comment, by comment."""
    found: Counter[str] = Counter()
    for message in bench.slack.messages:
        if word in message.heading and "possible repeat" not in message.heading:
            found.update(text["text"] for text in message.texts if text["text"].startswith("*Comment*"))
    return found


async def test_the_forty_deleted_comments_are_found_and_nothing_else(tmp_path: Path) -> None:
    """`removalwatch run` with a Redis of its own and two re-check workers, one of which is killed."""
    require_redis()
    async with bench(tmp_path, database_url("", tmp_path)) as around:
        config = around.config()
        with running(tmp_path, ["run", "--config", str(config)], around.clock) as bot:
            await until("the database is there", (tmp_path / "removalwatch.db").exists, bot)
            await until("two workers wait", lambda: len(worker_pids(config, "recheck")) == 2, bot)
            await scenario(around, bot, config)
            assert await bot.stop() == 0


async def test_two_machines_worth_of_processes_find_the_same(
    tmp_path: Path, database: URL, redis_url: Callable[[], str]
) -> None:
    """`run --no-workers` and a separate `worker` on one Redis, on SQLite and on PostgreSQL."""
    url = redis_url()
    await wait_ready(url, 10)
    async with bench(tmp_path, database) as around:
        config = around.config(redis=url)
        with (
            running(tmp_path, ["run", "--no-workers", "--config", str(config)], around.clock) as bot,
            running(tmp_path, ["worker", "--config", str(config)], around.clock, "worker") as worker,
        ):
            await until("two workers wait", lambda: len(worker_pids(config, "recheck")) == 2, worker)
            await scenario(around, bot, config)
            assert await bot.stop() == 0
            assert await worker.stop() == 0
