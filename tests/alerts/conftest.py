"""A clock that stands still until it is moved, and the two services."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.alerts.slack import SlackChannel
from bot.alerts.telegram import TelegramChannel
from bot.domain.instant import Micros, micros
from tests.alerts import fake_slack, fake_telegram
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.fake_telegram import FakeTelegram


class StandingClock:
    """Real and domain time, moved by hand."""

    rate = 1.0

    def __init__(self) -> None:
        self.instant: Micros = micros(1_774_000_000)

    def now(self) -> Micros:
        """Return domain time."""
        return self.instant

    def real(self) -> Micros:
        """Return real time."""
        return self.instant

    def pass_by(self, seconds: float) -> None:
        """Move both on."""
        self.instant += micros(seconds)


@pytest.fixture
def clock() -> StandingClock:
    """Return a clock of the test's own."""
    return StandingClock()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """Run a local Slack."""
    async with FakeSlack() as server:
        yield server


@pytest.fixture
async def slack_channel(slack: FakeSlack) -> AsyncIterator[SlackChannel]:
    """Open a channel to the local Slack, without its pace."""
    channel = SlackChannel("slack", SecretStr(slack.webhook_url), interval=0)
    yield channel
    await channel.close()


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Run a local Telegram."""
    async with FakeTelegram() as server:
        yield server


@pytest.fixture
async def telegram_channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    """Open a channel to the local Telegram, without its pace."""
    token = SecretStr(fake_telegram.TOKEN)
    channel = TelegramChannel("telegram", token, fake_telegram.CHAT, api_url=telegram.api_url, interval=0)
    yield channel
    await channel.close()


@pytest.fixture
def secrets() -> tuple[str, ...]:
    """Return what must never be seen anywhere."""
    return (fake_slack.TOKEN, fake_telegram.TOKEN)
