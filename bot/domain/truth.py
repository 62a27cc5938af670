"""What an event stream of a platform states by itself: it measures verdicts and never enters one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instant import Micros
from bot.domain.observation import Cause


class TruthKind(StrEnum):
    """What happened to a comment."""

    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """One event of the stream; `at` is the platform's own time, `cause` unknown where it names nobody."""

    native_id: str
    at: Micros
    kind: TruthKind
    cause: Cause = Cause.UNKNOWN


@dataclass(frozen=True, slots=True)
class TruthPage:
    """Events in the stream's order, and the cursor from which it goes on after them."""

    events: tuple[TruthEvent, ...]
    cursor: Mapping[str, object]
