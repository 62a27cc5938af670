"""Hosts are asked politely by all clients together, and left alone when they say so."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.instant import DAY, HOUR, MINUTE, SECOND, Micros, from_datetime
from bot.http.budget import Politeness, host_of, retry_after
from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from tests.http.conftest import LOOPBACK

Serve = Callable[[web.Application], Awaitable[TestServer]]


def now() -> Micros:
    return time.time_ns() // 1000


class Diary(MemoryBudget):
    """A budget that writes down every turn it gave and every block."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Micros] = []
        self.reservations: list[int] = []
        self.blocks: list[Micros] = []

    def reserve(self, host: str, requests: int, interval: float) -> Micros:
        first = super().reserve(host, requests, interval)
        self.turns += [first + round(number * interval * SECOND) for number in range(requests)]
        self.reservations.append(requests)
        return first

    def back_off(self, host: str, until: Micros) -> None:
        super().back_off(host, until)
        self.blocks.append(until - now())


class Site:
    """A server whose answer can be set, and that writes down when it was asked."""

    def __init__(self) -> None:
        self.asked: list[Micros] = []
        self.answer: Callable[[], web.Response] = web.Response
        self.url = ""

    async def handle(self, _: web.Request) -> web.Response:
        self.asked.append(now())
        return self.answer()


@pytest.fixture
async def site(aiohttp_server: Serve) -> Site:
    served = Site()
    app = web.Application()
    app.router.add_get("/", served.handle)
    served.url = str((await aiohttp_server(app)).make_url("/"))
    return served


def client(budget: MemoryBudget, interval: float = 0.0) -> Session:
    return open_http(budget, user_agent="test", allow_networks=LOOPBACK, interval=interval)


async def test_two_clients_with_one_budget_never_ask_before_a_turn_of_their_own(site: Site) -> None:
    """The k-th request to arrive has used one of k turns, so it cannot be earlier than the k-th turn."""
    budget = Diary()
    async with client(budget, 0.05) as one, client(budget, 0.05) as two:
        replies = await asyncio.gather(*(http.get(site.url) for _ in range(6) for http in (one, two)))
    assert all(reply.ok for reply in replies)
    assert len(site.asked) == 12
    turns = sorted(budget.turns)
    assert all(later - earlier >= SECOND // 20 for earlier, later in pairwise(turns))
    assert all(asked >= turn for asked, turn in zip(sorted(site.asked), turns, strict=False))


async def test_a_run_of_requests_costs_one_write_to_the_budget(site: Site) -> None:
    budget = Diary()
    async with client(budget, 0.05) as http:
        await asyncio.gather(*(http.get(site.url) for _ in range(20)))
    assert set(budget.reservations) == {10}
    assert Counter(budget.turns).most_common(1)[0][1] == 1


async def test_turns_that_were_not_used_in_time_are_not_used_in_a_burst_later(site: Site) -> None:
    budget = Diary()
    async with client(budget, 0.02) as http:
        await http.get(site.url)
        await asyncio.sleep(0.3)
        await http.get(site.url)
    assert budget.reservations == [10, 10]


async def test_a_slow_interval_reserves_no_more_than_others_can_wait_for(site: Site) -> None:
    budget = Diary()
    async with client(budget, 60.0) as http:
        assert (await http.get(site.url)).ok
    assert budget.reservations == [1]


async def test_a_host_can_have_an_interval_of_its_own(site: Site) -> None:
    budget = Diary()
    intervals = {host_of(site.url): 0.5}
    async with open_http(budget, user_agent="test", allow_networks=LOOPBACK, interval=9.0, intervals=intervals) as http:
        assert (await http.get(site.url)).ok
    assert budget.reservations == [4]


async def test_after_429_nobody_asks_until_retry_after_is_over(site: Site) -> None:
    """The other client stands for another process: it learns of the block from the shared budget."""
    budget = Diary()
    site.answer = lambda: web.Response(status=429, headers={"Retry-After": "3600"})
    async with client(budget) as one, client(budget) as two:
        assert (await one.get(site.url)).status == 429
        replies = [await http.get(site.url) for http in (one, two, one, two)]
    assert [str(reply.failure).partition(":")[0] for reply in replies] == ["rate limited"] * 4
    assert len(site.asked) == 1
    assert HOUR - MINUTE < budget.blocks[0] <= HOUR


async def test_asking_a_blocked_host_again_and_again_does_not_push_its_next_turn_away(site: Site) -> None:
    budget = Diary()
    site.answer = lambda: web.Response(status=429, headers={"Retry-After": "3600"})
    async with client(budget, 1.0) as http:
        for _ in range(30):
            await http.get(site.url)
    assert max(budget.turns) < now() + HOUR + 5 * SECOND


async def test_a_short_retry_after_is_waited_for(site: Site) -> None:
    answers = iter([web.Response(status=503, headers={"Retry-After": "1"}), web.Response(text="back")])
    site.answer = lambda: next(answers)
    async with client(MemoryBudget()) as http:
        assert (await http.get(site.url)).status == 503
        assert (await http.get(site.url)).body == b"back"
    assert site.asked[1] - site.asked[0] >= SECOND


@pytest.mark.parametrize(
    ("answer", "blocks"),
    [
        (lambda: web.Response(status=429), True),
        (lambda: web.Response(status=403, text="<h1>Denied</h1>", content_type="text/html"), True),
        (lambda: web.json_response({"message": "403 Forbidden"}, status=403), False),
        (lambda: web.Response(status=503, headers={"Retry-After": "60"}), True),
        (lambda: web.Response(status=503), False),
        (lambda: web.Response(status=404), False),
        (lambda: web.Response(status=200), False),
    ],
    ids=["429", "403 page", "403 JSON", "503 with Retry-After", "503", "404", "200"],
)
async def test_only_an_answer_that_sends_us_away_blocks_a_host(
    answer: Callable[[], web.Response], blocks: bool, site: Site
) -> None:
    budget = Diary()
    site.answer = answer
    async with client(budget) as http:
        await http.get(site.url)
        second = await http.get(site.url)
    assert (second.failure is not None) is blocks
    assert bool(budget.blocks) is blocks


async def test_blocks_double_from_30_seconds_to_a_day_and_start_again_after_a_good_answer() -> None:
    budget = Diary()
    politeness = Politeness(budget, 1.0, {})

    async def refused() -> Micros:
        await politeness.answered("a.example", 429, {})
        politeness._hosts["a.example"].blocked_until = 0  # as if the block had passed
        return round(budget.blocks[-1] / SECOND) * SECOND

    blocks = [await refused() for _ in range(14)]
    assert blocks[:4] == [30 * SECOND, 60 * SECOND, 120 * SECOND, 240 * SECOND]
    assert blocks[-2:] == [DAY, DAY]
    await politeness.answered("a.example", 200, {})
    assert await refused() == 30 * SECOND


async def test_requests_that_were_refused_together_count_as_one_refusal() -> None:
    budget = Diary()
    politeness = Politeness(budget, 1.0, {})
    await asyncio.gather(*(politeness.answered("a.example", 429, {}) for _ in range(5)))
    assert len(budget.blocks) == 1


async def test_a_block_holds_at_once_although_the_shared_budget_does_not_know_it_yet() -> None:
    written = threading.Event()

    class SlowBudget(MemoryBudget):
        def back_off(self, host: str, until: Micros) -> None:
            written.wait()
            super().back_off(host, until)

    politeness = Politeness(SlowBudget(), 0.02, {})
    noting = asyncio.create_task(politeness.answered("a.example", 429, {}))
    await asyncio.sleep(0)
    refused = await politeness.turn("a.example")
    written.set()
    await noting
    assert str(refused).startswith("rate limited: a.example")


NOW = from_datetime(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "waits"),
    [
        ("120", 120 * SECOND),
        (" 7 ", 7 * SECOND),
        ("99999999999999999999", DAY),
        (format_datetime(datetime(2026, 3, 1, 12, 5, tzinfo=UTC), usegmt=True), 300 * SECOND),
        ("Sun, 01 Mar 2026 12:00:10", 10 * SECOND),
        (format_datetime(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=90), usegmt=True), DAY),
        (format_datetime(datetime(2026, 2, 1, tzinfo=UTC), usegmt=True), None),
        ("0", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
        ("Sun, 01 Mar 99999999 12:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:00 +9999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_and_at_most_a_day(value: str, waits: Micros | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == waits


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.org/x", "example.org"),
        ("http://example.org:80/", "example.org"),
        ("https://example.org:8443/", "example.org:8443"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_a_budget_belongs_to_host_and_port(url: str, host: str) -> None:
    assert host_of(url) == host
