"""Answers that no server of ours gives: whatever another one sends, it is unreadable and never an exception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.observation import Outcome, Target
from bot.platforms.demo.parse import (
    UnreadableError,
    answers_of,
    comment_of,
    number_of,
    rows_of,
    thread_of,
)
from bot.ports import Reply

URL = "http://127.0.0.1:8001/comments"
TARGETS = [Target("1", "t1"), Target("2", "t1")]
SHOWN = {
    "id": "1",
    "sequence": 7,
    "thread": "t1",
    "parent": None,
    "author": "ann",
    "text": "x",
    "created": "2026-03-01T10:00:00.250Z",
    "edited": False,
    "folded": False,
}


def _reply(payload: object, *, status: int = 200, kind: str = "application/json", url: str = URL) -> Reply:
    return Reply(status, {"Content-Type": kind}, json.dumps(payload).encode(), f"{url}?ids=1,2")


def _row(**changes: object) -> dict[str, Any]:
    return SHOWN | changes


def test_a_good_answer_is_read() -> None:
    first, second = answers_of(_reply({"comments": [SHOWN]}), URL, TARGETS)
    assert (first.outcome, second.outcome) == (Outcome.VISIBLE, Outcome.GONE)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        None,
        {},
        {"comments": None},
        {"comments": {}},
        {"comments": ["1"]},
        {"comments": [{"id": 1}]},
        {"comments": [{"id": ""}]},
        {"comments": [{"text": "x"}]},
        {"comments": [_row(id="3")]},
        {"comments": [SHOWN, SHOWN]},
        {"comments": [{"id": "1"}]},
        {"comments": [_row(text=None)]},
        {"comments": [_row(folded="no")]},
        {"comments": [{"id": "1", "deleted": True}]},
        {"comments": [{"id": "1", "deleted": True, "by": "robot"}]},
        {"comments": [{"id": "1", "deleted": True, "by": ["author"]}]},
        {"comments": [{"id": "1", "deleted": False, "by": "author"}]},
        {"comments": [{"id": "1", "deleted": "true", "by": "author"}]},
        {"comments": [{"id": "1", "error": "broken"}]},
        {"comments": [{"id": "1", "error": None}]},
        {"comments": [{"id": "1", "error": {"code": "thread_gone"}}]},
        {"comments": [{"id": "1", "pending": False}]},
    ],
)
def test_an_answer_of_another_form_is_unreadable_as_a_whole(payload: object) -> None:
    with pytest.raises(UnreadableError):
        answers_of(_reply(payload), URL, TARGETS)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.sampled_from(["1", "2", "author", "thread_gone"])
)
NAMES = st.sampled_from(["id", "text", "folded", "deleted", "by", "error", "pending"])
ROWS = st.lists(st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=2), max_size=5), max_size=3)


@given(ROWS)
def test_whatever_rows_hold_each_target_gets_one_answer_or_all_are_unreadable(rows: list[dict[str, Any]]) -> None:
    try:
        answers = answers_of(_reply({"comments": rows}), URL, TARGETS)
    except UnreadableError:
        return
    assert [answer.native_id for answer in answers] == ["1", "2"]
    named = {row["id"] for row in rows}
    assert {answer.native_id for answer in answers if answer.evidence["signal"] != "absent"} == named


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(failure="timeout: 20 s"), "timeout"),
        (_reply({"comments": []}, status=503), "status 503"),
        (_reply({"comments": []}, status=206), "status 206"),
        (_reply({"comments": []}, kind="text/html; charset=utf-8"), "text/html instead of JSON"),
        (_reply({"comments": []}, url="http://127.0.0.1:8001/login"), "redirected elsewhere"),
        (_reply({"comments": []}, url="http://127.0.0.1:9999/comments"), "redirected elsewhere"),
        (Reply(200, {}, b"{}", URL), "nothing instead of JSON"),
        (Reply(200, {"Content-Type": "application/json"}, b'{"comments": [', URL), "cut or empty"),
        (Reply(200, {"Content-Type": "application/json"}, b"\xff\xfe", URL), "cut or empty"),
        (Reply(200, {"Content-Type": "application/json"}, b"[" * 100_000, URL), "cut or empty"),
    ],
)
def test_an_answer_that_is_no_answer_is_unreadable_and_says_why(reply: Reply, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        answers_of(reply, URL, TARGETS)


def test_a_content_type_may_name_its_charset() -> None:
    assert rows_of(_reply({"comments": []}, kind="application/json; charset=utf-8"), URL, "comments") == []


@pytest.mark.parametrize("name", ["text", "author", "created", "edited"])
@pytest.mark.parametrize("value", [None, 5, ["x"]])
def test_a_listed_comment_without_a_field_is_unreadable(name: str, value: object) -> None:
    with pytest.raises(UnreadableError, match=name):
        comment_of(_row(**{name: value}), "http://127.0.0.1:8001")


@pytest.mark.parametrize("created", ["yesterday", "", "2026-03-01T10:00:00", "2026-13-01T10:00:00Z"])
def test_a_time_that_names_no_instant_is_unreadable(created: str) -> None:
    with pytest.raises(UnreadableError, match="time"):
        comment_of(_row(created=created), "http://127.0.0.1:8001")


def test_a_parent_must_be_an_id_where_there_is_one() -> None:
    assert comment_of(_row(parent="9"), "").parent_id == "9"
    with pytest.raises(UnreadableError, match="parent"):
        comment_of(_row(parent=9), "")


def test_milliseconds_are_kept() -> None:
    assert comment_of(SHOWN, "").posted_at == 1_772_359_200_250_000


@pytest.mark.parametrize("row", [{"id": "t1"}, {"id": "t1", "title": None}])
def test_a_thread_without_its_title_is_unreadable(row: Mapping[str, Any]) -> None:
    with pytest.raises(UnreadableError, match="title"):
        thread_of(row, "")


@pytest.mark.parametrize("value", [None, "7", 7.5])
def test_a_sequence_number_is_a_whole_number(value: object) -> None:
    with pytest.raises(UnreadableError, match="sequence"):
        number_of({"sequence": value}, "sequence")
