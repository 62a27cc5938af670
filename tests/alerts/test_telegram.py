"""Telegram messages: always parsable, within the limits, and honest about what is known when they fail."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from pydantic import SecretStr

from bot.alerts.telegram import TelegramChannel, html_of, plain_of
from bot.alerts.wording import utf16_units, words
from bot.domain.alert import Alert
from bot.domain.errors import ChannelError
from tests.alerts.fake_server import Fault
from tests.alerts.fake_telegram import CHAT, TOKEN, FakeTelegram, visible_text
from tests.alerts.samples import an_alert, hostile_alerts, thoroughly

PICTURE = b"\x89PNG\r\n\x1a\n and the rest"


@given(hostile_alerts())
@thoroughly
def test_no_text_of_an_alert_breaks_the_markup_or_the_limits(alert: Alert) -> None:
    for room, limit in ((4086, 4096), (1014, 1024)):
        said = words(alert, repeat=True, room=room)
        shown = visible_text(html_of(said))
        assert shown is not None
        assert shown.removesuffix(" · open") == plain_of(said)
        assert 0 < utf16_units(shown) <= limit


async def test_a_message_arrives_with_all_its_parts(telegram: FakeTelegram, telegram_channel: TelegramChannel) -> None:
    alert = an_alert(
        facts={"Rules": "spam & <ads>"},
        body="Nothing follows from this.",
        quote="<b>@someone</b> &lt;",
        url="https://example.org/?a=1&b=2",
    )
    assert await telegram_channel.send(alert, repeat=False) == "1"
    (message,) = telegram.messages
    assert message.chat == CHAT
    assert message.text.split("\n") == [
        "A comment was flagged",
        "Rules: spam & <ads>",
        "Nothing follows from this.",
        "<b>@someone</b> &lt;",
        "1970-01-01T00:00:00Z · open",
    ]
    assert "<pre>&lt;b&gt;@someone" in message.raw
    assert '<a href="https://example.org/?a=1&amp;b=2">' in message.raw
    assert message.preview is False


async def test_the_longest_text_of_emoji_is_delivered(
    telegram: FakeTelegram, telegram_channel: TelegramChannel
) -> None:
    await telegram_channel.send(an_alert(body="😀&" * 4096, quote="<😀" * 4096), repeat=False)
    assert 4000 < utf16_units(telegram.messages[0].text) <= 4096


async def test_a_picture_comes_with_its_words_as_caption(
    telegram: FakeTelegram, telegram_channel: TelegramChannel, tmp_path: Path
) -> None:
    picture = tmp_path / "week.png"
    picture.write_bytes(PICTURE)
    await telegram_channel.send(an_alert(body="b" * 4000, picture=str(picture)), repeat=True)
    (message,) = telegram.messages
    assert message.picture == PICTURE
    assert message.heading == "A comment was flagged (possible repeat)"
    assert 1000 < utf16_units(message.text) <= 1024


async def test_a_picture_that_is_gone_does_not_stop_the_words(
    telegram: FakeTelegram, telegram_channel: TelegramChannel, tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as logs:
        await telegram_channel.send(an_alert(picture=str(tmp_path / "gone.png")), repeat=False)
    assert telegram.messages[0].picture is None
    assert [line["event"] for line in logs] == ["picture left out"]


async def test_markup_that_telegram_cannot_parse_is_sent_once_more_as_plain_text(
    telegram: FakeTelegram, telegram_channel: TelegramChannel
) -> None:
    telegram.faults.append(Fault.REJECTED)
    await telegram_channel.send(an_alert(quote="<b>x</b>"), repeat=False)
    (message,) = telegram.messages
    assert not message.markup
    assert "<b>x</b>" in message.text


async def test_plain_text_that_is_refused_too_is_a_permanent_error(
    telegram: FakeTelegram, telegram_channel: TelegramChannel
) -> None:
    telegram.faults.extend([Fault.REJECTED, Fault.REJECTED])
    with pytest.raises(ChannelError, match="can't parse entities") as caught:
        await telegram_channel.send(an_alert(), repeat=False)
    assert caught.value.permanent
    assert telegram.requests == 2


async def test_a_group_that_became_a_supergroup_is_followed_and_the_owner_is_told(
    telegram: FakeTelegram, telegram_channel: TelegramChannel
) -> None:
    telegram.moved_to = -1001234567890123
    with structlog.testing.capture_logs() as logs:
        await telegram_channel.send(an_alert(), repeat=False)
        await telegram_channel.send(an_alert(), repeat=False)
    assert [message.chat for message in telegram.messages] == ["-1001234567890123"] * 2
    assert telegram.requests == 3
    assert [(line["event"], line["new"]) for line in logs] == [("telegram chat moved", "-1001234567890123")]


async def test_a_rate_limit_says_when_to_come_back(telegram: FakeTelegram, telegram_channel: TelegramChannel) -> None:
    telegram.faults.append(Fault.RATE_LIMITED)
    with pytest.raises(ChannelError, match="HTTP 429") as caught:
        await telegram_channel.send(an_alert(), repeat=False)
    assert caught.value.retry_after == telegram.retry_after


async def test_an_unknown_chat_is_a_permanent_error(telegram: FakeTelegram) -> None:
    channel = TelegramChannel("t", SecretStr(TOKEN), "999", api_url=telegram.api_url, interval=0)
    with pytest.raises(ChannelError, match="chat not found") as caught:
        await channel.send(an_alert(), repeat=False)
    await channel.close()
    assert caught.value.permanent


@pytest.mark.parametrize(("fault", "permanent"), [(Fault.REVOKED, True), (Fault.SERVER_ERROR, False)])
async def test_a_refusal_says_whether_it_will_change(
    telegram: FakeTelegram, telegram_channel: TelegramChannel, fault: Fault, permanent: bool
) -> None:
    telegram.faults.append(fault)
    with pytest.raises(ChannelError) as caught:
        await telegram_channel.send(an_alert(), repeat=False)
    assert caught.value.permanent is permanent
    assert telegram.requests == 1


async def test_a_login_page_is_no_success(telegram: FakeTelegram, telegram_channel: TelegramChannel) -> None:
    """A hotel's network answers 200 to everything."""
    telegram.faults.append(Fault.LOGIN_PAGE)
    with pytest.raises(ConnectionError, match="HTTP 200"):
        await telegram_channel.send(an_alert(), repeat=False)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GATEWAY_TIMEOUT, Fault.GARBAGE])
async def test_a_lost_answer_is_neither_success_nor_failure(
    telegram: FakeTelegram, telegram_channel: TelegramChannel, fault: Fault
) -> None:
    telegram.faults.append(fault)
    with pytest.raises(ConnectionError):
        await telegram_channel.send(an_alert(), repeat=False)
    assert telegram.requests == len(telegram.messages) == 1


async def test_the_token_is_in_no_log_error_or_repr_even_if_the_service_repeats_it(
    telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = TelegramChannel("t", SecretStr(TOKEN + "Revoked"), CHAT, api_url=telegram.api_url, interval=0)
    with pytest.raises(ChannelError, match="Unauthorized") as caught:
        await channel.send(an_alert(), repeat=False)
    await channel.close()
    assert caught.value.permanent
    seen = [repr(channel), str(vars(channel)), *traceback.format_exception(caught.value), caplog.text]
    assert not any(TOKEN in text for text in seen)


async def test_a_hanging_service_ends_in_a_timeout_without_an_address(
    telegram: FakeTelegram, telegram_channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aiohttp

    monkeypatch.setattr("bot.alerts.connection._TIMEOUT", aiohttp.ClientTimeout(total=0.1))
    telegram.faults.append(Fault.HANG)
    with pytest.raises(TimeoutError, match="Telegram did not answer in time") as caught:
        await telegram_channel.send(an_alert(), repeat=False)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
