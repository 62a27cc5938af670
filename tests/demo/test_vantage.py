"""The public API as a reader meets it, on both servers, and how each of them fails."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from bot.demo.acts import (
    VANTAGES,
    CloseAccount,
    Edit,
    EndThread,
    Fault,
    Fold,
    Hold,
    OpenThread,
    Post,
    Remove,
    Restrict,
    StartFault,
    StopFault,
    SuspendAccount,
)
from bot.demo.faults import LOGIN_PATH, SLOW_SECONDS
from bot.demo.platform import SimulatedPlatform
from bot.domain.instant import HOUR
from tests.demo.hand_clock import START, HandClock

IDS = [str(10**18 + number) for number in range(40)]


@pytest.fixture(autouse=True)
def _posts(platform: SimulatedPlatform) -> None:
    platform.simulation.act(OpenThread(id="t1", title="Kettle"))
    for number, name in enumerate(IDS):
        author = "ben" if number == 5 else "ann"
        platform.simulation.act(Post(id=name, thread="t1", author=author, text=f"No. {number}"))


async def _rows(client: aiohttp.ClientSession, base: str, ids: list[str]) -> list[dict[str, Any]]:
    async with client.get(f"{base}/comments", params={"ids": ",".join(ids)}) as answer:
        assert answer.status == 200
        rows: list[dict[str, Any]] = (await answer.json())["comments"]
        return rows


async def _json(client: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    async with client.get(url) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("vantage", VANTAGES)
async def test_both_servers_show_the_same_comments(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, vantage: str
) -> None:
    assert await _rows(client, platform.urls[vantage], IDS[:1]) == [
        {
            "id": IDS[0],
            "sequence": 1,
            "thread": "t1",
            "parent": None,
            "author": "ann",
            "text": "No. 0",
            "created": "2024-10-04T00:00:00.000Z",
            "edited": False,
            "folded": False,
        }
    ]


async def test_each_state_has_its_own_row(platform: SimulatedPlatform, client: aiohttp.ClientSession) -> None:
    for act in (
        Remove(id=IDS[0], by="author"),
        Remove(id=IDS[1], by="platform"),
        Remove(id=IDS[2]),
        Remove(id=IDS[3], silent=True),
        Hold(id=IDS[4]),
        SuspendAccount(author="ben"),
        Edit(id=IDS[6], text="other"),
        Fold(id=IDS[7]),
    ):
        platform.simulation.act(act)
    rows = {row["id"]: row for row in await _rows(client, platform.urls["front"], IDS[:8])}
    assert [rows.get(name) for name in IDS[:6]] == [
        {"id": IDS[0], "deleted": True, "by": "author"},
        {"id": IDS[1], "deleted": True, "by": "platform"},
        {"id": IDS[2], "deleted": True, "by": None},
        None,
        {"id": IDS[4], "pending": True},
        {"id": IDS[5], "error": "account_suspended"},
    ]
    assert (rows[IDS[6]]["text"], rows[IDS[6]]["edited"]) == ("other", True)
    assert rows[IDS[7]]["folded"] is True


@pytest.mark.parametrize("how", ["deleted", "deactivated"])
async def test_an_account_that_its_owner_closed_says_how(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, how: str
) -> None:
    platform.simulation.act(CloseAccount(author="ben", how=how))
    assert await _rows(client, platform.urls["front"], IDS[5:6]) == [{"id": IDS[5], "error": f"account_{how}"}]


async def test_a_restriction_stands_before_whatever_is_behind_it(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    """A suspended account answers as a private one does, until the restriction is lifted; silence answers nothing."""
    platform.simulation.act(SuspendAccount(author="ben"))
    platform.simulation.act(Restrict(author="ben", says="forbidden"))
    front = platform.urls["front"]
    assert await _rows(client, front, IDS[5:6]) == [{"id": IDS[5], "error": "forbidden"}]
    platform.simulation.act(Restrict(author="ben"))
    assert await _rows(client, front, IDS[5:6]) == []
    platform.simulation.act(Restrict(author="ben", restricted=False))
    assert await _rows(client, front, IDS[5:6]) == [{"id": IDS[5], "error": "account_suspended"}]


async def test_a_quarantined_thread_is_listed_no_more_and_answers_403(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(Restrict(thread="t1", says="quarantined"))
    front = platform.urls["front"]
    assert await _json(client, f"{front}/threads") == (200, {"threads": []})
    assert await _json(client, f"{front}/threads/t1/comments") == (403, {"error": "restricted"})
    assert await _rows(client, front, IDS[:1]) == [{"id": IDS[0], "error": "quarantined"}]


async def test_an_ended_thread_answers_410_and_is_listed_no_more(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    front = platform.urls["front"]
    assert (await _json(client, f"{front}/threads"))[1]["threads"] == [
        {"id": "t1", "title": "Kettle", "last_sequence": len(IDS)}
    ]
    platform.simulation.act(EndThread(id="t1"))
    assert await _json(client, f"{front}/threads/t1/comments") == (410, {"error": "thread_gone"})
    assert await _json(client, f"{front}/threads") == (200, {"threads": []})
    assert await _rows(client, front, IDS[:1]) == [{"id": IDS[0], "error": "thread_gone"}]


async def test_a_listing_goes_on_where_a_page_ended_and_leaves_out_what_is_not_public(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(Remove(id=IDS[31], by="moderator"))
    platform.simulation.act(Hold(id=IDS[32]))
    front = platform.urls["front"]
    _, first = await _json(client, f"{front}/threads/t1/comments?after=0&limit=30")
    _, rest = await _json(client, f"{front}/threads/t1/comments?after={first['comments'][-1]['sequence']}")
    assert [row["id"] for row in first["comments"]] == IDS[:30]
    assert [row["id"] for row in rest["comments"]] == [IDS[30], *IDS[33:]]
    assert (first["more"], rest["more"]) == (True, False)


@pytest.mark.parametrize(
    "path",
    [
        "/comments",
        "/comments?ids=",
        "/comments?ids=1,x",
        "/comments?ids=" + ",".join(["1"] * 101),
        "/threads/t1/comments?after=-1",
        "/threads/t1/comments?limit=0",
        "/threads/t1/comments?limit=101",
    ],
)
async def test_a_malformed_question_is_a_400(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, path: str
) -> None:
    assert await _json(client, platform.urls["front"] + path) == (400, {"error": "bad_request"})


async def test_an_unknown_thread_is_a_404_and_an_unknown_id_is_absent(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    front = platform.urls["front"]
    assert await _json(client, f"{front}/threads/none/comments") == (404, {"error": "no_such_thread"})
    assert await _rows(client, front, ["1"]) == []


async def test_only_a_listing_that_could_be_read_counts_as_served(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, clock: HandClock
) -> None:
    listing = f"{platform.urls['front']}/threads/t1/comments?limit=1"
    comments = platform.simulation.site.comments
    for fault in (Fault.TRUNCATED, Fault.PARSER_DRIFT, Fault.EMPTY_LIST, Fault.CAPTCHA):
        platform.simulation.act(StartFault(kind=fault))
        async with client.get(listing):
            pass
        platform.simulation.act(StopFault(kind=fault))
    await _rows(client, platform.urls["front"], IDS[:1])
    assert comments[IDS[0]].served_at is None
    clock.at += HOUR
    await _json(client, listing)
    assert (comments[IDS[0]].served_at, comments[IDS[1]].served_at) == (START + HOUR, None)


async def _answer(client: aiohttp.ClientSession, url: str) -> tuple[int, str, bytes]:
    async with client.get(url) as answer:
        return answer.status, answer.content_type, await answer.read()


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault.RATE_LIMITED, 429, "application/json"),
        (Fault.SERVER_ERROR, 500, "text/html"),
        (Fault.GATEWAY_TIMEOUT, 504, "text/html"),
        (Fault.CAPTCHA, 200, "text/html"),
        (Fault.EMPTY, 200, "application/json"),
        (Fault.SOFT_404, 200, "text/html"),
        (Fault.HARD_404, 404, "application/json"),
        (Fault.FORBIDDEN, 403, "application/json"),
        (Fault.LOGIN, 200, "text/html"),
    ],
)
async def test_a_refusing_server_gives_nothing_of_the_comments_away(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, fault: Fault, status: int, kind: str
) -> None:
    platform.simulation.act(StartFault(kind=fault))
    for path in ("/threads", "/threads/t1/comments", f"/comments?ids={IDS[0]}"):
        got = await _answer(client, platform.urls["front"] + path)
        assert got[:2] == (status, kind)
        assert b"No. 0" not in got[2]
        assert b"threads" not in got[2]


async def test_a_rate_limit_says_how_long_to_wait(platform: SimulatedPlatform, client: aiohttp.ClientSession) -> None:
    platform.simulation.act(StartFault(kind=Fault.RATE_LIMITED))
    async with client.get(f"{platform.urls['front']}/threads") as answer:
        assert answer.headers["Retry-After"] == "1"


async def test_a_lost_login_leads_to_a_login_page(platform: SimulatedPlatform, client: aiohttp.ClientSession) -> None:
    platform.simulation.act(StartFault(kind=Fault.LOGIN))
    async with client.get(f"{platform.urls['front']}/threads") as answer:
        assert answer.url.path == LOGIN_PATH
        assert [one.status for one in answer.history] == [302]


async def test_a_reset_connection_brings_no_answer(platform: SimulatedPlatform, client: aiohttp.ClientSession) -> None:
    platform.simulation.act(StartFault(kind=Fault.RESET))
    with pytest.raises(aiohttp.ClientConnectionError):
        await _answer(client, f"{platform.urls['front']}/threads")


async def test_a_truncated_answer_is_the_beginning_of_the_true_one(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    url = f"{platform.urls['front']}/comments?ids={','.join(IDS)}"
    *_, whole = await _answer(client, url)
    platform.simulation.act(StartFault(kind=Fault.TRUNCATED))
    *_, cut = await _answer(client, url)
    assert whole.startswith(cut)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)


async def test_drift_renames_the_fields_that_readers_need(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(StartFault(kind=Fault.PARSER_DRIFT))
    status, payload = await _json(client, f"{platform.urls['front']}/comments?ids={IDS[0]}")
    assert status == 200
    assert (payload["items"][0]["cid"], payload["items"][0]["body"]) == (IDS[0], "No. 0")


async def test_a_lagging_replica_misses_about_a_third_of_the_living_and_always_the_same(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(Remove(id=IDS[0], by="moderator"))
    platform.simulation.act(StartFault(kind=Fault.REPLICA_LAG))
    seen, again, elsewhere = [
        [row["id"] for row in await _rows(client, platform.urls[vantage], IDS)]
        for vantage in ("front", "front", "origin")
    ]
    assert seen == again
    assert len(IDS) * 0.5 < len(seen) < len(IDS) * 0.9
    assert elsewhere == IDS
    assert IDS[0] in seen
    _, listing = await _json(client, f"{platform.urls['front']}/threads/t1/comments")
    assert len(listing["comments"]) == len(IDS) - 1


async def test_a_wrong_tombstone_stands_for_about_a_third_of_the_living_and_names_a_moderator(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(Remove(id=IDS[0], by="author"))
    platform.simulation.act(StartFault(kind=Fault.WRONG_TOMBSTONE))
    rows = await _rows(client, platform.urls["front"], IDS)
    dead = [row for row in rows if "deleted" in row]
    assert dead[0] == {"id": IDS[0], "deleted": True, "by": "author"}
    assert {row["by"] for row in dead[1:]} == {"moderator"}
    assert len(IDS) * 0.1 < len(dead) < len(IDS) * 0.5
    assert len(rows) == len(IDS)


async def test_an_empty_list_is_well_formed_and_false(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(StartFault(kind=Fault.EMPTY_LIST))
    front = platform.urls["front"]
    assert await _rows(client, front, IDS) == []
    assert await _json(client, f"{front}/threads") == (200, {"threads": []})


async def test_a_slow_server_answers_what_is_true_when_it_answers(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, clock: HandClock
) -> None:
    platform.simulation.act(StartFault(kind=Fault.SLOW))
    before = clock.real()
    rows = await _rows(client, platform.urls["front"], IDS)
    assert len(rows) == len(IDS)
    assert clock.real() - before >= SLOW_SECONDS * 1_000_000


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_fault_of_the_front_leaves_the_origin_alone_and_ends_when_it_is_stopped(
    platform: SimulatedPlatform, client: aiohttp.ClientSession, fault: Fault
) -> None:
    platform.simulation.act(StartFault(kind=fault))
    assert len(await _rows(client, platform.urls["origin"], IDS)) == len(IDS)
    platform.simulation.act(StopFault(kind=fault))
    assert len(await _rows(client, platform.urls["front"], IDS)) == len(IDS)


async def test_an_outage_of_the_host_strikes_both_servers_and_counts_what_was_asked(
    platform: SimulatedPlatform, client: aiohttp.ClientSession
) -> None:
    platform.simulation.act(Remove(id=IDS[0], silent=True))
    platform.simulation.act(StartFault(kind=Fault.SERVER_ERROR, vantages=VANTAGES))
    for vantage in VANTAGES:
        status, *_ = await _answer(client, f"{platform.urls[vantage]}/comments?ids={','.join(IDS[:3])}")
        assert status == 500
    [counts] = platform.simulation.fault_counts()
    assert (counts["requests"], counts["living_asked"]) == (2, 2)
