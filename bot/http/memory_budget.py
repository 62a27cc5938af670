"""A HostBudget for one process: the demo, the in-process mode, tests."""

from __future__ import annotations

import threading
import time

from bot.domain.instant import Micros, micros


class MemoryBudget:
    """Implements bot.ports.HostBudget; safe to call from several threads, forgotten when the process ends."""

    def __init__(self) -> None:
        self._next: dict[str, Micros] = {}
        self._lock = threading.Lock()

    def reserve(self, host: str, requests: int, interval: float) -> Micros:
        """Reserve a run of requests `interval` seconds apart; return the real time of the first."""
        with self._lock:
            first = max(self._next.get(host, 0), time.time_ns() // 1000)
            self._next[host] = first + requests * micros(interval)
            return first

    def back_off(self, host: str, until: Micros) -> None:
        """Let nobody ask this host before `until` (real time)."""
        with self._lock:
            self._next[host] = max(self._next.get(host, 0), until)
