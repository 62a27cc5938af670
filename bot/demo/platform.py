"""The simulated platform as a server: two vantages that fail separately and a control panel, a port each."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.demo.acts import VANTAGES
from bot.demo.panel import Panel
from bot.demo.scenario import Timed
from bot.demo.simulation import Simulation
from bot.demo.vantage import Server
from bot.ports import Clock

_LOOPBACK = "127.0.0.1"


class SimulatedPlatform:
    """Three listeners on loopback over one simulation; `async with` starts and stops them.

    `urls` has the keys front, origin and panel once it listens; `token` opens the panel.
    """

    def __init__(self, clock: Clock, timetable: Iterable[Timed] = ()) -> None:
        self.simulation = Simulation(clock, timetable)
        self.token = secrets.token_urlsafe(24)
        self.urls: dict[str, str] = {}
        servers = [Server(vantage, self.simulation) for vantage in VANTAGES]
        panel = Panel(self.simulation, servers, self.token)
        applications = [server.application() for server in servers] + [panel.application()]
        # Seconds that an answer under way gets at the end: a slow one needs no more.
        self._runners = [web.AppRunner(one, access_log=None, shutdown_timeout=2.0) for one in applications]

    async def start(self) -> None:
        """Listen on free ports; OSError where there is none."""
        for name, runner in zip((*VANTAGES, "panel"), self._runners, strict=True):
            await runner.setup()
            await web.TCPSite(runner, _LOOPBACK, 0).start()
            self.urls[name] = f"http://{_LOOPBACK}:{runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        for runner in self._runners:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
