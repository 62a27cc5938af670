"""The whole story of one comment, from the database alone: what was seen and weighed, what it led to, what lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from bot.domain.comment import Source
from bot.domain.errors import InputError
from bot.domain.instant import Micros, iso
from bot.domain.next_step import in_words, ways_on
from bot.domain.observation import PRESENT, UNOBSERVED, Cause
from bot.domain.replay import Turn, beginning, replay
from bot.domain.verdict import DISAPPEARED, State, Track, weight
from bot.platforms.registry import PLATFORMS, platform
from bot.rejudge import Grounds, grounds_of, weightless
from bot.store import story
from bot.store.tracking import track_of


def find(connection: Connection, named: str) -> int:
    """Return the comment that is meant; InputError with what to do where none or several are."""
    found = story.find(connection, named)
    if not found:
        raise InputError(
            f"no followed comment is {named}",
            instead="name our number, or the platform's own id, of a comment that is followed",
        )
    if len(found) > 1:
        numbers = ", ".join(f"number:{one}" for one in found)
        raise InputError(
            f"{named} names {len(found)} comments",
            instead=f"one of {numbers}; or native:{named.removeprefix('native:')} for the platform's id alone",
        )
    return found[0]


def explain(connection: Connection, comment_id: int) -> dict[str, Any]:
    """Return the story of a followed comment as JSON values; instants as ISO 8601."""
    head = story.head(connection, comment_id)
    track = track_of(head)
    grounds = grounds_of(connection, Source(head.source_id, head.source, head.platform, head.instance))
    looks = story.seen(connection, [comment_id]).get(comment_id, [])
    turns = list(
        replay(beginning(track.first_seen), [one for one, _ in looks], grounds.annulled, grounds.hazard, grounds.rates)
    )
    verdicts = story.verdicts(connection, comment_id)
    lines = [_line(turn, evidence, grounds) for turn, (_, evidence) in zip(turns, looks, strict=True)]
    flat = _flat(turns, grounds)
    for line, value in zip(lines, flat, strict=True):
        line["flat_log_odds"] = value
    end = turns[-1].track if turns else beginning(track.first_seen)
    return {
        "comment": comment_id,
        "native_id": head.native_id,
        "url": head.url,
        "source": head.source,
        "platform": head.platform,
        "thread": {"native_id": head.thread, "title": head.title, "ended_at": _when(head.ended_at)},
        "roles": [_role(row) for row in story.roles(connection, comment_id)],
        "first_seen": iso(track.first_seen),
        "last_seen": iso(track.last_seen),
        "state": track.state,
        "log_odds": _rounded(track.log_odds),
        "log_odds_flat_prior": flat[-1] if flat else None,
        "observations": lines,
        "changes": [_change(row) for row in verdicts],
        "removal": _removal(track),
        "mass_disappearances": list(_mass(connection, head.source_id, track, turns)),
        "breaker_holds_since": _when(head.breaker_since),
        "corrections": [
            {"at": iso(row.at), "state": row.state, "cause": row.cause, "why": row.why}
            for row in story.corrections(connection, comment_id)
        ],
        "error_rates": {**asdict(grounds.rates), "from": "measured" if grounds.rates.measured else "assumed"},
        "next_look": None if head.due_at is None else {"due": iso(head.due_at), "vantage": head.vantage},
        "missing": _missing(track, head, grounds),
        "rejudging_agrees": weightless(end) == weightless(track),
    }


def _line(turn: Turn, evidence: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    look = turn.look
    return {
        "at": iso(look.at),
        "vantage": look.vantage,
        "outcome": look.outcome,
        "held": look.held,
        "signal": evidence.get("signal"),
        "weight": _rounded(weight(look, grounds.rates)),
        "counted": turn.counted or look.outcome in PRESENT,
        "note": _note(turn),
        "log_odds": _rounded(turn.track.log_odds),
        "state": turn.track.state,
        "why": turn.why,
    }


def _note(turn: Turn) -> str:
    """Return why an answer did not count, if so."""
    look = turn.look
    if look.outcome in UNOBSERVED:
        return "nothing was observed"
    if look.held is not None:
        return f"held: {look.held}"
    if look.absent and not turn.counted:
        return "not counted: too soon after the one before"
    return ""


def _flat(turns: list[Turn], grounds: Grounds) -> list[float | None]:
    """Return the log-odds after each look if "removed" and "alive" had been equally likely before the first absence."""
    values, total = list[float | None](), 0.0
    for turn in turns:
        if turn.track.misses == 0:
            total = 0.0
        elif turn.counted:
            total = (total if turn.before.misses else 0.0) + weight(turn.look, grounds.rates)
        values.append(_rounded(total) if turn.track.misses else None)
    return values


def _role(row: Any) -> dict[str, Any]:
    at = iso(row.enrolled_at)
    return {"role": row.role, "partner": row.partner_id, "rule_version": row.rule_version_id, "enrolled_at": at}


def _change(row: Any) -> dict[str, Any]:
    odds = _rounded(row.log_odds)
    return {"at": iso(row.at), "state": row.state, "cause": row.cause, "log_odds": odds, "why": row.why}


def _removal(track: Track) -> dict[str, Any] | None:
    """Return the removal on record, the first one; a cause only as the platform stated it."""
    if track.gone_before is None and track.state not in DISAPPEARED | {State.SUSPECTED}:
        return None
    return {
        "after": _when(track.gone_after),
        "before": _when(track.gone_before),
        "cause": "not stated" if track.cause is Cause.UNKNOWN else track.cause,
        "suspected_at": _when(track.suspected_at),
        "probable_at": _when(track.probable_at),
        "confirmed_at": _when(track.confirmed_at),
        "restored_at": _when(track.restored_at),
    }


def _mass(connection: Connection, source_id: int, track: Track, turns: list[Turn]) -> Iterator[dict[str, Any]]:
    absences = [turn.look.at for turn in turns if turn.look.absent and not turn.look.stated]
    for row in story.touching(connection, source_id, track.first_seen, track.last_look):
        end = track.last_look if row.ended_at is None else row.ended_at
        if any(row.since <= at <= end for at in absences):
            yield {
                "since": iso(row.since),
                "opened_at": iso(row.opened_at),
                "missing": row.missing,
                "looked": row.looked,
                "ended_at": _when(row.ended_at),
                "ending": row.ending or "undecided",
            }


def _missing(track: Track, head: Any, grounds: Grounds) -> list[str]:
    if head.due_at is None and track.state is not State.CONFIRMED:
        return ["nothing more is looked for: its follow-up is over"]
    vantages = platform(head.platform).capabilities.vantages if head.platform in PLATFORMS else (head.vantage,)
    lines = in_words(track, ways_on(track, vantages, grounds.hazard))
    if head.breaker_since is not None and track.state is not State.CONFIRMED:
        held = f"first the mass disappearance of {head.source} must end: undecided since {iso(head.breaker_since)}"
        return [held, *lines]
    return lines


def _when(at: Micros | None) -> str | None:
    return None if at is None else iso(at)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
