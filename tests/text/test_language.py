"""The language is decided by script first, so that the short phrases that matter are not mistaken."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.text.language import detect
from bot.text.normalise import normalise


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("制裁俄罗斯", "zh"),
        ("毛子", "zh"),
        ("俄爹", "zh"),
        ("烏克蘭必勝", "zh"),
        ("Слава Україні", "uk"),
        ("Перемога буде за нами", "uk"),
        ("Слава России", "ru"),
        ("Слава Украине", "ru"),
        ("Этот чай очень вкусный", "ru"),
        ("Дуже смачний чай, дякую", "uk"),
        ("The Ukrainians will win", "en"),
        ("ok", "en"),
        ("iPhone 很好用", "zh"),
        ("the word 和平 means peace", "en"),
        ("很好 https://example.org/a/very/long/address @somebody_else", "zh"),
        ("дякую, їм iPhone", "uk"),
        ("Слава ЗСУ", "uk"),
        ("что купил?", "ru"),
    ],
)
def test_the_language_of(text: str, language: str) -> None:
    assert detect(normalise(text)) == language


@pytest.mark.parametrize(
    "text", ["", "12345 !!", "🇺🇦🇺🇦", "ありがとう、日本", "감사합니다", "https://example.org", "ὅμηρος"]
)
def test_what_is_none_of_the_four_languages_is_undecided(text: str) -> None:
    assert detect(normalise(text)) == "und"


def test_the_same_text_has_the_same_language_every_time() -> None:
    assert len({detect("перемога над собою") for _ in range(20)}) == 1


def test_profiles_are_loaded_at_first_use_and_not_on_import() -> None:
    code = (
        "from bot.text import language, words; import sys; "
        "assert language._factory.cache_info().currsize == 0; assert 'jieba' not in sys.modules; "
        "language.detect('hello there'); "
        "assert sorted(language._factory().get_lang_list()) == ['en', 'ru', 'uk', 'zh-cn', 'zh-tw']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
