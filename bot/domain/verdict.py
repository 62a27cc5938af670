"""The decision: what one answer, given what was known before, makes of a comment. Pure: no clock, no I/O."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What is thought of a comment; `restored` never erases the removal before it."""

    VISIBLE = "visible"
    MISSING = "missing"
    SUSPECTED = "suspected"
    PROBABLE = "probable"
    CONFIRMED = "confirmed"
    RESTORED = "restored"
