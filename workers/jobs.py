"""The functions that jobs name. Each is a few lines around the bot's own; arguments are ids only."""

from __future__ import annotations

import asyncio
import functools
import os
import time
from pathlib import Path

from rich.console import Console

from bot.alerts.channels import close_channels
from bot.alerts.outbox import drain
from bot.app import App, bench_of, build, channels_of
from bot.recheck import recheck_batch as recheck
from bot.settings import load_configuration

CONFIG = "REMOVALWATCH_CONFIG"
#: Real seconds in which a job begins deliveries; what is left waits for the next ring.
DELIVER_SECONDS = 25.0


@functools.cache
def app() -> App:
    """Return the app of this worker, built before the first fork; its database is not pooled: forks share nothing."""
    return build(load_configuration(Path(os.environ[CONFIG])), pooled=False)


def recheck_batch(batch_id: int) -> None:
    """Look at one claimed batch."""
    asyncio.run(recheck(bench_of(app()), batch_id))


def deliver() -> None:
    """Deliver what is due on every channel that is not bound to a terminal."""
    asyncio.run(_deliver(app()))


async def _deliver(app: App) -> None:
    channels = {name: one for name, one in channels_of(app, Console(stderr=True)).items() if not one.local}
    # A delivery may take 15 s: the last one begins early enough to end before the job's timeout.
    end = time.monotonic() + DELIVER_SECONDS
    try:
        while time.monotonic() < end and await drain(app.engine, channels, app.clock, only=channels.keys(), limit=1):
            pass
    finally:
        await close_channels(channels.values())
