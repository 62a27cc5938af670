"""What the invented people write, read with the rules that are shipped."""

from __future__ import annotations

from random import Random

import pytest

from bot.demo import sentences
from bot.rules.load import load_rules, shipped_rules
from bot.rules.matcher import Matcher
from bot.text.language import detect
from bot.text.normalise import normalise

TONGUES = list(sentences.VOICES)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_rules(shipped_rules()))


def _rules(matcher: Matcher, text: str) -> set[str]:
    clean = normalise(text)
    return {found.rule_id for found in matcher.match(clean, detect(clean))}


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_flagged_clause_matches_one_rule_in_every_frame(matcher: Matcher, tongue: str) -> None:
    voice = sentences.VOICES[tongue]
    for clause in sentences.FLAGGED[tongue]:
        for aside in voice.asides:
            text = voice.openings[0].format(n=3) + aside.format(clause=clause) + voice.closings[0]
            assert len(_rules(matcher, text)) == 1, text


@pytest.mark.parametrize("tongue", TONGUES)
def test_no_other_part_matches_any_rule(matcher: Matcher, tongue: str) -> None:
    voice = sentences.VOICES[tongue]
    for part in (*voice.openings, *voice.remarks, *voice.closings, voice.update):
        assert not _rules(matcher, part.format(n=3)), part


def test_the_clauses_try_every_rule_that_is_shipped(matcher: Matcher) -> None:
    tried = {rule for clauses in sentences.FLAGGED.values() for clause in clauses for rule in _rules(matcher, clause)}
    assert tried == {rule.id for rule in load_rules(shipped_rules()).rules}


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("flagged", [True, False])
def test_a_drawn_comment_is_in_its_language_and_flagged_as_wanted(
    matcher: Matcher, tongue: str, *, flagged: bool
) -> None:
    random = Random(3)
    for _ in range(60):
        text = sentences.comment(random, tongue, flagged=flagged)
        assert detect(normalise(text)) == tongue, text
        assert bool(_rules(matcher, text)) is flagged, text
        assert "{" not in text
