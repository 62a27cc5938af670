"""What the bot thinks at the end, read from its database like anybody could."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.demo.report import Found
from bot.domain.comment import Role
from bot.domain.observation import Cause
from bot.domain.verdict import State
from bot.store.tables import comment, enrolment, tracking

_WEIGHT = (Role.FLAGGED, Role.CONTROL, Role.PANEL)


def followed(connection: Connection) -> list[Found]:
    """Return every followed comment; of several roles the first in the order flagged, control, panel."""
    roles: dict[int, Role] = {}
    for row in connection.execute(select(enrolment.c.comment_id, enrolment.c.role)):
        role = Role(row.role)
        roles[row.comment_id] = min(role, roles.get(row.comment_id, role), key=_WEIGHT.index)
    query = select(tracking, comment.c.native_id).join(comment, comment.c.id == tracking.c.comment_id)
    return [
        Found(
            id=row.native_id,
            role=roles[row.comment_id],
            state=State(row.state),
            cause=Cause(row.cause),
            restored=row.restored_at is not None,
            gone_after=row.gone_after,
            gone_before=row.gone_before,
        )
        for row in connection.execute(query)
    ]
