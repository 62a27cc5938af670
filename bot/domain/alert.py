"""What the owner is told, before any channel has put it into its own words and markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.instant import Micros


class AlertKind(StrEnum):
    """Why the owner hears from us."""

    MATCHED = "matched"
    DISAPPEARED = "disappeared"
    RESTORED = "restored"
    THREAD_ENDED = "thread_ended"
    ACCOUNT_ENDED = "account_ended"
    UNDECIDED = "undecided"
    UNREACHABLE = "unreachable"
    REACHABLE = "reachable"
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell, channel-neutral; `key` is the same for the same event, whatever happens.

    `facts` are shown as label and value in their order; `quote` is a text by a stranger: hostile until escaped.
    `picture` is a path of a PNG file on this machine.
    """

    key: str
    kind: AlertKind
    at: Micros
    title: str
    body: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    quote: str | None = None
    url: str | None = None
    picture: str | None = None
