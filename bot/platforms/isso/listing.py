"""Walks the listing of a thread, page by page, oldest first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.platforms.isso.parse import ListingPage, listing_page
from bot.ports import Http

#: With it, refusals come as JSON in Isso's own words instead of a page like anybody's.
HEADERS = {"Accept": "application/json"}
# Whole threads first: one answer cannot change while it is read, and Isso knows offset only since 0.14. Where that is
# too large, pages of so many top-level comments; two at least, because one repeats the page before.
_LIMITS = (None, 50, 10, 2)
# Without nested_limit, Isso applies limit and offset to the replies too and hides most of them.
_REPLIES_PER_ROOT = 1000
_MAX_PAGES = 1000


class UnreadableError(Exception):
    """A listing could not be read to its end; `answered` is False where no answer came at all."""

    def __init__(self, why: str, *, answered: bool) -> None:
        super().__init__(why)
        self.answered = answered


async def pages(http: Http, url: str, uri: str) -> AsyncIterator[ListingPage]:
    """Yield the pages of a thread; UnreadableError after the last good page where there should be more.

    Each page begins with the last top-level comment of the one before: if that is not so, comments came or went
    meanwhile, and what shifted between two pages would be neither seen nor missed.
    """
    limits = list(_LIMITS)
    seen: list[int | None] = []
    hidden = 0
    for _ in range(_MAX_PAGES):
        page = await _page(http, url, uri, max(0, len(seen) - 1), limits)
        hidden += page.hidden_replies
        if seen:
            page = _without_repeat(page, seen[-1])
        seen += page.roots
        yield page
        if page.is_last:
            break
    else:
        raise UnreadableError(f"more than {len(seen)} top-level comments", answered=True)
    if hidden:
        raise UnreadableError(f"{hidden} replies that the server leaves out of its listing", answered=True)


async def _page(http: Http, url: str, uri: str, offset: int, limits: list[int | None]) -> ListingPage:
    """Ask with the first of the limits that fits; those that do not are dropped for good."""
    while True:
        reply = await http.get(f"{url}/", params=_params(uri, offset, limits[0]), headers=HEADERS)
        too_large = (reply.failure or "").startswith("body too large")
        if not too_large or len(limits) == 1:
            break
        limits.pop(0)
    if reply.failure is not None:
        raise UnreadableError(reply.failure, answered=too_large)
    try:
        return listing_page(reply)
    except ValueError as error:
        raise UnreadableError(str(error), answered=True) from None


def _params(uri: str, offset: int, limit: int | None) -> dict[str, str]:
    params = {"uri": uri, "plain": "1"}
    if limit is not None:
        params |= {"limit": str(limit), "offset": str(offset), "nested_limit": str(_REPLIES_PER_ROOT)}
    return params


def _without_repeat(page: ListingPage, repeated: int | None) -> ListingPage:
    if page.roots[:1] != (repeated,):
        raise UnreadableError("a thread that changed while it was read", answered=True)
    if len(page.roots) < 2:
        raise UnreadableError("a listing that promises more comments than it gives", answered=True)
    again = {entry.native_id for entry in page.entries if entry.number == repeated}
    rest = tuple(entry for entry in page.entries if again.isdisjoint({entry.native_id, entry.parent_id}))
    return replace(page, roots=page.roots[1:], entries=rest)
