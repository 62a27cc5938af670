"""What tests of the web application share: a stopped clock, and the type of what starts a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient

from bot.domain.instant import Micros
from tests.store.rows import T0

Client = TestClient[Any, Any]
ClientOn = Callable[..., Awaitable[Client]]


@dataclass
class StoppedClock:
    """Domain and real time stand still, far apart, so that a mix-up shows."""

    domain: Micros = T0
    machine: Micros = 5 * T0
    rate: float = 1.0

    def now(self) -> Micros:
        """Return domain time."""
        return self.domain

    def real(self) -> Micros:
        """Return real time."""
        return self.machine
