"""`removalwatch calibrate`: how good the verdict was, for each platform whose own event stream tells the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from bot.domain.observation import Cause
from bot.stats.calibration import Calibration, Followed, Row, Share, calibrate
from bot.stats.intervals import Quantile
from bot.store import calibration, truth

NOT_MEASURED = "not measured here"
_COLUMNS = ("cause", "precision", "recall", "cause right", "delay, median", "delay, 90 %")


def of(connection: Connection) -> dict[str, Calibration | None]:
    """Return the calibration of each platform, None where no stream of it was ever read to its end."""
    known = truth.until(connection)
    by_platform: dict[str, list[int]] = {}
    for source_id, platform in calibration.sources(connection):
        by_platform.setdefault(platform, []).append(source_id)
    return {name: _of_platform(connection, ids, known) for name, ids in sorted(by_platform.items())}


def _of_platform(connection: Connection, ids: list[int], known: Mapping[int, int]) -> Calibration | None:
    heard = [source_id for source_id in ids if source_id in known]
    if not heard:
        return None
    followed = [one for source_id in heard for one in _followed(connection, source_id)]
    # Where one stream is behind, nothing later counts for any.
    return calibrate(followed, min(known[source_id] for source_id in heard))


def _followed(connection: Connection, source_id: int) -> Iterator[Followed]:
    events = truth.of_source(connection, source_id)
    for row in calibration.verdicts(connection, source_id):
        values: dict[str, Any] = dict(row)
        true = tuple(events.get(values.pop("native_id"), ()))
        yield Followed(**{**values, "cause": Cause(values["cause"])}, events=true)


def as_json(found: Mapping[str, Calibration | None]) -> dict[str, Any]:
    """Return the calibrations as JSON values; delays in seconds, intervals of 95 %."""
    return {name: NOT_MEASURED if one is None else _plain(asdict(one)) for name, one in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def show(found: Mapping[str, Calibration | None], console: Console) -> None:
    """Print each platform by itself: accuracy measured on one says nothing about another."""
    for name, one in found.items():
        if one is None:
            console.print(f"{name}: {NOT_MEASURED} (it has no event stream that was read).", highlight=False)
        else:
            _show_platform(name, one, console)


def _show_platform(name: str, one: Calibration, console: Console) -> None:
    for level, rows in one.levels.items():
        title = f"{name}: {'probable or confirmed' if level == 'probable' else level}, against its event stream"
        table = Table(*_COLUMNS, title=title, title_justify="left")
        for cause, row in rows.items():
            table.add_row(cause, *cells(row))
        console.print(table)
    console.print(f"{name}: restorations noticed: {_share(one.restorations)}", highlight=False, soft_wrap=True)


def cells(row: Row) -> list[str]:
    """Return a row in words, each share with its interval."""
    return [*map(_share, (row.precision, row.recall, row.cause_right)), _delay(row.median), _delay(row.p90)]


def _share(share: Share) -> str:
    if share.interval is None:
        return "none"
    return f"{share.count} of {share.of} ({share.interval.low:.1%} to {share.interval.high:.1%})"


def _delay(found: Quantile | None) -> str:
    if found is None:
        return "none"
    low, high = (("?" if end is None else f"{end / 3600:.1f}") for end in (found.low, found.high))
    return f"{found.value / 3600:.1f} h ({low} to {high})"
