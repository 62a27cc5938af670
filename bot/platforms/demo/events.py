"""Reads the public event stream: what was removed or restored, as the platform itself states it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from bot.domain.truth import TruthPage
from bot.platforms.demo.parse import UnreadableError, event_of, number_of, readable, rows_of
from bot.ports import CollectError, Http

_PAGE = 100


async def events(base: str, cursor: Mapping[str, object], http: Http) -> AsyncIterator[TruthPage]:
    """Yield pages from the cursor on, {"after": sequence of the last event read}; CollectError where one is unreadable.

    The stream says how long it is: an emptied page is not its end.
    """
    reached = cursor.get("after", 0)
    after = reached if isinstance(reached, int) else 0
    try:
        while True:
            page, last = await _page(base, after, http)
            if page is not None:
                yield page
                after += len(page.events)
            if after >= last:
                return
    except UnreadableError as reason:
        raise CollectError(f"the events of {base} could not be read: {reason}") from None


async def _page(base: str, after: int, http: Http) -> tuple[TruthPage | None, int]:
    url = f"{base}/events"
    reply = await http.get(url, params={"after": str(after), "limit": str(_PAGE)})
    rows = rows_of(reply, url, "events")
    last = number_of(readable(reply, url), "last")
    whole = [number_of(row, "sequence") for row in rows] == list(range(after + 1, after + 1 + len(rows)))
    if not whole or (last > after and not rows):
        raise UnreadableError("events that are missing: has the API changed?")
    page = TruthPage(tuple(map(event_of, rows)), {"after": after + len(rows)})
    return (page if rows else None), last
