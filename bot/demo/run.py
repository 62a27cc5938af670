"""`removalwatch demo`: the real bot against the simulated platform; planted and found meet only at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.alerts.channels import close_channels
from bot.app import App, build, channels_of
from bot.clock import VARIABLE, ScaledClock
from bot.demo import table
from bot.demo.found import followed
from bot.demo.report import Comparison, compare, planted
from bot.domain.alert import Alert
from bot.domain.comment import Role
from bot.domain.errors import OperationError
from bot.domain.instant import DAY, Micros
from bot.log import configure
from bot.ports import Channel
from bot.serve import serve
from bot.settings import load_configuration
from bot.store import digests
from bot.store.standing import standing

#: Domain days that the demo lasts, and real seconds that they take.
DAYS = 8.0
SECONDS = 66.0
#: A fault counts as injected when at least this many living followed comments were asked for while it lasted.
LIVING = 20


@dataclass(slots=True)
class Counted:
    """A channel that counts what it delivers, by key and mark: two unmarked deliveries of one key are a duplicate."""

    channel: Channel
    delivered: Counter[str]

    @property
    def name(self) -> str:
        """The name of the channel."""
        return self.channel.name

    @property
    def local(self) -> bool:
        """Whether it belongs to this process."""
        return self.channel.local

    async def send(self, alert: Alert, *, repeat: bool) -> str | None:
        """Deliver and count."""
        result = await self.channel.send(alert, repeat=repeat)
        if not repeat:
            self.delivered[alert.key] += 1
        return result


def run_demo(*, as_json: bool, keep: bool, seed: int) -> int:
    """Run the demo and return the exit code: 1 if anything was missed, invented or given a wrong cause."""
    console = Console(stderr=as_json)
    configure(json=False, level="error")
    folder = Path(tempfile.mkdtemp(prefix="removalwatch-demo-"))
    return asyncio.run(_demo(console, folder, as_json=as_json, keep=keep, seed=seed))


async def _demo(console: Console, folder: Path, *, as_json: bool, keep: bool, seed: int) -> int:
    clock = _clock()
    # So that every process of the bot, and the simulated platform, live in the same time.
    os.environ[VARIABLE] = str(clock)
    start = clock.now()
    async with _platform(folder, start, seed) as urls:
        app = build(load_configuration(_write_config(folder, urls)))
        channels = channels_of(app, console)
        counted = [Counted(channel, Counter()) for channel in channels.values()]
        wrapped: dict[str, Channel] = {one.name: one for one in counted}
        try:
            await _watch(app, wrapped, console, end=start + round(DAYS * DAY))
            result = await _result(app, urls, counted, folder)
            _tell(console, result, as_json=as_json)
            if keep:
                await _keep(app, wrapped, console, urls)
        finally:
            await close_channels(channels.values())
            app.engine.dispose()
    return 0 if result.ok else 1


def _clock() -> ScaledClock:
    """Return a clock that begins on a Monday morning, so that a whole week and its digest lie within the demo."""
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    rate = DAYS * 86_400 / SECONDS
    real = time.time()
    return ScaledClock((rate * real - monday.timestamp()) / (rate - 1), rate)


@contextlib.asynccontextmanager
async def _platform(folder: Path, start: Micros, seed: int) -> AsyncIterator[Mapping[str, str]]:
    """Run the simulated platform as a process of its own, which keeps the truth to itself."""
    ports = folder / "platform.json"
    options = ["--port-file", str(ports), "--clock", os.environ[VARIABLE], "--start", str(start), "--seed", str(seed)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot.demo.simulate", *options, stdin=asyncio.subprocess.PIPE
    )
    try:
        for _ in range(200):
            if ports.exists() or process.returncode is not None:
                break
            await asyncio.sleep(0.05)
        else:
            raise OperationError("The simulated platform did not start within 10 s.")
        yield json.loads(ports.read_text(encoding="utf-8"))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _write_config(folder: Path, urls: Mapping[str, str]) -> Path:
    configuration = {
        "data_dir": "data",
        "log_level": "error",
        "sources": [
            {
                "name": "demo",
                "platform": "demo",
                "purpose": "to show what removalwatch does",
                "every": 3600,
                "url": urls["front"],
                "origin_url": urls["origin"],
                "interval": 0.001,
            }
        ],
        "follow": {"panel": 0.05, "days": 30, "looks": 24},
        "web": {"port": 0},
        "http": {"allow_networks": ["127.0.0.0/8"]},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(configuration, allow_unicode=True), encoding="utf-8")
    return path


async def _watch(app: App, channels: dict[str, Channel], console: Console, *, end: Micros) -> None:
    """Run the bot until the domain time `end`, with a progress display."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bot = asyncio.ensure_future(serve(app, channels))
    with Progress(*columns, console=console, transient=True) as progress:
        begin = app.clock.now()
        task = progress.add_task("starting", total=end - begin)
        while app.clock.now() < end and not bot.done():
            words = await asyncio.to_thread(_how_it_stands, app)
            progress.update(task, completed=app.clock.now() - begin, description=words)
            await asyncio.sleep(0.5)
    bot.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await bot


def _how_it_stands(app: App) -> str:
    with app.engine.connect().execution_options(read_only=True) as connection:
        found = standing(connection, app.clock.now(), app.clock.real())
    gone = sum(count for state, count in found.states.items() if state in {"probable", "confirmed"})
    return f"{found.comments} comments, {found.tracked} followed, {gone} disappeared"


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo ends with."""

    comparison: Comparison
    facts: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the bot found what was planted, and told it once."""
        return self.comparison.ok and self.facts["duplicate_alerts"] == 0


async def _result(app: App, urls: Mapping[str, str], channels: Iterable[Counted], folder: Path) -> Result:
    truth = await _truth(urls)
    with app.engine.connect().execution_options(read_only=True) as connection:
        found = followed(connection)
        roles = standing(connection, app.clock.now(), app.clock.real()).roles
        weeks = digests.published(connection)
    comparison = compare(planted(truth), found)
    delivered = sum((channel.delivered for channel in channels), Counter[str]())
    return Result(
        comparison,
        {
            "comments": truth["comments"],
            "flagged": roles.get(Role.FLAGGED, 0),
            "planted_removals": comparison.planted_removals,
            "found_removals": comparison.found_removals,
            "false_removals": len(comparison.false_removals),
            "restorations_planted": comparison.restorations_planted,
            "restorations_found": comparison.restorations_found,
            "faults_injected": len({one["kind"] for one in truth["faults"] if one["living_asked"] >= LIVING}),
            "alerts_sent": len(delivered),
            "duplicate_alerts": delivered.total() - len(delivered),
            "digest": str(folder / "data" / "digests" / max(weeks) / "digest.md") if weeks else None,
        },
    )


async def _truth(urls: Mapping[str, str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {urls['token']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{urls['panel']}/panel/truth", raise_for_status=True) as answer,
    ):
        truth: dict[str, Any] = await answer.json()
        return truth


def _tell(console: Console, result: Result, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(result.facts, ensure_ascii=False) + "\n")
        return
    console.print(table.comparison(result.comparison))
    for name, value in result.facts.items():
        console.print(f"{name.replace('_', ' ')}: {value}", highlight=False, soft_wrap=True)


async def _keep(app: App, channels: dict[str, Channel], console: Console, urls: Mapping[str, str]) -> None:
    console.print(f"The simulated platform runs on {urls['front']}, its control panel on {urls['panel']}.")
    console.print(f"The bot runs on {app.settings.data_dir}. Ctrl+C ends both.")
    await serve(app, channels, started=lambda running: console.print(f"http://127.0.0.1:{running.web_port}/readyz"))
