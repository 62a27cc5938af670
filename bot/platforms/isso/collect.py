"""Collects the comments of the watched threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import cast

from bot.domain.comment import FetchedComment, FetchedThread, Page, Source
from bot.domain.instant import DAY, Micros
from bot.platforms.isso.listing import UnreadableError, pages
from bot.platforms.isso.options import IssoOptions
from bot.platforms.isso.parse import PUBLIC, Entry, ListingPage
from bot.ports import CollectError, Http

# A comment that waited for a moderator appears with the date of its writing; Isso forgets it after 30 days of waiting.
_LATE: Micros = 30 * DAY


async def collect(source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[Page]:
    """Yield the comments since the cursor, and those that may have been let through since; CollectError at the end.

    The cursor is {"newest": {uri: UTC micros}}: when a thread's comment with the highest number was written. (The
    highest time would do, but for one imported comment of the year 2099.) It moves only with a thread's last page:
    a reply on an early page may be newer than a comment on a late one.
    """
    options = IssoOptions.model_validate(source.options)
    newest = dict(cast("Mapping[str, Micros]", cursor.get("newest", {})))
    unread: list[str] = []
    for uri in options.threads:
        after = newest.get(uri, 0) - _LATE
        entries: list[Entry] = []
        try:
            async for page in pages(http, options.url, uri):
                entries += page.entries
                if entries and page.is_last:
                    newest[uri] = max(entries, key=lambda entry: entry.number).created
                yield _page(uri, page, after, {"newest": dict(newest)})
        except UnreadableError as error:
            unread.append(f"{uri}: {error}")
            if not error.answered:
                break
    if unread:
        raise CollectError(f"Isso at {options.url} could not be read: {'; '.join(unread)}")


def _page(uri: str, page: ListingPage, after: Micros, cursor: Mapping[str, object]) -> Page:
    comments = tuple(_comment(entry) for entry in page.entries if entry.mode == PUBLIC and entry.created > after)
    return Page(FetchedThread(uri), comments, cursor, blocks_seen=len(comments) + page.unparsed)


def _comment(entry: Entry) -> FetchedComment:
    return FetchedComment(
        native_id=entry.native_id,
        text=entry.text,
        posted_at=entry.created,
        author=entry.author,
        parent_id=entry.parent_id,
        edited=entry.edited,
    )
