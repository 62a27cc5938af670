"""An alert in plain words, the same for every channel: cut to size, one thought per line, nothing hidden.

Channels escape what they get from here, never before: escaping first and cutting then can halve an entity.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.domain.alert import Alert
from bot.domain.instant import iso

REPEAT = " (possible repeat)"

# The smallest header of the channels (Slack) holds 150.
_HEADING = 150
_LABEL, _VALUE, _QUOTE, _LINK = 40, 200, 600, 1000
_FACTS = 20
# ": " between label and value, the end of the line.
_SEPARATORS = 3

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Emoji and Persian are spelled with the joiners; they neither hide nor reorder anything.
_HARMLESS = frozenset("\n\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Words:
    """What to show, unescaped; all but `body` are single lines. Empty strings are left out."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    body: str
    quote: str
    link: str | None
    when: str


def words(alert: Alert, *, repeat: bool, room: int) -> Words:
    """Return the words of an alert, all visible text together within `room` UTF-16 units (at least 300).

    `repeat`: an earlier attempt may have arrived, so the heading says "(possible repeat)".
    """
    heading = _heading(alert, repeat=repeat)
    when = iso(alert.at)
    left = room - utf16_units(heading) - utf16_units(when) - 2
    facts = _facts(alert, left)
    left -= sum(_cost(fact) for fact in facts)
    body = cut(visible(alert.body).strip(), left - 1)
    quoted = cut(one_line(alert.quote or ""), min(_QUOTE, left - utf16_units(body) - 2))
    return Words(heading, facts, body, quoted, safe_link(alert.url), when)


def visible(text: str) -> str:
    """Return a text in which control, bidirectional and zero-width characters are marks that can be seen."""
    return "".join(map(_mark, text.replace("\r\n", "\n").replace("\t", " ")))


def one_line(text: str) -> str:
    """Return a visible text on one line, its line ends shown as ⏎."""
    return visible(text.strip()).replace("\n", " ⏎ ")


def cut(text: str, units: int) -> str:
    """Return a text within a number of UTF-16 units, ending in … where something was cut off."""
    if utf16_units(text) <= units:
        return text
    if units < 1:
        return ""
    # Half an emoji at the end is dropped.
    return text.encode("utf-16-le")[: 2 * (units - 1)].decode("utf-16-le", "ignore") + "…"


def utf16_units(text: str) -> int:
    """Return a text's length as Telegram counts it: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def safe_link(url: str | None) -> str | None:
    """Return a web address that any channel may show as a link, percent-encoded; None if it is none or too long."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    link = quote(parts.geturl(), safe="%/:=&?~#+!$,;@()*[].-_'", errors="replace")
    return link if len(link) <= _LINK else None


def _heading(alert: Alert, *, repeat: bool) -> str:
    mark = REPEAT if repeat else ""
    return cut(one_line(alert.title) or "(no title)", _HEADING - len(mark)) + mark


def _facts(alert: Alert, room: int) -> tuple[tuple[str, str], ...]:
    every = [(cut(one_line(label), _LABEL), cut(one_line(value), _VALUE)) for label, value in alert.facts.items()]
    shown: list[tuple[str, str]] = []
    # The last line may be needed to say how many are left out.
    room -= _cost(_left_out(len(every)))
    for fact in every[:_FACTS]:
        room -= _cost(fact)
        if room < 0:
            break
        shown.append(fact)
    if len(shown) < len(every):
        shown.append(_left_out(len(every) - len(shown)))
    return tuple(shown)


def _left_out(count: int) -> tuple[str, str]:
    return ("…", f"and {count} more")


def _cost(fact: tuple[str, str]) -> int:
    return utf16_units(fact[0]) + utf16_units(fact[1]) + _SEPARATORS


def _mark(character: str) -> str:
    if character in _HARMLESS or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return f"⟨U+{code:04X}⟩"
