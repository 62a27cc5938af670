"""The web application on a real database, asked by a real client."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.web.app import build_app
from bot.web.health import Limits
from tests.web.client import Client, ClientOn, StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    """Stop the time."""
    return StoppedClock()


@pytest.fixture
def client_on(aiohttp_client: ClientOn, clock: StoppedClock) -> ClientOn:
    """Return a function that starts the application on a database and returns a client of it."""

    async def start(engine: Engine, limits: Limits | None = None, allowed_hosts: tuple[str, ...] = ()) -> Client:
        app = build_app(engine, clock, version="1.2.3", limits=limits or Limits(), allowed_hosts=allowed_hosts)
        return await aiohttp_client(app)

    return start
