"""One week with something of everything, as numbers."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.digest.week import Numbers, SourceNumbers, Week
from bot.domain.comment import Role
from bot.store.counts import Count
from tests.digest.rows import at

_CARS = {
    Role.FLAGGED: Count(
        followed=140,
        unmatched=10,
        moderator=3,
        parent=4,
        unknown=5,
        ended=1,
        confirmed=9,
        restored=1,
        muffled=2,
        pending=1,
        looks=2800,
        unobserved=25,
    ),
    Role.CONTROL: Count(followed=130, author=2, unknown=1, confirmed=3, looks=2600),
}
_FORUM = {
    Role.FLAGGED: Count(followed=1204, unmatched=1204, held=1, looks=12_000, unobserved=6),
    Role.PANEL: Count(followed=50, looks=500, unobserved=500),
}

EXAMPLE = Numbers(
    week=Week(2026, 47),
    zone=ZoneInfo("Europe/Berlin"),
    built_at=at("2026-11-25T09:30"),
    late=True,
    began=None,
    sources=(
        SourceNumbers("agora | old_", 0, {}),
        SourceNumbers("forum", 2500, _FORUM),
        SourceNumbers("小店 <商品评论>, a name that is far too long", 1100, _CARS),
    ),
    rules={"brands/cars": _CARS, "brands/*": {Role.FLAGGED: _FORUM[Role.FLAGGED]}},
)

NOTHING = replace(EXAMPLE, late=False, sources=(SourceNumbers("shop", 7, {}),), rules={})
