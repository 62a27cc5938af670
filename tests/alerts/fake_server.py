"""What the fake services share: a local HTTP server whose next answers can be told to go wrong."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from enum import Enum, auto
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer


class Fault(Enum):
    """What may happen to a message; the last four happen after the service has taken it.

    LOGIN_PAGE: somebody else answers, and with success.
    """

    RATE_LIMITED = auto()
    SERVER_ERROR = auto()
    REJECTED = auto()
    REVOKED = auto()
    LOGIN_PAGE = auto()
    GATEWAY_TIMEOUT = auto()
    HANG = auto()
    RESET = auto()
    GARBAGE = auto()


_AFTER_DELIVERY = frozenset({Fault.GATEWAY_TIMEOUT, Fault.HANG, Fault.RESET, Fault.GARBAGE})


class FakeServer(ABC):
    """Takes messages; `faults` are spent one per request, `retry_after` is what a rate limit asks for (seconds).

    `least_gap`: seconds that must lie between two requests, or the second is told that it came too fast.
    """

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.retry_after = 7
        self.least_gap = 0.0
        self.requests = 0
        self._last = float("-inf")
        self._closing = asyncio.Event()
        application = web.Application()
        self.routes(application.router)
        self._server = TestServer(application)

    async def __aenter__(self) -> Self:
        # aiohttp's access log would show the secrets in the paths to a test that looks for them in ours.
        await self._server.start_server(access_log=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._server.close()

    def url(self, path: str) -> str:
        """Return an address of this server."""
        return str(self._server.make_url(path))

    @abstractmethod
    def routes(self, router: web.UrlDispatcher) -> None:
        """Add the addresses of the service."""

    @abstractmethod
    def refusal(self, fault: Fault) -> web.Response:
        """Return the service's own form of an error."""

    @abstractmethod
    async def take(self, request: web.Request) -> web.Response:
        """Check a message as the service does, keep it, and answer."""

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or do what the next fault says."""
        self.requests += 1
        fault = self.faults.popleft() if self.faults else self._too_fast()
        if fault is Fault.LOGIN_PAGE:
            return web.Response(text="<html>sign in</html>", content_type="text/html")
        if fault is not None and fault not in _AFTER_DELIVERY:
            return self.refusal(fault)
        response = await self.take(request)
        if fault is Fault.HANG:
            await self._closing.wait()
        elif fault is Fault.RESET:
            assert request.transport is not None
            request.transport.abort()
        elif fault is Fault.GATEWAY_TIMEOUT:
            return web.Response(status=504, text="<html>upstream timed out</html>", content_type="text/html")
        elif fault is Fault.GARBAGE:
            return web.Response(body=b"\xff\xfe\xfa", content_type="text/plain", charset="utf-8")
        return response

    def _too_fast(self) -> Fault | None:
        now = asyncio.get_running_loop().time()
        gap, self._last = now - self._last, now
        return Fault.RATE_LIMITED if gap < self.least_gap else None
