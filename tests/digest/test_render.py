"""The short text, compared whole, and the JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.digest import render, sentences
from bot.digest.week import Numbers, SourceNumbers
from bot.domain.comment import Role
from bot.store.counts import Count
from tests.digest.example import EXAMPLE, NOTHING

USUAL = {
    Role.FLAGGED: Count(followed=900, moderator=9, unknown=31, parent=12, ended=3, looks=18_000, unobserved=300),
    Role.CONTROL: Count(followed=880, author=9, looks=17_000),
}


def many(number: int) -> Numbers:
    """Return numbers of sources with long names."""
    sources = tuple(SourceNumbers(f"s{place:02} with a name that is too long", 5000, USUAL) for place in range(number))
    return replace(EXAMPLE, late=False, sources=sources)


def test_the_short_text_reads_as_it_was_approved() -> None:
    """A change of wording shows as a change of 2026-W47.txt."""
    assert render.short(EXAMPLE) + "\n" == Path(__file__).with_name("2026-W47.txt").read_text("utf-8")


def test_a_week_of_nothing_is_one_line() -> None:
    """No rates, no warnings of comparing them."""
    assert render.short(NOTHING) == "No flagged comment was followed this week; 7 comments came in."


def test_twelve_sources_fit_under_a_picture_and_more_are_counted() -> None:
    """Telegram takes 1024 characters there, title and time included; what is cut off would be the last source."""
    text = render.short(many(12))
    assert len(text) + len(sentences.title(EXAMPLE)) + len("2026-11-25T09:30:00Z") < 1010
    assert text.splitlines()[-1] == "L s11 with a na…: 52/900, control 9/880"
    assert render.short(many(15)).splitlines()[-1] == "and 3 more sources"


def test_a_source_with_only_a_control_or_only_flagged_says_so() -> None:
    """0/0 would look like a figure."""
    sources = (
        SourceNumbers("a", 9, {Role.FLAGGED: Count(followed=9)}),
        SourceNumbers("b", 9, {Role.CONTROL: Count(followed=9)}),
    )
    lines = render.short(replace(EXAMPLE, sources=sources)).splitlines()
    assert lines[-2:] == ["A a: 0/9, no control", "B b: none flagged, control 0/9"]


def test_the_json_holds_every_figure_with_its_interval() -> None:
    """Shares are fractions; what programs need is not hidden in words."""
    facts = json.loads(json.dumps(render.as_json(EXAMPLE)))
    assert facts["total"]["flagged"] == {
        "followed": 1344,
        "unmatched": 1214,
        "author": 0,
        "moderator": 3,
        "platform": 0,
        "account": 0,
        "account_suspended": 0,
        "account_deleted": 0,
        "account_deactivated": 0,
        "parent": 4,
        "held": 1,
        "unknown": 5,
        "ended": 1,
        "confirmed": 9,
        "restored": 1,
        "muffled": 2,
        "pending": 1,
        "looks": 14_800,
        "unobserved": 31,
        "disappeared": 13,
        "dependants": 4,
        "events": 10,
        "share": pytest.approx(13 / 1344),
        "low": pytest.approx(0.005662, abs=1e-6),
        "high": pytest.approx(0.016479, abs=1e-6),
    }
    assert facts["too_few_to_compare"] is False
    assert [source["name"] for source in facts["sources"]] == [source.name for source in EXAMPLE.sources]
    assert facts["rules"][0]["groups"] == facts["sources"][2]["groups"]


def test_the_json_names_the_week_and_its_bounds() -> None:
    """Midnight in Berlin, in UTC."""
    facts = render.as_json(EXAMPLE)
    assert {
        name: facts[name] for name in ("week", "zone", "start", "end", "built_at", "late", "complete", "began")
    } == {
        "week": "2026-W47",
        "zone": "Europe/Berlin",
        "start": "2026-11-15T23:00:00Z",
        "end": "2026-11-22T23:00:00Z",
        "built_at": "2026-11-25T09:30:00Z",
        "late": True,
        "complete": True,
        "began": None,
    }


def test_where_there_is_no_share_the_json_has_null() -> None:
    """Zero would be a finding."""
    totals = render.as_json(NOTHING)["total"]
    assert isinstance(totals, dict)
    assert {name: totals["flagged"][name] for name in ("share", "low", "high")} == {
        "share": None,
        "low": None,
        "high": None,
    }
