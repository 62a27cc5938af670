"""The metrics: complete, documented, and answered even when the database is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, Engine, insert

from bot.domain.alert import Alert, AlertKind
from bot.domain.comment import Role
from bot.domain.health import Breaker
from bot.domain.instant import HOUR, MINUTE, SECOND
from bot.store import observations, outbox, sources, tracking
from bot.store.engine import database_url, open_engine
from bot.store.standing import beat
from bot.store.tables import enrolment, rule_version
from tests.store.rows import T0, add_source, follow
from tests.web.client import Client, ClientOn, StoppedClock

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
HOSTILE = 'shop"} 1\nremovalwatch_comments 99\n# \\'

Samples = dict[tuple[str, ...], float]


async def scrape(client: Client) -> Samples:
    """Return every sample by its name and the values of its sorted labels, as a Prometheus server would read it."""
    async with client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await response.text()
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def populate(connection: Connection, clock: StoppedClock) -> None:
    """Store one of everything that is measured."""
    good, bad = add_source(connection, "good"), add_source(connection, HOSTILE)
    ids = [follow(connection, good, name, due=T0 - due * SECOND) for name, due in (("a", 30), ("b", 20), ("c", -1))]
    tracking.claim(connection, good, "server", now=T0, real=clock.real(), lease=MINUTE, limit=1)
    rules = insert(rule_version).values(digest="d", first_used=T0, body="").returning(rule_version.c.id)
    member = {"rule_version_id": connection.execute(rules).scalar_one(), "probability": 1.0, "enrolled_at": T0}
    connection.execute(insert(enrolment).values(comment_id=ids[0], role=Role.FLAGGED, **member))
    outbox.put(connection, Alert("k", AlertKind.TEST, T0, "t"), ["slack"], now=T0 - 7 * SECOND, real=clock.real())
    sources.collected(connection, good, now=T0 - 5 * SECOND, real=clock.real())
    sources.failed(connection, bad, "refused", now=T0 - HOUR)
    sources.set_breaker(connection, bad, Breaker(since=T0, healthy_since=None))
    observations.cover(connection, good, T0, {"due": 9, "done": 8, "late": 2, "unreachable": 1})
    beat(connection, "collector", "", clock.real() - 3 * SECOND)


@pytest.fixture
def populated(engine: Engine, clock: StoppedClock) -> Engine:
    """Fill the database, on SQLite and on PostgreSQL."""
    with engine.begin() as connection:
        populate(connection, clock)
    return engine


async def test_a_scrape_says_how_the_bot_stands(populated: Engine, client_on: ClientOn) -> None:
    found = await scrape(await client_on(populated))
    expected: Samples = {
        ("removalwatch_build_info", "1.2.3"): 1,
        ("removalwatch_database_up",): 1,
        ("removalwatch_comments",): 3,
        ("removalwatch_tracked_comments", "visible"): 3,
        ("removalwatch_tracked_comments", "confirmed"): 0,
        ("removalwatch_enrolled_comments", "flagged"): 1,
        ("removalwatch_enrolled_comments", "control"): 0,
        ("removalwatch_due_comments",): 2,
        ("removalwatch_oldest_due_seconds",): 30,
        ("removalwatch_open_batches",): 1,
        ("removalwatch_outbox_alerts", "pending"): 1,
        ("removalwatch_outbox_alerts", "failed"): 0,
        ("removalwatch_oldest_alert_seconds",): 7,
        ("removalwatch_source_collected_age_seconds", "good"): 5,
        ("removalwatch_source_failing", "isso", "good"): 0,
        ("removalwatch_source_failing", "isso", HOSTILE): 1,
        ("removalwatch_source_breaker_holding", "good"): 0,
        ("removalwatch_source_breaker_holding", HOSTILE): 1,
        ("removalwatch_source_looks_24h", "due", "good"): 9,
        ("removalwatch_source_looks_24h", "done", "good"): 8,
        ("removalwatch_source_looks_24h", "late", "good"): 2,
        ("removalwatch_source_looks_24h", "unreachable", "good"): 1,
        ("removalwatch_heartbeat_age_seconds", "collector"): 3,
    }
    assert expected.items() <= found.items()
    assert ("removalwatch_source_collected_age_seconds", HOSTILE) not in found


async def test_every_metric_is_documented_and_every_documented_metric_exists(
    sqlite_engine: Engine, clock: StoppedClock, client_on: ClientOn
) -> None:
    with sqlite_engine.begin() as connection:
        populate(connection, clock)
    scraped = {name for name, *_ in await scrape(await client_on(sqlite_engine))}
    table = DOCUMENT.read_text(encoding="utf-8").partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(removalwatch_\w+)` \|", table, flags=re.MULTILINE))
    assert documented == scraped


async def test_an_empty_database_is_measured_too(sqlite_engine: Engine, client_on: ClientOn) -> None:
    found = await scrape(await client_on(sqlite_engine))
    assert found["removalwatch_comments",] == 0
    assert found["removalwatch_oldest_due_seconds",] == 0
    assert found["removalwatch_oldest_alert_seconds",] == 0


async def test_without_the_database_the_metrics_say_so(tmp_path: Path, client_on: ClientOn) -> None:
    nowhere = open_engine(database_url(f"sqlite:///{tmp_path}/missing/x.db", tmp_path))
    found = await scrape(await client_on(nowhere))
    assert found == {("removalwatch_build_info", "1.2.3"): 1, ("removalwatch_database_up",): 0}
