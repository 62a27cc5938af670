"""What the owner is told, before any channel has put it into its own words and markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.instant import Micros, iso
from bot.domain.observation import Cause

_STATED: Mapping[Cause, str] = {
    Cause.AUTHOR: "deleted by its author, says the platform",
    Cause.MODERATOR: "removed by a moderator, says the platform",
    Cause.PLATFORM: "removed by the platform, says the platform",
    Cause.ACCOUNT: "its author's account is gone, says the platform",
    Cause.ACCOUNT_SUSPENDED: "its author's account is suspended, says the platform",
    Cause.ACCOUNT_DELETED: "its author's account was deleted, says the platform",
    Cause.ACCOUNT_DEACTIVATED: "its author's account is deactivated, says the platform",
    Cause.PARENT: "its thread is gone, says the platform",
}


class AlertKind(StrEnum):
    """Why the owner hears from us."""

    MATCHED = "matched"
    DISAPPEARED = "disappeared"
    RESTORED = "restored"
    THREAD_ENDED = "thread_ended"
    ACCOUNT_ENDED = "account_ended"
    UNDECIDED = "undecided"
    DECIDED = "decided"
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


def disappeared(
    *, comment_id: int, episode: int, at: Micros, source: str, state: str, cause: Cause, why: str, url: str | None
) -> Alert:
    """Return the alert for one comment; the word is *disappeared* unless the platform itself says who removed it."""
    return Alert(
        key=f"disappeared:{comment_id}:{episode}",
        kind=AlertKind.DISAPPEARED,
        at=at,
        title="A flagged comment disappeared" + ("" if cause in _STATED else " (possible removal)"),
        facts={
            "Source": source,
            "Comment": str(comment_id),
            "Verdict": state,
            "Cause": _STATED.get(cause, "not stated by the platform"),
            "Because": why,
        },
        url=url,
    )


def restored(*, comment_id: int, episode: int, at: Micros, source: str, why: str, url: str | None) -> Alert:
    """Return the alert for a comment that came back after it had been told as disappeared."""
    return Alert(
        key=f"restored:{comment_id}:{episode}",
        kind=AlertKind.RESTORED,
        at=at,
        title="A comment that had disappeared is back",
        facts={"Source": source, "Comment": str(comment_id), "Because": why},
        url=url,
    )


def thread_ended(*, thread_id: int, ended: Micros, at: Micros, source: str, thread: str) -> Alert:
    """Return the one alert for a thread that is gone with all its comments; `ended` tells one end from another."""
    return Alert(
        key=f"thread_ended:{thread_id}:{ended}",
        kind=AlertKind.THREAD_ENDED,
        at=at,
        title="A thread is gone, and its comments with it",
        body="One event: its comments are counted as its dependants, not as removals of their own.",
        facts={"Source": source, "Thread": thread},
    )


def thread_back(*, thread_id: int, episode: int, at: Micros, source: str, thread: str) -> Alert:
    """Return the one alert for a thread that is back with its comments; `episode` tells one end from another."""
    return Alert(
        key=f"thread_back:{thread_id}:{episode}",
        kind=AlertKind.RESTORED,
        at=at,
        title="A thread that was gone is back, and comments with it",
        body="One event: that it was gone stays on record.",
        facts={"Source": source, "Thread": thread},
    )


def account_back(*, author: str, episode: int, at: Micros, source: str) -> Alert:
    """Return the one alert for an account that is back with its comments; `episode` tells one end from another."""
    return Alert(
        key=f"account_back:{author}:{episode}",
        kind=AlertKind.RESTORED,
        at=at,
        title="An account that was gone is back, and comments with it",
        body="One event: that it was gone stays on record.",
        facts={"Source": source, "Author (pseudonym)": author[:12]},
    )


def account_ended(*, author: str, episode: int, at: Micros, source: str) -> Alert:
    """Return the one alert for an account that is gone with all its comments; the author stays a pseudonym.

    `episode` tells one end from another.
    """
    return Alert(
        key=f"account_ended:{author}:{episode}",
        kind=AlertKind.ACCOUNT_ENDED,
        at=at,
        title="An account is gone, and its comments with it",
        body="One event: its comments are counted as its dependants, not as removals of their own.",
        facts={"Source": source, "Author (pseudonym)": author[:12]},
    )


def undecided(*, source_id: int, since: Micros, source: str, missing: int, looked: int) -> Alert:
    """Return the operator's notice that a breaker opened: held, not decided, not forgotten."""
    return Alert(
        key=f"undecided:{source_id}:{since}",
        kind=AlertKind.UNDECIDED,
        at=since,
        title="Mass disappearance, undecided",
        body="Absences are held until another vantage agrees or canaries were healthy for six hours; then they count.",
        facts={"Source": source, "Newly absent": f"{missing} of {looked} looked at"},
    )


def decided(*, source_id: int, since: Micros, at: Micros, source: str, counted: bool) -> Alert:
    """Return the notice of what became of the mass disappearance that was undecided since `since`."""
    words = (
        "Canaries stayed in sight: the absences count, each from its first date."
        if counted
        else "The looks were at fault: the absences are annulled, and no comment is called disappeared because of it."
    )
    return Alert(
        key=f"decided:{source_id}:{since}",
        kind=AlertKind.DECIDED,
        at=at,
        title="Mass disappearance, decided: " + ("it was real" if counted else "it was a fault"),
        body=words,
        facts={"Source": source, "Undecided since": iso(since)},
    )


def unreachable(*, source_id: int, since: Micros, at: Micros, source: str, failure: str) -> Alert:
    """Return the operator's notice that a source cannot be read; nothing follows for its comments."""
    return Alert(
        key=f"unreachable:{source_id}:{since}",
        kind=AlertKind.UNREACHABLE,
        at=at,
        title="A source cannot be read",
        body="No comment of it is called disappeared because of this.",
        facts={"Source": source, "Since": iso(since), "Reason": failure},
    )


def reachable(*, source_id: int, since: Micros, at: Micros, source: str) -> Alert:
    """Return the notice that a source which could not be read can be read again."""
    return Alert(
        key=f"reachable:{source_id}:{since}",
        kind=AlertKind.REACHABLE,
        at=at,
        title="A source can be read again",
        facts={"Source": source, "Unreadable since": iso(since)},
    )


def matched(*, comment_id: int, at: Micros, source: str, rules: str, quote: str, url: str | None) -> Alert:
    """Return the alert for a comment that rules flagged."""
    return Alert(
        key=f"matched:{comment_id}",
        kind=AlertKind.MATCHED,
        at=at,
        title="A comment was flagged",
        facts={"Source": source, "Rules": rules},
        quote=quote,
        url=url,
    )
