"""What a rules file says, after it was read and before it is compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.located_yaml import Located
from bot.text.views import HAN

VERSION = 1
FILE_KEYS = ("version", "lists", "rules")
CONDITION_KEYS = ("phrase", "word", "list", "any", "all", "none")
ABOUT_KEYS = ("id", "title", "why", "tags", "severity", "mode", "languages", "tests")
TEST_KEYS = ("match", "no_match")

_HAN = re.compile(f"[{HAN}]")


class Mode(StrEnum):
    """What a match of a rule does: shadow matches are stored and nobody is told; off is not matched at all."""

    LIVE = "live"
    SHADOW = "shadow"
    OFF = "off"


class Severity(StrEnum):
    """How much a match matters to the owner."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A normalised text that occurs; where it begins or ends with a letter other than Han, a word does so too."""

    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """A normalised text that is a word of the comment."""

    text: str

    @property
    def is_chinese(self) -> bool:
        """Whether the dictionary decides where the word ends; otherwise a word is a phrase."""
        return _HAN.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """No part holds."""

    parts: tuple[Condition, ...]


Condition = Phrase | Word | AnyOf | AllOf | NoneOf


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of the owner; no `languages` means every language."""

    id: str
    title: str
    why: str
    tags: tuple[str, ...]
    severity: Severity
    mode: Mode
    languages: frozenset[str]
    condition: Condition
    tests_match: tuple[str, ...]
    tests_no_match: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one file; `version` is SHA-256 (hex) of `body`, its text with Unix line ends."""

    version: str
    rules: tuple[Rule, ...]
    lists: Mapping[str, Mapping[str, tuple[str, ...]]]
    body: str
    source: Located = field(repr=False, compare=False)

    @property
    def words(self) -> frozenset[str]:
        """The Chinese words that the dictionary has to know."""
        literals = (part for rule in self.rules for part in literals_of(rule.condition))
        return frozenset(part.text for part in literals if isinstance(part, Word) and part.is_chinese)


def literals_of(condition: Condition, *, only_positive: bool = False) -> Iterator[Phrase | Word]:
    """Yield the phrases and words of a condition; `only_positive`: not those that must be absent."""
    if isinstance(condition, Phrase | Word):
        yield condition
    elif not (only_positive and isinstance(condition, NoneOf)):
        for part in condition.parts:
            yield from literals_of(part, only_positive=only_positive)


def needs_evidence(condition: Condition) -> bool:
    """Return whether the condition can hold only where something was found."""
    if isinstance(condition, AnyOf):
        return all(needs_evidence(part) for part in condition.parts)
    if isinstance(condition, AllOf):
        return any(needs_evidence(part) for part in condition.parts)
    return not isinstance(condition, NoneOf)
