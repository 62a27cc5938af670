"""How an author becomes a pseudonym, and a text a digest."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.comment import pseudonym, storable, text_digest

KEY = b"a key"
#: Any text at all, lone surrogates included: JSON may carry them.
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def test_a_pseudonym_is_the_same_for_the_same_author() -> None:
    """As openssl computes it: another one after an upgrade would split every author in two."""
    assert pseudonym(KEY, "isso", "comments.example.org", "42") == "d042a12b0ec1624c302e4ffe53bda523"


@pytest.mark.parametrize(
    ("key", "platform", "instance", "author"),
    [
        (b"another key", "isso", "a.example", "42"),
        (KEY, "demo", "a.example", "42"),
        (KEY, "isso", "b.example", "42"),
        (KEY, "isso", "a.example", "43"),
        (KEY, "isso", "a.exampl", "e42"),
    ],
)
def test_a_pseudonym_depends_on_key_platform_instance_and_author(
    key: bytes, platform: str, instance: str, author: str
) -> None:
    assert pseudonym(key, platform, instance, author) != pseudonym(KEY, "isso", "a.example", "42")


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_pseudonym_is_32_hex_digits_and_no_plain_hash(author: str) -> None:
    name = pseudonym(KEY, "isso", "a.example", author)
    assert len(name) == 32
    assert set(name) <= set(string.hexdigits.lower())
    plain = f"isso\x1fa.example\x1f{author}".encode("utf-8", "surrogatepass")
    assert name not in {hashlib.sha256(one).hexdigest()[:32] for one in (plain, KEY + plain)}


def test_a_digest_is_the_sha_256_of_the_text() -> None:
    assert text_digest("Запах 一样") == hashlib.sha256("Запах 一样".encode()).hexdigest()
    assert text_digest("") == hashlib.sha256(b"").hexdigest()


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_digests_tell_texts_apart(one: str, other: str) -> None:
    assert (text_digest(one) == text_digest(other)) == (one == other)


def test_lone_surrogates_are_digested_and_told_apart() -> None:
    assert len({text_digest("\ud83d"), text_digest("\ude00"), text_digest("?"), text_digest("\ufffd")}) == 4
    assert text_digest("\ud83d\ude00") != text_digest("😀")


def test_a_storable_text_marks_each_character_that_a_database_refuses() -> None:
    assert storable("a\0b\ud83dc\ude00d") == "a\ufffdb\ufffdc\ufffdd"


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_storable_text_is_valid_utf_8_of_the_same_length_and_stays_as_it_is(text: str) -> None:
    stored = storable(text)
    assert "\0" not in stored
    assert len(stored) == len(text)
    assert stored.encode().decode() == stored == storable(stored)
    assert all(kept in {one, "\ufffd"} for one, kept in zip(text, stored, strict=True))
