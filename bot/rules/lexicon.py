"""All phrases and words of the rules, looked for in one pass over each view of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ahocorasick_rs import AhoCorasick

from bot.rules.judge import Hit
from bot.rules.schema import Phrase, Word
from bot.text import words
from bot.text.views import HAN, View, squeeze, views

_VIEWS = tuple(View)
# A letter or digit that runs on into a neighbour of its kind; Han characters do not.
_RUNS_ON = re.compile(rf"[^\W_{HAN}]")


class Lexicon:
    """The phrases and words, by number, compiled to one automaton."""

    def __init__(self, numbers: Mapping[Phrase | Word, int]) -> None:
        meanings: dict[str, list[tuple[int, bool]]] = {}
        for literal, number in numbers.items():
            by_dictionary = isinstance(literal, Word) and literal.is_chinese
            # A phrase written with spaces or punctuation between Han characters is found without them too.
            for pattern in {literal.text, squeeze(literal.text)}:
                meanings.setdefault(pattern, []).append((number, by_dictionary))
        self._meanings = [(_runs_on(pattern[0]), _runs_on(pattern[-1]), meant) for pattern, meant in meanings.items()]
        self._automaton = AhoCorasick(list(meanings), store_patterns=False)

    def find(self, normalised: str) -> dict[int, Hit]:
        """Return the strongest hit of each phrase and word that occurs: first by view, then by place."""
        hits: dict[int, Hit] = {}
        for view, text in views(normalised).items():
            for number, start, end in self._occurrences(text):
                hits.setdefault(number, Hit(_VIEWS.index(view), start, end))
        return hits

    def _occurrences(self, text: str) -> Iterator[tuple[int, int, int]]:
        spans: frozenset[tuple[int, int]] | None = None
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            needs_start, needs_end, meant = self._meanings[pattern]
            if (needs_start and _runs_on(text[start - 1 : start])) or (needs_end and _runs_on(text[end : end + 1])):
                continue
            for number, by_dictionary in meant:
                if by_dictionary and spans is None:
                    spans = words.spans(text)
                if spans is None or not by_dictionary or (start, end) in spans:
                    yield number, start, end


def _runs_on(character: str) -> bool:
    """Return whether a word goes on from this character (or the end of the text) to a letter beside it."""
    return _RUNS_ON.match(character) is not None
