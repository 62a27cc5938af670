"""A thread is read to its end, or it says why not."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.http.session import Session
from bot.platforms.isso.listing import UnreadableError, pages
from tests.faulty_proxy import Fault, FaultyProxy
from tests.isso_server import IssoServer
from tests.platforms.isso.conftest import client
from tests.platforms.isso.test_parse import block

Serve = Callable[[web.Application], Awaitable[TestServer]]


# Isso writes six bytes for each Chinese letter; a page of fifty such comments fits into the cap, sixty do not.
LONG = "长" * 70
FIFTY_LONG = 40_000


async def numbers(http: Session, url: str, uri: str) -> list[list[int]]:
    """Return the numbers of a thread's comments, page by page."""
    return [[entry.number for entry in page.entries] async for page in pages(http, url, uri)]


def post_thread(isso: IssoServer, uri: str, count: int, text: str = "一条评论") -> list[int]:
    """Write so many comments under a page; every tenth has two replies. Return all numbers."""
    written: list[int] = []
    for number in range(count):
        root, _ = isso.post(uri, text)
        written.append(root)
        if number % 10 == 0:
            written += [isso.post(uri, "ответ", parent=root)[0] for _ in range(2)]
    return written


async def test_a_thread_comes_in_one_answer_where_it_fits(
    isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    written = post_thread(isso, uri, 55)
    (read,) = await numbers(http, proxy.url, uri)
    assert sorted(read) == sorted(written)
    assert len(proxy.requests) == 1


async def test_a_thread_over_the_body_cap_comes_in_pages_and_nothing_comes_twice(
    isso: IssoServer, proxy: FaultyProxy, uri: str
) -> None:
    written = post_thread(isso, uri, 60, LONG)
    async with client(max_body=FIFTY_LONG) as http:
        read = await numbers(http, proxy.url, uri)
    assert sorted(number for page in read for number in page) == sorted(written)
    assert [len(page) for page in read] == [60, 12]
    assert len(proxy.requests) == 3


async def test_a_page_over_the_body_cap_is_asked_for_in_smaller_pages(
    isso: IssoServer, proxy: FaultyProxy, uri: str
) -> None:
    written = post_thread(isso, uri, 25, LONG)
    async with client(max_body=FIFTY_LONG // 4) as http:
        read = await numbers(http, proxy.url, uri)
    assert sorted(number for page in read for number in page) == sorted(written)
    assert [f"limit={limit}" in request for limit, request in zip((50, 10, 10, 10), proxy.requests[1:], strict=True)]


async def test_a_comment_that_alone_is_over_the_cap_makes_the_thread_unreadable(isso: IssoServer, uri: str) -> None:
    isso.post(uri, LONG * 10)
    async with client(max_body=2000) as http:
        with pytest.raises(UnreadableError, match="body too large") as error:
            await numbers(http, isso.url, uri)
    assert error.value.answered


async def test_a_deletion_between_two_pages_is_noticed(isso: IssoServer, uri: str) -> None:
    """Every later comment moves up by one: the one at the boundary would fall between the pages."""
    first, cookie = isso.post(uri, "the first of many")
    post_thread(isso, uri, 60, LONG)
    async with client(max_body=FIFTY_LONG) as http:
        reading = pages(http, isso.url, uri)
        await anext(reading)
        isso.delete_as_author(first, cookie)
        with pytest.raises(UnreadableError, match="changed while it was read"):
            await anext(reading)


async def test_a_page_that_fails_later_leaves_the_pages_before_it(
    isso: IssoServer, proxy: FaultyProxy, uri: str
) -> None:
    post_thread(isso, uri, 60, LONG)
    proxy.fail(Fault.CAPTCHA_200, only=r".*offset=49.*")
    async with client(max_body=FIFTY_LONG) as http:
        reading = pages(http, proxy.url, uri)
        assert (await anext(reading)).later_roots == 10
        with pytest.raises(UnreadableError, match="no JSON"):
            await anext(reading)


async def test_no_answer_is_told_from_a_wrong_answer(proxy: FaultyProxy, http: Session, uri: str) -> None:
    proxy.fail(Fault.STATUS_500)
    with pytest.raises(UnreadableError) as wrong:
        await numbers(http, proxy.url, uri)
    proxy.fail(Fault.REFUSED)
    with pytest.raises(UnreadableError) as none:
        await numbers(http, proxy.url, uri)
    assert (wrong.value.answered, none.value.answered) == (True, False)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"replies": [block(1)], "hidden_replies": 5}, "promises more comments than it gives"),
        ({"replies": [block(1), block(2)], "hidden_replies": 5}, "changed while it was read"),
        ({"replies": [block(1, replies=[], hidden_replies=3)], "hidden_replies": 0}, "3 replies"),
    ],
    ids=["nothing more", "always the same page", "replies left out"],
)
async def test_a_server_that_counts_wrongly_is_not_believed(
    document: dict[str, object], why: str, http: Session, aiohttp_server: Serve
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=json.dumps({"id": None, **document}), content_type="application/json")

    app = web.Application()
    app.router.add_get("/", answer)
    server = await aiohttp_server(app)
    with pytest.raises(UnreadableError, match=why):
        await numbers(http, str(server.make_url("")), "/")


async def test_a_thread_without_end_is_given_up(aiohttp_server: Serve) -> None:
    async def endless(request: web.Request) -> web.Response:
        if "offset" not in request.query:
            return web.Response(body=bytes(5000))
        offset = int(request.query["offset"])
        roots = [block(offset + 1), block(offset + 2)]
        return web.json_response({"id": None, "replies": roots, "hidden_replies": 1})

    app = web.Application()
    app.router.add_get("/", endless)
    server = await aiohttp_server(app)
    async with client(max_body=4000) as http:
        with pytest.raises(UnreadableError, match="more than 1001 top-level comments"):
            await numbers(http, str(server.make_url("")), "/")
