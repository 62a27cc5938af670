"""What the client does with servers that are slow, broken, misleading or hostile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from tests.http.conftest import LOOPBACK, Listener, Speak

Serve = Callable[[web.Application], Awaitable[TestServer]]
RawServe = Callable[[Speak], Awaitable[str]]


def site(path: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    app = web.Application()
    app.router.add_route("*", path, handler)
    return app


async def test_an_answer_comes_back_with_its_body_headers_and_parameters(http: Session, aiohttp_server: Serve) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"agent": request.headers["User-Agent"], "q": request.query.getall("q")})

    server = await aiohttp_server(site("/", echo))
    reply = await http.get(str(server.make_url("/?q=a b")), params={"q": "评论&c"})
    assert reply.ok
    assert reply.json() == {"agent": "removalwatch-test", "q": ["a b", "评论&c"]}
    assert reply.headers.get("content-type") == "application/json; charset=utf-8"


async def test_json_is_posted_and_a_redirect_of_it_is_not_followed(http: Session, aiohttp_server: Serve) -> None:
    seen: list[object] = []

    async def move(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    server = await aiohttp_server(site("/{any:.*}", move))
    reply = await http.post_json(str(server.make_url("/")), {"text": "да"})
    assert reply.status == 307
    assert seen == [{"text": "да"}]


async def test_a_redirect_to_the_inside_is_blocked_although_the_first_host_is_allowed(
    http: Session, aiohttp_server: Serve
) -> None:
    async def metadata(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})

    server = await aiohttp_server(site("/", metadata))
    reply = await http.get(str(server.make_url("/")))
    assert reply.failure == "blocked address: this address is not on the public internet"


@pytest.mark.parametrize(
    ("location", "failure"),
    [
        ("file:///etc/passwd", "blocked address: file scheme"),
        ("http://user:pw@127.0.0.1/", "blocked address: user name or password"),
        ("http://127.0.0.1:99999/", "blocked address: this is no URL"),
        ("http://a..b/", "dns"),
        ("http://2130706433/", "blocked address"),
    ],
)
async def test_a_hostile_redirect_is_a_failed_reply_and_never_an_exception(
    location: str, failure: str, http: Session, aiohttp_server: Serve
) -> None:
    async def move(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    server = await aiohttp_server(site("/", move))
    reply = await http.get(str(server.make_url("/")))
    assert reply.failure is not None
    assert reply.failure.startswith(failure)


async def test_a_redirect_loop_ends_after_five_redirects(http: Session, aiohttp_server: Serve) -> None:
    seen: list[str] = []

    async def loop(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=301, headers={"Location": f"{request.path}x"})

    server = await aiohttp_server(site("/{any:.*}", loop))
    reply = await http.get(str(server.make_url("/")))
    assert reply.failure == "too many redirects: more than 5"
    assert seen == ["/", "/x", "/xx", "/xxx", "/xxxx", "/xxxxx"]


async def test_own_headers_follow_a_redirect_on_the_same_host_but_not_to_another(
    http: Session, aiohttp_server: Serve
) -> None:
    async def show(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Authorization", "nothing"))

    other = await aiohttp_server(site("/", show))
    app = site("/here", show)

    async def move(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    app.router.add_get("/", move)
    server = await aiohttp_server(app)
    token = {"Authorization": "Bearer token"}
    same = await http.get(str(server.make_url("/")), params={"to": "/here"}, headers=token)
    elsewhere = await http.get(str(server.make_url("/")), params={"to": str(other.make_url("/"))}, headers=token)
    assert same.body == b"Bearer token"
    assert elsewhere.body == b"nothing"
    assert elsewhere.url == str(other.make_url("/"))


async def test_cookies_are_not_kept(http: Session, aiohttp_server: Serve) -> None:
    async def cookies(request: web.Request) -> web.Response:
        response = web.Response(text=request.headers.get("Cookie", "none"))
        response.set_cookie("visitor", "1")
        return response

    server = await aiohttp_server(site("/", cookies))
    await http.get(str(server.make_url("/")))
    assert (await http.get(str(server.make_url("/")))).body == b"none"


async def test_a_proxy_in_the_environment_is_ignored(
    monkeypatch: pytest.MonkeyPatch, budget: MemoryBudget, aiohttp_server: Serve, listener: Listener
) -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listener.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    server = await aiohttp_server(site("/", hello))
    async with open_http(budget, user_agent="test", allow_networks=LOOPBACK, interval=0) as http:
        assert (await http.get(str(server.make_url("/")))).body == b"direct"
    assert listener.connections == 0


async def test_a_body_that_never_ends_is_a_timeout(budget: MemoryBudget, aiohttp_server: Serve) -> None:
    finished = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await finished.wait()
        return response

    server = await aiohttp_server(site("/", drip))
    async with open_http(budget, user_agent="test", allow_networks=LOOPBACK, interval=0, timeout=0.3) as http:
        reply = await http.get(str(server.make_url("/")))
    finished.set()
    assert reply.failure == "timeout: no whole answer in time"
    assert not reply.ok


async def test_a_closed_port_is_a_refused_connection(http: Session, listener: Listener) -> None:
    reply = await http.get("http://127.0.0.1:1/")
    assert reply.failure is not None
    assert reply.failure.startswith("refused")
    assert listener.connections == 0


async def test_a_name_without_an_address_is_a_dns_failure(http: Session) -> None:
    assert (await http.get("http://name.invalid/")).failure == "dns: the name has no address"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[::1/"])
async def test_what_is_no_url_fails_for_get_and_post(url: str, http: Session) -> None:
    assert (await http.get(url)).failure == "blocked address: this is no URL"
    assert (await http.post_json(url, {})).failure == "blocked address: this is no URL"


async def test_plain_text_where_tls_is_spoken_is_a_tls_failure(http: Session, raw_server: RawServe) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 I speak something else\r\n")
        await writer.drain()
        writer.close()

    url = (await raw_server(speak)).replace("http:", "https:")
    reply = await http.get(url, params={"token": "secret"})
    assert reply.failure is not None
    assert reply.failure.startswith("tls")
    assert "secret" not in reply.failure


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"not http at all\r\n\r\n",
        b"",
    ],
)
async def test_a_broken_answer_is_a_failed_reply(answer: bytes, http: Session, raw_server: RawServe) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    reply = await http.get(await raw_server(speak))
    assert reply.failure is not None
    assert reply.failure.startswith("broken")


async def test_a_kept_connection_that_broke_is_tried_once_more(http: Session, raw_server: RawServe) -> None:
    """The second request of each connection is met with silence and a hang-up, as after an idle time-out."""
    connections = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    url = await raw_server(speak)
    assert [(await http.get(url)).body for _ in range(2)] == [b"ok", b"ok"]
    assert connections == 2
