"""A view undoes one evasion and leaves everything else as it is."""

from __future__ import annotations

import pytest

from bot.text.views import View, squeeze, views


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("制，裁。俄 罗-斯", "制裁俄罗斯"),
        ("乌🌻🌻克_兰", "乌克兰"),
        ("𠀀…𠀁", "𠀀𠀁"),
        ("买 tea 了", "买 tea 了"),
        ("乌1克x兰", "乌1克x兰"),
        ("слава, україні!", "слава, україні!"),
        ("毛，", "毛，"),
        ("", ""),
    ],
)
def test_squeezing_removes_only_what_stands_between_han_characters(text: str, squeezed: str) -> None:
    assert squeeze(text) == squeezed


def test_the_plain_view_comes_first_and_others_only_where_they_differ() -> None:
    assert list(views("毛 子").items()) == [(View.PLAIN, "毛 子"), (View.SQUEEZED, "毛子")]
    assert views("毛子") == {View.PLAIN: "毛子"}
