"""The control panel of the simulated platform: makes things happen, plants faults, and alone tells the truth.

Every request carries `Authorization: Bearer <token>`; what cannot be done is answered with 400 and the reason.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.demo.acts import FAULT_ACT, SITE_ACT, Act
from bot.demo.faults import Handler
from bot.demo.simulation import Simulation
from bot.demo.site import RefusedError
from bot.demo.vantage import Server


class _Play(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seed: int


class Panel:
    """The third listener of a platform."""

    def __init__(self, simulation: Simulation, servers: Sequence[Server], token: str) -> None:
        self._simulation = simulation
        self._servers = servers
        self._token = token

    def application(self) -> web.Application:
        """Return the aiohttp application of the panel."""
        application = web.Application(middlewares=[self._allow])
        application.router.add_post("/panel/act", self._doing(SITE_ACT.validate_json))
        application.router.add_post("/panel/fault", self._doing(FAULT_ACT.validate_json))
        application.router.add_post("/panel/play", self._play)
        application.router.add_get("/panel/truth", self._truth)
        application.router.add_get("/panel/stats", self._stats)
        return application

    @web.middleware
    async def _allow(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return web.json_response({"error": "send Authorization: Bearer <token of the port file>"}, status=401)
        return await handler(request)

    def _doing(self, parse: Callable[[bytes], Act]) -> Handler:
        async def do(request: web.Request) -> web.StreamResponse:
            try:
                done_to = self._simulation.act(parse(await request.read()))
            except (ValidationError, RefusedError) as reason:
                return web.json_response({"error": str(reason)}, status=400)
            return web.json_response({"id": done_to})

        return do

    async def _play(self, request: web.Request) -> web.Response:
        """Begin the scenario of a seed now: its day 0 is the moment of the request."""
        try:
            seed = _Play.model_validate_json(await request.read()).seed
        except ValidationError as reason:
            return web.json_response({"error": str(reason)}, status=400)
        return web.json_response({"day_0": self._simulation.play(seed)})

    async def _truth(self, _request: web.Request) -> web.Response:
        return web.json_response(self._simulation.truth())

    async def _stats(self, _request: web.Request) -> web.Response:
        requests = {server.vantage: server.requests for server in self._servers}
        self._simulation.advance()
        return web.json_response({"requests": requests, "faults": self._simulation.fault_counts()})
