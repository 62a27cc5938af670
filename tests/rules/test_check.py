"""The rules' own examples are run, and each that fails says where it stands and why."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

from bot.rules.check import run_tests
from bot.rules.load import load_rules, shipped_rules
from bot.rules.schema import Mode, RuleSet

EXAMPLES = """
rules:
  - id: boycott
    any: [抵制, boycott]
    none: [joke]
    tests:
      match: [抵 制它, no one buys this, "boycott it, no joke"]
      no_match: ["a boycott, as a joke", 抵，制, fine]
  - id: zh-only
    mode: "off"
    phrase: buy
    languages: [zh]
    tests: {match: [please buy], no_match: [please buy it]}
"""


def test_each_example_that_fails_is_reported_with_its_place_and_reason(read: Callable[[str], RuleSet]) -> None:
    failures = "\n".join(str(failure) for failure in run_tests(read(EXAMPLES)))
    assert failures == dedent("""\
        error: rule boycott must match this example, and found nothing in it
          --> rules.yaml:7:21
          7 |       match: [抵 制它, no one buys this, "boycott it, no joke"]
            |                     ^
          help: change the rule or the example
        error: rule boycott must match this example, and found nothing in it
          --> rules.yaml:7:39
          7 |       match: [抵 制它, no one buys this, "boycott it, no joke"]
            |                                       ^
          help: change the rule or the example
        error: rule boycott must not match this example, and found 抵制 in it
          --> rules.yaml:8:42
          8 |       no_match: ["a boycott, as a joke", 抵，制, fine]
            |                                          ^
          help: narrow the rule, for example with none:, or move the example to match:
        error: rule zh-only must match this example, and found nothing in it
          --> rules.yaml:13:21
          13 |     tests: {match: [please buy], no_match: [please buy it]}
             |                     ^
          help: it was read as en, and languages: names only zh""")


def test_another_rule_that_matches_an_example_does_not_count(read: Callable[[str], RuleSet]) -> None:
    rules = read("""
        rules:
          - {id: a, phrase: v, tests: {match: [w]}}
          - {id: b, phrase: w, tests: {no_match: [v]}}
        """)
    assert [failure.what for failure in run_tests(rules)] == ["rule a must match this example, and found nothing in it"]


def test_the_shipped_rules_pass_their_own_tests() -> None:
    assert run_tests(load_rules(shipped_rules())) == []


def test_every_shipped_rule_is_live_explained_and_tested_in_chinese_and_english() -> None:
    rules = load_rules(shipped_rules()).rules
    assert 6 <= len(rules) <= 8
    for rule in rules:
        assert rule.mode is Mode.LIVE
        assert rule.title != rule.id
        assert rule.why
        for examples in (rule.tests_match, rule.tests_no_match):
            assert len(examples) >= 3
            assert any("\u4e00" <= character <= "\u9fff" for example in examples for character in example)
            assert any(character.isascii() and character.isalpha() for example in examples for character in example)
