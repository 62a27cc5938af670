"""A rules file is read whole or refused with a message that says what to write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from bot.domain.errors import InputError
from bot.located_yaml import load_text
from bot.rules.load import load_rules, read_rules, shipped_rules
from bot.rules.schema import AllOf, AnyOf, Mode, NoneOf, Phrase, Rule, RuleSet, Severity, Word

WHOLE = """
lists:
  russia: {zh: [俄罗斯, 俄货], en: [RUSSIA]}
rules:
  - id: boycott
    title: Boycott calls
    why: They go first.
    tags: [calls, 抵制]
    severity: high
    mode: shadow
    languages: [zh, en]
    word: 毛子
    any: [抵制, {word: don’t buy, none: [joke]}]
    all: [{list: russia}]
    none: [{any: [x]}]
    tests: {match: [抵制俄货], no_match: [好吃, "no"]}
  - id: short
    phrase: Ｗar
"""


def test_every_key_of_a_rule_is_read(read: Callable[[str], RuleSet]) -> None:
    rules = read(WHOLE)
    members = (Phrase("俄罗斯"), Phrase("俄货"), Phrase("russia"))
    assert rules.lists == {"russia": {"zh": ("俄罗斯", "俄货"), "en": ("russia",)}}
    assert rules.rules[0] == Rule(
        id="boycott",
        title="Boycott calls",
        why="They go first.",
        tags=("calls", "抵制"),
        severity=Severity.HIGH,
        mode=Mode.SHADOW,
        languages=frozenset({"zh", "en"}),
        condition=AllOf(
            (
                Word("毛子"),
                AnyOf((Phrase("抵制"), AllOf((Word("don't buy"), NoneOf((Phrase("joke"),)))))),
                AllOf((AnyOf(members),)),
                NoneOf((AnyOf((Phrase("x"),)),)),
            )
        ),
        tests_match=("抵制俄货",),
        tests_no_match=("好吃", "no"),
    )
    assert rules.words == {"毛子"}


def test_a_rule_needs_an_id_and_a_condition_only(read: Callable[[str], RuleSet]) -> None:
    rule = read(WHOLE).rules[1]
    assert rule == Rule("short", "short", "", (), Severity.MEDIUM, Mode.LIVE, frozenset(), Phrase("war"), (), ())


def test_the_version_of_a_file_is_the_digest_of_its_text_whatever_its_line_ends(tmp_path: Path) -> None:
    text = "version: 1\nrules:\n- {id: a, phrase: 毛子}\n"
    (tmp_path / "unix.yaml").write_bytes(text.encode())
    (tmp_path / "windows.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    unix, windows = load_rules(tmp_path / "unix.yaml"), load_rules(tmp_path / "windows.yaml")
    assert unix == windows
    assert unix.body == text
    assert unix.version == hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "unix.yaml").write_text(text + "# more\n")
    assert load_rules(tmp_path / "unix.yaml").version != unix.version


def test_a_file_larger_than_the_limit_is_refused_and_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules:\n- {id: a, phrase: b}\n" + "#" * 300_000)
    with pytest.raises(InputError, match="larger than 256,000 bytes"):
        load_rules(path)
    assert load_rules(path, max_bytes=400_000).rules[0].id == "a"


def test_the_shipped_rules_are_found() -> None:
    assert shipped_rules().is_file()
    assert shipped_rules().name == "rules.yaml"


REFUSED = {
    "unknown key": (
        """
        rules:
          - id: boycott
            phrasse: 抵制
        """,
        """
        error: there is no key phrasse here
          --> rules.yaml:4:5
          4 |     phrasse: 抵制
            |     ^
          help: did you mean phrase?
        """,
    ),
    "unknown key of a part": (
        """
        rules:
          - id: boycott
            any: [抵制, {id: x}]
        """,
        """
        error: there is no key id here
          --> rules.yaml:4:16
          4 |     any: [抵制, {id: x}]
            |                ^
          help: write one of: phrase, word, list, any, all, none
        """,
    ),
    "unknown key of the file": (
        """
        list: {}
        rules: [{id: a, phrase: b}]
        """,
        """
        error: there is no key list here
          --> rules.yaml:2:1
          2 | list: {}
            | ^
          help: did you mean lists?
        """,
    ),
    "unknown key of tests": (
        """
        rules: [{id: a, phrase: b, tests: {nomatch: [c]}}]
        """,
        """
        error: there is no key nomatch here
          --> rules.yaml:2:36
          2 | rules: [{id: a, phrase: b, tests: {nomatch: [c]}}]
            |                                    ^
          help: did you mean no_match?
        """,
    ),
    "unknown list": (
        """
        lists:
          russia: {zh: [俄罗斯]}
        rules:
          - {id: a, all: [抵制, {list: rusia}]}
        """,
        """
        error: there is no list rusia
          --> rules.yaml:5:30
          5 |   - {id: a, all: [抵制, {list: rusia}]}
            |                              ^
          help: did you mean russia?
        """,
    ),
    "list without lists": (
        """
        rules: [{id: a, list: russia}]
        """,
        """
        error: there is no list russia
          --> rules.yaml:2:23
          2 | rules: [{id: a, list: russia}]
            |                       ^
          help: none is defined in this file
        """,
    ),
    "unknown language of a list": (
        """
        lists:
          russia: {cn: [俄罗斯]}
        rules: [{id: a, list: russia}]
        """,
        """
        error: there is no key cn here
          --> rules.yaml:3:12
          3 |   russia: {cn: [俄罗斯]}
            |            ^
          help: did you mean en?
        """,
    ),
    "list without members": (
        """
        lists:
          russia: {}
        rules: [{id: a, list: russia}]
        """,
        """
        error: this list is empty
          --> rules.yaml:3:11
          3 |   russia: {}
            |           ^
          help: write members by language, such as zh: [一, 二]
        """,
    ),
    "unknown language of a rule": (
        """
        rules: [{id: a, phrase: b, languages: [zh, ua]}]
        """,
        """
        error: ua is not known here
          --> rules.yaml:2:44
          2 | rules: [{id: a, phrase: b, languages: [zh, ua]}]
            |                                            ^
          help: did you mean uk?
        """,
    ),
    "unknown mode": (
        """
        rules: [{id: a, phrase: b, mode: alive}]
        """,
        """
        error: alive is not known here
          --> rules.yaml:2:34
          2 | rules: [{id: a, phrase: b, mode: alive}]
            |                                  ^
          help: did you mean live?
        """,
    ),
    "unknown severity": (
        """
        rules: [{id: a, phrase: b, severity: critical}]
        """,
        """
        error: critical is not known here
          --> rules.yaml:2:38
          2 | rules: [{id: a, phrase: b, severity: critical}]
            |                                      ^
          help: write one of: low, medium, high
        """,
    ),
    "number for a text": (
        """
        rules: [{id: a, phrase: 2022}]
        """,
        """
        error: a text belongs here, and this is a number
          --> rules.yaml:2:25
          2 | rules: [{id: a, phrase: 2022}]
            |                         ^
          help: quote it: "2022"
        """,
    ),
    "text for a list": (
        """
        rules: [{id: a, any: b}]
        """,
        """
        error: a list belongs here, and this is a text
          --> rules.yaml:2:22
          2 | rules: [{id: a, any: b}]
            |                      ^
          help: write [one, two], or one entry a line after a dash
        """,
    ),
    "text for a mapping": (
        """
        lists: [俄罗斯]
        rules: [{id: a, phrase: b}]
        """,
        """
        error: a mapping belongs here, and this is a list
          --> rules.yaml:2:8
          2 | lists: [俄罗斯]
            |        ^
          help: write keys under it: name
        """,
    ),
    "nothing for a phrase": (
        """
        rules:
          - id: a
            phrase:
        """,
        """
        error: a text belongs here, and this is nothing
          --> rules.yaml:4:12
          4 |     phrase:
            |            ^
          help: write a text
        """,
    ),
    "true for a phrase": (
        """
        rules: [{id: a, any: [true]}]
        """,
        """
        error: a text belongs here, and this is true or false
          --> rules.yaml:2:23
          2 | rules: [{id: a, any: [true]}]
            |                       ^
          help: write a text
        """,
    ),
    "empty phrase": (
        """
        rules: [{id: a, any: ["  "]}]
        """,
        """
        error: this text is empty
          --> rules.yaml:2:23
          2 | rules: [{id: a, any: ["  "]}]
            |                       ^
          help: write something, or remove it
        """,
    ),
    "invisible phrase": (
        r"""
        rules: [{id: a, word: "\u200b"}]
        """,
        r"""
        error: nothing of this text is visible
          --> rules.yaml:2:23
          2 | rules: [{id: a, word: "\u200b"}]
            |                       ^
          help: write at least one visible character
        """,
    ),
    "empty list": (
        """
        rules: [{id: a, any: []}]
        """,
        """
        error: this list is empty
          --> rules.yaml:2:22
          2 | rules: [{id: a, any: []}]
            |                      ^
          help: write an entry, or remove the key
        """,
    ),
    "no rules": (
        """
        lists: {}
        """,
        """
        error: rules are missing
          --> rules.yaml:1:1
          1 | version: 1
            | ^
          help: add rules: with a list of rules
        """,
    ),
    "no id": (
        """
        rules:
          - phrase: b
        """,
        """
        error: this rule has no id
          --> rules.yaml:3:5
          3 |   - phrase: b
            |     ^
          help: add id: with a short name of your own
        """,
    ),
    "an id with spaces": (
        """
        rules: [{id: My rule, phrase: b}]
        """,
        """
        error: My rule cannot be a name
          --> rules.yaml:2:14
          2 | rules: [{id: My rule, phrase: b}]
            |              ^
          help: use a-z, 0-9, - and _, at most 64 characters
        """,
    ),
    "an id twice": (
        """
        rules:
          - {id: a, phrase: b}
          - {phrase: c, id: a}
        """,
        """
        error: the id a stands twice, first in line 3
          --> rules.yaml:4:21
          4 |   - {phrase: c, id: a}
            |                     ^
          help: give one of the two another id
        """,
    ),
    "no condition": (
        """
        rules:
          - id: a
            tests: {match: [b]}
        """,
        """
        error: there is nothing to look for here
          --> rules.yaml:3:5
          3 |   - id: a
            |     ^
          help: add one of: phrase, word, list, any, all, none
        """,
    ),
    "only none": (
        """
        rules:
          - id: a
            none: [b]
        """,
        """
        error: this rule would match comments in which nothing was found
          --> rules.yaml:4:5
          4 |     none: [b]
            |     ^
          help: add phrase:, word:, list:, any: or all: beside none:
        """,
    ),
    "none as one way out": (
        """
        rules:
          - id: a
            any: [b, {all: [{none: [c]}]}]
        """,
        """
        error: this rule would match comments in which nothing was found
          --> rules.yaml:3:5
          3 |   - id: a
            |     ^
          help: add phrase:, word:, list:, any: or all: beside none:
        """,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_refused_with_the_whole_message(name: str, read: Callable[[str], RuleSet]) -> None:
    text, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read(text)
    assert str(caught.value) == dedent(message).strip("\n")


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("", "this file is empty", "begin it with version: 1 and rules:"),
        ("rules: [{id: a, phrase: b}]", "the version is missing", "begin the file with version: 1"),
        ("version: 2\nrules: [{id: a, phrase: b}]", "version 2 is not known here", "write version: 1"),
        ("version: 1.0\nrules: [{id: a, phrase: b}]", "version 1.0 is not known here", "write version: 1"),
        ("version: true\nrules: [{id: a, phrase: b}]", "version True is not known here", "write version: 1"),
        ("- id: a", "a mapping belongs here, and this is a list", "write keys under it: version, lists, rules"),
    ],
)
def test_a_file_without_its_frame_is_refused(text: str, what: str, instead: str) -> None:
    with pytest.raises(InputError) as caught:
        read_rules(load_text(text, "rules.yaml"))
    assert (caught.value.what, caught.value.instead) == (what, instead)
