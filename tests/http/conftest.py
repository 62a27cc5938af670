"""Clients and small servers, all on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http

LOOPBACK = ["127.0.0.0/8", "::1/128"]


@dataclass
class Listener:
    """A TCP server that counts who connects, whatever they say."""

    port: int = 0
    connections: int = 0


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Answer every connection with an empty 200."""
    listening = Listener()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    listening.port = server.sockets[0].getsockname()[1]
    yield listening
    server.close()
    await server.wait_closed()


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def raw_server() -> AsyncIterator[Callable[[Speak], Awaitable[str]]]:
    """Return a function that serves a conversation written by hand and returns its URL."""
    servers: list[asyncio.Server] = []

    async def serve(speak: Speak) -> str:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    yield serve
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
def budget() -> MemoryBudget:
    """Give each test hosts that nobody has asked yet."""
    return MemoryBudget()


@pytest.fixture
async def http(budget: MemoryBudget) -> AsyncIterator[Session]:
    """Open a client that may reach loopback and does not wait between requests."""
    async with open_http(budget, user_agent="removalwatch-test", allow_networks=LOOPBACK, interval=0) as session:
        yield session
