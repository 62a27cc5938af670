"""The two clocks: the machine's, and one that runs faster for tests, the demo and soak runs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from bot.domain.errors import InputError
from bot.domain.instant import Micros, micros
from bot.ports import Clock

VARIABLE = "REMOVALWATCH_CLOCK"


class SystemClock:
    """Domain time is real time."""

    rate: float = 1.0

    def now(self) -> Micros:
        """Return UTC microseconds."""
        return self.real()

    def real(self) -> Micros:
        """Return UTC microseconds."""
        return time.time_ns() // 1000


class ScaledClock(SystemClock):
    """Domain time starts at `epoch` (Unix seconds, real) and runs `rate` times as fast as real time."""

    def __init__(self, epoch: float, rate: float) -> None:
        self.epoch = epoch
        self.rate = rate

    def now(self) -> Micros:
        """Return scaled UTC microseconds."""
        epoch = micros(self.epoch)
        return epoch + round((self.real() - epoch) * self.rate)

    def __str__(self) -> str:
        return f"{self.epoch!r},{self.rate!r}"


def clock_of(environment: Mapping[str, str] = os.environ) -> Clock:
    """Return the clock that REMOVALWATCH_CLOCK=<epoch>,<rate> names, the same in every process; else the system's."""
    setting = environment.get(VARIABLE, "")
    if not setting:
        return SystemClock()
    try:
        epoch, rate = (float(part) for part in setting.split(","))
    except ValueError:
        epoch, rate = 0.0, 0.0
    if rate <= 0:
        raise InputError(
            f"{VARIABLE}={setting!r} is no clock",
            instead=f"unset it, or write {VARIABLE}=<Unix seconds>,<rate>, e.g. 1774000000,60",
        )
    return ScaledClock(epoch, rate)
