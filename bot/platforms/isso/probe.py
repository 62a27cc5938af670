"""Looks for single comments: in the listing of their thread first, then by number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from bot.domain.comment import Source, text_digest
from bot.domain.observation import Answer, Outcome, Target
from bot.platforms.isso.listing import HEADERS, UnreadableError, pages
from bot.platforms.isso.options import IssoOptions
from bot.platforms.isso.parse import PUBLIC, TOMBSTONE, Entry, number_and_time, own_refusal
from bot.ports import Http, Reply

Evidence = Mapping[str, str | int | float | bool | None]


@dataclass(slots=True)
class _Listing:
    """What a thread shows now; `gap` says why a comment that is not in it may still be public."""

    entries: list[Entry] = field(default_factory=list)
    gap: str | None = None


async def probe(source: Source, targets: Sequence[Target], http: Http) -> list[Answer]:
    """Return one answer a target; every thread is listed once, and only what is not listed is asked for by number."""
    url = IssoOptions.model_validate(source.options).url
    listings = await _listings(http, url, dict.fromkeys(target.thread_id for target in targets))
    entries = {entry.native_id: entry for listing in listings.values() for entry in listing.entries}
    listed = [answer for target in targets if (answer := _listed(target, entries))]
    answered = {answer.native_id for answer in listed}
    unlisted = [target for target in targets if target.native_id not in answered]
    replies = await _by_number(http, url, unlisted)
    # A wrong path brings the same 404: it counts only if Isso's interface has shown itself here and now.
    is_isso = any(listing.entries or listing.gap is None for listing in listings.values()) or any(
        own_refusal(reply) == HTTPStatus.FORBIDDEN for reply in replies
    )
    return listed + [
        _unlisted(target, reply, listings[target.thread_id].gap, is_isso=is_isso)
        for target, reply in zip(unlisted, replies, strict=True)
    ]


async def _listings(http: Http, url: str, uris: Iterable[str]) -> dict[str, _Listing]:
    listings: dict[str, _Listing] = {}
    silence: str | None = None
    for uri in uris:
        listing = listings[uri] = _Listing(gap=silence)
        if silence is None and not await _fill(listing, http, url, uri):
            silence = listing.gap
    return listings


async def _fill(listing: _Listing, http: Http, url: str, uri: str) -> bool:
    """Read a thread as far as it can be read; return whether the server answered at all."""
    try:
        async for page in pages(http, url, uri):
            listing.entries += page.entries
            if page.unparsed:
                listing.gap = f"{page.unparsed} comments of the listing could not be read"
    except UnreadableError as error:
        listing.gap = str(error)
        return error.answered
    return True


async def _by_number(http: Http, url: str, targets: Sequence[Target]) -> list[Reply]:
    """Ask for each comment without its author's cookie; after a silence the rest is not asked."""
    replies: list[Reply] = []
    for target in targets:
        if replies and replies[-1].failure is not None:
            replies.append(replies[-1])
        else:
            number, _ = number_and_time(target.native_id)
            replies.append(await http.get(f"{url}/id/{number}", headers=HEADERS))
    return replies


def _listed(target: Target, entries: Mapping[str, Entry]) -> Answer | None:
    """Return what the listings say; None where they say nothing."""
    entry = entries.get(target.native_id)
    if entry is None:
        return _number_given_away(target, entries)
    evidence: Evidence = {"signal": "listed", "mode": entry.mode}
    if entry.mode == TOMBSTONE:
        return Answer(target.native_id, Outcome.GONE, explicit=True, evidence=evidence)
    if entry.mode != PUBLIC:
        return Answer(target.native_id, Outcome.UNREACHABLE, evidence=evidence)
    edited = target.revision_digest not in {None, text_digest(entry.text)}
    outcome = Outcome.EDITED if edited else Outcome.VISIBLE
    return Answer(target.native_id, outcome, text=entry.text, evidence=evidence)


def _number_given_away(target: Target, entries: Mapping[str, Entry]) -> Answer | None:
    """Return gone where a later comment has the number; an earlier one only says that a cache is old."""
    number, created = number_and_time(target.native_id)
    if any(entry.number == number and entry.created > created for entry in entries.values()):
        return Answer(target.native_id, Outcome.GONE, evidence={"signal": "number given to a later comment"})
    return None


def _unlisted(target: Target, reply: Reply, gap: str | None, *, is_isso: bool) -> Answer:
    outcome, signal = Outcome.UNREACHABLE, "not an answer of Isso"
    match own_refusal(reply):
        case HTTPStatus.NOT_FOUND if is_isso:
            outcome, signal = Outcome.GONE, "no such row"
        case HTTPStatus.NOT_FOUND:
            signal = "no such row, but nothing shows that this is Isso"
        case HTTPStatus.FORBIDDEN if gap is None:
            outcome, signal = Outcome.PENDING, "row exists, not listed"
        case HTTPStatus.FORBIDDEN:
            signal = "row exists, listing not whole"
    evidence: Evidence = {
        "signal": signal,
        "status": reply.status,
        "failure": reply.failure,
        "listing_gap": gap,
        "sha256": hashlib.sha256(reply.body).hexdigest(),
    }
    return Answer(target.native_id, outcome, evidence=evidence)
