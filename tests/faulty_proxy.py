"""A reverse proxy that stands in front of a real server and fails on request, in the ways that real ones fail."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

_CAPTCHA = "<!doctype html><title>One moment</title><form>Show that you are human <input name=answer></form>"
_DROPPED = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection", "date", "server"})


class Fault(StrEnum):
    """What goes wrong; the name says what a client sees."""

    NONE = "none"
    STATUS_500 = "status 500"
    EMPTY_200 = "empty 200"
    REFUSED = "refused"
    CAPTCHA_200 = "captcha with 200"
    NOT_FOUND_PAGE = "404 page for everything"
    NOT_FOUND_JSON = "404 JSON for everything"
    FORBIDDEN_PAGE = "403 page for everything"
    FORBIDDEN_JSON = "403 JSON for everything"
    TOO_MANY = "429 with Retry-After"
    TRUNCATED = "JSON cut in the middle"
    SLOW = "slow"


_CANNED: dict[Fault, tuple[int, str, str]] = {
    Fault.STATUS_500: (500, "text/plain", "Internal Server Error"),
    Fault.EMPTY_200: (200, "application/json", ""),
    Fault.CAPTCHA_200: (200, "text/html", _CAPTCHA),
    Fault.NOT_FOUND_PAGE: (404, "text/html", "<title>404 Not Found</title><h1>Not Found</h1>"),
    Fault.NOT_FOUND_JSON: (404, "application/json", '{"message": "no route matched"}'),
    Fault.FORBIDDEN_PAGE: (403, "text/html", "<title>403 Forbidden</title><h1>Forbidden</h1>"),
    Fault.FORBIDDEN_JSON: (403, "application/json", '{"message": "access denied by policy"}'),
    Fault.TOO_MANY: (429, "text/plain", "Too Many Requests"),
}


class FaultyProxy:
    """Forwards to `upstream` in a thread of its own, so that synchronous tests and other processes can use it.

    `requests` lists what was asked, as "METHOD /path?query". Use it as a context manager.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/")
        self.port = 0
        self.requests: list[str] = []
        self._fault = Fault.NONE
        self._only = re.compile("")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return the address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def fail(self, fault: Fault, *, only: str = "") -> None:
        """Fail like this from now on; only where "/path?query" matches the expression `only` as a whole, if given."""
        self._fault = fault
        self._only = re.compile(only)
        self._run(self._unlisten() if fault is Fault.REFUSED else self._listen())

    def _run(self, action: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(action, self._loop).result(timeout=30)

    async def _open(self) -> None:
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._released = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        self._site: web.TCPSite | None = None
        await self._listen()

    async def _close(self) -> None:
        self._released.set()
        await self._runner.cleanup()
        await self._client.close()

    async def _listen(self) -> None:
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
            await self._site.start()
            self.port = self._site.port

    async def _unlisten(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        fault = self._fault if not self._only.pattern or self._only.fullmatch(request.path_qs) else Fault.NONE
        response = _canned(fault) or await self._pass_on(request, fault)
        response.force_close()  # a kept connection would outlive Fault.REFUSED
        return response

    async def _pass_on(self, request: web.Request, fault: Fault) -> web.Response:
        if fault is Fault.SLOW:
            await self._released.wait()
            return web.Response(status=504)
        try:
            response = await self._forward(request)
        except aiohttp.ClientError:
            return web.Response(status=502)
        if fault is Fault.TRUNCATED and isinstance(response.body, bytes):
            response.body = response.body[: len(response.body) // 2]
        return response

    async def _forward(self, request: web.Request) -> web.Response:
        async with self._client.request(
            request.method,
            URL(self.upstream + request.raw_path, encoded=True),
            headers=[(name, value) for name, value in request.headers.items() if name.lower() != "host"],
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            kept = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in _DROPPED)
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def _canned(fault: Fault) -> web.Response | None:
    if fault not in _CANNED:
        return None
    status, kind, text = _CANNED[fault]
    headers = {"Retry-After": "3600"} if status == 429 else None
    return web.Response(status=status, text=text, content_type=kind, headers=headers)
