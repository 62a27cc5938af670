"""A digest's counts on a database built by hand: every figure below was counted on paper."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from bot.domain.comment import Role
from bot.domain.instant import DAY, HOUR
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import State
from bot.store import counts
from bot.store.counts import Count, Window
from tests.digest.rows import MONDAY, Rows, confirmed, gone

WEEK = Window(MONDAY, MONDAY + 7 * DAY, MONDAY + 10 * DAY)


def flagged(rows: Rows, source: int, thread: int, *rules: str, version: int = 1, **columns: Any) -> int:
    """Add a flagged comment with its matches."""
    comment = rows.comment(source, thread, **columns)
    rows.enrol(comment, Role.FLAGGED, version)
    rows.match(comment, rules or ("cars",), version)
    return comment


@pytest.fixture
def world(engine: Engine) -> Engine:
    """Two sources, two rules, and one comment or more of everything that can become of one."""
    with engine.begin() as connection:
        rows = Rows(connection)
        version = rows.rules()
        shop, forum = rows.source("shop"), rows.source("forum")
        rows.source("silent")
        one, two = rows.thread(shop, "one"), rows.thread(shop, "two")
        living = flagged(rows, shop, one, "cars", "banks")
        moderated = flagged(rows, shop, one, "cars", "banks", **confirmed(Cause.MODERATOR, unobserved=2))
        flagged(rows, shop, one, "banks", **gone())
        flagged(rows, shop, two, **confirmed(Cause.PARENT))
        flagged(rows, shop, two, **confirmed(Cause.PARENT))
        restored = gone(Cause.AUTHOR, state=State.RESTORED, outcome=Outcome.VISIBLE, restored_at=MONDAY + DAY)
        flagged(rows, shop, one, **restored)
        flagged(rows, shop, one, outcome=Outcome.FOLDED, looks=20)
        flagged(rows, shop, one, outcome=Outcome.SHADOWED)
        flagged(rows, shop, one, outcome=Outcome.PENDING)
        flagged(rows, shop, one, outcome=Outcome.PENDING, follow_until=WEEK.now)
        # A first miss, and a suspicion, have not disappeared; what cannot be reached has not either.
        flagged(rows, shop, one, state=State.MISSING, outcome=Outcome.GONE, first_miss=MONDAY + HOUR)
        flagged(rows, shop, one, state=State.SUSPECTED, outcome=Outcome.GONE, suspected_at=MONDAY + HOUR)
        flagged(rows, shop, one, outcome=Outcome.UNREACHABLE, unobserved=10)
        control = rows.comment(shop, one, **confirmed(Cause.ACCOUNT), author="a1")
        rows.enrol(control, Role.CONTROL, version, partner=living)
        rows.enrol(control, Role.CONTROL, version, partner=moderated)
        for author in ("a1", None, None):
            panel = rows.comment(forum, rows.thread(forum, str(rows.written)), **gone(Cause.ACCOUNT), author=author)
            rows.enrol(panel, Role.PANEL, version)
        rows.enrol(panel, Role.FLAGGED, version, matched=True)
        rows.match(panel, ("banks",), version)
        rows.comment(forum, rows.thread(forum, "unfollowed"))
    return engine


def by_source(connection: Connection) -> dict[str, counts.Groups]:
    """Return the counts of the week by source."""
    return counts.by_source(connection, WEEK)


def test_each_outcome_is_counted_in_its_own_column(world: Engine) -> None:
    """Flagged comments of the shop: thirteen, of which six disappeared in five events."""
    with world.connect() as connection:
        count = by_source(connection)["shop"][Role.FLAGGED]
    assert count == Count(
        followed=13,
        unmatched=13,
        author=1,
        moderator=1,
        parent=2,
        held=1,
        unknown=1,
        ended=1,
        confirmed=3,
        restored=1,
        muffled=2,
        pending=1,
        looks=140,
        unobserved=12,
    )
    assert (count.disappeared, count.dependants, count.events) == (6, 2, 5)


def test_the_world_holds_every_group_and_no_other(world: Engine) -> None:
    """Sources without followed comments have no counts, roles without members no group."""
    with world.connect() as connection:
        groups = by_source(connection)
    assert {name: set(roles) for name, roles in groups.items()} == {
        "forum": {Role.FLAGGED, Role.PANEL},
        "shop": {Role.FLAGGED, Role.CONTROL},
    }


def test_a_control_of_two_partners_counts_once(world: Engine) -> None:
    """Membership is a fact, not a number of rows."""
    with world.connect() as connection:
        count = by_source(connection)["shop"][Role.CONTROL]
    assert count == Count(followed=1, account=1, ended=1, confirmed=1, looks=10)


def test_accounts_are_events_and_unnamed_ones_are_each_their_own(world: Engine) -> None:
    """Three comments, one known account and two that nobody named: three accounts ended."""
    with world.connect() as connection:
        count = by_source(connection)["forum"][Role.PANEL]
    assert count == Count(followed=3, account=3, ended=3, looks=30)


def test_a_panel_comment_that_is_flagged_stands_in_both_groups(world: Engine) -> None:
    """The panel is a sample of everything, flagged ones included."""
    with world.connect() as connection:
        count = by_source(connection)["forum"][Role.FLAGGED]
    assert count == Count(followed=1, account=1, ended=1, looks=10)


def test_two_rules_that_flag_one_comment_each_count_it(world: Engine) -> None:
    """Once in the row of its source, once in each row of a rule."""
    with world.connect() as connection:
        rules = counts.by_rule(connection, WEEK)
    banks, cars = rules["banks"][Role.FLAGGED], rules["cars"][Role.FLAGGED]
    assert list(rules) == ["banks", "cars"]
    assert (banks.followed, cars.followed) == (4, 12)
    assert banks.causes == {**Count().causes, Cause.MODERATOR: 1, Cause.UNKNOWN: 1, Cause.ACCOUNT: 1}
    assert (cars.moderator, cars.parent, cars.author, cars.held) == (1, 2, 1, 1)


def test_a_rule_has_the_controls_of_what_it_flagged(world: Engine) -> None:
    """A rate stands beside the controls of its own comments; the panel belongs to no rule."""
    with world.connect() as connection:
        rules = counts.by_rule(connection, WEEK)
    assert rules["banks"][Role.CONTROL] == Count(followed=1, account=1, ended=1, confirmed=1, looks=10)
    assert rules["banks"][Role.CONTROL] == rules["cars"][Role.CONTROL]
    assert Role.PANEL not in rules["banks"]


def test_collected_counts_followed_or_not_and_names_silent_sources(world: Engine) -> None:
    """A source that brought nothing is shown, not left out."""
    with world.connect() as connection:
        assert counts.collected(connection, WEEK) == {"forum": 4, "shop": 14, "silent": 0}


def test_a_week_takes_its_first_moment_and_leaves_the_next_weeks(engine: Engine) -> None:
    """The window is closed at its start and open at its end."""
    with engine.begin() as connection:
        rows = Rows(connection)
        version, source = rows.rules(), rows.source("shop")
        thread = rows.thread(source)
        for first_seen in (WEEK.start - 1, WEEK.start, WEEK.end - 1, WEEK.end):
            flagged(rows, source, thread, first_seen=first_seen, version=version)
    with engine.connect() as connection:
        assert counts.by_source(connection, WEEK)["shop"][Role.FLAGGED].followed == 2
        assert counts.by_rule(connection, WEEK)["cars"][Role.FLAGGED].followed == 2
        assert counts.collected(connection, WEEK) == {"shop": 2}


def test_a_match_found_after_enrolment_enters_no_rate(engine: Engine) -> None:
    """An edit that matches later, and a new version of the rules, leave the cohort as it was."""
    with engine.begin() as connection:
        rows = Rows(connection)
        old, new, source = rows.rules("old"), rows.rules("new"), rows.source("shop")
        comment = flagged(rows, source, rows.thread(source), "cars", version=old)
        rows.match(comment, ("edited",), old, revision=2, at=MONDAY + HOUR)
        rows.match(comment, ("reloaded",), new)
    with engine.connect() as connection:
        assert list(counts.by_rule(connection, WEEK)) == ["cars"]


def test_two_versions_of_the_rules_that_flag_one_comment_count_it_once(engine: Engine) -> None:
    """A comment is one comment, however often it was enrolled."""
    with engine.begin() as connection:
        rows = Rows(connection)
        old, new, source = rows.rules("old"), rows.rules("new"), rows.source("shop")
        comment = flagged(rows, source, rows.thread(source), "cars", version=old)
        rows.enrol(comment, Role.FLAGGED, new, matched=True)
        rows.match(comment, ("cars",), new)
    with engine.connect() as connection:
        expected = {Role.FLAGGED: Count(followed=1, looks=10)}
        assert counts.by_source(connection, WEEK)["shop"] == expected
        assert counts.by_rule(connection, WEEK)["cars"] == expected


def test_a_source_added_after_the_week_is_not_of_it(engine: Engine) -> None:
    """It could have brought nothing."""
    with engine.begin() as connection:
        Rows(connection).source("new", first_seen=WEEK.end)
    with engine.connect() as connection:
        assert counts.collected(connection, WEEK) == {}


def test_watching_began_with_the_first_source(engine: Engine) -> None:
    """Before there is a source there is no beginning."""
    with engine.begin() as connection:
        assert counts.watched_since(connection) is None
        for first_seen in (MONDAY, MONDAY - DAY, MONDAY + DAY):
            Rows(connection).source(str(first_seen), first_seen=first_seen)
        assert counts.watched_since(connection) == MONDAY - DAY


def test_groups_add_up_field_by_field() -> None:
    """The total of two groups is the sum of each figure."""
    total = Count(followed=3, author=1, looks=5) + Count(followed=4, parent=2, ended=1, looks=7)
    assert total == Count(followed=7, author=1, parent=2, ended=1, looks=12)
