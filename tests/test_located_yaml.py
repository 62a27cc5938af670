"""Every mistake in a YAML file is refused with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import InputError, Place
from bot.located_yaml import MAX_BYTES, MAX_DEPTH, Located, load, load_text

CONFIG = """\
sources:
  - name: shop
    url: http://comments.example.org
  - name: forum
    limits: {pages: 3}
"""


def refusal(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        load_text(text, "c.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("2.50", 2.5),
        ("'no'", "no"),
        ('"010"', "010"),
        ("1 rouble", "1 rouble"),
        ("制裁", "制裁"),
        ("[a, {b: [c]}]", ["a", {"b": ["c"]}]),
        ("!!str no way", "no way"),
        ("\n  |\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_each_plain_value_is_read_as_written(written: str, value: object) -> None:
    assert load_text(f"key: {written}", "c.yaml").value == {"key": value}


AMBIGUOUS = [
    *("no", "No", "off", "yes", "ON", "y", "N", "True", "FALSE", "Null"),
    *("12:30:45", "1:2.5", "010", "089", "0x1F", "0b11", "0o17", "1_000", "+49", "12345678901234567890"),
    *("1e5", "1.5e+3", ".5", "5.", ".inf", ".nan", "2026-11-22", "2026-11-22 10:00:00", "="),
]


@pytest.mark.parametrize("written", AMBIGUOUS)
@pytest.mark.parametrize("frame", ["{}", "key: {}", "key: [fine, {}]", "- fine\n- {}", "{}: fine"])
def test_an_ambiguous_text_is_refused_where_it_stands_unless_it_is_quoted(frame: str, written: str) -> None:
    before = frame.partition("{}")[0].split("\n")
    error = refusal(frame.replace("{}", written))
    assert error.what == f"{written} is ambiguous without quotes"
    assert error.instead.startswith(f'quote it: "{written}"')
    assert error.place == Place("c.yaml", len(before), len(before[-1]) + 1)
    load_text(frame.replace("{}", f'"{written}"'), "c.yaml")


@pytest.mark.parametrize(
    ("text", "line", "column", "what", "instead"),
    [
        ("a: &x [1]", 1, 4, "anchors (&) and aliases (*) are not read here", "write the value out"),
        ("a: 1\nb: *x", 2, 4, "anchors (&) and aliases (*) are not read here", "write the value out"),
        ("a: !!python/object/apply:os.system [id]", 1, 4, "python/object/apply:os.system is not", "remove it"),
        ("a: !include x", 1, 4, "the tag !include is not read here", "remove it"),
        ("a: !!int abc", 1, 4, "abc is ambiguous", "quote it"),
        ("a: 1\nb: 2\na: 3", 3, 1, "the key a stands twice, first in line 1", "remove one of the two"),
        ("a:\n  b: 1\n  'b': 2", 3, 3, "the key b stands twice, first in line 2", "remove one of the two"),
        ("1: a", 1, 1, "a key must be a text", "quote it"),
        ("a: {null: b}", 1, 5, "a key must be a text", "quote it"),
        ("? [a]\n: b", 1, 3, "a key must be a text", "quote it"),
        ("<<: {a: b}", 1, 1, "<< is ambiguous", "quote it"),
        ("a:\n\t- b", 2, 1, "'\\t'", "indent with spaces, not with tabs"),
        ("a: @b", 1, 4, "'@'", "quote a text that begins with this character"),
        ("a: b: c", 1, 5, "mapping values are not allowed", 'contains ": "'),
        ("a:\n  - b\n - c", 3, 2, "expected <block end>", "in the same column"),
        ("a: 1\nb\nc: 2", 3, 1, "could not find expected ':'", "write `key: value`"),
        ("a: 1\n---\nb: 2", 2, 1, "single document", "remove the line ---"),
        ('a: "\\q"', 1, 6, "unknown escape character", "check the quotes"),
        ("a: [1, 2", 1, 9, "expected ',' or ']'", "cut off while it was saved"),
        ("a: 'b\nc: d\n", 3, 1, "unexpected end of stream", "cut off while it was saved"),
        ("a: b\x1b[0m", 1, 5, "U+001B may not stand in a file", "remove it"),
        ("a: \ud800", 1, 4, "U+D800 may not stand in a file", "remove it"),
        ('a: "\\ud800"', 1, 4, "half of a surrogate pair", "write the character itself"),
        ('a: "\\UFFFFFFFF"', 1, 7, "this number is too large", "write the character itself"),
        ("%YAML 2.0\n---\na", 1, 1, "version 1.* is required", "check the quotes"),
    ],
)
def test_each_mistake_is_refused_with_its_place_and_advice(
    text: str, line: int, column: int, what: str, instead: str
) -> None:
    error = refusal(text)
    assert what in error.what
    assert instead in error.instead
    assert error.place == Place("c.yaml", line, column)


def test_nesting_ends_at_the_limit_and_a_bomb_of_brackets_is_cheap() -> None:
    load_text("[" * MAX_DEPTH + "a" + "]" * MAX_DEPTH, "c.yaml")
    for text in ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "[" * 20_000, "{a: " * 20_000):
        error = refusal(text)
        assert error.what == f"this is nested more than {MAX_DEPTH} deep"
        assert error.place is not None
        assert error.place.line == 1


def test_a_mistake_prints_like_a_compilers() -> None:
    assert str(refusal("languages:\n  - en\n  - no\n")) == (
        "error: no is ambiguous without quotes\n"
        "  --> c.yaml:3:5\n"
        "  3 |   - no\n"
        "    |     ^\n"
        '  help: quote it: "no", or write true or false'
    )


def test_a_mistake_cannot_steer_the_terminal_that_shows_it() -> None:
    error = refusal('"\\e[2Jx": 1\n"\\e[2Jx": \u202e2')
    assert error.what == "the key \ufffd[2Jx stands twice, first in line 1"
    assert error.source_line == '"\\e[2Jx": \ufffd2'
    assert refusal("a:\n\t\u3000b").source_line == "  b"


def test_a_very_long_line_is_cut_and_not_shown_when_the_place_is_behind_the_cut() -> None:
    assert len(refusal("no: " + "x" * 1_000).source_line) == 200
    assert refusal("[" + "x, " * 1_000 + "no]").source_line == ""


@pytest.mark.parametrize(
    ("location", "line", "column"),
    [
        ((), 1, 1),
        (("sources",), 2, 3),
        (("sources", 0), 2, 5),
        (("sources", 0, "url"), 3, 10),
        (("sources", 1, "url"), 4, 5),
        (("sources", 1, "limits", "pages"), 5, 21),
        (("sources", 1, "limits", "pages", "deeper", 3), 5, 21),
        (("sources", 7, "url"), 2, 3),
        (("sources", "0"), 2, 3),
        (("absent", 0), 1, 1),
    ],
)
def test_a_location_is_found_or_the_nearest_place_around_it(
    location: tuple[str | int, ...], line: int, column: int
) -> None:
    assert load_text(CONFIG, "c.yaml").place(location) == Place("c.yaml", line, column)


def test_an_error_points_at_the_value_or_at_the_key() -> None:
    located = load_text(CONFIG, "c.yaml")
    assert str(located.error(("sources", 0, "url"), "this is not encrypted", "write https://")) == (
        "error: this is not encrypted\n"
        "  --> c.yaml:3:10\n"
        "  3 |     url: http://comments.example.org\n"
        "    |          ^\n"
        "  help: write https://"
    )
    assert located.error(("sources", 0, "url"), "unknown key", at_key=True).place == Place("c.yaml", 3, 5)
    assert located.place(("sources", 1), at_key=True) == Place("c.yaml", 4, 5)


def test_an_empty_file_is_none_and_still_has_a_place() -> None:
    located = load_text("# nothing yet\n", "c.yaml")
    assert located.value is None
    assert located.error(("version",), "version is missing").place == Place("c.yaml", 1, 1)


def test_a_file_is_read_with_bom_and_with_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    located = load(path)
    assert located.value["sources"][1] == {"name": "forum", "limits": {"pages": 3}}
    assert located.place(("sources", 0, "url")) == Place(str(path), 3, 10)
    assert located.error(("sources", 0, "url"), "x").source_line == "    url: http://comments.example.org"


@pytest.mark.parametrize(
    ("content", "line", "column", "what"),
    [
        (b"a: b\nc: \xff\n", 2, 4, "this is not UTF-8 (byte 0xff)"),
        (b"\xef\xbb\xbfa: \xe5\x88", 1, 4, "this is not UTF-8 (byte 0xe5)"),
        ("a: b".encode("utf-16"), 1, 1, "this is not UTF-8 (byte 0xff)"),
        (b"a: " + b"x" * MAX_BYTES, 1, 1, "this file is larger than 256,000 bytes"),
    ],
)
def test_bytes_that_are_no_text_are_refused(content: bytes, line: int, column: int, what: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path)
    assert (caught.value.what, caught.value.place) == (what, Place(str(path), line, column))
    assert caught.value.instead


def test_the_limit_of_bytes_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("x" * (MAX_BYTES + 1))
    assert load(path, max_bytes=MAX_BYTES + 1).value == "x" * (MAX_BYTES + 1)
    with pytest.raises(InputError, match="larger than 3 bytes"):
        load_text("制裁", "c.yaml", max_bytes=3)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file") as caught:
        load(tmp_path / "absent.yaml")
    assert caught.value.place == Place(str(tmp_path / "absent.yaml"), 1, 1)
    with pytest.raises(InputError, match="this file cannot be read: Is a directory"):
        load(tmp_path)


def plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return value is None or type(value) in {str, int, float, bool}


def read_or_refused(read: Callable[[], Located]) -> bool:
    try:
        return plain(read().value)
    except InputError as error:
        return error.place is not None and bool(error.instead)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab01:-?[]{},&*!|>'\"%@`#.~\\xuU \n\t\ufeff\x85制\ud800"), max_size=40))
def test_any_text_gives_plain_values_or_a_placed_refusal(text: str) -> None:
    assert read_or_refused(lambda: load_text(text, "c.yaml"))


def test_a_file_cut_at_any_byte_gives_values_or_a_placed_refusal(tmp_path: Path) -> None:
    whole = "lists:\n  词: {zh: [\"制裁\", '毛子']}\n".encode()
    path = tmp_path / "c.yaml"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_or_refused(lambda: load(path)), length
