"""Comments are collected from a real Isso server, from a cursor on, and nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.comment import Page, Source
from bot.domain.instant import SECOND
from bot.http.session import Session
from bot.ports import CollectError
from tests.faulty_proxy import Fault, FaultyProxy
from tests.isso_server import IssoServer
from tests.platforms.isso.conftest import ISSO, client, collected, source
from tests.platforms.isso.test_listing import FIFTY_LONG, LONG
from tests.platforms.isso.test_parse import block

Serve = Callable[[web.Application], Awaitable[TestServer]]
TEXTS = [
    "这款手机的屏幕很好，但是电池**不行**。",
    "The seller never answered <b>my</b> mail & the box was empty 😡",
    "Товар пришёл вскрытым, деньги не вернули.",
    "Ґудзики відпали за тиждень, їх навіть не пришили як слід.",
]


async def run(http: Session, watched: Source, cursor: Mapping[str, object]) -> list[Page]:
    """Collect once."""
    return [page async for page in ISSO.collect(watched, cursor, http)]


async def run_until_error(http: Session, watched: Source) -> tuple[list[Page], str]:
    """Collect once from the beginning; return the pages that came before the error, and the error."""
    read: list[Page] = []
    reading = ISSO.collect(watched, {}, http)
    try:
        while True:
            read.append(await anext(reading))
    except CollectError as error:
        return read, str(error)


def texts(read: list[Page]) -> list[str]:
    """Return the texts in their order."""
    return [comment.text for page in read for comment in page.comments]


async def test_texts_of_four_languages_arrive_as_they_were_typed(isso: IssoServer, http: Session, uri: str) -> None:
    for text in TEXTS:
        isso.post(uri, text, author="Zoé")
    (page,) = await run(http, source(isso.url, uri), {})
    assert texts([page]) == TEXTS
    assert page.thread.native_id == uri
    assert page.blocks_seen == 4


async def test_a_reply_belongs_to_its_page_and_names_its_parent(isso: IssoServer, http: Session, uri: str) -> None:
    root, _ = isso.post(uri, "a question")
    reply, _ = isso.post(uri, "an answer", parent=root)
    deeper, _ = isso.post(uri, "an answer to the answer", parent=reply)
    comments = await collected(http, source(isso.url, uri))
    assert comments[root].parent_id is None
    assert comments[reply].parent_id == comments[root].native_id
    assert comments[deeper].parent_id == comments[root].native_id


async def test_an_author_is_the_servers_hash_and_never_the_name(isso: IssoServer, http: Session, uri: str) -> None:
    isso.post(uri, "my name is secret", author="Olha Kovalenko")
    (comment,) = (await collected(http, source(isso.url, uri))).values()
    assert comment.author
    assert "Kovalenko" not in repr(comment)


async def test_an_edit_is_marked_and_brings_the_new_text(isso: IssoServer, http: Session, uri: str) -> None:
    comment, cookie = isso.post(uri, "first version")
    before = await collected(http, source(isso.url, uri))
    isso.edit_as_author(comment, cookie, "second version")
    after = await collected(http, source(isso.url, uri))
    assert (before[comment].edited, after[comment].edited) == (False, True)
    assert after[comment].text == "second version"
    assert after[comment].native_id == before[comment].native_id


async def test_what_a_run_has_seen_long_ago_does_not_come_again(isso: IssoServer, http: Session, uri: str) -> None:
    old, _ = isso.post(uri, "written in spring")
    isso.backdate(old, 40)
    isso.post(uri, "written today")
    watched = source(isso.url, uri)
    first = await run(http, watched, {})
    isso.post(uri, "written now")
    second = await run(http, watched, first[-1].cursor)
    assert texts(first) == ["written in spring", "written today"]
    assert texts(second) == ["written today", "written now"]


async def test_a_comment_let_through_late_comes_with_its_old_date(
    moderated: IssoServer, http: Session, uri: str
) -> None:
    waiting, _ = moderated.post(uri, "waits for the moderator")
    moderated.backdate(waiting, 20)
    prompt, _ = moderated.post(uri, "is let through at once")
    moderated.activate_as_moderator(prompt)
    watched = source(moderated.url, uri)
    first = await run(http, watched, {})
    moderated.activate_as_moderator(waiting)
    second = await run(http, watched, first[-1].cursor)
    assert texts(first) == ["is let through at once"]
    assert "waits for the moderator" in texts(second)


async def test_one_comment_from_the_future_does_not_hide_those_that_follow(
    isso: IssoServer, http: Session, uri: str
) -> None:
    wrong, _ = isso.post(uri, "imported with a wrong date")
    isso.backdate(wrong, -10_000)
    watched = source(isso.url, uri)
    cursor: Mapping[str, object] = {}
    seen: set[str] = set()
    for text in ("first", "second", "third"):
        read = await run(http, watched, cursor)
        seen |= set(texts(read))
        cursor = read[-1].cursor
        isso.post(uri, f"written after it: {text}")
    seen |= set(texts(await run(http, watched, cursor)))
    assert seen == {
        "imported with a wrong date",
        *(f"written after it: {text}" for text in ("first", "second", "third")),
    }


async def test_a_run_cut_between_two_pages_goes_on_without_loss_after_a_restart(isso: IssoServer, uri: str) -> None:
    """The first page holds the newest comment of all, a reply: the cursor must not move past the second page for it."""
    roots = [isso.post(uri, f"{LONG} {number}")[0] for number in range(60)]
    for root in roots:
        isso.backdate(root, 60)
    isso.post(uri, "the newest of all", parent=roots[0])
    watched = source(isso.url, uri)
    async with client(max_body=FIFTY_LONG) as http:
        first = await anext(ISSO.collect(watched, {}, http))
        isso.restart()
        rest = await run(http, watched, json.loads(json.dumps(dict(first.cursor))))
    assert "the newest of all" in texts([first])
    assert len(first.comments) == 51
    assert set(texts(rest)) >= {f"{LONG} {number}" for number in range(60)}


async def test_a_thread_without_comments_is_an_empty_page(isso: IssoServer, http: Session, uri: str) -> None:
    (page,) = await run(http, source(isso.url, uri), {})
    assert (page.comments, page.blocks_seen) == ((), 0)


async def test_a_tombstone_is_no_comment_but_its_reply_is(isso: IssoServer, http: Session, uri: str) -> None:
    root, _ = isso.post(uri, "will be removed")
    reply, _ = isso.post(uri, "stays", parent=root)
    isso.delete_as_moderator(root)
    comments = await collected(http, source(isso.url, uri))
    assert set(comments) == {reply}
    assert str(comments[reply].parent_id).startswith(f"{root}-")


async def test_a_number_that_is_given_away_again_makes_another_comment(
    isso: IssoServer, http: Session, uri: str
) -> None:
    watched = source(isso.url, uri)
    first, cookie = isso.post(uri, "soon deleted")
    before = await collected(http, watched)
    isso.delete_as_author(first, cookie)
    second, _ = isso.post(uri, "written by somebody else")
    after = await collected(http, watched)
    assert first == second
    assert before[first].native_id != after[second].native_id


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {Fault.NONE, Fault.SLOW}])
async def test_a_fault_is_an_error_in_words_and_no_empty_page(
    fault: Fault, isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    isso.post(uri, "hidden by a fault")
    proxy.fail(fault)
    pages, error = await run_until_error(http, source(proxy.url, uri))
    assert pages == []
    assert error.startswith(f"Isso at {proxy.url} could not be read: {uri}: ")


async def test_a_server_that_hangs_is_an_error_after_the_time_out(
    isso: IssoServer, proxy: FaultyProxy, uri: str
) -> None:
    proxy.fail(Fault.SLOW)
    async with client(timeout=0.3) as http:
        with pytest.raises(CollectError, match="timeout"):
            await run(http, source(proxy.url, uri, f"{uri}2", f"{uri}3"), {})
    assert len(proxy.requests) == 1


async def test_one_unreadable_thread_does_not_hide_the_others(
    isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    isso.post(f"{uri}-good", "readable")
    proxy.fail(Fault.TRUNCATED, only=r".*-bad.*")
    pages, error = await run_until_error(http, source(proxy.url, f"{uri}-bad", f"{uri}-good"))
    assert texts(pages) == ["readable"]
    assert list(cast("Mapping[str, int]", pages[-1].cursor["newest"])) == [f"{uri}-good"]
    assert "-bad: an answer that is no JSON" in error


async def test_a_wrong_address_is_not_an_empty_thread(isso: IssoServer, http: Session, uri: str) -> None:
    """Isso answers 404 for every path that it does not know."""
    with pytest.raises(CollectError, match="HTTP status 404"):
        await run(http, source(f"{isso.url}/comments", uri), {})


async def test_comments_that_could_not_be_read_are_counted_beside_those_that_could(
    http: Session, aiohttp_server: Serve
) -> None:
    roots = [block(1, created=1_790_000_000.5), {"comment_id": 2}, block(3, mode=4, text="")]

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"id": None, "replies": roots, "hidden_replies": 0})

    app = web.Application()
    app.router.add_get("/", answer)
    server = await aiohttp_server(app)
    (page,) = await run(http, source(str(server.make_url("")), "/"), {})
    assert [comment.posted_at for comment in page.comments] == [1_790_000_000 * SECOND + SECOND // 2]
    assert page.blocks_seen == 2
