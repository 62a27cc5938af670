"""Which alert a decision about a comment brings: each removal once, a thread or an account as one event."""

from __future__ import annotations

from bot.domain import alert
from bot.domain.alert import Alert
from bot.domain.comment import Source
from bot.domain.instant import Micros
from bot.domain.observation import OF_ACCOUNT, Cause
from bot.domain.verdict import Decision, Look, State, Track
from bot.store.tracking import Followed

_RANK = (State.SUSPECTED, State.PROBABLE, State.CONFIRMED)


def told_of(
    source: Source, followed: Followed, decision: Decision, look: Look, alert_from: State, ended: Micros | None
) -> Alert | None:
    """Return what the owner hears of a comment, of the flagged only; `ended`: since when its thread is gone."""
    track = decision.track
    before, now = _told(followed.track, alert_from), _told(track, alert_from)
    if not followed.flagged or before == now:
        return None
    if track.state is State.RESTORED or not now:
        return _back(source, followed, decision, look)
    if ended is not None:
        return alert.thread_ended(
            thread_id=followed.thread_id, ended=ended, at=look.at, source=source.name, thread=followed.target.thread_id
        )
    if track.run_cause in OF_ACCOUNT and followed.author is not None:
        return alert.account_ended(author=followed.author, episode=track.episode, at=look.at, source=source.name)
    return alert.disappeared(
        comment_id=followed.comment_id,
        episode=track.episode,
        at=look.at,
        source=source.name,
        state=track.state,
        cause=track.run_cause,
        why=decision.why,
        url=followed.url,
    )


def _back(source: Source, followed: Followed, decision: Decision, look: Look) -> Alert:
    cause, episode = followed.track.run_cause, decision.track.episode
    if cause is Cause.PARENT:
        thread = followed.target.thread_id
        return alert.thread_back(
            thread_id=followed.thread_id, episode=episode, at=look.at, source=source.name, thread=thread
        )
    if cause in OF_ACCOUNT and followed.author is not None:
        return alert.account_back(author=followed.author, episode=episode, at=look.at, source=source.name)
    return alert.restored(
        comment_id=followed.comment_id,
        episode=episode,
        at=look.at,
        source=source.name,
        why=decision.why,
        url=followed.url,
    )


def _told(track: Track, alert_from: State) -> bool:
    return track.state in _RANK[_RANK.index(alert_from) :]
