"""How the bot stands, as the tables say it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, update

from bot.domain.alert import Alert, AlertKind
from bot.domain.comment import Role
from bot.domain.health import Breaker
from bot.domain.instant import DAY, HOUR, MINUTE, SECOND
from bot.domain.verdict import State
from bot.store import observations, outbox, sources, tracking
from bot.store.standing import Coverage, Heartbeat, SourceStanding, answers, beat, standing
from bot.store.tables import enrolment, heartbeat, rule_version
from bot.store.tables import outbox as outbox_table
from bot.store.tables import tracking as tracking_table
from tests.store.rows import T0, add_comment, add_source, follow

#: Real time runs apart from domain time, so that a mix-up shows.
REAL = 5 * T0


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Open a transaction on a migrated database."""
    with engine.begin() as connection:
        yield connection


def test_an_empty_database_stands_at_nothing(connection: Connection) -> None:
    found = standing(connection, T0, REAL)
    assert found.at == T0
    assert (found.comments, found.tracked, found.due, found.oldest_due) == (0, 0, 0, None)
    assert (found.open_batches, found.alerts.count, found.alerts.oldest, found.failed_alerts) == (0, 0, None, 0)
    assert (found.sources, found.heartbeats) == ((), ())
    assert found.roles == dict.fromkeys(Role, 0)
    assert found.states == dict.fromkeys(State, 0)
    assert answers(connection)


def test_comments_are_counted_by_state(connection: Connection) -> None:
    source = add_source(connection)
    add_comment(connection, source, "not followed")
    ids = [follow(connection, source, name) for name in "abc"]
    gone = update(tracking_table).where(tracking_table.c.comment_id == ids[0]).values(state=State.CONFIRMED)
    connection.execute(gone)
    found = standing(connection, T0, REAL)
    assert (found.comments, found.tracked) == (4, 3)
    assert found.states == {**dict.fromkeys(State, 0), State.VISIBLE: 2, State.CONFIRMED: 1}


def test_a_comment_counts_once_in_each_of_its_roles(connection: Connection) -> None:
    """A control may have two partners, and a comment of the panel may be flagged."""
    source = add_source(connection)
    one, two, control = (follow(connection, source, name) for name in "abc")
    version = connection.execute(
        insert(rule_version).values(digest="d", first_used=T0, body="").returning(rule_version.c.id)
    ).scalar_one()
    members = [(one, Role.FLAGGED, None), (two, Role.FLAGGED, None), (one, Role.PANEL, None)]
    for comment, role, partner in (*members, (control, Role.CONTROL, one), (control, Role.CONTROL, two)):
        values = {"comment_id": comment, "role": role, "partner_id": partner, "rule_version_id": version}
        connection.execute(insert(enrolment).values(**values, probability=1.0, enrolled_at=T0))
    assert standing(connection, T0, REAL).roles == {Role.FLAGGED: 2, Role.CONTROL: 1, Role.PANEL: 1}


def test_what_is_due_is_counted_with_the_age_of_the_oldest_in_domain_seconds(connection: Connection) -> None:
    source = add_source(connection)
    follow(connection, source, "long due", due=T0 - 90 * SECOND)
    follow(connection, source, "due now", due=T0)
    follow(connection, source, "due later", due=T0 + 1)
    found = standing(connection, T0, REAL)
    assert (found.due, found.oldest_due) == (2, 90.0)


def test_what_is_leased_is_still_due(connection: Connection) -> None:
    """Comments whose batches keep dying are leased most of the time; their age must show."""
    source = add_source(connection)
    follow(connection, source, "a", due=T0 - MINUTE)
    tracking.claim(connection, source, "server", now=T0, real=REAL, lease=MINUTE, limit=9)
    found = standing(connection, T0, REAL)
    assert (found.due, found.oldest_due, found.open_batches) == (1, 60.0, 1)


def test_a_batch_is_open_until_it_is_finished_or_its_lease_is_over(connection: Connection) -> None:
    source = add_source(connection)
    for name in "ab":
        follow(connection, source, name, due=T0)
    batches = [tracking.claim(connection, source, "server", now=T0, real=REAL, lease=MINUTE, limit=1) for _ in range(2)]
    assert standing(connection, T0, REAL).open_batches == 2
    assert batches[0] is not None
    tracking.finish(connection, batches[0], at=T0, done=1, guards=None)
    assert standing(connection, T0, REAL).open_batches == 1
    assert standing(connection, T0, REAL + MINUTE).open_batches == 1
    assert standing(connection, T0, REAL + MINUTE + 1).open_batches == 0


def test_alerts_wait_until_they_are_sent_and_failed_ones_are_counted_apart(connection: Connection) -> None:
    for number, state in enumerate(("pending", "sending", "sent", "failed", "failed")):
        alert = Alert(key=str(number), kind=AlertKind.TEST, at=T0, title="t")
        outbox.put(connection, alert, ["slack"], now=T0 - (10 - number) * SECOND, real=REAL)
        change = update(outbox_table).where(outbox_table.c.key == str(number)).values(state=state)
        connection.execute(change)
    found = standing(connection, T0, REAL)
    assert (found.alerts.count, found.alerts.oldest, found.failed_alerts) == (2, 10.0, 2)


def test_each_source_tells_when_it_was_read_and_what_hinders_it(connection: Connection) -> None:
    good, bad = add_source(connection, "good"), add_source(connection, "bad")
    sources.collected(connection, good, now=T0, real=REAL)
    sources.failed(connection, bad, "connection refused", now=T0 - HOUR)
    sources.set_breaker(connection, bad, Breaker(since=T0 - MINUTE, healthy_since=None))
    assert standing(connection, T0, REAL).sources == (
        SourceStanding("bad", "isso", None, T0 - HOUR, "connection refused", T0 - MINUTE, Coverage()),
        SourceStanding("good", "isso", T0, None, None, None, Coverage()),
    )


def test_coverage_is_of_the_last_24_hours_and_of_its_own_source(connection: Connection) -> None:
    one, two = add_source(connection, "one"), add_source(connection, "two")
    for at, due in ((T0 - DAY, 1000), (T0 - 23 * HOUR, 100), (T0, 10)):
        observations.cover(connection, one, at, {"due": due, "done": due - 1, "late": 2, "unreachable": 1})
    observations.cover(connection, two, T0, {"due": 7, "unreachable": 7})
    found = {source.name: source.coverage for source in standing(connection, T0, REAL).sources}
    assert found == {"one": Coverage(110, 108, 4, 2), "two": Coverage(7, 0, 0, 7)}


def test_a_heartbeat_is_as_old_as_its_last_beat_in_real_seconds(connection: Connection) -> None:
    beat(connection, "collector", "1 source", REAL - MINUTE)
    beat(connection, "worker:b-2", "", REAL - SECOND)
    beat(connection, "collector", "2 sources", REAL - 2 * SECOND)
    found = standing(connection, T0, REAL).heartbeats
    assert found == (Heartbeat("collector", 2.0, "2 sources"), Heartbeat("worker:b-2", 1.0, ""))
    assert [heartbeat.kind for heartbeat in found] == ["collector", "worker"]


def test_a_process_that_has_not_reported_for_a_day_is_forgotten(connection: Connection) -> None:
    beat(connection, "worker:old", "", REAL - DAY - 1)
    beat(connection, "worker:older but in time", "", REAL - DAY)
    beat(connection, "worker:new", "", REAL)
    assert connection.scalar(select(func.count()).select_from(heartbeat)) == 2


def test_a_heartbeat_from_a_clock_that_is_ahead_is_not_negative(connection: Connection) -> None:
    beat(connection, "collector", "", REAL + MINUTE)
    assert standing(connection, T0, REAL).heartbeats[0].age == 0.0
