"""A rules file becomes rules, or an error that says where it is wrong and what to write instead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import bot
from bot import located_yaml
from bot.located_yaml import Located
from bot.rules.place import Entry, did_you_mean
from bot.rules.schema import (
    ABOUT_KEYS,
    CONDITION_KEYS,
    FILE_KEYS,
    TEST_KEYS,
    VERSION,
    AllOf,
    AnyOf,
    Condition,
    Mode,
    NoneOf,
    Phrase,
    Rule,
    RuleSet,
    Severity,
    Word,
    needs_evidence,
)
from bot.text.language import LANGUAGES, UNDECIDED
from bot.text.normalise import normalise

_ID = re.compile("[a-z0-9][a-z0-9_-]{0,63}")
_LANGUAGES = (*LANGUAGES, UNDECIDED)

#: What each named list of the file stands for.
Lists = Mapping[str, Condition]


def shipped_rules() -> Path:
    """Return the rules that come with removalwatch: of the installed package, else of the repository."""
    installed = Path(str(resources.files(bot) / "rules.yaml"))
    return installed if installed.is_file() else Path(bot.__file__).parent.parent / "rules.yaml"


def load_rules(path: Path, *, max_bytes: int = located_yaml.MAX_BYTES) -> RuleSet:
    """Read a rules file; the first mistake in it is raised as an InputError with its place."""
    return read_rules(located_yaml.load(path, max_bytes=max_bytes))


def read_rules(source: Located) -> RuleSet:
    """Read rules from YAML that was loaded already; InputError as above."""
    if source.value is None:
        raise source.error((), "this file is empty", f"begin it with version: {VERSION} and rules:")
    entries = Entry(source, (), source.value).mapping(FILE_KEYS)
    _check_version(source, entries.get("version"))
    if "rules" not in entries:
        raise source.error((), "rules are missing", "add rules: with a list of rules")
    lists = {name: _members(entry) for name, entry in _optional_mapping(entries.get("lists")).items()}
    conditions = {name: _any_member(members) for name, members in lists.items()}
    rules = tuple(_rule(entry, conditions) for entry in entries["rules"].items())
    _check_ids(source, rules)
    body = "\n".join(source.lines)
    return RuleSet(hashlib.sha256(body.encode()).hexdigest(), rules, lists, body, source)


def _check_version(source: Located, entry: Entry | None) -> None:
    if entry is None:
        raise source.error((), "the version is missing", f"begin the file with version: {VERSION}")
    if type(entry.value) is not int or entry.value != VERSION:
        raise entry.error(f"version {entry.value} is not known here", f"write version: {VERSION}")


def _check_ids(source: Located, rules: Sequence[Rule]) -> None:
    first: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule.id in first:
            line = source.place(("rules", first[rule.id], "id")).line
            what = f"the id {rule.id} stands twice, first in line {line}"
            raise source.error(("rules", index, "id"), what, "give one of the two another id")
        first[rule.id] = index


def _members(entry: Entry) -> dict[str, tuple[str, ...]]:
    languages = entry.mapping(_LANGUAGES)
    if not languages:
        raise entry.error("this list is empty", "write members by language, such as zh: [一, 二]")
    return {language: tuple(_literal(item) for item in members.items()) for language, members in languages.items()}


def _any_member(members: Mapping[str, tuple[str, ...]]) -> Condition:
    return AnyOf(tuple(Phrase(text) for texts in members.values() for text in texts))


def _rule(entry: Entry, lists: Lists) -> Rule:
    keys = entry.mapping((*ABOUT_KEYS, *CONDITION_KEYS))
    if "id" not in keys:
        raise entry.error("this rule has no id", "add id: with a short name of your own")
    condition = _condition(entry, keys, lists)
    if not needs_evidence(condition):
        raise keys.get("none", entry).error(
            "this rule would match comments in which nothing was found",
            "add phrase:, word:, list:, any: or all: beside none:",
            at_key=True,
        )
    tests = _optional_mapping(keys.get("tests"), TEST_KEYS)
    rule_id = _id(keys["id"])
    return Rule(
        id=rule_id,
        title=keys["title"].text() if "title" in keys else rule_id,
        why=keys["why"].text() if "why" in keys else "",
        tags=tuple(item.text() for item in _optional_items(keys.get("tags"))),
        severity=Severity(keys["severity"].choice(Severity) if "severity" in keys else Severity.MEDIUM),
        mode=Mode(keys["mode"].choice(Mode) if "mode" in keys else Mode.LIVE),
        languages=frozenset(item.choice(_LANGUAGES) for item in _optional_items(keys.get("languages"))),
        condition=condition,
        tests_match=tuple(item.text() for item in _optional_items(tests.get("match"))),
        tests_no_match=tuple(item.text() for item in _optional_items(tests.get("no_match"))),
    )


def _condition(entry: Entry, keys: Mapping[str, Entry], lists: Lists) -> Condition:
    """Read the condition keys of a rule or of a part; where there are several, all of them must hold."""
    parts = tuple(_part(key, keys[key], lists) for key in CONDITION_KEYS if key in keys)
    if not parts:
        raise entry.error("there is nothing to look for here", f"add one of: {', '.join(CONDITION_KEYS)}")
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _part(key: str, entry: Entry, lists: Lists) -> Condition:
    if key == "phrase":
        return Phrase(_literal(entry))
    if key == "word":
        return Word(_literal(entry))
    if key == "list":
        return _list(entry, lists)
    parts = tuple(_item(item, lists) for item in entry.items())
    if key == "any":
        return AnyOf(parts)
    return AllOf(parts) if key == "all" else NoneOf(parts)


def _item(entry: Entry, lists: Lists) -> Condition:
    if isinstance(entry.value, dict):
        return _condition(entry, entry.mapping(CONDITION_KEYS), lists)
    return Phrase(_literal(entry))


def _list(entry: Entry, lists: Lists) -> Condition:
    name = entry.text()
    if name not in lists:
        raise entry.error(f"there is no list {name}", did_you_mean(name, list(lists)))
    return lists[name]


def _literal(entry: Entry) -> str:
    text = normalise(entry.text())
    if not text:
        raise entry.error("nothing of this text is visible", "write at least one visible character")
    return text


def _id(entry: Entry) -> str:
    text = entry.text()
    if not _ID.fullmatch(text):
        raise entry.error(f"{text} cannot be a name", "use a-z, 0-9, - and _, at most 64 characters")
    return text


def _optional_items(entry: Entry | None) -> list[Entry]:
    return [] if entry is None else entry.items()


def _optional_mapping(entry: Entry | None, keys: Sequence[str] | None = None) -> dict[str, Entry]:
    return {} if entry is None else entry.mapping(keys)
