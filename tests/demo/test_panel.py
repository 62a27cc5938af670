"""The control panel over HTTP: what is done there is what the truth tells, and only the token opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bot.demo.platform import SimulatedPlatform
from bot.domain.instant import HOUR
from tests.demo.hand_clock import START, HandClock


class Hand:
    """Presses the buttons of a panel."""

    def __init__(self, platform: SimulatedPlatform, client: aiohttp.ClientSession) -> None:
        self._base = platform.urls["panel"]
        self._headers = {"Authorization": f"Bearer {platform.token}"}
        self._client = client

    async def post(self, button: str, payload: Mapping[str, object]) -> tuple[int, Any]:
        url = f"{self._base}/panel/{button}"
        async with self._client.post(url, json=payload, headers=self._headers) as answer:
            return answer.status, await answer.json()

    async def get(self, what: str) -> Any:
        async with self._client.get(f"{self._base}/panel/{what}", headers=self._headers) as answer:
            assert answer.status == 200
            return await answer.json()


@pytest.fixture
def hand(platform: SimulatedPlatform, client: aiohttp.ClientSession) -> Hand:
    return Hand(platform, client)


async def test_the_truth_tells_exactly_what_was_done(hand: Hand, clock: HandClock) -> None:
    await hand.post("act", {"act": "open_thread", "id": "t1", "title": "Kettle"})
    await hand.post("act", {"act": "open_thread", "id": "t2", "title": "Lamp"})
    ids = []
    for thread, author in (("t1", "ann"), ("t1", "ben"), ("t2", "ann"), ("t2", "ben")):
        _, done = await hand.post("act", {"act": "post", "thread": thread, "author": author, "text": "Добрый день"})
        ids.append(done["id"])
    for act in (
        {"act": "edit", "id": ids[3], "text": "Добрый вечер"},
        {"act": "fold", "id": ids[3]},
        {"act": "remove", "id": ids[0], "silent": True},
        {"act": "restore", "id": ids[0]},
        {"act": "suspend_account", "author": "ben"},
        {"act": "end_thread", "id": "t1"},
    ):
        clock.at += HOUR
        assert (await hand.post("act", act))[0] == 200
    truth = await hand.get("truth")
    assert truth["removals"] == [
        {"id": ids[0], "cause": None, "silent": True, "at": START + 3 * HOUR, "restored_at": START + 4 * HOUR},
        {"id": ids[1], "cause": "account_suspended", "silent": False, "at": START + 5 * HOUR, "restored_at": None},
        {"id": ids[3], "cause": "account_suspended", "silent": False, "at": START + 5 * HOUR, "restored_at": None},
        {"id": ids[0], "cause": "parent", "silent": False, "at": START + 6 * HOUR, "restored_at": None},
    ]
    assert [(one["kind"], one["at"]) for one in truth["changes"]] == [
        ("edit", START + HOUR),
        ("fold", START + 2 * HOUR),
    ]


async def test_a_fault_is_planted_and_its_requests_are_counted(
    hand: Hand, platform: SimulatedPlatform, client: aiohttp.ClientSession, clock: HandClock
) -> None:
    await hand.post("fault", {"act": "start", "kind": "hard_404", "vantages": ["origin"]})
    for _ in range(3):
        async with client.get(f"{platform.urls['origin']}/threads") as answer:
            assert answer.status == 404
    clock.at += HOUR
    await hand.post("fault", {"act": "stop", "kind": "hard_404"})
    stats = await hand.get("stats")
    assert stats["requests"] == {"front": 0, "origin": 3}
    assert stats["faults"] == [
        {
            "kind": "hard_404",
            "vantages": ["origin"],
            "from": START,
            "to": START + HOUR,
            "requests": 3,
            "living_asked": 0,
        }
    ]


@pytest.mark.parametrize(
    ("button", "payload", "reason"),
    [
        ("act", {"act": "vanish", "id": "1"}, "vanish"),
        ("act", {"act": "remove"}, "id"),
        ("act", {"act": "remove", "id": "1", "colour": "red"}, "colour"),
        ("act", {"act": "remove", "id": "1", "by": "neighbour"}, "author"),
        ("act", {"act": "remove", "id": "1", "by": "author", "silent": True}, "a silent removal states nothing"),
        ("act", {"act": "remove", "id": "1"}, "there is no comment 1"),
        ("act", {"act": "start", "kind": "captcha"}, "start"),
        ("fault", {"act": "start", "kind": "earthquake"}, "captcha"),
        ("fault", {"act": "start", "kind": "captcha", "vantages": []}, "vantages"),
    ],
)
async def test_what_cannot_be_done_is_a_400_that_says_why(
    hand: Hand, button: str, payload: Mapping[str, object], reason: str
) -> None:
    status, answer = await hand.post(button, payload)
    assert status == 400
    assert reason in answer["error"]
    truth = await hand.get("truth")
    assert (truth["removals"], truth["faults"]) == ([], [])


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
@pytest.mark.parametrize("path", ["/panel/truth", "/panel/stats", "/panel/act", "/panel/fault"])
async def test_nobody_comes_in_without_the_token(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, header: Mapping[str, str], path: str
) -> None:
    method = "POST" if path in {"/panel/act", "/panel/fault"} else "GET"
    async with client.request(method, platform.urls["panel"] + path, headers=header) as answer:
        assert answer.status == 401
        assert await answer.json() == {"error": "send Authorization: Bearer <token of the port file>"}


@pytest.mark.parametrize("vantage", ["front", "origin"])
async def test_the_servers_of_the_public_know_no_panel(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, vantage: str
) -> None:
    header = {"Authorization": f"Bearer {platform.token}"}
    async with client.get(f"{platform.urls[vantage]}/panel/truth", headers=header) as answer:
        assert answer.status == 404
