"""Counts for a digest, made by the database: who was followed, and what became of them.

A cohort is chosen by when its comments were first seen, never by their state: removed comments mature early, and
a share among those with an outcome would be far too high (10 % read as 15.5 %, in simulation).
Figures stay on the verdicts: what analysts say (`correction`) enters none, for only some comments are ever reviewed.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    select,
)

from bot.domain.comment import Role
from bot.domain.instant import Micros
from bot.domain.observation import MUFFLED, OF_ACCOUNT, Cause, Outcome
from bot.store.tables import comment, enrolment, match, source, tracking

DEPENDENT = OF_ACCOUNT | {Cause.PARENT}


class Window(NamedTuple):
    """Comments first seen in [start, end), as they stood at `now`; UTC microseconds of domain time."""

    start: Micros
    end: Micros
    now: Micros


@dataclass(frozen=True, slots=True)
class Count:
    """What became of a group of comments. `author` … `unknown` are the disappeared by cause; each counts once.

    `unmatched`: flagged without a control. `ended`: threads and accounts that took their comments with them.
    `confirmed`, `restored`: of the disappeared. `pending`: withheld, not counted as disappeared yet.
    `looks`, `unobserved`: looks at the group's comments, and those that could not see anything.
    """

    followed: int = 0
    unmatched: int = 0
    author: int = 0
    moderator: int = 0
    platform: int = 0
    account: int = 0
    account_suspended: int = 0
    account_deleted: int = 0
    account_deactivated: int = 0
    parent: int = 0
    held: int = 0
    unknown: int = 0
    ended: int = 0
    confirmed: int = 0
    restored: int = 0
    muffled: int = 0
    pending: int = 0
    looks: int = 0
    unobserved: int = 0

    @property
    def causes(self) -> dict[Cause, int]:
        """Return the disappeared by cause, in the order of `Cause`."""
        return {cause: getattr(self, cause.value) for cause in Cause}

    @property
    def disappeared(self) -> int:
        """Return how many comments disappeared, restored ones included."""
        return sum(self.causes.values())

    @property
    def dependants(self) -> int:
        """Return how many of the disappeared went with their thread or account."""
        return sum(self.causes[cause] for cause in DEPENDENT)

    @property
    def events(self) -> int:
        """Return what happened: each removal once, each ended thread or account once with all its comments."""
        return self.disappeared - self.dependants + self.ended

    def __add__(self, other: Count) -> Count:
        return Count(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


Groups = dict[Role, Count]


def collected(connection: Connection, window: Window) -> dict[str, int]:
    """Return how many comments each source brought in the window; sources that brought none stand with 0."""
    seen = and_(comment.c.source_id == source.c.id, *_first_seen(window))
    statement = (
        select(source.c.name, func.count(comment.c.id))
        .select_from(source.outerjoin(comment, seen))
        .where(source.c.first_seen < window.end)
        .group_by(source.c.id, source.c.name)
    )
    return dict(sorted((name, number) for name, number in connection.execute(statement)))


def by_source(connection: Connection, window: Window) -> dict[str, Groups]:
    """Return the counts per source and role; a comment counts once in each role that it has."""
    members = (
        _members(source.c.name)
        .select_from(source.join(comment).join(enrolment, enrolment.c.comment_id == comment.c.id))
        .where(*_first_seen(window))
    )
    return _tally(connection, members.subquery("members"), window.now)


def by_rule(connection: Connection, window: Window) -> dict[str, Groups]:
    """Return the counts per rule of flagged comments and of their controls; a comment counts once in each rule.

    Only what matched at enrolment counts: a match that a later rule or an edit brings enters no rate.
    """
    flagged_or_partner = case((enrolment.c.role == Role.FLAGGED, enrolment.c.comment_id), else_=enrolment.c.partner_id)
    at_enrolment = and_(
        match.c.comment_id == flagged_or_partner,
        match.c.rule_version_id == enrolment.c.rule_version_id,
        match.c.found_at <= enrolment.c.enrolled_at,
        match.c.live,
    )
    members = (
        _members(match.c.rule_id)
        .select_from(comment.join(enrolment, enrolment.c.comment_id == comment.c.id).join(match, at_enrolment))
        .where(enrolment.c.role.in_((Role.FLAGGED, Role.CONTROL)), *_first_seen(window))
    )
    return _tally(connection, members.subquery("members"), window.now)


def watched_since(connection: Connection) -> Micros | None:
    """Return when the first source was first seen, None before there is any."""
    earliest: Micros | None = connection.scalar(select(func.min(source.c.first_seen)))
    return earliest


def _first_seen(window: Window) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return comment.c.first_seen >= window.start, comment.c.first_seen < window.end


def _members(key: ColumnElement[str]) -> Select[str, int, str, str | None, int]:
    """Select each member of a group once, however many partners, rule versions or matches enrolled it."""
    identity = (key, enrolment.c.comment_id, enrolment.c.role, comment.c.author)
    matched = func.max(case((enrolment.c.matched, 1), else_=0))
    return select(key.label("key"), *identity[1:], matched.label("matched")).group_by(*identity)


def _tally(connection: Connection, members: Subquery, now: Micros) -> dict[str, Groups]:
    followed = members.join(tracking, tracking.c.comment_id == members.c.comment_id)
    statement = (
        select(members.c.key, members.c.role, *(column.label(name) for name, column in _columns(members, now).items()))
        .select_from(followed)
        .group_by(members.c.key, members.c.role)
    )
    groups: dict[str, Groups] = {}
    for key, role, *numbers in connection.execute(statement):
        groups.setdefault(key, {})[Role(role)] = Count(*numbers)
    return dict(sorted(groups.items()))


def _columns(members: Subquery, now: Micros) -> dict[str, ColumnElement[int]]:
    """Return one aggregate per field of Count, in its order."""
    gone = tracking.c.gone_before.is_not(None)
    waiting = and_(~gone, tracking.c.outcome == Outcome.PENDING)
    held = and_(waiting, tracking.c.follow_until <= now)
    cause = case((gone, tracking.c.cause), (held, literal(Cause.HELD.value)))
    causes = {each.value: _number(cause == each) for each in Cause}
    unmatched = and_(members.c.role == Role.FLAGGED, members.c.matched == 0)
    # An account that nobody could name is one of its own.
    account = func.coalesce(members.c.author, cast(members.c.comment_id, String))
    ended = _distinct(tracking.c.thread_id, cause == Cause.PARENT) + _distinct(account, cause.in_(sorted(OF_ACCOUNT)))
    return {
        "followed": func.count(),
        "unmatched": _number(unmatched),
        **causes,
        "ended": ended,
        "confirmed": _number(and_(gone, tracking.c.confirmed_at.is_not(None))),
        "restored": _number(and_(gone, tracking.c.restored_at.is_not(None))),
        "muffled": _number(tracking.c.outcome.in_(sorted(MUFFLED))),
        "pending": _number(and_(waiting, tracking.c.follow_until > now)),
        "looks": func.sum(tracking.c.looks),
        "unobserved": func.sum(tracking.c.unobserved),
    }


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _distinct(column: ColumnElement[object], condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(distinct(case((condition, column))))
