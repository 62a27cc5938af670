"""The share of flagged comments that disappeared beside that of their controls, one row per source."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.comment import Role
from bot.stats.intervals import wilson
from bot.store.counts import Count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches; at 150 dots each the picture is 1200 wide, legible on a phone.
_WIDTH, _ROW, _HEAD, _FOOT = 8.0, 0.62, 1.0, 1.0
_DOTS = 150
_INK, _FAINT, _GRID = "#222222", "#6b6b6b", "#e6e6e6"
# Columns of figures to the right of the axes, in widths of the axes.
_GROUP, _SHARE, _UNSEEN = 1.06, 1.25, 1.62


@dataclass(frozen=True, slots=True)
class _Style:
    """How a group looks: shape and place tell it apart as well as colour (Okabe and Ito's, for the colour-blind)."""

    role: Role
    colour: str
    marker: str
    fill: str
    offset: float


_STYLES = (
    _Style(Role.FLAGGED, "#d55e00", "o", "#d55e00", -0.18),
    _Style(Role.CONTROL, "#0072b2", "s", "white", 0.18),
)


def draw(week: str, rows: Mapping[str, Mapping[Role, Count]]) -> bytes:
    """Return a PNG, 1200 dots wide; the same numbers give the same bytes. Keys of `rows` are Latin letters.

    ValueError: a week or key that is not plain ASCII, because no font can be relied on for other scripts.
    """
    if not all(words.isascii() for words in (week, *rows)):
        raise ValueError("a picture holds plain ASCII only: put names into the text beside it")
    picture = io.BytesIO()
    # The version of the library would give the same numbers other bytes.
    _figure(week, rows).savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _figure(week: str, rows: Mapping[str, Mapping[Role, Count]]) -> Figure:
    # matplotlib takes a second and 50 MB, which only those who draw should pay.
    from matplotlib.figure import Figure  # noqa: PLC0415 - for the reason above

    height = _HEAD + _FOOT + _ROW * max(len(rows), 2)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DOTS, facecolor="white")
    title = f"Comments that disappeared, week {week}"
    figure.text(0.03, 1 - 0.3 / height, title, fontsize=14, color=_INK, weight="bold")
    if any(groups.get(style.role, Count()).followed for groups in rows.values() for style in _STYLES):
        _plot(figure.add_axes((0.07, _FOOT / height, 0.43, 1 - (_HEAD + _FOOT) / height)), rows)
        _foot(figure, height)
    else:
        words = "No flagged or control comment of this week was followed: there is nothing to show."
        figure.text(0.03, 0.5, words, fontsize=11, color=_INK)
    return figure


def _foot(figure: Figure, height: float) -> None:
    lines = (
        "Point: share of the followed comments that disappeared. Bar: its 95 % Wilson interval.",
        "The names of the lettered sources stand in the text. Association, not evidence of keyword filtering.",
    )
    for inches, words in zip((0.36, 0.16), lines, strict=True):
        figure.text(0.03, inches / height, words, fontsize=9, color=_FAINT)


def _plot(axes: Axes, rows: Mapping[str, Mapping[Role, Count]]) -> None:
    highest = 0.0
    for place, groups in enumerate(rows.values()):
        for style in _STYLES:
            count = groups.get(style.role, Count())
            _figures(axes, place + style.offset, style, count)
            if count.followed:
                highest = max(highest, _point(axes, place + style.offset, style, count))
    _scales(axes, list(rows), min(1.0, max(0.05, 1.06 * highest)))
    _beside(axes, _SHARE, -0.6, "disappeared", _FAINT, "bottom")
    _beside(axes, _UNSEEN, -0.6, "looks that could\nnot see anything", _FAINT, "bottom")


def _point(axes: Axes, y: float, style: _Style, count: Count) -> float:
    """Draw one share with its interval; return how far to the right it reaches."""
    interval = wilson(count.disappeared, count.followed)
    share = count.disappeared / count.followed
    line, point = axes.plot(interval, (y, y), "|-", [share], [y], style.marker, color=style.colour, clip_on=False)
    line.set(linewidth=2, markersize=9, markeredgewidth=2)
    point.set(markersize=7, markerfacecolor=style.fill, zorder=3)
    return interval.high


def _figures(axes: Axes, y: float, style: _Style, count: Count) -> None:
    share = f"{_short(count.disappeared)} of {_short(count.followed)}" if count.followed else "none followed"
    unseen = f"{100 * count.unobserved / count.looks:.1f} % of {_short(count.looks)}" if count.looks else "no looks"
    for x, words in ((_GROUP, style.role.value), (_SHARE, share), (_UNSEEN, unseen)):
        _beside(axes, x, y, words, style.colour if count.followed else _FAINT, "center")


def _short(number: int) -> str:
    # Columns must not run into each other; the text beside the picture has every digit.
    if number < 100_000:
        return f"{number:,}"
    return f"{number / 1e3:.0f} k" if number < 999_500 else f"{number / 1e6:,.1f} M"


def _beside(axes: Axes, x: float, y: float, words: str, colour: str, align: str) -> None:
    axes.text(x, y, words, fontsize=9.5, color=colour, va=align, transform=axes.get_yaxis_transform())


def _scales(axes: Axes, keys: list[str], right: float) -> None:
    axes.set_xlim(0, right)
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.set_yticks(range(len(keys)), keys, fontsize=13, weight="bold", color=_INK)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.tick_params(axis="x", colors=_FAINT, labelsize=10)
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda share, _position: f"{100 * share:g} %")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    for place in range(1, len(keys)):
        axes.axhline(place - 0.5, color=_GRID, linewidth=0.8, zorder=0.5)
