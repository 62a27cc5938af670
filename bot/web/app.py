"""The web application: three questions that anybody on this machine may ask, and nothing else."""

from __future__ import annotations

import errno
from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy import Engine

from bot.domain.errors import OperationError
from bot.ports import Clock
from bot.web.health import Health, Limits
from bot.web.metrics import Metrics

_METHODS = ("GET", "HEAD")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    # Not the versions of Python and aiohttp, which are the default.
    hdrs.SERVER: "removalwatch",
}


def build_app(
    engine: Engine, clock: Clock, *, version: str, limits: Limits, allowed_hosts: Collection[str] = ()
) -> web.Application:
    """Return the application; `allowed_hosts` are names for the Host header besides this machine's own."""
    health = Health(engine, clock, version=version, limits=limits)
    app = web.Application(middlewares=[_gate(_LOCAL_HOSTS | {host.lower() for host in allowed_hosts})])
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", Metrics(engine, clock, version=version).metrics)
    app.on_response_prepare.append(_add_security_headers)
    return app


async def serve_web(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Start to listen and return the runner: its `addresses` say where, its `cleanup()` stops.

    Port 0 is any free one. OperationError if nobody may listen there.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=10.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise OperationError(_cannot_listen(host, port, error)) from None
    return runner


def _gate(hosts: Collection[str]) -> Middleware:
    """Refuse what changes things, and names that are not ours: a page elsewhere may point its own name here."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _host_name(request.headers.get(hdrs.HOST, "")) not in hosts:
            raise web.HTTPMisdirectedRequest
        if request.method not in _METHODS:
            raise web.HTTPMethodNotAllowed(request.method, _METHODS)
        return await handler(request)

    return gate


def _host_name(header: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = header.lower().rpartition(":")
    return name if colon and port.isdigit() else header.lower()


async def _add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SECURITY_HEADERS)


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    advice = "set another web.port (REMOVALWATCH_WEB__PORT)"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program: stop that one or {advice}"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} is reserved for the system: {advice} from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: set web.host (REMOVALWATCH_WEB__HOST), e.g. to 127.0.0.1"
    return f"cannot listen on port {port} of {host} ({error.strerror}): check web.host or {advice}"
