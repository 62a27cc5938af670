"""The answer to a probe: an outcome with its evidence. What it does to a state is decided in verdict.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What a platform's answer says about one comment."""

    VISIBLE = "visible"
    EDITED = "edited"
    FOLDED = "folded"
    PENDING = "pending"
    DELETED_BY_AUTHOR = "deleted_by_author"
    REMOVED_BY_MODERATOR = "removed_by_moderator"
    REMOVED_BY_PLATFORM = "removed_by_platform"
    SHADOWED = "shadowed"
    ACCOUNT_GONE = "account_gone"
    PARENT_GONE = "parent_gone"
    COMMENTS_CLOSED = "comments_closed"
    RESTRICTED = "restricted"
    GONE = "gone"
    UNREACHABLE = "unreachable"


class Cause(StrEnum):
    """Who ended a comment, as the platform itself states it; otherwise unknown."""

    AUTHOR = "author"
    MODERATOR = "moderator"
    PLATFORM = "platform"
    ACCOUNT = "account"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_DELETED = "account_deleted"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    PARENT = "parent"
    HELD = "held"
    UNKNOWN = "unknown"


#: An account's end, as far as the platform says which.
OF_ACCOUNT = frozenset({Cause.ACCOUNT, Cause.ACCOUNT_SUSPENDED, Cause.ACCOUNT_DELETED, Cause.ACCOUNT_DEACTIVATED})
PRESENT = frozenset({Outcome.VISIBLE, Outcome.EDITED, Outcome.FOLDED, Outcome.SHADOWED})
MUFFLED = frozenset({Outcome.FOLDED, Outcome.SHADOWED})
#: The platform says, in a structured way, that the comment was deleted and by whom.
TOMBSTONES: Mapping[Outcome, Cause] = {
    Outcome.DELETED_BY_AUTHOR: Cause.AUTHOR,
    Outcome.REMOVED_BY_MODERATOR: Cause.MODERATOR,
    Outcome.REMOVED_BY_PLATFORM: Cause.PLATFORM,
}
#: Absences: they count only when the look itself is proved good.
ABSENCES: Mapping[Outcome, Cause] = {
    Outcome.GONE: Cause.UNKNOWN,
    Outcome.ACCOUNT_GONE: Cause.ACCOUNT,
    Outcome.PARENT_GONE: Cause.PARENT,
}
#: Nothing at all follows from these; coverage counts them.
UNOBSERVED = frozenset({Outcome.UNREACHABLE, Outcome.RESTRICTED, Outcome.COMMENTS_CLOSED})


@dataclass(frozen=True, slots=True)
class Target:
    """One comment to look for; `revision_digest` is the text_digest of the newest stored revision."""

    native_id: str
    thread_id: str
    parent_id: str | None = None
    revision_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one vantage said about one comment.

    `explicit`: a tombstone that names nobody ("deleted", without by whom); only with outcome gone.
    `cause`: what the platform states more finely than the outcome does: which end of an account.
    `proved`: a listing shows that the comment is absent (contiguous, in order, both neighbours seen): where a platform
    has no lookup by id, gone counts only then.
    `text`: the text as shown now, if it was shown.
    `evidence`: flat JSON (status, signal, sha256 of the body …), never a text of a comment.
    """

    native_id: str
    outcome: Outcome
    explicit: bool = False
    cause: Cause | None = None
    proved: bool = False
    text: str | None = None
    evidence: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
