"""Texts that look the same become the same, and nothing that a stranger writes can stop it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.normalise import MAX_CHARACTERS, MAX_MARKS, normalise

# Where rewriting one character can disturb another: marks, compatibility forms, invisible ones, cases.
TANGLED = st.sampled_from(
    "aIſΐᾳǅﬁﷺ½ㅤ가각\u0301\u0327\u0345\u0344\u034f\u0591\u3099\u200b\u200d\u202e\ufe0f\ufeff \u3000\n\x00Жйї’ʼ"
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("ＴＨＥ Ｕｋｒａｉｎｉａｎｓ", "the ukrainians"),
        ("𝐏𝐮𝐭𝐢𝐧", "putin"),
        ("⽑⼦", "毛子"),
        ("制\u200b裁\u2060俄\ufeff罗\u00ad斯", "制裁俄罗斯"),
        ("\u202eслава\u202c", "слава"),
        ("❤\ufe0f", "❤"),
        ("и\u0306", "й"),
        ("Straße", "strasse"),
        (" a \t\r\n\u3000 b\u2028", "a b"),
        ("don’t, пʼять, ‘so’", "don't, п'ять, 'so'"),
        ("a\x00b\x1bc", "abc"),
        ("a" + "\u0336" * 50 + "b", "a" + "\u0336" * MAX_MARKS + "b"),
        ("ok\ud800!", "ok\ufffd!"),
        ("\ud83c\udf3b", "🌻"),
        ("", ""),
    ],
)
def test_texts_that_look_the_same_become_the_same(written: str, normal: str) -> None:
    assert normalise(written) == normal


@settings(deadline=None)
@given(st.text(st.one_of(st.characters(exclude_categories=()), TANGLED), max_size=60))
def test_normalising_twice_changes_nothing_and_the_result_can_be_stored(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode("utf-8")
    assert "\x00" not in once


@settings(deadline=None)
@given(st.text(TANGLED, max_size=12), st.integers(1, MAX_CHARACTERS + 5))
def test_a_long_text_stays_normal_where_it_is_cut(text: str, repeats: int) -> None:
    once = normalise((text * repeats)[: MAX_CHARACTERS * 2])
    assert len(once) <= MAX_CHARACTERS
    assert normalise(once) == once


@pytest.mark.parametrize("unit", ["\u0301\u0327", "ﷺ", "，", "毛 ", "a", "\ud800"])
def test_a_comment_of_a_million_characters_is_cut(unit: str) -> None:
    assert len(normalise(unit * 1_000_000)) <= MAX_CHARACTERS


def test_every_format_and_control_character_of_unicode_is_removed() -> None:
    left = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in {"Cf", "Cc"} and normalise(f"a{chr(point)}b") not in {"ab", "a b"}
    ]
    assert left == []
