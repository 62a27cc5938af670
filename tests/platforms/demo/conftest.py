"""The real adapter, the real HTTP client and a real simulated platform."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.demo.acts import OpenThread, Post
from bot.demo.platform import SimulatedPlatform
from bot.domain.comment import Source
from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from bot.platforms.demo.adapter import DemoPlatform
from tests.demo.hand_clock import HandClock

IDS = [str(10**18 + number) for number in range(40)]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def platform(clock: HandClock) -> AsyncIterator[SimulatedPlatform]:
    """One thread with forty comments: all by ann, number 5 by ben."""
    async with SimulatedPlatform(clock) as platform:
        platform.simulation.act(OpenThread(id="t1", title="Kettle"))
        for number, name in enumerate(IDS):
            author = "ben" if number == 5 else "ann"
            platform.simulation.act(Post(id=name, thread="t1", author=author, text=f"No. {number}"))
        yield platform


@pytest.fixture
async def http() -> AsyncIterator[Session]:
    async with open_http(
        MemoryBudget(), user_agent="removalwatch-tests", allow_networks=["127.0.0.0/8"], interval=0.0001
    ) as session:
        yield session


@pytest.fixture
def adapter() -> DemoPlatform:
    return DemoPlatform()


@pytest.fixture
def source(adapter: DemoPlatform, platform: SimulatedPlatform) -> Source:
    options = adapter.options({"url": platform.urls["front"], "origin_url": platform.urls["origin"]})
    return Source(1, "demo", adapter.name, adapter.instance(options), options)
