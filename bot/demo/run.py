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

from bot import calibrate
from bot.alerts.channels import close_channels
from bot.app import App, build, channels_of, ears_of
from bot.clock import VARIABLE, ScaledClock
from bot.demo import table
from bot.demo.found import followed
from bot.demo.report import Comparison, compare, planted
from bot.domain.alert import Alert
from bot.domain.comment import Role
from bot.domain.errors import OperationError
from bot.domain.instant import DAY, SECOND
from bot.domain.verdict import DISAPPEARED
from bot.log import configure
from bot.ports import Channel
from bot.serve import serve
from bot.settings import PREFIX, load_configuration
from bot.stats.calibration import Calibration
from bot.store import digests
from bot.store.standing import Standing, standing
from bot.truth import listen

#: Domain days that the demo lasts once the bot is ready, and real seconds that they take.
DAYS = 8.0
SECONDS = 64.0
#: Real seconds for the bot to be ready.
READY = 60.0
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
    # The owner's own database and Redis are none of the demo's business.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    # So that every process of the bot, and the simulated platform, live in the same time.
    os.environ[VARIABLE] = str(clock)
    async with _platform(folder) as urls:
        app = build(load_configuration(_write_config(folder, urls)))
        channels = channels_of(app, console)
        counted = [Counted(channel, Counter()) for channel in channels.values()]
        wrapped: dict[str, Channel] = {one.name: one for one in counted}
        try:
            await _watch(app, wrapped, console, urls, seed)
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
    rate = DAYS * DAY / SECOND / SECONDS
    real = time.time()
    return ScaledClock((rate * real - monday.timestamp()) / (rate - 1), rate)


@contextlib.asynccontextmanager
async def _platform(folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """Run the simulated platform as a process of its own, which keeps the truth to itself."""
    ports = folder / "platform.json"
    options = ["--port-file", str(ports), "--clock", os.environ[VARIABLE]]
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


async def _watch(app: App, channels: dict[str, Channel], console: Console, urls: Mapping[str, str], seed: int) -> None:
    """Run the bot, play the scenario when it is ready, and show how far it is, until the last day is over."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bot = asyncio.ensure_future(serve(app, channels))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting the bot and its workers", total=None)
        await _ready(app, bot)
        day_0 = (await _panel(urls, "POST", "play", {"seed": seed}))["day_0"]
        progress.update(task, total=DAYS * DAY)
        while app.clock.now() < day_0 + DAYS * DAY and not bot.done():
            words = await asyncio.to_thread(_how_it_stands, app)
            progress.update(task, completed=app.clock.now() - day_0, description=words)
            await asyncio.sleep(0.5)
    bot.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await bot


async def _ready(app: App, bot: asyncio.Future[None]) -> None:
    """Wait until a collector and a worker have reported."""
    end = time.monotonic() + READY
    while not bot.done():
        found = await asyncio.to_thread(_standing, app)
        if {"collector", "worker"} <= {beat.kind for beat in found.heartbeats}:
            return
        if time.monotonic() > end:
            raise OperationError(f"The bot was not ready within {READY:.0f} s: this machine is too busy for the demo.")
        await asyncio.sleep(0.1)
    await bot


def _standing(app: App) -> Standing:
    with app.engine.connect().execution_options(read_only=True) as connection:
        return standing(connection, app.clock.now(), app.clock.real())


def _how_it_stands(app: App) -> str:
    found = _standing(app)
    gone = sum(found.states[state] for state in DISAPPEARED)
    return f"{found.comments} comments, {found.tracked} followed, {gone} disappeared"


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo ends with."""

    comparison: Comparison
    facts: Mapping[str, Any]
    calibration: Mapping[str, Calibration | None]

    @property
    def ok(self) -> bool:
        """Whether the bot found what was planted, and told it once."""
        return self.comparison.ok and self.facts["duplicate_alerts"] == 0


async def _result(app: App, urls: Mapping[str, str], channels: Iterable[Counted], folder: Path) -> Result:
    truth = await _panel(urls, "GET", "truth")
    for ear in ears_of(app):
        await listen(ear)
    with app.engine.connect().execution_options(read_only=True) as connection:
        found = followed(connection)
        weeks = digests.published(connection)
        measured = calibrate.of(connection)
    comparison = compare(planted(truth), found)
    delivered = sum((channel.delivered for channel in channels), Counter[str]())
    return Result(
        comparison,
        {
            "comments": truth["comments"],
            "flagged": _standing(app).roles[Role.FLAGGED],
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
        measured,
    )


async def _panel(urls: Mapping[str, str], method: str, what: str, payload: object = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {urls['token']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{urls['panel']}/panel/{what}", json=payload, raise_for_status=True) as answer,
    ):
        found: dict[str, Any] = await answer.json()
        return found


def _tell(console: Console, result: Result, *, as_json: bool) -> None:
    if as_json:
        facts = {**result.facts, "calibration": calibrate.as_json(result.calibration)}
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    console.print(table.comparison(result.comparison))
    calibrate.show(result.calibration, console)
    for name, value in result.facts.items():
        console.print(f"{name.replace('_', ' ')}: {value}", highlight=False, soft_wrap=True)


async def _keep(app: App, channels: dict[str, Channel], console: Console, urls: Mapping[str, str]) -> None:
    console.print(f"The simulated platform runs on {urls['front']}, its control panel on {urls['panel']}.")
    console.print(f"The bot runs on {app.settings.data_dir}. Ctrl+C ends both.")
    await serve(app, channels, started=lambda running: console.print(f"http://127.0.0.1:{running.web_port}/readyz"))
