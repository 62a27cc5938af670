"""The rules' own examples, run before the rules are."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.errors import InputError
from bot.rules.matcher import Found, Matcher
from bot.rules.schema import Mode, Rule, RuleSet
from bot.text.language import detect
from bot.text.normalise import normalise
from bot.text.views import views


def run_tests(rules: RuleSet) -> list[InputError]:
    """Run every rule's examples, also those of rules that are off; return what failed, in the order of the file."""
    matcher = Matcher(replace(rules, rules=tuple(replace(rule, mode=Mode.LIVE) for rule in rules.rules)))
    failures = []
    for index, rule in enumerate(rules.rules):
        for key, examples in (("match", rule.tests_match), ("no_match", rule.tests_no_match)):
            for number, example in enumerate(examples):
                if (failure := _failure(matcher, rule, example, must_match=key == "match")) is not None:
                    failures.append(rules.source.error(("rules", index, "tests", key, number), *failure))
    return failures


def _failure(matcher: Matcher, rule: Rule, example: str, *, must_match: bool) -> tuple[str, str] | None:
    """Return what is wrong with an example and what to do, or None where it does what it should."""
    text = normalise(example)
    language = detect(text)
    found = next((found for found in matcher.match(text, language) if found.rule_id == rule.id), None)
    if must_match and found is None:
        advice = "change the rule or the example"
        if rule.languages and language not in rule.languages:
            advice = f"it was read as {language}, and languages: names only {', '.join(sorted(rule.languages))}"
        return f"rule {rule.id} must match this example, and found nothing in it", advice
    if not must_match and found is not None:
        what = f"rule {rule.id} must not match this example, and found {_shown(text, found)} in it"
        return what, "narrow the rule, for example with none:, or move the example to match:"
    return None


def _shown(text: str, found: Found) -> str:
    return views(text)[found.view][found.start : found.end]
