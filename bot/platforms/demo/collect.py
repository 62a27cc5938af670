"""Reads new comments: the list of threads, then of each thread that has news all pages from the cursor on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from bot.domain.comment import FetchedThread, Page
from bot.platforms.demo.parse import (
    Row,
    UnreadableError,
    comment_of,
    number_of,
    readable,
    rows_of,
    thread_of,
)
from bot.ports import CollectError, Http

_PAGE = 100


async def pages(base: str, cursor: Mapping[str, object], http: Http) -> AsyncIterator[Page]:
    """Yield pages oldest first; the cursor is {thread id: sequence number of its newest comment that was read}.

    CollectError where an answer cannot be read: what was yielded before is whole, and the next time goes on there.
    """
    reached = {thread: last for thread, last in cursor.items() if isinstance(last, int)}
    try:
        for row in await _threads(base, reached, http):
            thread = thread_of(row, base)
            if number_of(row, "last_sequence") > reached.get(thread.native_id, 0):
                async for page in _thread_pages(base, thread, reached, http):
                    yield page
    except UnreadableError as reason:
        raise CollectError(f"{base} could not be read: {reason}") from None


async def _threads(base: str, reached: Mapping[str, int], http: Http) -> list[Row]:
    url = f"{base}/threads"
    rows = rows_of(await http.get(url), url, "threads")
    if reached and not rows:
        raise UnreadableError("no threads any more, although there were some")
    return rows


async def _thread_pages(base: str, thread: FetchedThread, reached: dict[str, int], http: Http) -> AsyncIterator[Page]:
    more = True
    while more:
        rows, more = await _listing(base, thread.native_id, reached.get(thread.native_id, 0), http)
        if rows:
            reached[thread.native_id] = number_of(rows[-1], "sequence")
            comments = tuple(comment_of(row, base) for row in rows)
            yield Page(thread, comments, cursor=dict(reached), blocks_seen=len(rows))


async def _listing(base: str, thread_id: str, after: int, http: Http) -> tuple[list[Row], bool]:
    url = f"{base}/threads/{thread_id}/comments"
    reply = await http.get(url, params={"after": str(after), "limit": str(_PAGE)})
    if reply.status == 410 and readable(reply, url).get("error") == "thread_gone":
        return [], False  # it ended after it was listed
    rows = rows_of(reply, url, "comments")
    more = readable(reply, url).get("more")
    if not isinstance(more, bool) or (more and not rows):
        raise UnreadableError("a page that does not say where it ends: has the API changed?")
    return rows, more
