"""A simulated platform that listens, its clock, and a way to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.platform import SimulatedPlatform
from tests.demo.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def platform(clock: HandClock) -> AsyncIterator[SimulatedPlatform]:
    async with SimulatedPlatform(clock) as platform:
        yield platform


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session
