"""Alerts in plain words: cut to size, with nothing hidden and nothing claimed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.wording import REPEAT, Words, cut, one_line, safe_link, utf16_units, visible, words
from bot.domain import alert as alerts
from bot.domain.alert import Alert
from tests.alerts.samples import an_alert, hostile_alerts, thoroughly


def every_text(said: Words) -> list[str]:
    """Everything that a channel may show, but for the link."""
    return [said.heading, *(part for fact in said.facts for part in fact), said.body, said.quote, said.when]


@given(hostile_alerts(), st.booleans(), st.sampled_from([1014, 3000, 4086]))
@thoroughly
def test_whatever_an_enemy_writes_the_words_fit_and_hide_nothing(alert: Alert, repeat: bool, room: int) -> None:
    said = words(alert, repeat=repeat, room=room)
    assert sum(map(utf16_units, every_text(said))) <= room
    assert said.heading
    assert utf16_units(said.heading) <= 150
    assert said.heading.endswith(REPEAT) or not repeat
    for text in every_text(said):
        hidden = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
        assert hidden <= {"\n", "\u200c", "\u200d"}
    assert not any("\n" in text for text in every_text(said) if text is not said.body)
    assert said.link is None or (said.link.isascii() and said.link.isprintable() and " " not in said.link)


def test_a_disappearance_is_a_possible_removal_until_the_platform_says_more() -> None:
    alert = alerts.disappeared(
        comment_id=7, episode=1, at=0, source="shop", state="probable", cause="unknown", why="3 looks", url=None
    )
    said = words(alert, repeat=False, room=3000)
    assert said.heading == "A flagged comment disappeared (possible removal)"
    assert ("Cause", "not stated by the platform") in said.facts
    assert not any("%" in text for text in every_text(said))


def test_a_repeat_says_so_even_when_the_title_is_long() -> None:
    said = words(an_alert(title="x" * 500), repeat=True, room=3000)
    assert said.heading.endswith("x… (possible repeat)")


def test_control_and_bidirectional_characters_become_marks() -> None:
    assert visible("a\x1b[31m\u202eb\x7f\u200bc") == "a␛[31m⟨U+202E⟩b⟨U+007F⟩⟨U+200B⟩c"


def test_an_emoji_made_of_several_people_stays_one() -> None:
    assert visible("👩\u200d👧 اسم\u200cی") == "👩\u200d👧 اسم\u200cی"


def test_line_ends_of_a_quote_are_shown_and_windows_ones_count_once() -> None:
    assert one_line(" first\r\nsecond\tword\n") == "first ⏎ second word"


@pytest.mark.parametrize(("units", "expected"), [(4, "😀😀"), (3, "😀…"), (2, "…"), (1, "…"), (0, "")])
def test_a_cut_counts_utf16_units_and_never_halves_an_emoji(units: int, expected: str) -> None:
    assert cut("😀😀", units) == expected


def test_facts_that_do_not_fit_are_counted() -> None:
    said = words(an_alert(facts={f"Fact {n}": "v" for n in range(25)}), repeat=False, room=3000)
    assert len(said.facts) == 21
    assert said.facts[-1] == ("…", "and 5 more")


def test_facts_come_before_the_body_and_the_body_before_the_quote() -> None:
    said = words(an_alert(facts={"Rule": "r"}, body="b" * 900, quote="q" * 900), repeat=False, room=1014)
    assert said.facts == (("Rule", "r"),)
    assert said.body == "b" * 900
    assert 0 < len(said.quote) < 100


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/p/1?a=b&c=d#e", "https://example.org/p/1?a=b&c=d#e"),
        ("https://example.org/评论|<b>", "https://example.org/%E8%AF%84%E8%AE%BA%7C%3Cb%3E"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("https://[broken/", None),
        ("https://example.org/" + "x" * 1000, None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links_and_only_encoded(url: str | None, expected: str | None) -> None:
    assert safe_link(url) == expected
