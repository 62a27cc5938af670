"""`kill -9` at any moment: nothing that was acknowledged is lost, and nothing is told twice unmarked."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from bot.clock import ScaledClock
from bot.demo.acts import OpenThread, Post, Remove
from bot.demo.platform import SimulatedPlatform
from bot.store import tables
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade
from tests.alerts.fake_slack import FakeSlack
from tests.main_job.bot_process import BotProcess, running, write_config

RATE = 6_000.0


def count(engine: Engine, table: object, *where: object) -> int:
    with engine.connect().execution_options(read_only=True) as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


async def until(what: str, engine: Engine, table: object, number: int, bot: BotProcess, *where: object) -> None:
    """Wait until a table has so many rows."""
    end = time.monotonic() + 60
    while count(engine, table, *where) < number:
        if time.monotonic() > end or not bot.alive:
            pytest.fail(f"never: {what}\n{bot.output.read_text()[-3000:]}")
        await asyncio.sleep(0.05)


async def test_a_bot_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Five lives, jobs in-process; every comment once, every removal found, every alert told."""
    clock = ScaledClock(time.time(), RATE)
    (tmp_path / "data").mkdir()
    engine = open_engine(database_url("", tmp_path / "data"))
    upgrade(engine)
    async with SimulatedPlatform(clock) as site, FakeSlack() as slack:
        source = {"name": "demo", "platform": "demo", "purpose": "test", "every": 600, "interval": 0.001}
        source |= {"url": site.urls["front"], "origin_url": site.urls["origin"]}
        config = write_config(
            tmp_path,
            {
                "redis": "none",
                "sources": [source],
                "follow": {"looks": 40},
                "alerts": {"terminal": False, "slack": [{"webhook_url": slack.webhook_url}]},
                "web": {"port": 0},
                "http": {"allow_networks": ["127.0.0.0/8"]},
            },
        )
        command = ["run", "--config", str(config)]
        for life in range(3):
            site.simulation.act(OpenThread(id=f"t{life}", title="x"))
            for number in range(120):
                text = f"第{number}次买零食" if number % 4 == 0 else f"第{number}次，快递很快"
                name = str(10**18 + life * 1000 + number)
                site.simulation.act(Post(id=name, thread=f"t{life}", author="ann", text=text))
            with running(tmp_path, command, clock, f"life-{life}") as bot:
                # Killed while the page is being stored, or just after: whatever the moment brings.
                await until("something is stored", engine, tables.comment, 100 * life + 1, bot)
                await bot.kill()
        with running(tmp_path, command, clock, "life-4") as bot:
            await until("every comment", engine, tables.comment, 360, bot)
            await until("canaries", engine, tables.canary, 5, bot)
            gone = [str(10**18 + life * 1000 + number) for life in range(3) for number in (40, 80)]
            for name in gone:
                site.simulation.act(Remove(id=name, silent=True))
            moved = tables.tracking.c.state == "suspected"
            await until("a first suspicion", engine, tables.tracking, 1, bot, moved)
            await bot.kill()
        with running(tmp_path, command, clock, "life-5") as bot:
            confirmed = tables.tracking.c.state == "confirmed"
            await until("every removal", engine, tables.tracking, len(gone), bot, confirmed)
            sent = (tables.outbox.c.state == "sent", tables.outbox.c.key.startswith("disappeared"))
            await until("every alert", engine, tables.outbox, len(gone), bot, *sent)
            assert await bot.stop() == 0
        told = Counter(
            text["text"]
            for message in slack.messages
            for text in message.texts
            if "possible repeat" not in message.heading and text["text"].startswith("*Comment*")
        )
    assert count(engine, tables.comment) == 360
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        names = select(tables.comment.c.native_id).join_from(tables.comment, tables.tracking).where(confirmed)
        assert sorted(connection.execute(names).scalars()) == sorted(gone)
    engine.dispose()
    assert len(told) == len(gone)
    assert set(told.values()) == {1}
