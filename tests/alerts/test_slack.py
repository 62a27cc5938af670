"""Slack messages: inert whatever is quoted, and honest about what is known when they fail."""

from __future__ import annotations

import json
import logging
import traceback

import pytest
from hypothesis import given
from pydantic import SecretStr

from bot.alerts.slack import SlackChannel, blocks_of
from bot.alerts.wording import words
from bot.domain.alert import Alert
from bot.domain.errors import ChannelError
from tests.alerts.fake_server import Fault
from tests.alerts.fake_slack import TOKEN, FakeSlack, SlackMessage, valid
from tests.alerts.samples import an_alert, hostile_alerts, thoroughly
from tests.alerts.test_connection import closed_port


@given(hostile_alerts())
@thoroughly
def test_no_text_of_an_alert_is_markup_and_slack_would_take_it(alert: Alert) -> None:
    blocks = [block.to_dict() for block in blocks_of(words(alert, repeat=True, room=3000))]
    assert valid(blocks)
    message = SlackMessage(1, {"text": "", "blocks": blocks})
    assert not any("<" in text or ">" in text for text in message.mrkdwn)
    assert {one["type"] for one in message.texts} <= {"plain_text", "mrkdwn", "text"}
    json.dumps(blocks, ensure_ascii=False).encode("utf-8")


async def test_a_message_arrives_with_all_its_parts(slack: FakeSlack, slack_channel: SlackChannel) -> None:
    alert = an_alert(
        title="A comment was <flagged>",
        body="Nothing follows from this.",
        facts={"Rules": "spam & <ads>"},
        quote="<!channel> see <https://evil.example|bank>",
        url="https://example.org/1",
    )
    assert await slack_channel.send(alert, repeat=False) is None
    (message,) = slack.messages
    header, section, body, quote, link, context = message.payload["blocks"]
    assert message.payload["text"] == "A comment was &lt;flagged&gt;"
    assert header["text"] == {"type": "plain_text", "text": "A comment was <flagged>", "emoji": False}
    assert section["fields"] == [
        {"type": "mrkdwn", "text": "*Rules*\nspam &amp; &lt;ads&gt;", "verbatim": True},
    ]
    assert body["text"]["text"] == "Nothing follows from this."
    assert quote["elements"][0] == {
        "type": "rich_text_quote",
        "elements": [{"type": "text", "text": "<!channel> see <https://evil.example|bank>"}],
    }
    assert link["elements"][0]["elements"] == [{"type": "link", "url": "https://example.org/1"}]
    assert context["elements"][0]["text"] == "1970-01-01T00:00:00Z"


async def test_links_are_never_unfolded(slack: FakeSlack, slack_channel: SlackChannel) -> None:
    await slack_channel.send(an_alert(), repeat=False)
    payload = slack.messages[0].payload
    assert payload["unfurl_links"] is False
    assert payload["unfurl_media"] is False
    assert "link_names" not in payload


async def test_a_repeat_is_marked_in_the_header_and_in_the_notification(
    slack: FakeSlack, slack_channel: SlackChannel
) -> None:
    await slack_channel.send(an_alert(), repeat=True)
    assert slack.messages[0].heading.endswith("(possible repeat)")
    assert slack.messages[0].payload["text"].endswith("(possible repeat)")


async def test_more_than_ten_facts_take_several_sections(slack: FakeSlack, slack_channel: SlackChannel) -> None:
    await slack_channel.send(an_alert(facts={f"Fact {n}": str(n) for n in range(12)}), repeat=False)
    sections = [block for block in slack.messages[0].payload["blocks"] if block["type"] == "section"]
    assert [len(section["fields"]) for section in sections] == [10, 2]


async def test_a_rate_limit_says_when_to_come_back(slack: FakeSlack, slack_channel: SlackChannel) -> None:
    slack.faults.append(Fault.RATE_LIMITED)
    with pytest.raises(ChannelError, match="HTTP 429: rate_limited") as caught:
        await slack_channel.send(an_alert(), repeat=False)
    assert caught.value.retry_after == slack.retry_after
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("fault", "words_of_slack", "permanent"),
    [
        (Fault.SERVER_ERROR, "HTTP 500: server_error", False),
        (Fault.REJECTED, "HTTP 400: invalid_blocks", True),
        (Fault.REVOKED, "HTTP 403: invalid_token", True),
    ],
)
async def test_a_refusal_repeats_what_slack_said_and_whether_it_will_change(
    slack: FakeSlack, slack_channel: SlackChannel, fault: Fault, words_of_slack: str, permanent: bool
) -> None:
    slack.faults.append(fault)
    with pytest.raises(ChannelError, match=words_of_slack) as caught:
        await slack_channel.send(an_alert(), repeat=False)
    assert caught.value.permanent is permanent
    assert slack.requests == 1


async def test_a_login_page_is_no_success(slack: FakeSlack, slack_channel: SlackChannel) -> None:
    """A hotel's network answers 200 to everything."""
    slack.faults.append(Fault.LOGIN_PAGE)
    with pytest.raises(ConnectionError, match="HTTP 200"):
        await slack_channel.send(an_alert(), repeat=False)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GATEWAY_TIMEOUT, Fault.GARBAGE])
async def test_a_lost_answer_is_neither_success_nor_failure_and_is_not_repeated_by_itself(
    slack: FakeSlack, slack_channel: SlackChannel, fault: Fault
) -> None:
    slack.faults.append(fault)
    with pytest.raises(ConnectionError):
        await slack_channel.send(an_alert(), repeat=False)
    assert slack.requests == len(slack.messages) == 1


async def test_messages_keep_the_distance_that_slack_asks_for(slack: FakeSlack) -> None:
    slack.least_gap = 0.05
    channel = SlackChannel("slack", SecretStr(slack.webhook_url), interval=0.15)
    for _ in range(4):
        await channel.send(an_alert(), repeat=False)
    await channel.close()
    assert len(slack.messages) == 4


async def test_a_proxy_in_the_environment_is_not_used(
    slack: FakeSlack, slack_channel: SlackChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    await slack_channel.send(an_alert(), repeat=False)
    assert len(slack.messages) == 1


async def test_the_webhook_is_in_no_log_error_or_repr_even_if_a_middle_box_repeats_it(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = slack.webhook_url + "Revoked"
    channel = SlackChannel("slack", SecretStr(address), interval=0)
    with pytest.raises(ChannelError, match=r"HTTP 404$") as caught:
        await channel.send(an_alert(), repeat=False)
    await channel.close()
    assert caught.value.permanent
    seen = [repr(channel), str(vars(channel)), *traceback.format_exception(caught.value), caplog.text]
    assert not any(TOKEN in text for text in seen)
