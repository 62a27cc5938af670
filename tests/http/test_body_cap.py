"""Bodies are read up to a limit, whatever they claim to be on the wire."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from tests.http.conftest import LOOPBACK

Serve = Callable[[web.Application], Awaitable[TestServer]]
MEBIBYTE = 1024 * 1024


def bomb(mebibytes: int) -> bytes:
    """Return so many MiB of zeros, gzipped to about a thousandth."""
    squeeze = zlib.compressobj(wbits=31)
    return b"".join(squeeze.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)) + squeeze.flush()


async def serve(aiohttp_server: Serve, body: bytes, headers: dict[str, str]) -> str:
    async def give(_: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/", give)
    return str((await aiohttp_server(app)).make_url("/"))


async def test_a_gzip_bomb_is_given_up_at_the_cap_and_never_held_in_memory(
    http: Session, aiohttp_server: Serve
) -> None:
    url = await serve(aiohttp_server, bomb(64), {"Content-Encoding": "gzip"})
    tracemalloc.start()
    reply = await http.get(url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reply.failure == f"body too large: more than {2 * MEBIBYTE} bytes"
    assert (reply.status, reply.body, reply.ok) == (200, b"", False)
    assert peak < 16 * MEBIBYTE


@pytest.mark.parametrize(("size", "arrives"), [(1000, True), (1001, False)])
async def test_the_cap_is_exact(size: int, arrives: bool, budget: MemoryBudget, aiohttp_server: Serve) -> None:
    url = await serve(aiohttp_server, b"x" * size, {})
    async with open_http(budget, user_agent="test", allow_networks=LOOPBACK, interval=0, max_body=1000) as http:
        assert (await http.get(url)).ok is arrives


async def test_a_compressed_body_under_the_cap_arrives_decoded(http: Session, aiohttp_server: Serve) -> None:
    url = await serve(aiohttp_server, bomb(1), {"Content-Encoding": "gzip"})
    assert (await http.get(url)).body == bytes(MEBIBYTE)


async def test_the_connection_of_a_cut_body_is_not_used_again(http: Session, aiohttp_server: Serve) -> None:
    """The rest of a bomb must not become the beginning of the next answer."""
    url = await serve(aiohttp_server, bomb(8), {"Content-Encoding": "gzip"})
    failures = [(await http.get(url)).failure for _ in range(3)]
    assert failures == [f"body too large: more than {2 * MEBIBYTE} bytes"] * 3
