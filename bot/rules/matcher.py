"""Which rules a comment matches: one pass looks for all phrases, then only rules with something found are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.rules.judge import Hit, judge
from bot.rules.lexicon import Lexicon
from bot.rules.schema import Mode, Rule, RuleSet, Severity, literals_of
from bot.text import words
from bot.text.views import View

_VIEWS = tuple(View)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that matched; `start` and `end` are offsets into the view in which it was found."""

    rule_id: str
    mode: Mode
    severity: Severity
    view: View
    start: int
    end: int


class Matcher:
    """The live and shadow rules of a rule set, compiled; its cost grows with the length of a text alone."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = tuple(rule for rule in rules.rules if rule.mode is not Mode.OFF)
        literals = dict.fromkeys(literal for rule in self._rules for literal in literals_of(rule.condition))
        numbers = {literal: number for number, literal in enumerate(literals)}
        self._lexicon = Lexicon(numbers)
        self._judges = tuple(judge(rule.condition, numbers) for rule in self._rules)
        self._rules_of: dict[int, list[int]] = defaultdict(list)
        for index, rule in enumerate(self._rules):
            for literal in set(literals_of(rule.condition, only_positive=True)):
                self._rules_of[numbers[literal]].append(index)
        if rules.words:
            words.learn(rules.words)

    def match(self, normalised: str, language: str) -> list[Found]:
        """Return the rules that a normalised text in this language matches, each once, in the order of the file."""
        hits = self._lexicon.find(normalised)
        found = []
        for index in sorted({index for number in hits for index in self._rules_of.get(number, ())}):
            rule = self._rules[index]
            if rule.languages and language not in rule.languages:
                continue
            if evidence := self._judges[index](hits):
                found.append(_found(rule, evidence))
        return found


def _found(rule: Rule, evidence: Sequence[Hit]) -> Found:
    # A match is as strong as the weakest view that it needs.
    view = max(hit.view for hit in evidence)
    hit = min(hit for hit in evidence if hit.view == view)
    return Found(rule.id, rule.mode, rule.severity, _VIEWS[view], hit.start, hit.end)
