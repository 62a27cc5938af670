"""What is watched: sources, threads, comments, and how an author becomes a pseudonym."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.instant import Micros

_REFUSED = re.compile("[\0\ud800-\udfff]")


class Role(StrEnum):
    """Why a comment is followed; fixed at enrolment, under a rule version."""

    FLAGGED = "flagged"
    CONTROL = "control"
    PANEL = "panel"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that the owner watches on a platform; `options` are the platform's own, already validated."""

    id: int
    name: str
    platform: str
    instance: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FetchedThread:
    """A thread as a platform showed it."""

    native_id: str
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedComment:
    """A comment as a platform showed it, before anything is stored.

    `author` is the platform's stable author id; it leaves memory only as a keyed hash.
    `posted_at` is UTC microseconds, or None where the platform does not say.
    """

    native_id: str
    text: str
    posted_at: Micros | None = None
    author: str | None = None
    parent_id: str | None = None
    url: str | None = None
    rating: float | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a collector: comments of one thread, and where to go on.

    `cursor` is stored in the same transaction as the comments; JSON values only.
    `blocks_seen` counts what looked like a comment, so that parse drift cannot pass as an empty page.
    """

    thread: FetchedThread
    comments: tuple[FetchedComment, ...]
    cursor: Mapping[str, object]
    blocks_seen: int


def pseudonym(key: bytes, platform: str, instance: str, author: str) -> str:
    """Return the keyed hash that stands for an author (HMAC-SHA256, hex, cut to 128 bits).

    A plain hash would not do: handles can be enumerated.
    """
    message = f"{platform}\x1f{instance}\x1f{author}".encode("utf-8", "surrogatepass")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def text_digest(text: str) -> str:
    """Return SHA-256 of a text (hex): it outlives the text and tells an edit from a repeat."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """Return a text without what a database refuses: U+FFFD for NUL and for halves of surrogate pairs."""
    return _REFUSED.sub("\ufffd", text)
