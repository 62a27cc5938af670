"""The bot as its owner starts it: `removalwatch run`, and `removalwatch worker` beside it; nothing is patched."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.clock import VARIABLE, ScaledClock
from tests.requirements import require

RULES = """\
version: 1
rules:
  - id: snacks
    title: Snacks
    why: every comment of the test that is to be followed as flagged speaks of them
    severity: low
    phrase: 零食
    tests: {match: [俄罗斯零食], no_match: [快递]}
"""


def write_config(folder: Path, settings: Mapping[str, Any]) -> Path:
    """Return the path of a configuration in `folder`, with rules that flag 零食."""
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"rules": "rules.yaml", **settings}, allow_unicode=True), encoding="utf-8")
    return path


class BotProcess:
    """One process tree; its output goes to a file that is shown when something went wrong."""

    def __init__(self, folder: Path, command: list[str], clock: ScaledClock, name: str) -> None:
        self.output = folder / f"{name}.log"
        with self.output.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", *command],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, VARIABLE: str(clock)},
            )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code; the process has 20 s."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, 20)
        except subprocess.TimeoutExpired:
            return await self.kill()

    async def kill(self) -> int:
        """Send SIGKILL and return the exit code."""
        self._process.kill()
        return await asyncio.to_thread(self._process.wait)


@contextlib.contextmanager
def running(folder: Path, command: list[str], clock: ScaledClock, name: str = "bot") -> Iterator[BotProcess]:
    """Run the bot; what is left of it at the end is killed."""
    bot = BotProcess(folder, command, clock, name)
    try:
        yield bot
    finally:
        if bot.alive:
            bot._process.kill()
            bot._process.wait()


def worker_pids(config: Path, queue: str) -> list[int]:
    """Return the process ids of RQ workers of a queue, without the children that they fork for a job."""
    pattern = f"workers --config {config} --queue {queue}"
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=False).stdout.split()
    pids = {int(pid) for pid in found}
    return sorted(pid for pid in pids if _parent(pid) not in pids)


def _parent(pid: int) -> int:
    answer = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(answer or 0)


def require_redis() -> None:
    """Skip (on CI: fail) where no Redis can be had."""
    from bot.redis_server import RedisKind, find_redis

    require("Redis", find_redis("auto").kind is RedisKind.BINARY, "apt-get install redis-server")
