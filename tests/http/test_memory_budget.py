"""The budget of one process behaves as the one in the database."""

from __future__ import annotations

import threading
import time

from bot.domain.instant import HOUR, SECOND, Micros
from bot.http.memory_budget import MemoryBudget


def now() -> Micros:
    return time.time_ns() // 1000


def test_runs_of_one_host_follow_each_other_and_hosts_do_not_wait_for_each_other() -> None:
    budget = MemoryBudget()
    before = now()
    first = budget.reserve("a.example", 3, 2.0)
    assert budget.reserve("a.example", 1, 2.0) == first + 6 * SECOND
    assert before <= budget.reserve("b.example", 1, 2.0) <= now()


def test_a_blocked_host_gives_no_turn_before_the_block_ends() -> None:
    budget = MemoryBudget()
    until = now() + HOUR
    budget.back_off("a.example", until)
    assert budget.reserve("a.example", 1, 1.0) == until


def test_a_shorter_block_does_not_shorten_a_longer_one() -> None:
    budget = MemoryBudget()
    until = now() + HOUR
    budget.back_off("a.example", until)
    budget.back_off("a.example", now())
    assert budget.reserve("a.example", 1, 1.0) == until


def test_no_turn_is_given_twice_to_threads_that_ask_at_once() -> None:
    budget = MemoryBudget()
    turns: list[Micros] = []

    def ask() -> None:
        turns.extend(budget.reserve("a.example", 1, 0.5) for _ in range(200))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == [min(turns) + number * SECOND // 2 for number in range(800)]
