"""A reply's body is JSON, or a ValueError: never a crash."""

from __future__ import annotations

import pytest

from bot.ports import Reply


def test_json_is_read_as_utf_8() -> None:
    assert Reply(200, body='{"text": "评论 — відгук"}'.encode()).json() == {"text": "评论 — відгук"}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"replies": [', b"\xff\xfe{}", b"[" * 200_000, b'{"a":' * 200_000, b"9" * 10_000],
    ids=["empty", "html", "cut", "not utf-8", "deep list", "deep object", "endless number"],
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the JSON reader's own
        Reply(200, body=body).json()
