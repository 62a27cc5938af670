"""Answers of Isso are told from everything else that can come instead."""

from __future__ import annotations

import json

import pytest

from bot.platforms.isso.parse import TOMBSTONE, listing_page, native_id, number_and_time, own_refusal
from bot.ports import Reply


def block(number: int, **changes: object) -> dict[str, object]:
    """Return a comment as Isso 0.14 lists it."""
    return {
        "id": number,
        "parent": None,
        "created": 1_790_000_000.254393,
        "modified": None,
        "mode": 1,
        "text": "Добрий день",
        "author": "Olha",
        "website": None,
        "likes": 0,
        "dislikes": 0,
        "notification": None,
        "hash": "4505c1eeda98",
        **changes,
    }


def listing(*roots: object, hidden: int = 0) -> Reply:
    """Return an answer to a listing request."""
    document = {"id": None, "total_replies": len(roots), "hidden_replies": hidden, "replies": list(roots)}
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def test_a_comment_and_its_reply_are_read() -> None:
    reply = block(8, parent=7, text="так", modified=1_790_000_100.0)
    page = listing_page(listing(block(7, replies=[reply], hidden_replies=0, total_replies=1)))
    first, second = page.entries
    assert page.roots == (7,)
    assert first.native_id == "7-1790000000254393"
    assert (first.text, first.author, first.parent_id, first.edited) == ("Добрий день", "4505c1eeda98", None, False)
    assert (second.number, second.parent_id, second.edited) == (8, first.native_id, True)
    assert (page.unparsed, page.is_last, page.hidden_replies) == (0, True, 0)


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (1464940838.254393, 1464940838254393),
        (1795325248.2878568, 1795325248287857),
        (1830318594.5445526, 1830318594544553),  # a float times a million is ...552
        (1700000000, 1700000000000000),
        (4102444799.999999, 4102444799999999),
    ],
)
def test_times_are_rounded_to_the_nearest_microsecond(created: float, expected: int) -> None:
    assert listing_page(listing(block(1, created=created))).entries[0].created == expected


def test_a_tombstone_has_neither_text_nor_author() -> None:
    (entry,) = listing_page(listing(block(1, mode=4, text="", author=None))).entries
    assert entry.mode == TOMBSTONE
    assert entry.text == ""


@pytest.mark.parametrize(
    "broken",
    [
        "a string",
        {},
        block(1, text=None),
        block(1, created="yesterday"),
        block(1, created=float("nan")),
        block(1, created=float("inf")),
        block(1, created=-1),
        block(1, created=1e15),
        block(1, mode=None),
        {name: value for name, value in block(1).items() if name != "hash"},
    ],
)
def test_a_block_without_the_expected_fields_is_counted_and_not_guessed(broken: object) -> None:
    page = listing_page(listing(broken, block(2)))
    assert [entry.number for entry in page.entries] == [2]
    assert page.unparsed == 1
    assert page.roots == (None, 2)


def test_blocks_of_which_none_can_be_read_are_drift_and_no_empty_page() -> None:
    with pytest.raises(ValueError, match="2 comments of which none could be read: the format has changed"):
        listing_page(listing({"comment_id": 1}, {"comment_id": 2}))


def test_an_empty_thread_is_an_empty_page() -> None:
    assert listing_page(listing()).entries == ()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(200, body=b""), "no JSON"),
        (Reply(200, body=b"<!doctype html>"), "no JSON"),
        (Reply(200, body=b'{"id": null, "replies": [{"id"'), "no JSON"),
        (Reply(200, body=b"null"), "no listing of Isso"),
        (Reply(200, body=b"[]"), "no listing of Isso"),
        (Reply(200, body=b'{"replies": []}'), "no listing of Isso"),
        (Reply(200, body=b'{"id": null, "replies": {}, "hidden_replies": 0}'), "no listing of Isso"),
        (Reply(200, body=b'{"id": 7, "replies": [], "hidden_replies": 0}'), "no listing of Isso"),
        (Reply(404, body=b'{"message": "404 Not Found: no"}'), "HTTP status 404"),
        (Reply(500), "HTTP status 500"),
    ],
)
def test_what_is_no_listing_says_what_it_is(reply: Reply, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        listing_page(reply)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, b'{"message": "404 Not Found: The requested URL was not found"}', 404),
        (403, b'{"message": "403 Forbidden: You don\'t have the permission"}', 403),
        (404, b'{"message": "no route matched"}', None),
        (404, b'{"message": "403 Forbidden: x"}', None),
        (404, b'{"message": 404}', None),
        (404, b"[]", None),
        (404, b"<h1>Not Found</h1>", None),
        (404, b"", None),
        (200, b'{"message": "404 Not Found: x"}', None),
        (500, b'{"message": "500 Internal Server Error: x"}', None),
    ],
)
def test_only_the_servers_own_words_count_as_its_refusal(status: int, body: bytes, says: int | None) -> None:
    assert own_refusal(Reply(status, body=body)) == says


def test_a_native_id_is_number_and_time() -> None:
    assert native_id(17, 1_790_000_000_254_393) == "17-1790000000254393"
    assert number_and_time("17-1790000000254393") == (17, 1_790_000_000_254_393)
