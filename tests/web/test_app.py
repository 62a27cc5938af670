"""Three questions may be asked, by this machine's own names, and nothing can be changed."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import Engine

from bot.domain.errors import OperationError
from bot.web.app import build_app, serve_web
from bot.web.health import Limits
from tests.web.client import ClientOn, StoppedClock

PATHS = ("/healthz", "/readyz", "/metrics")


def test_there_are_no_other_routes(sqlite_engine: Engine, clock: StoppedClock) -> None:
    """Whoever adds one decides here whether anybody on this machine may ask it."""
    app = build_app(sqlite_engine, clock, version="1", limits=Limits())
    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    assert routes == {(method, path) for method in ("GET", "HEAD") for path in PATHS}


@pytest.mark.parametrize(
    "path", ["/", "/healthz/", "/static/app.py", "/static/%2e%2e/app.py", "/..%5capp.py", "/metrics%00", "/HEALTHZ"]
)
async def test_what_is_not_known_is_not_found(path: str, client_on: ClientOn, sqlite_engine: Engine) -> None:
    client = await client_on(sqlite_engine)
    async with client.get(path) as response:
        assert response.status == 404
        assert await response.text() == "404: Not Found"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_only_get_and_head_are_allowed(method: str, client_on: ClientOn, sqlite_engine: Engine) -> None:
    client = await client_on(sqlite_engine)
    for path in (*PATHS, "/unknown"):
        async with client.request(method, path) as response:
            assert response.status == 405
            assert response.headers["Allow"] == "GET,HEAD"


async def test_head_answers_like_get_without_a_body(client_on: ClientOn, sqlite_engine: Engine) -> None:
    client = await client_on(sqlite_engine)
    async with client.head("/healthz") as response:
        assert response.status == 200
        assert await response.read() == b""


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080", "Bot.Internal:80"]
)
async def test_the_names_of_this_machine_and_the_configured_ones_are_answered(
    host: str, client_on: ClientOn, sqlite_engine: Engine
) -> None:
    client = await client_on(sqlite_engine, allowed_hosts=("bot.INTERNAL",))
    async with client.get("/healthz", headers={"Host": host}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "evil.example:localhost",
        "::1",
        "[::1",
        "",
    ],
)
async def test_a_foreign_name_that_points_here_is_refused(
    host: str, client_on: ClientOn, sqlite_engine: Engine
) -> None:
    """DNS rebinding: a page elsewhere lets its own name point to this machine (reliability S20)."""
    client = await client_on(sqlite_engine)
    for path in (*PATHS, "/unknown"):
        async with client.get(path, headers={"Host": host}) as response:
            assert response.status == 421


async def test_forwarded_names_are_not_believed(client_on: ClientOn, sqlite_engine: Engine) -> None:
    client = await client_on(sqlite_engine)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost", "Forwarded": "host=localhost"}
    async with client.get("/healthz", headers=headers) as response:
        assert response.status == 421


async def test_a_request_without_a_name_is_refused(client_on: ClientOn, sqlite_engine: Engine) -> None:
    client = await client_on(sqlite_engine)
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.0 421")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/healthz", "localhost", 200),
        ("GET", "/metrics", "localhost", 200),
        ("GET", "/readyz", "localhost", 503),
        ("GET", "/unknown", "localhost", 404),
        ("POST", "/healthz", "localhost", 405),
        ("GET", "/healthz", "evil.example", 421),
    ],
)
async def test_every_answer_has_the_security_headers(
    method: str, path: str, host: str, status: int, client_on: ClientOn, sqlite_engine: Engine
) -> None:
    client = await client_on(sqlite_engine)
    async with client.request(method, path, headers={"Host": host}) as response:
        assert response.status == status
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Server"] == "removalwatch"


def port_of(runner: web.AppRunner) -> int:
    """Return the port that was taken."""
    return int(runner.addresses[0][1])


async def test_serving_takes_a_port_and_gives_it_back(sqlite_engine: Engine, clock: StoppedClock) -> None:
    app = build_app(sqlite_engine, clock, version="1.2.3", limits=Limits())
    runner = await serve_web(app, "127.0.0.1", 0)
    port = port_of(runner)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/healthz") as response:
            assert (await response.json())["version"] == "1.2.3"
        await runner.cleanup()
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://127.0.0.1:{port}/healthz")


async def test_a_taken_port_is_one_sentence_that_says_what_to_do(sqlite_engine: Engine, clock: StoppedClock) -> None:
    app = build_app(sqlite_engine, clock, version="1", limits=Limits())
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OperationError) as refused:
            await serve_web(app, "127.0.0.1", port)
    assert str(refused.value) == (
        f"port {port} on 127.0.0.1 is taken by another program: "
        "stop that one or set another web.port (REMOVALWATCH_WEB__PORT)"
    )


async def test_an_address_of_another_machine_is_refused(sqlite_engine: Engine, clock: StoppedClock) -> None:
    app = build_app(sqlite_engine, clock, version="1", limits=Limits())
    with pytest.raises(OperationError, match=r"192\.0\.2\.1 is no address of this machine: set web\.host"):
        await serve_web(app, "192.0.2.1", 0)
