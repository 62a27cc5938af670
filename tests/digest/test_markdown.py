"""The Markdown, compared whole with a text that was read and found good."""

from __future__ import annotations

from pathlib import Path

from bot.digest.markdown import markdown
from tests.digest.example import EXAMPLE, NOTHING


def test_the_example_reads_as_it_was_approved() -> None:
    """A change of wording shows as a change of 2026-W47.md."""
    assert markdown(EXAMPLE, "disappeared.png") == Path(__file__).with_name("2026-W47.md").read_text("utf-8")


def test_a_week_of_nothing_has_no_empty_tables_or_notes() -> None:
    """Headings without anything below would look like a fault."""
    text = markdown(NOTHING, "disappeared.png")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Disappeared comments, week 2026-W47",
        "## How to read this",
    ]


def test_every_row_of_a_table_has_as_many_cells_as_its_header() -> None:
    """Names with a bar in them do not open a cell."""
    rows = [line for line in markdown(EXAMPLE, "disappeared.png").splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {9}
