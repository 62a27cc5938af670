"""Rewritings of a normalised text, each of which undoes one evasion; offsets of a match are into its view."""

from __future__ import annotations

import re
from enum import StrEnum

#: For a character class: Han letters, with the iteration mark and the zero that are written among them.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_BETWEEN_HAN = re.compile(rf"(?<=[{HAN}])[\W_]+(?=[{HAN}])")


class View(StrEnum):
    """The views, strongest evidence first."""

    PLAIN = "plain"
    SQUEEZED = "squeezed"


def squeeze(text: str) -> str:
    """Return `text` without punctuation, spaces and emoji between Han characters; unchanged where there are none."""
    return _BETWEEN_HAN.sub("", text)


def views(text: str) -> dict[View, str]:
    """Return the views of a normalised text, the plain one first, and each other only where it differs from it."""
    squeezed = squeeze(text)
    return {View.PLAIN: text} if squeezed == text else {View.PLAIN: text, View.SQUEEZED: squeezed}
