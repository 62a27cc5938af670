"""The picture: readable, the same bytes for the same numbers, and nothing on top of anything else."""

from __future__ import annotations

import io
import itertools
import string
import struct
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.text import Text

from bot.charts import disappeared
from bot.charts.disappeared import draw
from bot.domain.comment import Role
from bot.store.counts import Count, Groups

LARGEST = Count(followed=99_999, unknown=99_999, looks=99_999, unobserved=99_999)
MILLIONS = Count(followed=9_876_543, unknown=1_234_567, looks=987_654_321, unobserved=987_654_321)
FEW = Count(followed=3, unknown=3, looks=3)
USUAL = Count(followed=140, unknown=12, looks=2800, unobserved=28)


def rows(number: int) -> dict[str, Groups]:
    """Return rows that take turns in being large, usual, tiny and empty."""
    kinds = itertools.cycle((LARGEST, USUAL, MILLIONS, FEW, Count()))
    return {key: {Role.FLAGGED: next(kinds), Role.CONTROL: next(kinds)} for key in string.ascii_uppercase[:number]}


def texts(week_rows: dict[str, Groups]) -> tuple[FigureCanvasAgg, list[Text]]:
    """Return the canvas and every text that is drawn on it."""
    canvas = FigureCanvasAgg(disappeared._figure("2026-W47", week_rows))
    canvas.draw()
    return canvas, [text for text in canvas.figure.findobj(Text) if text.get_text() and text.get_visible()]


@pytest.mark.parametrize(("number", "height"), [(0, 486), (1, 486), (2, 486), (3, 579), (12, 1416)])
def test_the_picture_is_a_png_1200_dots_wide_that_grows_with_its_rows(number: int, height: int) -> None:
    """Width and height stand in the first chunk of a PNG."""
    picture = draw("2026-W47", rows(number))
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1200, height)


def test_the_same_numbers_give_the_same_bytes() -> None:
    """Neither the time nor the library's version is in the file."""
    picture = draw("2026-W47", rows(3))
    assert picture == draw("2026-W47", rows(3))
    assert b"tEXt" not in picture
    assert b"tIME" not in picture


def test_other_numbers_give_another_picture() -> None:
    """One disappearance more can be seen."""
    other = rows(3) | {"B": {Role.FLAGGED: Count(followed=140, unknown=13, looks=2800), Role.CONTROL: USUAL}}
    assert draw("2026-W47", rows(3)) != draw("2026-W47", other)


def test_flagged_and_control_are_drawn_in_their_colours() -> None:
    """Not blank: both colours cover some ground of the plot, and none of it where nothing was followed."""

    def ground(week_rows: dict[str, Groups]) -> list[int]:
        plot = imread(io.BytesIO(draw("2026-W47", week_rows)))[:, :600, :3]
        colours = np.array([(0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)]) / 255
        return [int((np.abs(plot - colour) < 0.01).all(axis=2).sum()) for colour in colours]

    assert min(ground({"A": {Role.FLAGGED: USUAL, Role.CONTROL: USUAL}})) > 500
    assert ground({"A": {Role.PANEL: USUAL}}) == [0, 0]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 7, 12])
def test_no_text_lies_on_another_or_leaves_the_picture(number: int) -> None:
    """Checked on the boxes of all texts, with figures as wide as they can be."""
    canvas, drawn = texts(rows(number))
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in drawn]
    frame = canvas.figure.bbox
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)
    overlapping = [
        (one.get_text(), other.get_text())
        for (one, box), (other, its_box) in itertools.combinations(zip(drawn, boxes, strict=True), 2)
        if box.overlaps(its_box)
    ]
    assert overlapping == []


def test_each_figure_stands_with_its_denominator() -> None:
    """What disappeared of how many, and what could not be seen of how many looks."""
    _, drawn = texts({"A": {Role.FLAGGED: USUAL, Role.CONTROL: MILLIONS}, "B": {Role.FLAGGED: FEW}})
    words = {text.get_text() for text in drawn}
    assert {"A", "B", "12 of 140", "1.0 % of 2,800", "1.2 M of 9.9 M", "3 of 3", "none followed", "no looks"} <= words


def test_no_data_is_said_in_words() -> None:
    """An empty plot would read as: nothing disappeared."""
    _, drawn = texts({})
    assert any("there is nothing to show" in text.get_text() for text in drawn)


@pytest.mark.parametrize(("number", "shown"), [(99_999, "99,999"), (100_000, "100 k"), (999_600, "1.0 M")])
def test_large_numbers_are_shortened(number: int, shown: str) -> None:
    """The columns would run into each other."""
    assert disappeared._short(number) == shown


def test_a_name_in_place_of_a_letter_is_refused() -> None:
    """Its characters might be missing from every font at hand."""
    with pytest.raises(ValueError, match="put names into the text beside it"):
        draw("2026-W47", {"商店": {Role.FLAGGED: USUAL}})


def test_matplotlib_is_loaded_only_when_a_picture_is_drawn() -> None:
    """Every other command would start a second later."""
    code = "import sys, bot.charts.disappeared; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
