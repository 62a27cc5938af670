"""What a rule matches: every condition alone and inside others, in every view and language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.located_yaml import load_text
from bot.rules.load import read_rules
from bot.rules.matcher import Found, Matcher
from bot.rules.schema import Mode, RuleSet, Severity
from bot.text import words
from bot.text.normalise import normalise
from bot.text.views import View

Read = Callable[[str], RuleSet]


def found(rules: RuleSet, text: str, language: str = "und") -> list[str]:
    return [one.rule_id for one in Matcher(rules).match(normalise(text), language)]


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("毛子", "买毛子的糖", True),
        ("毛子", "一毛子弹", True),
        ("毛子", "毛的子", False),
        ("ban", "urban", False),
        ("ban", "a ban!", True),
        ("ban", "_ban_ and more", True),
        ("ban", "看ban了", True),
        ("ban", "ban2", False),
        ("no war", "No   WAR.", True),
        ("no war", "no warning", False),
        ("слава україні", "Слава Україні!!!", True),
        ("слава", "прославати", False),
        ("don't buy", "Please, don’t buy", True),
        ("俄罗斯tea", "买俄罗斯teas", False),
        ("俄罗斯tea", "买俄罗斯tea了", True),
        ("乌克兰 必胜", "乌克兰必胜", True),
        ("乌克兰必胜", "乌克兰，必胜", True),
        ("!!", "so!!!", True),
        ("制裁", "制\u200b裁", True),
        ("Ｐｕｔｉｎ", "putin", True),
    ],
)
def test_a_phrase(phrase: str, text: str, matches: bool, read: Read) -> None:
    assert bool(found(read(f"rules: [{{id: a, phrase: '{phrase.replace(chr(39), chr(39) * 2)}'}}]"), text)) is matches


@pytest.mark.parametrize(
    ("word", "text", "matches"),
    [
        ("毛子", "买毛子的糖", True),
        ("毛子", "羽毛子弹", False),
        ("毛子", "毛 子", True),
        ("大毛二毛", "大毛二毛打架", True),
        ("ban", "a ban", True),
        ("ban", "urban", False),
        ("перемога", "Перемога!", True),
    ],
)
def test_a_word(word: str, text: str, matches: bool, read: Read) -> None:
    assert bool(found(read(f"rules: [{{id: a, word: {word}}}]"), text)) is matches


def test_a_word_and_a_phrase_of_the_same_text_are_told_apart(read: Read) -> None:
    rules = read("rules: [{id: phrase, phrase: 毛子}, {id: word, word: 毛子}]")
    assert found(rules, "羽毛子弹") == ["phrase"]
    assert found(rules, "毛子，羽毛子弹") == ["phrase", "word"]


def test_the_words_of_the_rules_are_learned_even_when_the_dictionary_is_loaded_later(
    read: Read, tmp_path: Path
) -> None:
    rules = read("rules: [{id: a, word: 大毛二毛}]")
    matcher = Matcher(rules)
    before = words._jieba().dt
    try:
        words.prepare(tmp_path / "jieba", rules.words)
        assert [one.rule_id for one in matcher.match("大毛二毛打架", "zh")] == ["a"]
    finally:
        words._jieba().dt = before


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("any: [a, b]", "a b ab ac bc abc"),
        ("all: [a, b]", "ab abc"),
        ("phrase: a, none: [b]", "a ac"),
        ("phrase: a, none: [b, c]", "a"),
        ("all: [a, {any: [b, c]}]", "ab ac abc"),
        ("any: [a, {all: [b, c]}]", "a ab ac bc abc"),
        ("any: [{all: [a, b]}, {all: [b, c]}]", "ab bc abc"),
        ("phrase: a, none: [{all: [b, c]}]", "a ab ac"),
        ("phrase: a, none: [{none: [b]}]", "ab abc"),
        ("all: [a, {any: [{none: [b]}, c]}]", "a ac abc"),
        ("any: [{phrase: a, none: [b]}, {phrase: b, none: [a]}]", "a b ac bc"),
        ("list: letters, none: [c]", "a b ab"),
    ],
)
def test_the_truth_table_of(condition: str, holds: str, read: Read) -> None:
    matcher = Matcher(read(f"lists: {{letters: {{en: [a], zh: [b]}}}}\nrules: [{{id: rule, {condition}}}]"))
    tables = ("", "a", "b", "c", "ab", "ac", "bc", "abc")
    assert [letters for letters in tables if matcher.match(" ".join(letters), "en")] == holds.split()


def test_a_rule_of_some_languages_looks_at_no_other(read: Read) -> None:
    rules = read(
        """
        rules:
          - {id: zh, phrase: a, languages: [zh]}
          - {id: two, phrase: a, languages: [en, und]}
          - {id: any, phrase: a}
        """
    )
    assert found(rules, "a", "zh") == ["zh", "any"]
    assert found(rules, "a", "en") == ["two", "any"]
    assert found(rules, "a", "und") == ["two", "any"]
    assert found(rules, "a", "ru") == ["any"]


def test_a_member_of_a_list_counts_in_every_language(read: Read) -> None:
    rules = read("lists: {win: {uk: [перемога]}}\nrules: [{id: a, list: win}]")
    assert found(rules, "перемога", "ru") == ["a"]


def test_a_rule_that_is_off_is_not_looked_for_and_a_shadow_rule_says_what_it_is(read: Read) -> None:
    rules = read("rules: [{id: a, phrase: x, mode: 'off'}, {id: b, phrase: x, mode: shadow, severity: high}]")
    assert Matcher(rules).match("x", "en") == [Found("b", Mode.SHADOW, Severity.HIGH, View.PLAIN, 0, 1)]
    assert Matcher(read("rules: [{id: a, phrase: x, mode: 'off'}]")).match("x", "en") == []


@pytest.mark.parametrize(
    ("rule", "text", "view", "shown"),
    [
        ("phrase: 毛子", "毛 子 毛子", View.PLAIN, "毛子"),
        ("phrase: 毛子", "买毛 子", View.SQUEEZED, "毛子"),
        ("any: [毛子, 糖]", "毛 子的糖", View.PLAIN, "糖"),
        ("all: [毛子, 糖]", "毛 子的糖", View.SQUEEZED, "毛子"),
        ("all: [x, {any: [{none: [q]}, w]}]", "w x", View.PLAIN, "w"),
        ("all: [x, {any: [{none: [q]}, w]}]", "z x", View.PLAIN, "x"),
        ("phrase: слава", "и Слава", View.PLAIN, "слава"),
    ],
)
def test_a_match_says_where_and_in_which_view_it_was_found(
    rule: str, text: str, view: View, shown: str, read: Read
) -> None:
    one = Matcher(read(f"rules: [{{id: a, {rule}}}]")).match(text := normalise(text), "und")[0]
    seen = {View.PLAIN: text, View.SQUEEZED: text.replace(" ", "")}[view]
    assert (one.view, seen[one.start : one.end]) == (view, shown)


def test_rules_are_found_once_each_and_in_the_order_of_the_file(read: Read) -> None:
    rules = read("rules: [{id: z, any: [b, a]}, {id: a, phrase: a}, {id: m, phrase: b}]")
    assert found(rules, "a b a b a b") == ["z", "a", "m"]


def test_a_comment_of_a_million_characters_is_matched_as_far_as_it_is_kept(read: Read) -> None:
    rules = read("rules: [{id: a, any: [毛子, a, aa, {word: 毛子}]}]")
    for unit in ("毛，子", "a", "a ", "，"):
        assert found(rules, unit * 500_000) == ([] if unit in {"a", "，"} else ["a"])


CONDITIONS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from("abcd"),
    lambda inner: st.dictionaries(
        st.sampled_from(["any", "all", "none"]), st.lists(inner, min_size=1, max_size=3), min_size=1
    ),
    max_leaves=8,
)


def holds(condition: Any, letters: set[str]) -> bool:
    """Judge a condition the slow way."""
    if isinstance(condition, str):
        return condition in letters
    judged = {key: [holds(part, letters) for part in parts] for key, parts in condition.items()}
    return any(judged.get("any", [True])) and all(judged.get("all", [])) and not any(judged.get("none", []))


@settings(deadline=None)
@given(CONDITIONS, st.sets(st.sampled_from("abcd")))
def test_any_nesting_is_judged_as_it_reads(condition: Any, letters: set[str]) -> None:
    rule = json.dumps({"id": "rule", "all": ["x", condition]})
    rules = read_rules(load_text(f"version: 1\nrules: [{rule}]", "rules.yaml"))
    assert bool(found(rules, " ".join(["x", *letters]))) is holds(condition, letters)
