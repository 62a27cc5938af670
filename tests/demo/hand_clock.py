"""A clock whose domain time stands still until a test moves it."""

from __future__ import annotations

from bot.clock import SystemClock
from bot.domain.instant import DAY, Micros

START: Micros = 20_000 * DAY


class HandClock(SystemClock):
    def __init__(self, at: Micros = START) -> None:
        self.at = at

    def now(self) -> Micros:
        return self.at
