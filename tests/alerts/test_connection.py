"""What is known after a request went wrong, and that no error names the address."""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.alerts.connection import Connection, refusal
from bot.domain.errors import ChannelError

SECRET = "canarySecretPath"


async def post(connection: Connection, url: str) -> None:
    """Post nothing to an address, in the channel's turn."""
    async with connection.turn() as session, session.post(url) as response:
        await response.read()


@asynccontextmanager
async def served(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Serve every address with one handler; yield the root."""
    application = web.Application()
    application.router.add_post("/{path:.*}", handler)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection_delivered_nothing_and_names_no_address() -> None:
    connection = Connection("Slack", 0)
    with pytest.raises(ChannelError, match="Slack cannot be reached") as caught:
        await post(connection, f"http://127.0.0.1:{closed_port()}/{SECRET}")
    await connection.close()
    assert not caught.value.permanent
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_an_address_that_is_none_is_a_permanent_error_that_does_not_repeat_it() -> None:
    connection = Connection("Slack", 0)
    with pytest.raises(ChannelError, match="correct it in the configuration") as caught:
        await post(connection, f"htp:/{SECRET}")
    await connection.close()
    assert caught.value.permanent
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_server_that_hangs_up_leaves_the_delivery_unsure() -> None:
    """The request was on its way."""

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    connection = Connection("Slack", 0)
    async with served(hang_up) as address:
        with pytest.raises(ConnectionError, match="gave no readable answer") as caught:
            await post(connection, address + SECRET)
    await connection.close()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_each_message_has_a_connection_of_its_own() -> None:
    """On a kept one, a server that hung up long ago would look like a lost message."""
    peers = []

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response()

    connection = Connection("Slack", 0)
    async with served(answer) as address:
        await post(connection, address)
        await post(connection, address)
    await connection.close()
    assert len(set(peers)) == 2


def test_after_a_close_another_event_loop_gets_a_session_of_its_own() -> None:
    connection = Connection("Slack", 0)

    async def one_loop() -> None:
        async with connection.turn() as session:
            assert not session.closed
        await connection.close()

    asyncio.run(one_loop())
    asyncio.run(one_loop())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_a_refusal_that_will_not_change_is_permanent(status: int) -> None:
    error = refusal("Slack", status, "no_service")
    assert isinstance(error, ChannelError)
    assert error.permanent
    assert str(error) == f"Slack answered HTTP {status}: no_service"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_refusal_that_may_pass_is_tried_again(status: int) -> None:
    error = refusal("Slack", status, retry_after=3.0)
    assert isinstance(error, ChannelError)
    assert not error.permanent
    assert error.retry_after == 3.0


@pytest.mark.parametrize("status", [200, 302, 502, 504])
def test_a_gateway_or_a_strange_success_leaves_the_delivery_unsure(status: int) -> None:
    assert isinstance(refusal("Slack", status), ConnectionError)
