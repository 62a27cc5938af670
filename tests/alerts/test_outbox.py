"""Draining the outbox: each alert once in the normal case, and marked where it may be the second time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Collection

import pytest
import structlog
from sqlalchemy import Engine, select

from bot.alerts.outbox import ATTEMPTS, LEASE, drain
from bot.alerts.slack import SlackChannel
from bot.alerts.telegram import TelegramChannel
from bot.alerts.wording import REPEAT
from bot.domain.instant import micros
from bot.ports import Channel
from bot.store import outbox
from bot.store.tables import outbox as table
from tests.alerts.conftest import StandingClock
from tests.alerts.fake_server import Fault
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.fake_telegram import FakeTelegram
from tests.alerts.samples import an_alert

PATIENCE = 0.3


def put(engine: Engine, clock: StandingClock, titles: Collection[str], *channels: str) -> None:
    """Queue an alert for each title."""
    with engine.begin() as connection:
        for title in titles:
            alert = an_alert(key=title, title=title)
            outbox.put(connection, alert, channels, now=clock.now(), real=clock.real())


def states(engine: Engine) -> list[tuple[str, int, str | None]]:
    """Return state, attempt and failure of every row."""
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.state, table.c.attempt, table.c.failure).order_by(table.c.id))
        return [(row.state, row.attempt, row.failure) for row in rows]


def due_in(engine: Engine, clock: StandingClock) -> float:
    """Return after how many seconds the only row is due."""
    with engine.connect() as connection:
        due: int = connection.execute(select(table.c.due_real)).scalar_one()
    return (due - clock.real()) / micros(1)


class Sender:
    """The outbox of one channel, as a worker drains it."""

    def __init__(self, engine: Engine, clock: StandingClock, channel: SlackChannel | TelegramChannel) -> None:
        self.engine = engine
        self.clock = clock
        self.channel = channel

    async def drain(self, *, limit: int = 50) -> int:
        """Deliver what is due."""
        channels = {self.channel.name: self.channel}
        return await drain(self.engine, channels, self.clock, only={self.channel.name}, limit=limit, patience=PATIENCE)


@pytest.fixture
def sender(sqlite_engine: Engine, clock: StandingClock, slack_channel: SlackChannel) -> Sender:
    """Slack's sender, on SQLite."""
    return Sender(sqlite_engine, clock, slack_channel)


async def test_each_alert_arrives_once_and_in_order(
    engine: Engine, clock: StandingClock, slack: FakeSlack, slack_channel: SlackChannel
) -> None:
    """The normal case, on both databases; a second drain finds nothing to do."""
    titles = [f"alert {number}" for number in range(7)]
    put(engine, clock, titles, "slack")
    sender = Sender(engine, clock, slack_channel)
    assert await sender.drain(limit=5) == 5
    assert await sender.drain() == 2
    assert await sender.drain() == 0
    assert [message.heading for message in slack.messages] == titles
    assert {state for state, _, _ in states(engine)} == {"sent"}


async def test_two_senders_at_once_deliver_each_alert_once(
    engine: Engine, clock: StandingClock, slack: FakeSlack, slack_channel: SlackChannel
) -> None:
    """Two workers may be woken by the same bell."""
    titles = [f"alert {number}" for number in range(10)]
    put(engine, clock, titles, "slack")
    sender = Sender(engine, clock, slack_channel)
    first, second = await asyncio.gather(sender.drain(), sender.drain())
    third = await sender.drain()
    assert first + second + third == 10
    assert [message.heading for message in slack.messages] == titles


async def test_a_sender_that_dies_between_sending_and_recording_leads_to_a_marked_repeat(
    sender: Sender, slack: FakeSlack
) -> None:
    """Nobody can ask Slack whether it arrived: better twice and marked than never."""
    put(sender.engine, sender.clock, ["x"], "slack")
    with sender.engine.begin() as connection:
        real = sender.clock.real()
        (row,) = outbox.claim(connection, channels=["slack"], real=real, lease=LEASE, limit=1)
    await sender.channel.send(row.alert, repeat=row.unsure)
    assert await sender.drain() == 0
    sender.clock.pass_by(LEASE)
    assert await sender.drain() == 1
    assert [message.heading for message in slack.messages] == ["x", "x" + REPEAT]


async def test_a_cancelled_sender_leads_to_a_marked_repeat(sender: Sender, slack: FakeSlack) -> None:
    """A stop in the middle of a request is a death like any other."""
    put(sender.engine, sender.clock, ["x"], "slack")
    slack.faults.append(Fault.HANG)
    task = asyncio.create_task(
        drain(sender.engine, {"slack": sender.channel}, sender.clock, only={"slack"}, patience=60.0)
    )
    while not slack.messages:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sender.clock.pass_by(LEASE)
    assert await sender.drain() == 1
    assert slack.messages[-1].heading == "x" + REPEAT


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.RESET, Fault.GATEWAY_TIMEOUT, Fault.GARBAGE])
async def test_an_attempt_whose_end_nobody_saw_is_repeated_with_a_mark(
    sender: Sender, slack: FakeSlack, fault: Fault
) -> None:
    """It may have arrived, so the next message says so."""
    put(sender.engine, sender.clock, ["x"], "slack")
    slack.faults.append(fault)
    assert await sender.drain() == 0
    sender.clock.pass_by(30)
    assert await sender.drain() == 1
    assert [message.heading for message in slack.messages] == ["x", "x" + REPEAT]


@pytest.mark.parametrize(("fault", "pause"), [(Fault.SERVER_ERROR, 30), (Fault.RATE_LIMITED, 7)])
async def test_an_attempt_that_surely_failed_is_repeated_without_a_mark(
    sender: Sender, slack: FakeSlack, fault: Fault, pause: int
) -> None:
    """Not before the channel's own time, or ours where it names none."""
    put(sender.engine, sender.clock, ["x"], "slack")
    slack.faults.append(fault)
    assert await sender.drain() == 0
    sender.clock.pass_by(pause - 0.001)
    assert await sender.drain() == 0
    assert slack.requests == 1
    sender.clock.pass_by(0.001)
    assert await sender.drain() == 1
    assert [message.heading for message in slack.messages] == ["x"]


async def test_the_pause_doubles_up_to_an_hour_and_the_tenth_failure_is_the_last(
    sender: Sender, slack: FakeSlack
) -> None:
    """An alert that cannot be delivered is parked with its reason, not forgotten."""
    put(sender.engine, sender.clock, ["x"], "slack")
    slack.faults.extend([Fault.SERVER_ERROR] * ATTEMPTS)
    pauses = []
    for _ in range(ATTEMPTS):
        await sender.drain()
        pauses.append(due_in(sender.engine, sender.clock))
        sender.clock.pass_by(max(pauses[-1], 0))
    assert pauses[:-1] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert states(sender.engine) == [("failed", ATTEMPTS, "Slack answered HTTP 500: server_error")]
    assert slack.requests == ATTEMPTS


async def test_an_absurd_pause_is_cut_to_a_day(sender: Sender, slack: FakeSlack) -> None:
    """A channel cannot put an alert off for ever, nor overflow the column."""
    put(sender.engine, sender.clock, ["x"], "slack")
    slack.retry_after = 10**30
    slack.faults.append(Fault.RATE_LIMITED)
    await sender.drain()
    assert due_in(sender.engine, sender.clock) == 86_400


async def test_a_poison_message_is_parked_at_once_and_blocks_nobody(sender: Sender, slack: FakeSlack) -> None:
    """What Slack will never take makes way for what it will."""
    put(sender.engine, sender.clock, ["poison", "good"], "slack")
    slack.faults.append(Fault.REJECTED)
    with structlog.testing.capture_logs() as logs:
        assert await sender.drain() == 1
    assert [message.heading for message in slack.messages] == ["good"]
    assert states(sender.engine)[0] == ("failed", 1, "Slack answered HTTP 400: invalid_blocks")
    assert [(line["event"], line["log_level"], line["key"]) for line in logs] == [
        ("alert given up", "error", "poison"),
        ("alert delivered", "info", "good"),
    ]


async def test_an_alert_that_ends_its_senders_is_parked_without_another_try(sender: Sender, slack: FakeSlack) -> None:
    """Ten deaths over the same row are enough."""
    put(sender.engine, sender.clock, ["deadly", "good"], "slack")
    for _ in range(ATTEMPTS):
        with sender.engine.begin() as connection:
            real = sender.clock.real()
            assert outbox.claim(connection, channels=["slack"], real=real, lease=LEASE, limit=1)
        sender.clock.pass_by(LEASE)
    assert await sender.drain() == 1
    assert [message.heading for message in slack.messages] == ["good"]
    assert states(sender.engine)[0][0] == "failed"


async def test_a_channel_that_is_down_holds_up_no_other_and_keeps_its_order(
    sender: Sender,
    slack: FakeSlack,
    telegram: FakeTelegram,
    telegram_channel: TelegramChannel,
) -> None:
    """Slack fails on the first of two; Telegram gets both; later Slack gets both in order."""
    put(sender.engine, sender.clock, ["1", "2"], "slack", "telegram")
    slack.faults.append(Fault.SERVER_ERROR)
    channels = {"slack": sender.channel, "telegram": telegram_channel}
    assert await drain(sender.engine, channels, sender.clock, only=set(channels)) == 2
    assert [message.heading for message in telegram.messages] == ["1", "2"]
    sender.clock.pass_by(30)
    assert await drain(sender.engine, channels, sender.clock, only=set(channels)) == 2
    assert [message.heading for message in slack.messages] == ["1", "2"]


async def test_channels_that_are_not_asked_for_keep_their_rows(sender: Sender, slack: FakeSlack) -> None:
    """A worker leaves the terminal to the process that owns it."""
    put(sender.engine, sender.clock, ["x"], "slack")
    assert await drain(sender.engine, {"slack": sender.channel}, sender.clock, only={"terminal"}) == 0
    assert slack.requests == 0
    assert states(sender.engine) == [("pending", 0, None)]


async def test_under_random_faults_nothing_is_lost_reordered_or_repeated_unmarked(
    sqlite_engine: Engine,
    clock: StandingClock,
    slack: FakeSlack,
    slack_channel: SlackChannel,
    telegram: FakeTelegram,
    telegram_channel: TelegramChannel,
) -> None:
    """What was queued is what arrived: the checker's four sets, over two channels at once."""
    dice = random.Random(20260321)
    passing = [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.GATEWAY_TIMEOUT, Fault.RESET, Fault.GARBAGE, Fault.HANG]
    titles = [f"alert {number}" for number in range(80)]
    put(sqlite_engine, clock, titles, "slack", "telegram")
    channels: dict[str, Channel] = {"slack": slack_channel, "telegram": telegram_channel}
    arrived = 0
    while arrived < 2 * len(titles):
        for server in (slack, telegram):
            if not server.faults and dice.random() < 0.5:
                server.faults.append(dice.choice(passing))
        arrived += await drain(sqlite_engine, channels, clock, only=set(channels), limit=4, patience=PATIENCE)
        clock.pass_by(3600)
    for server in (slack, telegram):
        headings = [message.heading for message in server.messages]
        unmarked = Counter(heading for heading in headings if not heading.endswith(REPEAT))
        first_seen = list(dict.fromkeys(heading.removesuffix(REPEAT) for heading in headings))
        assert first_seen == titles
        assert set(unmarked.values()) == {1}
        assert len(headings) > len(titles)


@pytest.mark.parametrize("fault", Fault)
async def test_no_secret_reaches_the_log_or_the_database_on_any_error_path(
    sqlite_engine: Engine,
    clock: StandingClock,
    slack: FakeSlack,
    slack_channel: SlackChannel,
    telegram: FakeTelegram,
    telegram_channel: TelegramChannel,
    secrets: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """Both services put the secret into the address, and the address stands in many an error."""
    caplog.set_level(logging.DEBUG)
    put(sqlite_engine, clock, ["x"], "slack", "telegram")
    channels: dict[str, Channel] = {"slack": slack_channel, "telegram": telegram_channel}
    slack.faults.append(fault)
    telegram.faults.extend([fault, fault])
    with structlog.testing.capture_logs() as logs:
        await drain(sqlite_engine, channels, clock, only=set(channels), patience=PATIENCE)
    assert len(logs) == 2
    seen = [repr(logs), caplog.text, repr(states(sqlite_engine))]
    assert [failure for _, _, failure in states(sqlite_engine) if failure is None] == []
    assert not any(secret in text for secret in secrets for text in seen)
