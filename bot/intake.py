"""A comment arrives: a page of comments is pseudonymised, read, and stored in one transaction.

page -> pseudonymise -> analyse (normalise, language, rules) -> comments, revisions, matches, enrolments, cursor.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.domain import alert
from bot.domain.comment import FetchedComment, Page, Role, Source, pseudonym, storable, text_digest
from bot.domain.instant import HOUR, Micros
from bot.domain.recheck_plan import first_look
from bot.domain.spacing import Schedule
from bot.domain.tracking import Candidate, MatchedBy, draw, draw_controls
from bot.domain.verdict import Track
from bot.ports import Clock
from bot.rules.matcher import Found, Matcher
from bot.rules.schema import Mode
from bot.store import comments, hazards, outbox, sources, tracking
from bot.store.comments import Known
from bot.text.language import detect
from bot.text.normalise import normalise

#: Controls come from comments first seen at most this long before their partner.
CONTROL_WINDOW: Micros = HOUR
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """What the intake works with; `key` keys both pseudonyms and draws."""

    engine: Engine
    clock: Clock
    matcher: Matcher
    rule_version_id: int
    key: bytes
    schedule: Schedule
    panel: float
    controls: int
    match: MatchedBy
    channels: tuple[str, ...]
    tell_matches: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """How many comments of a page were new, edited and flagged."""

    new: int
    edited: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A comment as we understood it."""

    fetched: FetchedComment
    digest: str
    language: str
    found: tuple[Found, ...]

    @property
    def flags(self) -> bool:
        """Whether a live rule matched; shadow rules are stored and change nothing."""
        return any(found.mode is Mode.LIVE for found in self.found)


def take_in(desk: Desk, source: Source, vantage: str, page: Page, asked_at: Micros) -> Taken:
    """Store a page; `asked_at`: when it was asked for, so that nothing is called seen after it was gone."""
    with desk.engine.connect().execution_options(read_only=True) as connection:
        known = _known(connection, source, page)
    # Reading costs far more than storing: before the transaction, and only what is new or changed.
    once = {one.native_id: one for one in page.comments if one.native_id == storable(one.native_id)}
    readings = [_read(desk, fetched) for fetched in once.values() if _is_news(fetched, known)]
    try:
        return _store(desk, source, vantage, page, readings, asked_at)
    except IntegrityError:
        # Another process stored the same page at the same moment: now it is known.
        return _store(desk, source, vantage, page, readings, asked_at)


def _store(
    desk: Desk, source: Source, vantage: str, page: Page, readings: Sequence[Reading], asked_at: Micros
) -> Taken:
    with desk.engine.begin() as connection:
        known = _known(connection, source, page)
        news = [reading for reading in readings if _is_news(reading.fetched, known)]
        new = [reading for reading in news if reading.fetched.native_id not in known]
        edited = [reading for reading in news if reading.fetched.native_id in known]
        _store_edited(connection, desk, edited, known, asked_at)
        flagged = _store_new(connection, desk, source, vantage, page, new, asked_at)
        sources.move_cursor(connection, source.id, page.cursor)
    return Taken(len(new), len(edited), flagged)


def _known(connection: Connection, source: Source, page: Page) -> Mapping[str, Known]:
    return comments.known(connection, source.platform, source.instance, [one.native_id for one in page.comments])


def _is_news(fetched: FetchedComment, known: Mapping[str, Known]) -> bool:
    stored = known.get(fetched.native_id)
    return stored is None or stored.digest != text_digest(fetched.text)


def _read(desk: Desk, fetched: FetchedComment) -> Reading:
    text = normalise(fetched.text)
    language = detect(text)
    return Reading(fetched, text_digest(fetched.text), language, tuple(desk.matcher.match(text, language)))


def _store_edited(
    connection: Connection, desk: Desk, edited: Sequence[Reading], known: Mapping[str, Known], at: Micros
) -> None:
    for reading in edited:
        stored = known[reading.fetched.native_id]
        comments.add_revision(connection, stored.id, reading.fetched.text, at)
        comments.add_matches(connection, _match_rows(desk, stored.id, stored.revision + 1, reading, at))


def _store_new(
    connection: Connection,
    desk: Desk,
    source: Source,
    vantage: str,
    page: Page,
    new: Sequence[Reading],
    at: Micros,
) -> int:
    if not new:
        return 0
    thread_id = comments.ensure_thread(connection, source.id, page.thread, at)
    ids = comments.add(connection, [_comment_row(desk, source, thread_id, one, at) for one in new])
    stored = list(zip(ids, new, strict=True))
    comments.add_revisions(connection, [_revision_row(comment_id, one, at) for comment_id, one in stored])
    comments.add_matches(
        connection, [row for comment_id, one in stored for row in _match_rows(desk, comment_id, 1, one, at)]
    )
    enrolling = ((_candidate(desk, source, thread_id, comment_id, one, at), one.flags) for comment_id, one in stored)
    _enrol(connection, desk, source, vantage, enrolling, at)
    flagged = [(comment_id, one) for comment_id, one in stored if one.flags]
    if desk.tell_matches:
        _tell(connection, desk, source, flagged, at)
    return len(flagged)


def _enrol(
    connection: Connection, desk: Desk, source: Source, vantage: str, new: Iterable[tuple[Candidate, bool]], at: Micros
) -> None:
    """Decide once who is followed: the flagged, a control for each, and the panel."""
    here = list(new)
    flagged = [one for one, flags in here if flags]
    panel = [one for one, _ in here if draw(desk.key, one.native_id, "panel") < desk.panel]
    pairs = _controls(connection, desk, source, flagged, at)
    partnered = {one.comment_id for one, _ in pairs}
    row = functools.partial(_enrolment_row, desk, at)
    tracking.enrol(
        connection,
        [
            *(row(one, Role.FLAGGED, matched=one.comment_id in partnered) for one in flagged),
            *(row(control, Role.CONTROL, partner_id=one.comment_id, matched=True) for one, control in pairs),
            *(row(one, Role.PANEL, probability=desk.panel) for one in panel),
        ],
    )
    # A control has its partner's jitter: both are looked at together. Who is followed already goes on as before.
    drawn = [*((one, one) for one in flagged), *pairs, *((one, one) for one in panel)]
    if not drawn:
        return
    schedule = hazards.in_force(connection, source, desk.schedule)
    rows = {
        one.comment_id: _tracking_row(desk, schedule, source, vantage, partner, one, at)
        for partner, one in reversed(drawn)
    }
    tracking.follow(connection, list(rows.values()))


def _controls(
    connection: Connection, desk: Desk, source: Source, flagged: Sequence[Candidate], at: Micros
) -> list[tuple[Candidate, Candidate]]:
    if not flagged:
        return []
    # Those of this page are in the database already; the draw keeps the choice from following their order.
    authors = {one.author for one in flagged if one.author} if desk.match is MatchedBy.AUTHOR else None
    pool = comments.candidates(connection, source.id, since=at - CONTROL_WINDOW, limit=_CANDIDATES, authors=authors)
    pool.sort(key=lambda one: draw(desk.key, one.native_id, "control"))
    taken = {one.comment_id for one in flagged}
    return draw_controls(flagged, [one for one in pool if one.comment_id not in taken], desk.controls, desk.match)


def _enrolment_row(
    desk: Desk,
    at: Micros,
    one: Candidate,
    role: Role,
    *,
    partner_id: int | None = None,
    matched: bool = False,
    probability: float = 1.0,
) -> dict[str, Any]:
    return {
        "comment_id": one.comment_id,
        "role": role,
        "partner_id": partner_id,
        "rule_version_id": desk.rule_version_id,
        "probability": probability,
        "enrolled_at": at,
        "matched": matched,
    }


def _tracking_row(
    desk: Desk, schedule: Schedule, source: Source, vantage: str, partner: Candidate, one: Candidate, at: Micros
) -> dict[str, Any]:
    jitter = 2 * draw(desk.key, partner.native_id, "jitter") - 1
    follow_until = at + schedule.follow_up
    track = Track(first_seen=one.first_seen, last_look=one.first_seen, last_seen=one.first_seen)
    plan = first_look(at, vantage, schedule=schedule, jitter=jitter, follow_until=follow_until)
    return {
        "comment_id": one.comment_id,
        "source_id": source.id,
        "thread_id": one.thread_id,
        "jitter": jitter,
        "begin": at,
        "follow_until": follow_until,
        **tracking.fresh(track, plan),
    }


def _candidate(desk: Desk, source: Source, thread_id: int, comment_id: int, one: Reading, at: Micros) -> Candidate:
    fetched = one.fetched
    return Candidate(
        comment_id=comment_id,
        thread_id=thread_id,
        length=len(fetched.text),
        native_id=fetched.native_id,
        first_seen=at,
        written_at=at if fetched.posted_at is None else fetched.posted_at,
        author=_author(desk, source, fetched),
    )


def _author(desk: Desk, source: Source, fetched: FetchedComment) -> str | None:
    return fetched.author and pseudonym(desk.key, source.platform, source.instance, fetched.author)


def _comment_row(desk: Desk, source: Source, thread_id: int, reading: Reading, at: Micros) -> dict[str, Any]:
    fetched = reading.fetched
    return {
        "platform": source.platform,
        "instance": source.instance,
        "native_id": fetched.native_id,
        "source_id": source.id,
        "thread_id": thread_id,
        "parent_id": fetched.parent_id,
        "author": _author(desk, source, fetched),
        "posted_at": fetched.posted_at,
        "first_seen": at,
        "language": reading.language,
        "length": len(fetched.text),
        "rating": fetched.rating,
        "url": fetched.url,
    }


def _revision_row(comment_id: int, reading: Reading, at: Micros) -> dict[str, Any]:
    return {
        "comment_id": comment_id,
        "number": 1,
        "seen_at": at,
        "digest": reading.digest,
        "text": reading.fetched.text,
    }


def _match_rows(desk: Desk, comment_id: int, revision: int, reading: Reading, at: Micros) -> list[dict[str, Any]]:
    first = {found.rule_id: found for found in reversed(reading.found)}
    return [
        {
            "comment_id": comment_id,
            "revision": revision,
            "rule_id": found.rule_id,
            "rule_version_id": desk.rule_version_id,
            "live": found.mode is Mode.LIVE,
            "view": found.view,
            "start": found.start,
            "end": found.end,
            "found_at": at,
        }
        for found in first.values()
    ]


def _tell(
    connection: Connection, desk: Desk, source: Source, flagged: Iterable[tuple[int, Reading]], at: Micros
) -> None:
    for comment_id, reading in flagged:
        told = alert.matched(
            comment_id=comment_id,
            at=at,
            source=source.name,
            rules=", ".join(sorted({found.rule_id for found in reading.found if found.mode is Mode.LIVE})),
            quote=reading.fetched.text,
            url=reading.fetched.url,
        )
        outbox.put(connection, told, desk.channels, now=at, real=desk.clock.real())
