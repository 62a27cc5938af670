"""What an answer of the platform says; anything that is not exactly as documented is UnreadableError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bot.domain.comment import FetchedComment, FetchedThread, text_digest
from bot.domain.instant import Micros, from_datetime
from bot.domain.observation import Answer, Cause, Outcome, Target
from bot.domain.truth import TruthEvent, TruthKind
from bot.ports import Reply

Evidence = Mapping[str, str | int | float | bool | None]
Row = Mapping[str, Any]

_DELETED_BY: Mapping[str | None, Outcome] = {
    "author": Outcome.DELETED_BY_AUTHOR,
    "moderator": Outcome.REMOVED_BY_MODERATOR,
    "platform": Outcome.REMOVED_BY_PLATFORM,
    None: Outcome.GONE,
}
_ERRORS: Mapping[str | None, Outcome] = {
    "thread_gone": Outcome.PARENT_GONE,
    "account_suspended": Outcome.ACCOUNT_GONE,
    "account_deleted": Outcome.ACCOUNT_GONE,
    "account_deactivated": Outcome.ACCOUNT_GONE,
    # They hide, for people who are not logged in, what may well be there.
    "private": Outcome.RESTRICTED,
    "quarantined": Outcome.RESTRICTED,
    "forbidden": Outcome.RESTRICTED,
}


class UnreadableError(ValueError):
    """An answer that says nothing about any comment; the message says what is wrong with it."""


def rows_of(reply: Reply, url: str, name: str) -> list[Row]:
    """Return the list called `name` of an answer that came from `url` itself, whole and in JSON."""
    body = readable(reply, url)
    rows = body.get(name)
    if reply.status != 200:
        raise UnreadableError(f"status {reply.status}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _is_id(row.get("id")) for row in rows):
        raise UnreadableError(f"no list of {name} with ids: has the API changed?")
    return rows


def readable(reply: Reply, url: str) -> Row:
    """Return the JSON object of an answer of any status that came from `url` itself."""
    if reply.failure is not None:
        raise UnreadableError(reply.failure)
    if urlsplit(reply.url)[:3] != urlsplit(url)[:3]:
        raise UnreadableError("redirected elsewhere")
    kind = reply.headers.get("Content-Type", "nothing").partition(";")[0].strip()
    if kind != "application/json":
        raise UnreadableError(f"status {reply.status}, {kind} instead of JSON")
    try:
        body = reply.json()
    except ValueError:
        raise UnreadableError(f"status {reply.status}, JSON that is cut or empty") from None
    if not isinstance(body, dict):
        raise UnreadableError("JSON of another form")
    return body


def evidence_of(reply: Reply, **more: str | int | bool) -> Evidence:
    """Return what is kept of an answer: status, length, digest and a signal, never a text."""
    return {"status": reply.status, "bytes": len(reply.body), "sha256": sha256(reply.body).hexdigest(), **more}


def answers_of(reply: Reply, url: str, targets: Sequence[Target]) -> list[Answer]:
    """Return an answer for each target of one lookup by id; UnreadableError if one row is not as documented."""
    listed = rows_of(reply, url, "comments")
    rows = {row["id"]: row for row in listed}
    if len(rows) < len(listed) or not rows.keys() <= {target.native_id for target in targets}:
        raise UnreadableError("rows twice, or rows that nobody asked for")
    return [_answer(rows.get(target.native_id), target, reply) for target in targets]


def _answer(row: Row | None, target: Target, reply: Reply) -> Answer:
    if row is None:
        return Answer(target.native_id, Outcome.GONE, evidence=evidence_of(reply, signal="absent"))
    if row.get("deleted") is True:
        return _stated(_DELETED_BY, row, "by", target, reply)
    if "error" in row:
        return _stated(_ERRORS, row, "error", target, reply)
    if row.get("pending") is True:
        return Answer(target.native_id, Outcome.PENDING, evidence=evidence_of(reply, signal="pending"))
    return _shown(row, target, reply)


def _stated(meanings: Mapping[str | None, Outcome], row: Row, name: str, target: Target, reply: Reply) -> Answer:
    word = row.get(name, "")
    outcome = meanings.get(word) if word is None or isinstance(word, str) else None
    if outcome is None:
        raise UnreadableError(f"{name} says something that is not documented")
    evidence = evidence_of(reply, signal=f"{name}: {word}")
    cause = Cause(word) if outcome is Outcome.ACCOUNT_GONE else None
    return Answer(target.native_id, outcome, explicit=outcome is Outcome.GONE, cause=cause, evidence=evidence)


def _shown(row: Row, target: Target, reply: Reply) -> Answer:
    text = _field(row, "text", str)
    edited = target.revision_digest is not None and text_digest(text) != target.revision_digest
    outcome = Outcome.EDITED if edited else Outcome.VISIBLE
    if _field(row, "folded", bool):
        outcome = Outcome.FOLDED
    return Answer(target.native_id, outcome, text=text, evidence=evidence_of(reply, signal="shown"))


def thread_of(row: Row, base: str) -> FetchedThread:
    """Return a row of `GET /threads`."""
    return FetchedThread(row["id"], f"{base}/threads/{row['id']}/comments", _field(row, "title", str))


def comment_of(row: Row, base: str) -> FetchedComment:
    """Return a row of a thread's listing."""
    return FetchedComment(
        native_id=row["id"],
        text=_field(row, "text", str),
        posted_at=_instant(_field(row, "created", str)),
        author=_field(row, "author", str),
        parent_id=None if row.get("parent") is None else _field(row, "parent", str),
        url=f"{base}/comments?ids={row['id']}",
        edited=_field(row, "edited", bool),
    )


def event_of(row: Row) -> TruthEvent:
    """Return a row of `GET /events`; who is not named is unknown."""
    try:
        kind = TruthKind(_field(row, "kind", str))
        cause = Cause.UNKNOWN if row["by"] is None else Cause(_field(row, "by", str))
    except (KeyError, ValueError):
        raise UnreadableError("an event that is not documented: has the API changed?") from None
    return TruthEvent(row["id"], _instant(_field(row, "at", str)), kind, cause)


def number_of(row: Row, name: str) -> int:
    """Return a sequence number of a row."""
    return _field(row, name, int)


_Value = TypeVar("_Value", str, bool, int)


def _field(row: Row, name: str, kind: type[_Value]) -> _Value:
    value = row.get(name)
    if not isinstance(value, kind):
        raise UnreadableError(f"a row without {name}: has the API changed?")
    return value


def _instant(text: str) -> Micros:
    try:
        return from_datetime(datetime.fromisoformat(text))
    except ValueError:
        raise UnreadableError("a time that is none") from None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)
