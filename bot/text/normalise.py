"""One form for texts that look the same, so that a rule is written once."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 20_000
MAX_MARKS = 3

_SURROGATE = re.compile("[\ud800-\udfff]")
# Category Cf (Unicode 16), controls that are no white space, and what takes no room though it is a mark or a letter:
# grapheme joiner, Hangul fillers, Khmer inherent vowels, variation selectors.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    "\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5\ufe00-\ufe0f]+"
)
_RUN_OF_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
_APOSTROPHES = "\u2018\u2019\u02bc"  # what keyboards set for the same key


def normalise(text: str) -> str:
    """Return the form in which comments and rules are compared; doing it twice changes nothing.

    At most MAX_CHARACTERS long: NFKC, case folded, no invisible characters, at most MAX_MARKS combining marks
    on a letter, single spaces. Never fails, whatever a stranger wrote.
    """
    text = text[:MAX_CHARACTERS]
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    # Before NFKC, because it sorts long runs of marks in quadratic time; after it, because it makes new ones.
    text = _cap_marks(_INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFKC", text).casefold()
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    text = _cap_marks(unicodedata.normalize("NFKC", text))
    return " ".join(text.split())[:MAX_CHARACTERS].rstrip()


def _cap_marks(text: str) -> str:
    return _RUN_OF_MARKS.sub(_capped, text)


def _capped(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in run.group():
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
