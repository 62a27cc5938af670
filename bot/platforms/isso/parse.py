"""Reads the answers of an Isso server: a page of a thread's listing, and its own 403 and 404."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from http import HTTPStatus

from bot.domain.instant import SECOND, Micros
from bot.ports import Reply

PUBLIC = 1
#: Deleted, but replies still hang under it: no text, no author, and nothing about who did it.
TOMBSTONE = 4
_YEAR_10000 = 253_402_300_800


@dataclass(frozen=True, slots=True)
class Entry:
    """A comment in a listing; `text` is the Markdown its author typed, `created` UTC microseconds."""

    number: int
    created: Micros
    parent_id: str | None
    text: str
    mode: int
    author: str | None
    edited: bool

    @property
    def native_id(self) -> str:
        """Return number and time: Isso gives the number of its newest comment away again once that is deleted."""
        return native_id(self.number, self.created)


def native_id(number: int, created: Micros) -> str:
    """Return what a comment is called outside this folder."""
    return f"{number}-{created}"


def number_and_time(native_id: str) -> tuple[int, Micros]:
    """Return the number by which the server knows a comment, and when it was written."""
    number, _, created = native_id.partition("-")
    return int(number), int(created)


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One answer to a listing request.

    `roots`: numbers of the top-level comments as they came (None: unparsed).
    `unparsed`: how many looked like a comment and could not be read.
    `later_roots`, `hidden_replies`: how many top-level comments still follow, and how many replies were left out.
    """

    roots: tuple[int | None, ...]
    entries: tuple[Entry, ...]
    unparsed: int
    later_roots: int
    hidden_replies: int

    @property
    def is_last(self) -> bool:
        """Return whether the thread ends here, as far as the server says."""
        return self.later_roots <= 0


def listing_page(reply: Reply) -> ListingPage:
    """Return what a listing request brought; ValueError says in words what came instead."""
    if reply.status != HTTPStatus.OK:
        raise ValueError(f"HTTP status {reply.status} instead of a listing")
    try:
        document = reply.json()
    except ValueError:
        raise ValueError("an answer that is no JSON (empty, a web page, or cut)") from None
    match document:
        case {"id": None, "replies": [*roots], "hidden_replies": int(later)}:
            return _page(roots, later)
    raise ValueError("JSON that is no listing of Isso")


def _page(blocks: list[object], later: int) -> ListingPage:
    entries: list[Entry] = []
    roots: list[int | None] = []
    seen = hidden = 0
    for block in blocks:
        root = _entry(block, None)
        replies, left_out = _replies(block)
        found = [root, *(_entry(reply, root) for reply in replies)]
        seen += len(found)
        hidden += left_out
        entries += [entry for entry in found if entry is not None]
        roots.append(root.number if root else None)
    if seen and not entries:
        raise ValueError(f"{seen} comments of which none could be read: the format has changed")
    return ListingPage(tuple(roots), tuple(entries), seen - len(entries), later, hidden)


def _replies(block: object) -> tuple[list[object], int]:
    match block:
        case {"replies": [*replies], "hidden_replies": int(hidden)}:
            return replies, hidden
    return [], 0


def _entry(block: object, root: Entry | None) -> Entry | None:
    """Read a comment; its `parent` is always the top-level comment that it is listed under."""
    match block:
        case {
            "id": int(number),
            "text": str(text),
            "created": int() | float() as created,
            "mode": int(mode),
            "modified": modified,
            "hash": author,
        } if 0 <= created < _YEAR_10000:
            return Entry(
                number=number,
                # Exactly rounded: a float times a million is a microsecond off now and then.
                created=round(Fraction(created) * SECOND),
                parent_id=root.native_id if root else None,
                text=text,
                mode=mode,
                author=author if isinstance(author, str) else None,
                edited=modified is not None,
            )
    return None


def own_refusal(reply: Reply) -> int | None:
    """Return 403 or 404 where Isso itself says so; None for anything else, such as the page of a proxy.

    Isso answers Accept: application/json with {"message": "404 Not Found: …"}.
    """
    if reply.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return None
    try:
        document = reply.json()
    except ValueError:
        return None
    match document:
        case {"message": str(message)} if message.startswith(f"{reply.status} {HTTPStatus(reply.status).phrase}: "):
            return reply.status
    return None
